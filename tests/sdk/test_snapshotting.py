"""Sending a source folder: only what the server does not have, within the limits."""

from __future__ import annotations

import json
import os
import time
import zipfile
from pathlib import Path

import pytest

from zaffre.core import entities, limits, wire
from zaffre.core.errors import SnapshotTooLarge
from zaffre.core.snapshot import plan_snapshot
from zaffre.sdk.snapshotting import HashCache, download_snapshot, dry_run, send_snapshot
from zaffre.sdk.workspace import Workspace


def test_a_snapshot_comes_back_as_it_was(workspace: Workspace, source: Path, tmp_path: Path) -> None:
    (source / "deep").mkdir()
    (source / "deep" / "a ü.py").write_text("print(1)\n", "utf-8")
    (source / "run.sh").write_text("#!/bin/sh\n", "utf-8")
    (source / "empty").write_text("", "utf-8")
    os.chmod(source / "run.sh", 0o700)

    snapshot = send_snapshot(workspace._scope, str(source))
    restored = download_snapshot(workspace._scope, snapshot.id, str(tmp_path / "back"))

    assert [file.path for file in snapshot.files] == ["deep/a ü.py", "empty", "run.sh"]
    with zipfile.ZipFile(restored) as archive:
        assert archive.read("deep/a ü.py") == b"print(1)\n"
        assert sorted(archive.namelist()) == ["deep/a ü.py", "empty", "run.sh"]


def test_only_new_contents_are_sent(workspace: Workspace, source: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (source / "big.bin").write_bytes(os.urandom(21 * limits.MIB))
    send_snapshot(workspace._scope, source)
    first = capfd.readouterr().err
    (source / "new.py").write_text("1", "utf-8")
    again = send_snapshot(workspace._scope, source)
    second = capfd.readouterr().err

    assert "Uploading snapshot [==" in first
    assert "21.0 of 21.0 MB" in first
    assert second == ""
    wanted = wire.BlobsWanted(files=[wire.BlobInfo(sha256=f.sha256, size=f.size) for f in again.files])
    scope = workspace._scope
    assert scope.client.post(scope.path("snapshots", "missing"), wire.BlobsMissing, wanted).missing == []


def test_the_limits_hold_and_the_workspace_may_raise_them(
    workspace: Workspace, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(limits.SNAPSHOT_FILES + 1):
        (source / f"{number}.txt").write_text("x", "utf-8")
    with pytest.raises(SnapshotTooLarge, match="AML_SNAPSHOT_NO_FILE_LIMIT"):
        send_snapshot(workspace._scope, source)
    monkeypatch.setenv("AML_SNAPSHOT_NO_FILE_LIMIT", "1")
    workspace._patch(wire.WorkspacePatch(snapshot_limit_bytes=1000))
    with pytest.raises(SnapshotTooLarge, match=r"exceeds the limit of 1\.0 KB"):
        send_snapshot(workspace._scope, source)
    workspace._patch(wire.WorkspacePatch(snapshot_limit_bytes=10_000))
    assert isinstance(send_snapshot(workspace._scope, source), entities.Snapshot)


def test_a_dry_run_shows_what_would_be_sent(source: Path) -> None:
    (source / "a.py").write_text("1", "utf-8")
    (source / "data.csv").write_text("1,2", "utf-8")
    (source / ".amlignore").write_text("*.csv", "utf-8")
    plan = dry_run(source)
    assert [file.path for file in plan.files] == [".amlignore", "a.py"]
    assert plan.ignored == ["data.csv"]


def test_unchanged_files_are_not_read_again(source: Path, tmp_path: Path) -> None:
    (source / "a.py").write_text("one", "utf-8")
    cache = HashCache(tmp_path / "hashes")
    first = cache.hashes(plan_snapshot(source))
    (kept,) = (tmp_path / "hashes").iterdir()
    held = json.loads(kept.read_text("utf-8"))
    held["a.py"][2] = "remembered"
    kept.write_text(json.dumps(held), "utf-8")
    assert cache.hashes(plan_snapshot(source)) == {"a.py": "remembered"}
    (source / "a.py").write_text("two", "utf-8")
    os.utime(source / "a.py", (time.time() + 5, time.time() + 5))
    changed = cache.hashes(plan_snapshot(source))
    assert changed["a.py"] not in ("remembered", first["a.py"])


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a.py": 1}'])
def test_a_broken_cache_is_as_if_there_were_none(source: Path, tmp_path: Path, content: str) -> None:
    (source / "a.py").write_text("one", "utf-8")
    cache = HashCache(tmp_path / "hashes")
    first = cache.hashes(plan_snapshot(source))
    (kept,) = (tmp_path / "hashes").iterdir()
    kept.write_text(content, "utf-8")
    assert cache.hashes(plan_snapshot(source)) == first
    assert HashCache(kept).hashes(plan_snapshot(source)) == first  # a file where the folder should be
