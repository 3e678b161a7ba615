"""Who waits is woken by what it waits for, from whatever thread, and misses nothing in between."""

from __future__ import annotations

import asyncio
import threading

from zaffre.server.notifier import Notifier


def wait(notifier: Notifier, *topics: str, since: int, timeout: float = 30) -> set[str]:
    return asyncio.run(notifier.wait(topics, since=since, timeout=timeout))


def test_what_was_published_since_the_mark_answers_at_once() -> None:
    notifier = Notifier()
    notifier.publish("run:a")
    mark = notifier.mark()
    assert wait(notifier, "run:a", since=mark, timeout=0.01) == set()
    notifier.publish("run:a", "run:b", "run:c")
    assert wait(notifier, "run:a", "run:b", "run:d", since=mark) == {"run:a", "run:b"}


def test_a_waiter_is_woken_from_another_thread_by_its_own_topic_only() -> None:
    notifier = Notifier()

    async def run() -> set[str]:
        mark = notifier.mark()
        waiting = asyncio.ensure_future(notifier.wait(["run:a"], since=mark, timeout=30))
        await asyncio.sleep(0)
        threading.Thread(target=notifier.publish, args=("run:other",)).start()
        await asyncio.sleep(0.05)
        assert not waiting.done()
        threading.Thread(target=notifier.publish, args=("run:a",)).start()
        return await waiting

    assert asyncio.run(run()) == {"run:a"}


def test_two_streams_hear_of_the_same_news() -> None:
    notifier = Notifier()

    async def run() -> list[set[str]]:
        mark = notifier.mark()
        both = [asyncio.ensure_future(notifier.wait(["x"], since=mark, timeout=30)) for _ in range(2)]
        await asyncio.sleep(0)
        notifier.publish("x")
        return [await waiting for waiting in both]

    assert asyncio.run(run()) == [{"x"}, {"x"}]


def test_old_topics_are_forgotten_and_then_count_as_news() -> None:
    notifier = Notifier(remembered=10)
    notifier.publish("old")
    mark = notifier.mark()
    assert wait(notifier, "old", since=mark, timeout=0.01) == set()
    for i in range(100):
        notifier.publish(f"topic {i}")
    assert wait(notifier, "old", since=mark) == {"old"}
    assert wait(notifier, "old", since=notifier.mark(), timeout=0.01) == set()


def test_a_waiter_whose_loop_is_gone_does_no_harm() -> None:
    notifier = Notifier()
    loop = asyncio.new_event_loop()
    waiting = loop.create_task(notifier.wait(["x"], since=notifier.mark(), timeout=30))
    loop.run_until_complete(asyncio.sleep(0))
    waiting.cancel()
    loop.run_until_complete(asyncio.gather(waiting, return_exceptions=True))
    loop.close()
    notifier.publish("x")
