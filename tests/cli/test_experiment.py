"""``zaffre experiment`` and ``zaffre environment``."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Cli


def test_an_experiment_is_made_listed_and_deleted(cli: Cli) -> None:
    made = cli("experiment", "create", "trials")
    again = cli("experiment", "create", "trials")
    listed = cli("experiment", "list")
    deleted = cli("experiment", "delete", "trials", "--yes")

    assert made.code == 0, made.err
    assert made.out.splitlines()[0] == "name       trials"
    assert again.out == made.out
    assert listed.out.splitlines()[1].split()[0] == "trials"
    assert deleted.out == "Deleted the experiment trials.\n"
    assert cli("experiment", "show", "trials").code == 3


def test_a_bad_name_is_refused_with_the_rule(cli: Cli) -> None:
    answer = cli("experiment", "create", "a b")

    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith("zaffre: 'a b' is not an experiment name: use 1 to 255 letters")


def test_an_environment_has_versions(cli: Cli, tmp_path: Path) -> None:
    pip, conda = tmp_path / "requirements.txt", tmp_path / "environment.yml"
    pip.write_text("joblib\n")
    conda.write_text("dependencies:\n  - python=3.11\n  - pip:\n    - joblib\n")

    first = cli("environment", "create", "tools", "--pip", str(pip), "--output", "json")
    same = cli("environment", "create", "tools", "--pip", str(pip), "--output", "json")
    second = cli("environment", "create", "tools", "--conda", str(conda), "--output", "json")
    listed = cli("environment", "list")
    deleted = cli("environment", "delete", "tools:2", "--yes")
    shown = cli("environment", "show", "tools", "--output", "json")
    unnamed = cli("environment", "delete", "tools", "--yes")

    assert [json.loads(each.out)["version"] for each in (first, same, second)] == ["1", "1", "2"]
    assert [line.split()[:3] for line in listed.out.splitlines()] == [
        ["NAME", "VERSION", "LABELS"],
        ["tools", "2", "latest"],
    ]
    assert deleted.out == "Deleted tools:2.\n"
    assert json.loads(shown.out)["version"] == "1"
    assert (unnamed.code, unnamed.err) == (2, "zaffre: Name the version to delete, such as tools:1.\n")


def test_a_file_that_is_nowhere_is_named(cli: Cli) -> None:
    missing = cli("environment", "create", "tools", "--conda", "nowhere.yml")
    assert missing.err == "zaffre: There is no file or folder nowhere.yml: check the path.\n"


def test_an_environment_is_made_of_one_thing(cli: Cli) -> None:
    said = "zaffre: Say what it holds: --conda, --pip, --image, --dockerfile or --folder.\n"
    assert cli("environment", "create", "tools").err == said
