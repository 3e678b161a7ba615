"""The one place where ``run()`` is called: jobs from the HTTP thread, one after the other, on the main thread."""

from __future__ import annotations

import asyncio
import ctypes
import json
import logging
import queue
import threading
import time

from zaffre.serving.request import Headers
from zaffre.serving.results import Answer, NotSerialisable, answer, message
from zaffre.serving.script import EntryScript, user_traceback

log = logging.getLogger("zaffre.serving")

SCRIPT_FAILED = "An unexpected error occurred in scoring script. Check the logs for more info."
INTERNAL_FAILED = "An unexpected internal error occurred. Check the logs for more info."


class ScoringTimeout(BaseException):
    """Raised inside ``run()`` when its time is over. Not an Exception, so that user code does not swallow it."""


class Job:
    """One call of ``run()``: made and awaited on the loop, worked on the main thread."""

    __slots__ = ("data", "future", "headers", "interrupted", "loop", "request_id")

    def __init__(self, data: object, headers: Headers, request_id: str) -> None:
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Answer] = self.loop.create_future()
        self.data = data
        self.headers = headers
        self.request_id = request_id
        self.interrupted = False

    def resolve(self, result: Answer) -> None:
        try:
            self.loop.call_soon_threadsafe(self._set, result)
        except RuntimeError:
            log.debug("request %s ended after the server did", self.request_id)

    def _set(self, result: Answer) -> None:
        if not self.future.done():
            self.future.set_result(result)


class Worker:
    """``submit`` from the loop; ``work`` on the main thread until ``stop``."""

    def __init__(self, script: EntryScript, timeout_ms: int) -> None:
        self._script = script
        self._timeout_ms = timeout_ms
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._current: Job | None = None
        self._lock = threading.Lock()
        self._thread = 0

    async def submit(self, data: object, headers: Headers, request_id: str) -> Answer:
        """The answer of one call. The time limit counts from here, waiting included."""
        job = Job(data, headers, request_id)
        timer = job.loop.call_later(self._timeout_ms / 1000, self._time_out, job)
        self._jobs.put(job)
        try:
            return await job.future
        finally:
            timer.cancel()

    def work(self) -> None:
        """Work jobs until ``stop``; call it on the thread that imported the script."""
        self._thread = threading.get_ident()
        while (job := self._jobs.get()) is not None:
            if not job.future.done():
                self._work(job)

    def stop(self) -> None:
        self._jobs.put(None)

    def _work(self, job: Job) -> None:
        try:
            self._current = job
            job.resolve(self._call(job))
            with self._lock:
                self._current = None
            if job.interrupted:
                time.sleep(1)  # the interrupt is on its way to this thread: it must not hit the next job
        except ScoringTimeout as error:
            with self._lock:
                self._current = None
            log.error("request %s took longer than %s ms\n%s", job.request_id, self._timeout_ms, user_traceback(error))

    def _call(self, job: Job) -> Answer:
        start = time.perf_counter()
        try:
            result = self._script.call(job.data, job.headers)
        except ScoringTimeout:
            raise
        except BaseException as error:  # sys.exit() in run() must not end the service either
            log.error("run() raised for request %s\n%s", job.request_id, user_traceback(error))
            return message(500, SCRIPT_FAILED, failed=True)
        seconds = time.perf_counter() - start
        try:
            reply = answer(result)
        except NotSerialisable as error:
            log.error("request %s: %s", job.request_id, error)
            return message(500, INTERNAL_FAILED)
        except Exception as error:  # a toJSON() of the user's, or a response object of odd shape
            log.error("request %s: the result could not be written\n%s", job.request_id, user_traceback(error))
            return message(500, INTERNAL_FAILED)
        reply.seconds = seconds
        return reply

    def _time_out(self, job: Job) -> None:
        if job.future.done():
            return
        job.future.set_result(message(500, f"Scoring timeout after {self._timeout_ms} ms", failed=True))
        with self._lock:
            if self._current is job:
                # Ends Python code at its next instruction; a call into C ends first by itself.
                job.interrupted = True
                ctypes.pythonapi.PyThreadState_SetAsyncExc(
                    ctypes.c_ulong(self._thread), ctypes.py_object(ScoringTimeout)
                )


def arguments_as_json(pairs: list[tuple[str, str]]) -> str:
    """The data of a GET: its query as a JSON object, the first of equal names."""
    data: dict[str, str] = {}
    for name, value in pairs:
        data.setdefault(name, value)
    return json.dumps(data)
