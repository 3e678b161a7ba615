"""The contract of everything that can run workloads. ``tests/launch/contract.py`` holds each backend to it."""

from __future__ import annotations

from typing import Protocol

from zaffre.launch.workload import Handle, Status, Workload


class Backend(Protocol):
    """Starts, watches and stops workloads. No method waits for a workload to end by itself."""

    def start(self, workload: Workload) -> Handle:
        """Start a workload and return at once with what names it.

        The workload goes on when this process ends, unless it is ``tied`` to it: then it is ended, with what it
        started, however this process ended. Raises ``ExperimentExecutionException`` when it cannot be started at all
        (no such program or folder, not allowed); a program that starts and fails is no error here.
        """

    def poll(self, handle: Handle) -> Status:
        """How the workload fares, at once. Idempotent; works in another process than the one that started it, and
        for a workload that is long gone: then ``running`` is False and ``exit_code`` None. Never raises."""

    def stop(self, handle: Handle, grace_seconds: float, *, nested: bool = True) -> None:
        """End the workload and every process it started: ask, wait ``grace_seconds``, then force.

        Without ``nested`` what it started as workloads of their own (a service it deployed) goes on.

        Returns when nothing of it runs any more. Idempotent; stopping what has ended is no error, and a process that
        merely has the same number by now is never touched. Raises ``ExperimentExecutionException`` when a process
        withstands.
        """
