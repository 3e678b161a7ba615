"""Which files of a folder make its snapshot, and the limits."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from zaffre.core.entities import SnapshotFile
from zaffre.core.errors import SnapshotException, SnapshotTooLarge
from zaffre.core.snapshot import check_limits, hash_file, plan_snapshot, snapshot_files, unique_blobs


def make(root: Path, *paths: str) -> None:
    for path in paths:
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(path, "utf-8")


def paths(root: Path, *, whole: bool = False) -> list[str]:
    return [file.path for file in plan_snapshot(root, whole=whole).files]


def test_what_every_project_has_stays_out(tmp_path: Path) -> None:
    kept = ["data/outputs/kept.txt", "pkg/__init__.py", "train.py"]
    make(tmp_path, *kept)
    make(
        tmp_path,
        ".git/config",
        ".azureml/config.json",
        ".ipynb_checkpoints/a.ipynb",
        "pkg/__pycache__/a.pyc",
        "pkg/b.pyc",
        ".venv/pyvenv.cfg",
        "my-env/pyvenv.cfg",
        "my-env/lib/python/site.py",
        "conda/conda-meta/history",
        "conda/bin/python",
        "outputs/model.pkl",
        "azureml-logs/70_driver_log.txt",
        "node_modules/a/index.js",
    )

    plan = plan_snapshot(tmp_path)

    assert [file.path for file in plan.files] == kept
    assert plan.size == sum(len(path) for path in kept)
    assert plan.ignored_by == ""
    assert {"my-env/", "outputs/", ".git/", "pkg/b.pyc"} <= set(plan.ignored)


def test_amlignore_wins_over_gitignore(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "a.csv", "data/b.csv", "data/keep.csv", "notes.txt")
    (tmp_path / ".gitignore").write_text("*.py\n", "utf-8")
    assert paths(tmp_path) == [".gitignore", "a.csv", "data/b.csv", "data/keep.csv", "notes.txt"]
    (tmp_path / ".amlignore").write_text("# data\n*.csv\n!data/keep.csv\n/notes.txt\n", "utf-8")
    assert paths(tmp_path) == [".amlignore", ".gitignore", "a.py", "data/keep.csv"]
    assert plan_snapshot(tmp_path).ignored_by == ".amlignore"
    assert paths(tmp_path, whole=True) == [
        ".amlignore",
        ".gitignore",
        "a.csv",
        "a.py",
        "data/b.csv",
        "data/keep.csv",
        "notes.txt",
    ]


def test_one_file_is_a_snapshot_too(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "b.py")
    plan = plan_snapshot(tmp_path / "a.py")
    assert ([file.path for file in plan.files], plan.root) == (["a.py"], tmp_path)


def test_nothing_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SnapshotException, match="no folder"):
        plan_snapshot(tmp_path / "gone")


def test_links_to_files_are_followed_and_loops_are_not(tmp_path: Path) -> None:
    make(tmp_path, "a/b.py")
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    (tmp_path / "link.py").symlink_to(tmp_path / "a" / "b.py")
    (tmp_path / "broken.py").symlink_to(tmp_path / "gone.py")
    assert paths(tmp_path) == ["a/b.py", "link.py"]


def test_too_large_names_the_largest_files_and_the_remedy(tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / f"data{number:02}.bin").write_bytes(b"x" * (1000 + number))
    plan = plan_snapshot(tmp_path)
    check_limits(plan, limit_bytes=plan.size)
    with pytest.raises(SnapshotTooLarge, match="Your total snapshot size exceeds the limit of") as caught:
        check_limits(plan, limit_bytes=plan.size - 1)
    shown = [line.split()[-1] for line in caught.value.message.splitlines() if line.startswith("  ")]
    assert shown == [f"data{number:02}.bin" for number in range(11, 1, -1)]
    assert ".amlignore" in caught.value.message


def test_too_many_files_says_where_most_are(tmp_path: Path) -> None:
    make(tmp_path, "a.py", *(f"images/{number}.png" for number in range(5)))
    plan = plan_snapshot(tmp_path)
    check_limits(plan, limit_files=None)
    check_limits(plan, limit_files=6)
    with pytest.raises(SnapshotTooLarge, match=r"(?s)6 files, over the limit of 5.*5 files  images/"):
        check_limits(plan, limit_files=5)


def test_files_carry_hash_and_mode_and_equal_contents_are_one_blob(tmp_path: Path) -> None:
    (tmp_path / "a.sh").write_text("same", "utf-8")
    (tmp_path / "b.txt").write_text("same", "utf-8")
    os.chmod(tmp_path / "a.sh", 0o700)
    digest = hashlib.sha256(b"same").hexdigest()
    assert hash_file(tmp_path / "a.sh") == digest
    files = snapshot_files(plan_snapshot(tmp_path), {"a.sh": digest, "b.txt": digest})
    assert files == [
        SnapshotFile(path="a.sh", sha256=digest, size=4, executable=True),
        SnapshotFile(path="b.txt", sha256=digest, size=4),
    ]
    assert list(unique_blobs(files)) == [digest]
