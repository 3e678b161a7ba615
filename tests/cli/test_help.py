"""Help, version and completion: every command is there, says what it does, and is loaded only when it is called."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.cli.conftest import Cli
from zaffre import __version__
from zaffre.cli.tree import NOUNS, SINGLE, build, load


def test_help_tells_what_each_command_does(bare: Cli) -> None:
    answer = bare("--help")

    assert (answer.code, answer.err) == (0, "")
    lines = {line.strip("│ ").partition(" ")[0]: line for line in answer.out.splitlines() if line.startswith("│ ")}
    for name in (*SINGLE, *NOUNS):
        assert len(lines[name].strip("│ ").split()) > 3, lines[name]


@pytest.mark.parametrize(
    "noun", [noun for noun in NOUNS if noun not in ("migrate", "permission")]
)  # a permission is granted
def test_each_noun_has_the_four_verbs(bare: Cli, noun: str) -> None:
    answer = bare(noun)

    assert answer.code == 0
    verbs = NOUNS[noun][1]
    assert {"list", "show", "delete"} <= set(verbs)
    assert "create" in verbs or "(create)" in answer.out


def test_every_argument_says_what_it_is() -> None:
    reference = load(build()).generate_docs(output_format="markdown")
    arguments = [line for line in reference.splitlines() if line.startswith("* `")]

    assert len(arguments) > 150
    assert [line for line in arguments if re.match(r"\* `[^`]+`:\s*(\*+\[|$)", line)] == []


def test_the_version(bare: Cli) -> None:
    assert bare("--version").out == f"{__version__}\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_knows_the_verbs(bare: Cli, shell: str) -> None:
    script = bare("completion", "show", "--shell", shell)

    assert script.code == 0
    for word in ("workspace", "submit", "--follow", "--output"):
        assert word.removeprefix("--") in script.out


def test_a_command_does_not_wait_for_what_others_need() -> None:
    program = (
        "import sys\n"
        "from zaffre.cli.main import run\n"
        "run(['status'])\n"
        "print([name for name in ('zaffre.sdk.model', 'zaffre.sdk.workspace', 'yaml') if name in sys.modules])\n"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines()[-1] == "[]"
