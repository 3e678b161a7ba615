"""What a serving process counts, as its supervisor reads it: a file that both have mapped, so that reading costs the
requests nothing. The counts only grow; ``since`` tells what a stretch of time had.

The file is numbers of 64 bits. A head says where the rest stands, because a container may hold another version of the
scoring server than the supervisor is: ``HEAD`` numbers, then one row for each worker. Standard library only.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from zaffre.core.latency import BUCKETS, Histogram

MARK: Final = 0x31534C4C49544157  # the first number of a file that is whole
HEAD: Final = 16  # numbers before the rows
STATUSES: Final = 600

# Numbers of the head.
ROWS: Final = 1
ROW_CELLS: Final = 2
AT_STATUSES: Final = 3  # in a row: 600 counts of answers by status
AT_FAILED: Final = 4  # answers after run() failed
AT_MICROS: Final = 5  # the time of all answers, microseconds
AT_LATENCY: Final = 6  # counts of answers by bucket of time, see latency
CPU_MICROS: Final = 7  # of the serving processes and what they started
MEMORY_BYTES: Final = 8  # resident, of the serving processes now
WORKERS: Final = 9  # that can answer now
TICKS: Final = 10  # grows as long as the process lives, about twice in a second
WANTED: Final = 11  # workers that there shall be
UTILIZATION: Final = 12  # the share of their time that workers were busy at the last look, per mille; while they scale


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceCounters:
    """Counts since the serving process began, or since an earlier reading."""

    statuses: dict[int, int] = field(default_factory=dict)  # answers of /score
    failures: int = 0  # of these, answers after run() failed
    answer_seconds: float = 0.0  # the sum over all answers
    latency: Histogram = field(default_factory=Histogram)
    cpu_seconds: float = 0.0
    memory_bytes: int = 0  # at the time of reading
    workers: int = 0
    ticks: int = 0  # grows as long as the process lives

    @property
    def requests(self) -> int:
        return sum(self.statuses.values())

    @property
    def errors(self) -> int:
        """Answers with a status of 500 or more."""
        return sum(count for status, count in self.statuses.items() if status >= 500)

    def since(self, earlier: ServiceCounters) -> ServiceCounters:
        """What came after an earlier reading of the same process."""
        return ServiceCounters(
            statuses=_grown(self.statuses, earlier.statuses),
            failures=max(0, self.failures - earlier.failures),
            answer_seconds=max(0.0, self.answer_seconds - earlier.answer_seconds),
            latency=Histogram(_grown(self.latency.counts, earlier.latency.counts)),
            cpu_seconds=max(0.0, self.cpu_seconds - earlier.cpu_seconds),
            memory_bytes=self.memory_bytes,
            workers=self.workers,
            ticks=self.ticks,
        )


def read_counters(file: Path) -> ServiceCounters | None:
    """What the process of this file has counted by now; None before it began, and where the file is gone."""
    try:
        return parse_counters(file.read_bytes())
    except OSError:
        return None


def parse_counters(content: bytes) -> ServiceCounters | None:
    """The content of such a file; None for one that is not whole yet."""
    cells = array("Q")
    cells.frombytes(content[: len(content) // 8 * 8])
    if len(cells) < HEAD or cells[0] != MARK:
        return None
    rows, width = cells[ROWS], cells[ROW_CELLS]
    statuses: dict[int, int] = {}
    latency: dict[int, int] = {}
    failures = micros = 0
    for number in range(rows):
        row = cells[HEAD + number * width : HEAD + (number + 1) * width]
        _add(statuses, row[cells[AT_STATUSES] : cells[AT_STATUSES] + STATUSES])
        _add(latency, row[cells[AT_LATENCY] : cells[AT_LATENCY] + BUCKETS])
        failures += row[cells[AT_FAILED]]
        micros += row[cells[AT_MICROS]]
    return ServiceCounters(
        statuses=statuses,
        failures=failures,
        answer_seconds=micros / 1e6,
        latency=Histogram(latency),
        cpu_seconds=cells[CPU_MICROS] / 1e6,
        memory_bytes=cells[MEMORY_BYTES],
        workers=cells[WORKERS],
        ticks=cells[TICKS],
    )


def _add(counts: dict[int, int], cells: array[int]) -> None:
    if any(cells):
        for key, count in enumerate(cells):
            if count:
                counts[key] = counts.get(key, 0) + count


def _grown(now: dict[int, int], before: dict[int, int]) -> dict[int, int]:
    return {key: count - before.get(key, 0) for key, count in now.items() if count > before.get(key, 0)}
