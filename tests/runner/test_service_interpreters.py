"""What a supervisor asks an interpreter, and when it asks again."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from threading import Event

from zaffre.runner.service_interpreters import Interpreters


class Asked:
    """This test's interpreter behind a script that counts its starts; ``places`` is where it finds packages, too."""

    def __init__(self, folder: Path) -> None:
        self.places = folder / "packages"
        self.places.mkdir()
        self.python = folder / "python"
        self._starts = folder / "starts"
        self.python.write_text(f'#!/bin/sh\necho start >> {self._starts}\nexec {sys.executable} "$@"\n')
        self.python.chmod(0o755)
        self._interpreters = Interpreters(folder, print)

    def command(self, **more: str) -> tuple[str, ...]:
        env = {**os.environ, "PYTHONPATH": str(self.places), **more}
        return self._interpreters.command(self.python, env, Event(), is_users=True)

    @property
    def starts(self) -> int:
        return self._starts.read_text().count("start")


def test_an_interpreter_that_has_the_server_is_asked_once(tmp_path: Path) -> None:
    asked = Asked(tmp_path)
    wanted = (str(asked.python), "-m", "zaffre.serving")
    assert [asked.command() for _ in range(3)] == [wanted] * 3
    assert asked.command(OTHER="1") == wanted
    assert asked.starts == 1


def test_it_is_asked_again_when_something_may_be_another(tmp_path: Path) -> None:
    asked = Asked(tmp_path)
    asked.command()
    (asked.places / "new.py").touch()
    os.utime(asked.places, (1, 1))  # a clock may be coarse
    asked.command()
    assert asked.starts == 2
    asked.command(PYTHONPATH="/elsewhere")
    assert asked.starts == 3
    os.utime(asked.python, (1, 1))
    asked.command(PYTHONPATH="/elsewhere")
    assert asked.starts == 4
