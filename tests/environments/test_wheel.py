from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

from zaffre.environments.wheel import own_wheel


def test_the_wheel_has_the_rooms_of_a_script_and_not_those_of_the_server(home: Path) -> None:
    with zipfile.ZipFile(own_wheel(home)) as archive:
        names = archive.namelist()
        metadata = next(name for name in names if name.endswith(".dist-info/METADATA"))
        message = message_from_bytes(archive.read(metadata))
    tops = {"/".join(name.split("/")[:2]) for name in names}
    assert {
        "zaffre/core",
        "zaffre/sdk",
        "zaffre/environments",
        "zaffre/launch",
        "zaffre/runner",
        "zaffre/serving",
    } <= tops
    assert not tops & {"zaffre/server", "zaffre/cli"}
    assert "zaffre/py.typed" in names
    assert not [name for name in names if "__pycache__" in name]
    required = {line.split(">")[0] for line in message.get_all("Requires-Dist", [])}
    assert required == {"httpx", "msgspec", "pyyaml", "pathspec"}


def test_the_same_code_makes_the_same_bytes_once(home: Path, tmp_path: Path) -> None:
    first = own_wheel(home)
    made = first.stat().st_mtime_ns
    assert own_wheel(home) == first
    assert first.stat().st_mtime_ns == made
    other = own_wheel(tmp_path / "other")
    assert other.name == first.name
    assert other.read_bytes() == first.read_bytes()


def test_it_is_made_from_an_installed_wheel_just_as_from_a_checkout(home: Path, tmp_path: Path) -> None:
    """Unpacked somewhere else, it makes itself again."""
    first = own_wheel(home)
    site = tmp_path / "site"
    with zipfile.ZipFile(first) as archive:
        archive.extractall(site)
    code = "import sys; from pathlib import Path; from zaffre.environments.wheel import own_wheel;"
    code += "print(own_wheel(Path(sys.argv[1])))"
    answer = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "again")],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    again = Path(answer.stdout.strip())
    with zipfile.ZipFile(first) as one, zipfile.ZipFile(again) as other:
        assert [n for n in one.namelist() if "dist-info" not in n] == [
            n for n in other.namelist() if "dist-info" not in n
        ]
