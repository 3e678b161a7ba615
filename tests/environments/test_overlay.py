from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from zaffre.core.errors import EnvironmentBuildFailed
from zaffre.environments.overlay import overlay
from zaffre.environments.realise import realise


def test_our_code_comes_after_the_users_packages(home: Path, tmp_path: Path) -> None:
    """A bare environment, with a package of the user's that bears the name of one of ours."""
    lines: list[str] = []
    bare = realise({"name": "bare", "python": {"condaDependencies": {"dependencies": []}}}, home=home, log=lines.append)
    folder = overlay(bare.python, home, lines.append)
    assert overlay(bare.python, home, lines.append) == folder
    site = next((bare.python.parent.parent / "lib").glob("python*/site-packages"))
    (site / "h11.py").write_text("WHOSE = 'the user'")
    (site / "trial.py").write_text(
        "import sys, h11, httptools, msgspec, zaffre.serving\n"
        "print(h11.WHOSE, httptools.__file__, sys.argv[1:], __name__)\n"
    )
    answer = subprocess.run(
        [bare.python, folder / "zaffre_boot.py", "trial", "--port", "1"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=tmp_path,
    )
    assert answer.stdout.split() == [
        "the",
        "user",
        str(folder / "httptools/__init__.py"),
        "['--port',",
        "'1']",
        "__main__",
    ]


def test_a_python_that_is_too_old_is_told_so(home: Path, tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\necho 3.7.9\n")
    old.chmod(0o755)
    with pytest.raises(EnvironmentBuildFailed, match=r"A service needs Python 3\.10 or newer, and .* is 3\.7\.9"):
        overlay(old, home, print)


def test_a_file_that_is_no_python_is_told_so(home: Path) -> None:
    with pytest.raises(EnvironmentBuildFailed, match="does not run"):
        overlay(Path("/bin/false"), home, print)
