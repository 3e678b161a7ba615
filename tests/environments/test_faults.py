"""What goes wrong while an environment is built: each is a sentence, and the cache is never left half built."""

from __future__ import annotations

import os
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest

from tests.environments.builder import Builder, definition, run
from tests.environments.channel import Channel, served
from zaffre.core.errors import ActivityCanceledException, EnvironmentBuildFailed
from zaffre.environments import disk
from zaffre.environments.realise import Realised, realise


def damaged(file: Path) -> None:
    """Other content of the same size, as a failing disk would leave it; a copy, since the cache shares the file."""
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0xFF
    file.unlink()
    file.write_bytes(bytes(data))


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """A disk of its own at the folder, which only root can make."""
    folder.mkdir(parents=True)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("Only root can mount a small disk.")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def site(build: Builder, key: str) -> Path:
    return next((build.home / "environments" / key / "lib").glob("python*/site-packages"))


def test_a_damaged_file_is_found_by_its_checksum_and_built_again(build: Builder) -> None:
    given = definition({"pip": ["six==1.16.0"]})
    first = build(given)
    damaged(site(build, first.key) / "six.py")
    again = build(given)
    assert not again.reused
    assert again.lock == first.lock
    assert run(again, "import six; print(six.__version__)") == "1.16.0"
    assert "is damaged, its checksums say:" in build.log
    assert "six.py not as built" in build.log
    assert build(given).reused


def test_a_touched_file_of_the_same_content_is_no_damage(build: Builder) -> None:
    given = definition({"pip": ["six==1.16.0"]})
    first = build(given)
    file = site(build, first.key) / "six.py"
    data = file.read_bytes()
    file.unlink()
    file.write_bytes(data)
    assert build(given).reused


