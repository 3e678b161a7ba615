"""``python -m bench [NAME ...]``: measure, and print a table. Exits with 1 when a target is missed."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import (
    crowd,
    docker_jobs,
    docker_services,
    environments,
    imports,
    log_calls,
    machine,
    points,
    router,
    servers,
    serving,
    serving_data,
    serving_life,
    serving_peers,
    submit,
    tracking,
)
from bench.figure import Figure

MEASURES: dict[str, Callable[[Path], list[Figure]]] = {
    "imports": lambda _: imports.figures(),
    "servers": servers.figures,
    "log": log_calls.figures,
    "submit": submit.figures,
    "environments": environments.figures,
    "docker-jobs": docker_jobs.figures,
    "docker-services": docker_services.figures,
    "serving": serving.figures,
    "router": router.figures,
    "serving-data": serving_data.figures,
    "serving-starts": serving_life.starts,
    "serving-updates": serving_life.updates,
    "serving-roll-backs": serving_life.roll_backs,
    "serving-peers": serving_peers.figures,
    "serving-soak": serving_life.soak,
    "tracking": tracking.figures,
    "crowd": crowd.figures,
    "points": points.figures,
}
LONG = ("points", "serving-peers", "serving-soak")  # minutes and gigabytes: only when they are asked for


def table(found: list[Figure]) -> Table:
    made = Table(title="Figures", title_justify="left", box=None, pad_edge=False, header_style="bold")
    for heading in ("what", "measured", "target", "", "peer", "peer needs", "note"):
        made.add_column(heading, justify="right" if heading in ("measured", "target", "peer needs") else "left")
    for figure in found:
        peer = "" if figure.peer is None else f"{figure.peer:.3g} {figure.unit} ({figure.ratio:.3g} x)"
        made.add_row(
            figure.name,
            f"{figure.median:.3g} {figure.unit}",
            figure.aim,
            "met" if figure.is_met else "MISSED",
            figure.peer_name,
            peer,
            figure.note,
        )
    return made


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what the README quotes.")
    parser.add_argument(
        "names", nargs="*", choices=[*MEASURES, []], help="what to measure; all but the long ones by default"
    )
    names = parser.parse_args().names or [name for name in MEASURES if name not in LONG]
    console = Console(width=None if sys.stdout.isatty() else 220)
    console.print(machine.description())
    found: list[Figure] = []
    for name in names:
        console.print(f"measuring {name} ...", style="dim")
        with tempfile.TemporaryDirectory(prefix="zaffre-bench-") as folder:
            found += MEASURES[name](Path(folder))
    console.print(table(found))
    return 0 if all(figure.is_met for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
