"""``zaffre user`` and ``zaffre token``."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from uuid import uuid4

import pytest

from tests.cli.conftest import Answer, Cli
from tests.server_process import clean_environment

PASSWORD = "correct horse"


@pytest.fixture
def user(cli: Cli, bare: Cli) -> str:  # noqa: ARG001 - the server must run
    name = f"u-{uuid4().hex[:8]}"
    made = bare("user", "create", name, answer=PASSWORD + "\n")
    assert (made.code, made.out) == (0, f"Created the user {name} with the role user.\n")
    return name


def status(bare: Cli, authorization: str) -> int:
    url = json.loads(bare("status", "--output", "json").out)["url"]
    request = urllib.request.Request(f"{url}/api/v1/me", headers={"Authorization": authorization})  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def test_a_user_is_made_shown_changed_and_deleted(bare: Cli, user: str) -> None:
    assert status(bare, basic(user, PASSWORD)) == 200
    assert json.loads(bare("user", "show", user, "-o", "json").out)["role"] == "user"
    assert bare("user", "set-role", user, "reader").out == f"The user {user} has the role reader.\n"
    changed = bare("user", "set-password", user, answer="another one")
    assert changed.out == f"The user {user} has a new password.\n"
    assert [status(bare, basic(user, word)) for word in (PASSWORD, "another one")] == [401, 200]
    assert f"{user} reader" in " ".join(bare("user", "list").out.split())
    assert bare("user", "delete", user).code == 2
    assert bare("user", "delete", user, "--yes").out == f"Deleted the user {user}.\n"
    assert bare("user", "show", user).code == 3
    assert status(bare, basic(user, "another one")) == 401


@pytest.mark.parametrize(
    ("arguments", "answer", "code", "said"),
    [
        (("create", "x1"), "", 2, "There is no password for x1 on stdin"),
        (("create", "x1"), "short", 1, "The password has 5 characters"),
        (("create", "x1", "--role", "owner"), "", 2, "owner"),
        (("create", "a b"), PASSWORD, 1, "is not a user name"),
        (("set-password", "nobody-here"), PASSWORD, 3, "There is no user"),
        (("delete", "nobody-here", "--yes"), "", 3, "There is no user"),
    ],
)
def test_what_cannot_be_is_said(
    cli: Cli,  # noqa: ARG001 - the server must run
    bare: Cli,
    arguments: tuple[str, ...],
    answer: str,
    code: int,
    said: str,
) -> None:
    got: Answer = bare("user", *arguments, answer=answer)
    assert got.code == code
    assert said in got.err


def typed(home: str, user: str, *words: str) -> tuple[int, str]:
    """``zaffre user set-password`` in a terminal in which ``words`` are typed, one at each prompt."""
    master, slave = os.openpty()
    command = [sys.executable, "-m", "zaffre.cli.main", "user", "set-password", user]
    environment = clean_environment(Path(home))
    with subprocess.Popen(
        command, stdin=slave, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, start_new_session=True
    ) as process:
        assert process.stderr is not None
        said = b""
        for word in words:
            while not said.endswith(b": ") and (more := process.stderr.read(1)):
                said += more
            said += b"\n"
            os.write(master, word.encode() + b"\n")
        said += process.stderr.read()
    os.close(master)
    os.close(slave)
    return process.returncode, said.decode()


def test_a_terminal_is_asked_twice_and_shows_nothing(bare: Cli, user: str) -> None:
    home = os.environ["ZAFFRE_HOME"]
    code, said = typed(home, user, "a new one", "mistyped")
    assert code == 2
    assert "not the same" in said
    code, said = typed(home, user, "a new one", "a new one")
    assert code == 0, said
    assert "a new one" not in said
    assert status(bare, basic(user, "a new one")) == 200


def test_tokens_are_listed_and_revoked(bare: Cli, cli: Cli) -> None:
    made = json.loads(cli("token", "create", "--kind", "mlflow", "--description", "nightly", "-o", "json").out)
    bearer = f"Bearer {made['token']}"
    assert status(bare, bearer) == 200
    (listed,) = (one for one in json.loads(bare("token", "list", "-o", "json").out) if one["id"] == made["id"])
    assert (listed["kind"], listed["description"]) == ("mlflow", "nightly")
    assert listed["last_used_at"] >= listed["created_at"]
    table = bare("token", "list", "--everyone")
    assert made["id"] in table.out
    assert made["token"] not in table.out
    assert bare("token", "revoke", made["id"]).out == f"Revoked the token {made['id']}.\n"
    assert status(bare, bearer) == 401
    assert bare("token", "revoke", made["id"]).code == 3
