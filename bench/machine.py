"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import psutil


def description() -> str:
    """One line, e.g. ``2 cores (AMD EPYC 7763), 8 GiB, Linux 6.1, Python 3.11.7``."""
    memory = psutil.virtual_memory().total / 2**30
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, load {load:.1f} at the start"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
