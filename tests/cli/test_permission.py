"""``zaffre permission``: granted, listed, and taken back."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from tests.cli.conftest import Cli


@pytest.fixture
def user(cli: Cli, bare: Cli) -> str:  # noqa: ARG001 - the server must run
    name = f"u-{uuid4().hex[:8]}"
    assert bare("user", "create", name, answer="correct horse\n").code == 0
    return name


@pytest.fixture
def things(cli: Cli, tmp_path: Path) -> dict[str, str]:
    """The name of an experiment, and of a registered model."""
    assert cli("experiment", "create", "things").code == 0
    (tmp_path / "weights.txt").write_text("w")
    assert cli("model", "register", "thing", str(tmp_path / "weights.txt")).code == 0
    return {"experiment": "things", "model": "thing"}


def test_what_is_granted_is_listed_and_taken_back(cli: Cli, user: str, things: dict[str, str]) -> None:
    for kind, name in things.items():
        what = (f"--{kind}", name)
        assert "the users' roles decide" in (nothing := cli("permission", "list", *what)).out + nothing.err
        for level in ("READ", "NO_PERMISSIONS"):
            made = cli("permission", "grant", user, level, *what)
            assert (made.code, made.out) == (0, f"{user} has the permission {level} on the {kind} {name}.\n")
        told = json.loads(cli("permission", "list", *what, "--output", "json").out)
        assert [(one["user"], one["level"], one[kind]) for one in told] == [(user, "NO_PERMISSIONS", name)]
        assert cli("permission", "revoke", user, *what).code == 2
        gone = cli("permission", "revoke", user, *what, "--yes")
        assert gone.out == f"On the {kind} {name} the role of {user} decides again.\n"
        again = cli("permission", "revoke", user, *what, "--yes")
        assert again.code == 3
        assert "has no permission" in again.err


def test_one_thing_is_named(cli: Cli) -> None:
    for arguments in ((), ("--experiment", "a", "--model", "b")):
        told = cli("permission", "list", *arguments)
        assert told.code == 2
        assert "one of the two" in told.err
    assert cli("permission", "list", "--experiment", "not-there").code == 3
    assert cli("permission", "grant", "nobody", "OWN", "--experiment", "not-there").code == 2
