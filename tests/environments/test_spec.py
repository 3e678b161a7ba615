from __future__ import annotations

from typing import Any

import pytest

from zaffre.core.errors import EnvironmentBuildFailed, InvalidValue, Unsupported
from zaffre.environments.spec import check, parse
from zaffre.environments.translation import translate


def definition(*dependencies: Any, **more: Any) -> dict[str, Any]:
    document = {"name": "x", "channels": ["conda-forge"], "dependencies": list(dependencies)}
    return {"name": "env", "python": {"condaDependencies": document}, **more}


def test_conda_and_pip_parts_become_requirements_and_a_python() -> None:
    spec = parse(definition("python=3.6.2", "pytorch", "cudatoolkit=10", "pip", {"pip": ["azureml-sdk", "six==1.16"]}))
    assert spec.python == (("=", "3.6.2"),)
    assert [package.text for package in spec.conda] == ["pytorch", "cudatoolkit=10", "pip"]
    assert spec.channels == ("conda-forge",)
    assert spec.requirements.packages == ["numpy", "six==1.16"]
    assert spec.requirements.own == ["azureml-sdk"]
    assert spec.needs_conda
    assert not spec.wants_default_python
    assert spec.notices == ("Satisfied by Zaffre itself: azureml-sdk.",)


def test_without_conda_its_packages_are_those_of_the_index() -> None:
    spec = parse(definition("python=3.6.2", "pytorch", "cudatoolkit=10", "pip", {"pip": ["azureml-sdk", "six==1.16"]}))
    translated = translate(spec, "NOTICE: no channel.")
    assert translated.requirements.packages == ["torch", "pip", "numpy", "six==1.16"]
    assert translated.conda == ()
    assert translated.notices[0] == "NOTICE: no channel."
    assert "pytorch as torch, cudatoolkit=10 (inside the wheels that need it)" in translated.notices[1]
    assert translated.notices[2] == "Satisfied by Zaffre itself: azureml-sdk."


def test_python_and_pip_alone_need_no_conda() -> None:
    assert not parse(definition("python=3.10", "pip", {"pip": ["six"]})).needs_conda


def test_pips_choice_stands_where_conda_names_the_same_package() -> None:
    spec = translate(parse(definition({"pip": ["numpy==1.26.4"]}, "numpy=1.19")))
    assert spec.requirements.packages == ["numpy==1.26.4"]


def test_the_document_may_stand_beside_the_python_section() -> None:
    spec = parse({"name": "env", "condaDependencies": {"dependencies": ["six"]}})
    assert [package.name for package in spec.conda] == ["six"]


def test_variables_of_the_conda_document_yield_to_the_environments() -> None:
    given = definition("six", environmentVariables={"A": "environment", "N": 1})
    given["python"]["condaDependencies"]["variables"] = {"A": "conda", "B": "conda"}
    assert parse(given).variables == {"A": "environment", "B": "conda", "N": "1"}


def test_a_fingerprint_is_that_of_what_is_installed() -> None:
    one = parse(definition("python=3.10", "six", {"pip": ["a", "b"]}))
    other = parse({**definition("python=3.10", {"pip": ["b", "a"]}, "six"), "name": "other"})
    assert one.fingerprint("linux") == other.fingerprint("linux")
    assert one.fingerprint("linux") != one.fingerprint("darwin")
    assert one.fingerprint() != parse(definition("python=3.11", "six", {"pip": ["a", "b"]})).fingerprint()


def test_user_managed_needs_no_packages() -> None:
    spec = parse({"name": "env", "python": {"userManagedDependencies": True, "interpreterPath": "/usr/bin/python3"}})
    assert spec.user_managed
    assert spec.interpreter_path == "/usr/bin/python3"


@pytest.mark.parametrize(
    ("docker", "words"),
    [
        ({"enabled": True}, r"docker\.enabled"),
        ({"baseImage": "ubuntu:22.04"}, "Docker image ubuntu:22.04"),
        ({"baseDockerfile": "FROM scratch"}, "Dockerfile"),
        ({"buildContext": {"location": "."}}, "build context"),
    ],
)
def test_docker_that_is_asked_for_is_refused(docker: dict[str, Any], words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        check(definition("six", docker=docker))


def test_azures_plain_image_is_the_default_road_and_no_request() -> None:
    image = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20251130.v1"
    assert parse(definition("six", docker={"enabled": False, "baseImage": image})).notices == ()


def test_a_service_merely_has_docker_as_azures_default_road() -> None:
    given = definition("six", docker={"enabled": True, "baseImage": "mcr.microsoft.com/azureml/base:1.0"})
    assert "runs as a process of this machine" in parse(given, purpose="service").notices[0]
    with pytest.raises(Unsupported, match="Docker image mine"):
        parse(definition("six", docker={"baseImage": "mine"}), purpose="service")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"spark": {"packages": [{"group": "g"}]}}, "Spark"),
        ({"databricks": {"pypiLibraries": [{"package": "x"}]}}, r"Databricks libraries \(pypiLibraries\)"),
        ({"r": {"rVersion": "4"}}, "R section"),
    ],
)
def test_other_worlds_are_refused(more: dict[str, Any], words: str) -> None:
    with pytest.raises(Unsupported, match=words):
        check(definition("six", **more))


def test_every_unknown_conda_package_is_named() -> None:
    with pytest.raises(EnvironmentBuildFailed, match="gcc=3, r-base") as caught:
        translate(parse(definition("numpy", "gcc=3", "r-base")))
    assert caught.value.facts["packages"] == ["gcc=3", "r-base"]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("text", "is not a conda file"),
        ({"dependencies": [], "pakages": []}, "unknown keys: pakages"),
        ({"dependencies": {"six": 1}}, "is not a list"),
        ({"dependencies": [{"npm": ["x"]}]}, "unknown list of dependencies: npm"),
        ({"dependencies": [{"pip": "six"}]}, "'pip' part"),
        ({"dependencies": [3.8]}, r"not text: 3\.8"),
        ({"dependencies": [], "variables": []}, "'variables'"),
        ({"dependencies": [], "name": "../../elsewhere"}, r"the name '\.\./\.\./elsewhere': .* no other folder"),
        ({"dependencies": [], "name": ".."}, "no other folder"),
        ({"dependencies": [], "name": 3.8}, "the name 3.8"),
    ],
)
def test_a_document_that_is_no_conda_file_is_named(document: object, words: str) -> None:
    with pytest.raises(EnvironmentBuildFailed, match=words):
        check({"name": "env", "python": {"condaDependencies": document}})


def test_no_packages_at_all_is_an_error() -> None:
    with pytest.raises(EnvironmentBuildFailed, match="names no packages"):
        check({"name": "env"})


def test_a_section_that_is_no_object_is_named() -> None:
    with pytest.raises(InvalidValue, match="'docker'"):
        check(definition("six", docker=["x"]))
    with pytest.raises(InvalidValue, match="environmentVariables"):
        check(definition("six", environmentVariables=["x"]))
