"""Who is told how far a migration is: a progress bar, or nobody."""

from __future__ import annotations


class Watch:
    """Told of everything by the threads that copy; this one says nothing of it."""

    def phase(self, what: str) -> None:
        """What is copied from now on, such as "Runs of churn"."""

    def found(self, things: int) -> None:
        """So many more are to be copied in this phase."""

    def done(self, *, points: int = 0, size: int = 0) -> None:
        """One of them is there, with so many metric points and bytes."""
