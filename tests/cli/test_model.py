"""``zaffre model``: a file or folder up, and the same bytes down."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Cli


def test_a_file_goes_up_and_comes_down(cli: Cli, tmp_path: Path) -> None:
    source = tmp_path / "weights.bin"
    source.write_bytes(bytes(range(256)) * 5000)

    registered = cli("model", "register", "net", str(source), "--tag", "a=1", "--framework", "Custom", "-o", "json")
    again = cli("model", "create", "net", str(source))
    listed = cli("model", "list")
    fetched = cli("model", "download", "net:1", "--target", str(tmp_path / "down"), "--output", "json")
    refused = cli("model", "download", "net:1", "--target", str(tmp_path / "down"))

    assert registered.code == 0, registered.err
    model = json.loads(registered.out)
    assert {key: model[key] for key in ("name", "version", "tags", "framework", "entry", "size")} == {
        "name": "net", "version": 1, "tags": {"a": "1"}, "framework": "Custom", "entry": "weights.bin", "size": 1280000,
    }  # fmt: skip
    assert "version  2\n" in again.out
    assert [line.split()[:2] for line in listed.out.splitlines()] == [["NAME", "VERSION"], ["net", "2"], ["net", "1"]]
    assert json.loads(fetched.out)["path"] == str(tmp_path / "down" / "weights.bin")
    assert (tmp_path / "down" / "weights.bin").read_bytes() == source.read_bytes()
    assert refused.code == 5
    assert "--overwrite" in refused.err


def test_a_folder_keeps_its_name(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    (folder / "deep").mkdir(parents=True)
    (folder / "one.txt").write_text("1")
    (folder / "deep" / "two.txt").write_text("2")

    assert cli("model", "register", "bundle", str(folder)).code == 0
    assert cli("model", "download", "bundle", "--target", str(tmp_path / "down")).code == 0

    found = {
        path.relative_to(tmp_path / "down").as_posix() for path in (tmp_path / "down").rglob("*") if path.is_file()
    }
    assert found == {"bundle/one.txt", "bundle/deep/two.txt"}


def test_a_version_is_deleted_alone(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("m")
    cli("model", "register", "m", str(tmp_path / "m.txt"))
    cli("model", "register", "m", str(tmp_path / "m.txt"))

    unnamed = cli("model", "delete", "m", "--yes")
    deleted = cli("model", "delete", "m:1", "--yes")
    left = cli("model", "list", "--output", "json")

    assert (unnamed.code, unnamed.err) == (2, "zaffre: Name the version to delete, such as m:1.\n")
    assert deleted.out == "Deleted m:1.\n"
    assert [model["version"] for model in json.loads(left.out)] == [2]


def test_a_missing_file_is_named(cli: Cli, tmp_path: Path) -> None:
    answer = cli("model", "register", "m", str(tmp_path / "absent.pkl"))

    assert answer.code == 3
    assert answer.err == (
        f"zaffre: {tmp_path}/absent.pkl does not exist: name the file or folder that holds the model.\n"
    )


def test_no_model_is_a_sentence_and_an_empty_list(cli: Cli, workspace_name: str) -> None:
    answer = cli("model", "list")

    assert (answer.code, answer.out) == (0, "")
    assert answer.err == f"The workspace {workspace_name} has no such model.\n"
    assert cli("model", "list", "--output", "json").out == "[]\n"


def test_a_profile_is_made_and_listed(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("2")
    (tmp_path / "score.py").write_text(
        "import os\ndef init():\n    os.stat(os.environ['AZUREML_MODEL_DIR'] + '/m.txt')\ndef run(d):\n    return d\n"
    )
    (tmp_path / "requirements.txt").write_text("azureml-defaults\n")
    (tmp_path / "data.jsonl").write_text('{"data": 1}\n{"data": 2}\n')
    cli("model", "register", "m", str(tmp_path / "m.txt"))
    software = ("--source", str(tmp_path), "--pip", str(tmp_path / "requirements.txt"))
    data = ("--data", str(tmp_path / "data.jsonl"))

    made = cli("model", "profile", "m", "--name", "size-of-m", *data, *software, "--output", "json")
    listed = cli("model", "profiles", "m:1")
    none = cli("model", "profiles", "other")
    scriptless = cli("model", "profile", "m", "--name", "size-of-m", *data)
    incomplete = cli("model", "profile", "m", "--name", "size-of-m", *data, "--entry", "score.py")

    assert made.code == 0, made.err
    found = json.loads(made.out)
    assert (found["name"], found["state"], found["modelIds"], found["successRate"]) == (
        "size-of-m", "Succeeded", ["m:1"], 100,
    )  # fmt: skip
    assert "Sending 200 requests one after the other" in made.err
    heading, row = listed.out.splitlines()
    assert heading.split()[:3] == ["NAME", "MODELS", "STATE"]
    assert row.split()[:3] == ["size-of-m", "m:1", "Succeeded"]
    assert f"{found['recommendedMemoryInGB']:g} GB" in row
    assert none.err == f"The workspace {found['workspaceName']} has no such profile.\n"
    assert "registered without a framework" in scriptless.err
    assert incomplete.err.endswith(
        "An entry script needs its software: give one of --environment, --conda and --pip.\n"
    )


def test_a_version_is_named_by_its_alias(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "m.txt").write_text("m")
    for _ in range(2):
        cli("model", "register", "m", str(tmp_path / "m.txt"))

    unnamed = cli("model", "alias", "m", "champion")
    wrong = cli("model", "alias", "m:1", "v1")
    pointed = cli("model", "alias", "m:1", "champion")
    shown = cli("model", "show", "m@champion")
    moved = cli("model", "alias", "m:2", "champion", "--output", "json")
    fetched = cli("model", "download", "m@champion", "--target", str(tmp_path / "down"))
    removed = cli("model", "unalias", "m", "champion")
    again = cli("model", "unalias", "m", "champion")
    lost = cli("model", "show", "m@champion")

    assert (unnamed.code, "m:1" in unnamed.err) == (2, True)
    assert (wrong.code, "is not an alias" in wrong.err) == (1, True)
    assert pointed.out == "m@champion is version 1.\n"
    assert "version  1\n" in shown.out
    assert "aliases  champion (version 1)\n" in shown.out
    assert json.loads(moved.out) == {"model": "m:2", "alias": "champion"}
    assert fetched.out.startswith("Downloaded m:2 ")
    assert removed.out == "m has no alias champion any more.\n"
    assert again.err == "zaffre: The model m has no alias champion.\n"
    assert lost.err == "zaffre: The model m has no alias champion: `zaffre model show m` lists its aliases.\n"
