"""The calls of an ``async def run()``: they overlap while they await.

The event loop turns on the worker's main thread, between the worker's own reads and answers. To the worker each *step*
of a coroutine, from one ``await`` to the next, is what a call is elsewhere: ``call`` is set while it runs and ``io`` is
free, so the lifeguard looks after the connections when a step takes long, and ends one whose time is over. A call that
only awaits too long is cancelled here.
"""

from __future__ import annotations

import contextvars
import inspect
import logging
import time
from collections.abc import Callable, Coroutine, Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from zaffre.serving import streams
from zaffre.serving.connection import Connection
from zaffre.serving.inputs import Arguments
from zaffre.serving.request import Request

if TYPE_CHECKING:
    import asyncio

    from zaffre.serving.call import Call
    from zaffre.serving.worker import Worker

log = logging.getLogger("zaffre.serving")

_MARK: Final = "__zaffre_async__"
_LOOK_SECONDS: Final = 0.005  # between two looks at the connections, where the loop cannot be told of them
_WRITE_SECONDS: Final = 0.01  # between two attempts to send to one who reads slowly


@dataclass(frozen=True)
class Asynchronous:
    """An ``async def run``, and the event loop of this worker's that all of its calls are made on."""

    run: Callable[..., Any]
    loop: Any


def sequential(run: Callable[..., Any]) -> Callable[..., Any]:
    """``run`` as a plain function that makes one call from its beginning to its end."""
    if not (inspect.iscoroutinefunction(run) or inspect.isasyncgenfunction(run)):
        return run
    import asyncio

    loop = asyncio.new_event_loop()

    def complete(**arguments: Any) -> Any:
        asyncio.set_event_loop(loop)
        value = run(**arguments)
        return _stepped(loop, value) if inspect.isasyncgen(value) else loop.run_until_complete(value)

    setattr(complete, _MARK, Asynchronous(run, loop))
    return complete


def asynchronous(run: Callable[..., Any]) -> Asynchronous | None:
    """What ``sequential`` made a plain function of; None where that had nothing to do."""
    found = getattr(run, _MARK, None)
    return found if isinstance(found, Asynchronous) else None


class Coroutines:
    """``begin`` a call; ``wait`` carries all of them on until a connection is ready."""

    def __init__(self, worker: Worker, run: Callable[..., Any], loop: asyncio.AbstractEventLoop) -> None:
        import asyncio

        self._asyncio = asyncio
        self._worker = worker
        self._run = run
        self._loop = loop
        self._call: contextvars.ContextVar[Call | None] = contextvars.ContextVar("zaffre_call", default=None)
        asyncio.set_event_loop(loop)
        loop.set_task_factory(self._task)
        self._is_told = worker.poller.is_nestable
        if self._is_told:
            loop.add_reader(worker.poller.fileno(), loop.stop)

    def wait(self, seconds: float | None) -> list[tuple[int, int]]:
        """What the worker's poller found, after ``seconds`` at the latest."""
        if not self._is_told:
            seconds = min(seconds if seconds is not None else 1.0, _LOOK_SECONDS)
        tick = self._loop.call_later(seconds, self._loop.stop) if seconds is not None else None
        try:
            self._loop.run_forever()
        except (SystemExit, KeyboardInterrupt):  # in a task of the script's own; who awaits it is told
            log.warning("a task of the script raised sys.exit() or KeyboardInterrupt")
        if tick is not None:
            tick.cancel()
        return self._worker.poller.wait(0)

    def wake(self) -> None:
        """Let ``wait`` return; from any thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)

    def begin(self, call: Call, arguments: Arguments) -> None:
        context = contextvars.copy_context()
        context.run(self._call.set, call)
        started = time.perf_counter()
        task: asyncio.Task[Any] = context.run(self._loop.create_task, self._complete(call, arguments))
        timer = self._loop.call_later(max(0.0, call.deadline - time.monotonic()), self._expire, call, task)

        def finished(task: asyncio.Task[Any]) -> None:
            timer.cancel()
            if task.cancelled():
                value, error = None, self._asyncio.CancelledError()
            else:
                value, error = (None, raised) if (raised := task.exception()) is not None else task.result()
            self._worker.conclude(call, value, error, time.perf_counter() - started)

        task.add_done_callback(finished)

    def _expire(self, call: Call, task: asyncio.Task[Any]) -> None:
        if not call.answered:
            self._worker.end(call)
        task.cancel()

    async def _complete(self, call: Call, arguments: Arguments) -> tuple[Any, BaseException | None]:
        """What ``run()`` returned or raised; what it yields is sent at once."""
        try:
            value = self._run(**arguments)
            if inspect.isawaitable(value):
                value = await value
            if not inspect.isasyncgen(value) and not streams.is_stream(value):
                return value, None
            return await self._stream(call, value), None
        except (self._asyncio.CancelledError, GeneratorExit):
            raise
        except BaseException as error:  # sys.exit() in run() must not end the service
            return None, error

    async def _stream(self, call: Call, pieces: Any) -> str | None:
        connection, request = call.requests[0]
        try:
            if inspect.isasyncgen(pieces):
                async for item in pieces:
                    if not await self._sent(connection, request, item):
                        break
            else:
                for item in pieces:
                    if not await self._sent(connection, request, item):
                        break
                    await self._asyncio.sleep(0)
        finally:
            await pieces.aclose() if inspect.isasyncgen(pieces) else pieces.close()
        return None if connection.is_streaming else ""  # nothing was yielded

    async def _sent(self, connection: Connection, request: Request, item: object) -> bool:
        """Whether the other side took it."""
        self._worker.send_piece(connection, request, item)
        while connection.out and not connection.ended:
            await self._asyncio.sleep(_WRITE_SECONDS)
            with self._worker.io:
                connection.flush()
        return not connection.ended

    def _task(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **more: Any) -> asyncio.Task[Any]:
        """Also for the tasks that the script makes: their steps belong to the call that they were made in."""
        call = self._call.get()
        if call is not None:
            coroutine = _Stepped(self._worker, call, coroutine)
        return self._asyncio.Task(coroutine, loop=loop, **more)


class _Stepped(Coroutine[Any, Any, Any]):
    """A coroutine whose steps the worker knows of."""

    def __init__(self, worker: Worker, call: Call, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._worker = worker
        self._call = call
        self._coroutine = coroutine

    def send(self, value: Any) -> Any:
        return self._step(lambda: self._coroutine.send(value))

    def throw(self, *raised: Any) -> Any:
        return self._step(lambda: self._coroutine.throw(*raised))

    def close(self) -> None:
        self._coroutine.close()

    def _step(self, work: Callable[[], Any]) -> Any:
        def ended_or_not() -> tuple[bool, Any]:
            try:
                return False, work()
            except StopIteration as end:
                return True, end.value

        is_over, value = self._worker.step(self._call, ended_or_not)
        if is_over:
            raise StopIteration(value)
        return value

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._coroutine.__await__()


def _stepped(loop: Any, generator: Any) -> Iterator[Any]:
    try:
        while True:
            try:
                item = loop.run_until_complete(generator.__anext__())
            except StopAsyncIteration:
                return
            yield item
    finally:
        loop.run_until_complete(generator.aclose())