def test_a_damaged_cache_of_packages_is_found_and_fetched_anew(
    build: Builder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    build(definition({"pip": ["six==1.16.0"]}))
    cached = next((tmp_path / "uv").rglob("six.py"))
    cached.write_text("broken = True\n")  # in place: the prefix shares the file
    again = build(definition({"pip": ["six==1.16.0"]}))
    assert run(again, "import six; print(six.__version__)") == "1.16.0"
    cached = next((tmp_path / "uv").rglob("six.py"))
    cached.write_text("broken = True\n")
    other = build(definition({"pip": ["six==1.16.0", "tabulate==0.9.0"]}))
    assert run(other, "import six; print(six.__version__)") == "1.16.0"
    assert "The cache of packages is damaged and fetched anew: six." in build.log


def test_a_damaged_conda_environment_is_built_again_from_checked_packages(build: Builder, channel: Channel) -> None:
    given = definition("python", "alpha", channels=[channel.url])
    first = build(given)
    for file in (build.home / "packages").rglob("alpha.py"):
        file.write_text("broken = True\n")  # in place: the prefix shares the file
    again = build(given)
    assert not again.reused
    assert "alpha.py not as built" in build.log
    assert run(again, "import alpha; print(alpha.VERSION)") == "1.0"
    assert again.key == first.key


def test_a_damaged_cache_of_conda_packages_is_found_by_its_checksums(build: Builder, channel: Channel) -> None:
    build(definition("python", "beta", channels=[channel.url]))
    for file in (build.home / "packages").rglob("beta.py"):
        damaged(file)  # of the same size
    other = build(definition("python", "alpha", channels=[channel.url]))
    assert run(other, "import beta; print(beta.VERSION)") == "2.0"


def test_a_package_that_does_not_compile_is_told_with_its_last_50_lines(build: Builder, tmp_path: Path) -> None:
    archive = tmp_path / "badly-1.0.tar.gz"
    setup = "print('\\n'.join(f'line {n}' for n in range(200)))\nraise SystemExit('no compiler on this machine')\n"
    with tarfile.open(archive, "w:gz") as tar:
        for name, text in (("setup.py", setup), ("PKG-INFO", "Metadata-Version: 2.1\nName: badly\nVersion: 1.0\n")):
            entry = tarfile.TarInfo(f"badly-1.0/{name}")
            entry.size = len(text)
            tar.addfile(entry, BytesIO(text.encode()))
    with pytest.raises(EnvironmentBuildFailed, match="badly") as caught:
        build(definition({"pip": [str(archive)]}))
    lines = caught.value.message.splitlines()
    assert "no compiler on this machine" in caught.value.message
    assert any("line 199" in line for line in lines)
    assert not any("line 100" in line for line in lines)
    assert len(lines) < 60
    assert build.prefixes == []


def test_a_full_disk_is_said_and_leaves_nothing(build: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    with small_disk(build.home / "environments", "300k"):
        monkeypatch.setenv("UV_LINK_MODE", "copy")
        with pytest.raises(
            EnvironmentBuildFailed, match=r"The disk is full: environment 'env' .*zaffre environment prune"
        ):
            build(definition({"pip": ["tabulate==0.9.0", "idna==3.10", "six==1.16.0", "pip==24.0"]}))
        assert build.prefixes == []


def test_a_channel_that_hangs_up_in_the_middle_of_a_package_is_named_and_asked_again(
    build: Builder, channel: Channel
) -> None:
    with served(channel.folder.parent, broken="beta-2.0") as address:
        given = definition("python", "alpha", channels=[f"{address}/local"])
        with pytest.raises(EnvironmentBuildFailed, match=r"beta-2\.0-0"):
            build(given)
        assert build.prefixes == []
    whole = build(definition("python", "alpha", channels=[channel.url]))
    assert run(whole, "import beta; print(beta.VERSION)") == "2.0"


def test_a_disk_that_is_full_of_conda_packages_is_said_and_leaves_nothing(build: Builder, channel: Channel) -> None:
    with small_disk(build.home / "packages", "2m"):
        with pytest.raises(EnvironmentBuildFailed, match=r"The disk is full: environment 'env' .*environment prune"):
            build(definition("python", "alpha", channels=[channel.url]))
        assert build.prefixes == []
    assert run(build(definition("python", "alpha", channels=[channel.url])), "import alpha") == ""


def test_of_two_builders_of_a_conda_environment_one_waits_and_says_for_what(home: Path, channel: Channel) -> None:
    logs: list[list[str]] = [[], []]
    made: list[Realised] = []

    def work(log: list[str]) -> None:
        given = definition("python", "alpha", channels=[channel.url])
        made.append(realise(given, home=home, log=log.append))

    threads = [threading.Thread(target=work, args=(log,)) for log in logs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.reused for one in made) == [False, True]
    waiting = [line for log in logs for line in log if line.startswith("Waiting for another process")]
    assert len(waiting) == 1
    assert "building environment 'env' (process " in waiting[0]


def test_a_build_that_is_canceled_half_way_leaves_nothing(build: Builder, channel: Channel) -> None:
    canceled = threading.Event()
    lines: list[str] = []

    def log(line: str) -> None:
        lines.append(line)
        if line.startswith("Solved"):  # what follows is the installation
            canceled.set()

    with pytest.raises(ActivityCanceledException):
        realise(definition("python", "alpha", channels=[channel.url]), home=build.home, log=log, cancel=canceled)
    assert build.prefixes == []


@pytest.mark.parametrize("name", ["../../escape", "/etc/passwd", "a/b", "x" * 400])
def test_a_name_cannot_lead_out_of_the_folder(build: Builder, tmp_path: Path, name: str) -> None:
    before = {path for path in tmp_path.rglob("*") if "home" not in path.parts}
    build({**definition({"pip": ["six==1.16.0"]}), "name": name})
    assert {path for path in tmp_path.rglob("*") if "home" not in path.parts} == before


def test_what_a_running_program_uses_is_not_removed(build: Builder) -> None:
    realised = build(definition({"pip": ["six==1.16.0"]}))
    idle = build(definition({"pip": ["tabulate==0.9.0"]}))
    program = [str(realised.python), "-c", "print('on', flush=True); input()"]
    sleeping = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert sleeping.stdout is not None
        assert sleeping.stdout.readline() == b"on\n"  # before that, the system may not tell its command line yet
        removed = disk.prune(build.home, unused_for=0, log=lambda _: None)
    finally:
        sleeping.communicate(b"\n")
    assert [item.key for item in removed] == [idle.key]
    assert removed[0].what == "env"
    assert 0 < removed[0].freed <= removed[0].size
    assert build.prefixes == [realised.key]


def test_what_an_interrupted_build_left_is_counted_and_removed(build: Builder) -> None:
    first = build(definition({"pip": ["six==1.16.0"]}))
    os.unlink(first.python.parent.parent / "zaffre-environment.json")
    assert [item.what for item in disk.items(build.home)] == ["left by an interrupted build"]
    assert [item.key for item in disk.prune(build.home, unused_for=1000, log=lambda _: None)] == [first.key]
    assert build.prefixes == []


def test_why_an_environment_was_built_anew_is_said(build: Builder) -> None:
    build(definition({"pip": ["six==1.16.0"]}))
    changed = build(definition({"pip": ["six==1.15.0"]}))
    assert "+ pip six==1.15.0, - pip six==1.16.0" in build.log
    assert any("six 1.16.0 -> 1.15.0" in note for note in changed.notes)


def test_a_long_explanation_of_the_solver_ends_with_what_is_in_conflict(build: Builder) -> None:
    """Many versions take part in it; which two lines of the specification cannot go together is told last."""
    with pytest.raises(EnvironmentBuildFailed) as caught:
        build(definition("python=3.11", {"pip": ["numpy<1.20", "pandas>2.2"]}))
    lines = caught.value.message.splitlines()
    assert len(lines) <= 13
    assert "..." in lines
    end = " ".join(line.strip() for line in lines[lines.index("...") + 1 :])
    assert "numpy<1.20" in end
    assert "pandas>2.2" in end
