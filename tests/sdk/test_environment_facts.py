"""Every name of Azure's ``Environment`` and ``CondaDependencies``: honoured, refused with the reason, or recorded.

The names are those of ``tests/azureml/signatures.json``. A method's parameters are honoured where the test that
stands beside it says so; what an attribute does is tried out here: another value makes another environment, is refused
when a run is submitted, or changes nothing but the definition.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from zaffre.core.errors import AzureMLException, Unsupported
from zaffre.environments import image_spec, spec
from zaffre.sdk import container_settings
from zaffre.sdk.container_registry import ContainerRegistry, RegistryIdentity
from zaffre.sdk.environment import (
    DockerBuildContext,
    Environment,
    EnvironmentReference,
    RCranPackage,
    RGitHubPackage,
    RSection,
    SparkPackage,
)
from zaffre.sdk.environment_sections import (
    DatabricksSection,
    DockerImagePlatform,
    DockerSection,
    PythonSection,
    SparkSection,
)
from zaffre.sdk.section import Section

TESTS = Path(__file__).parents[1]
FACTS: dict[str, dict[str, list[str]]] = json.loads((TESTS / "azureml" / "signatures.json").read_text("utf-8"))
MODULES = ("azureml.core.environment.", "azureml.core.conda_dependencies.", "azureml.core.container_registry.")
SDK = "sdk/test_environment.py::"
PREFIX = "environments/test_conda_prefix.py::"
CONDA = "sdk/test_conda_dependencies.py::"
HERE = "sdk/test_environment_facts.py::"
ATTRIBUTE = HERE + "test_an_attribute_counts"
# Tests with a table above them, or an environment that is made beside them.
TABLED = {
    ATTRIBUTE,
    HERE + "test_a_section_takes_its_attributes_as_keywords",
    SDK + "test_what_is_not_built_says_so",
    SDK + "test_a_folder_round_trips",
    SDK + "test_from_docker",
    SDK + "test_build_in_the_background",
}

# Method -> the test that uses it and holds what it does; of several, that of the most particular parameter.
METHODS: dict[str, str] = {
    "Environment.__init__": SDK + "test_a_new_environment_has_azures_defaults_and_prints_as_json",
    "Environment.environment_variables": ATTRIBUTE,
    "Environment.register": SDK + "test_versions_count_up_with_the_content",
    "Environment.label": SDK + "test_labels_lists_and_clones",
    "Environment.clone": SDK + "test_labels_lists_and_clones",
    "Environment.get": SDK + "test_labels_lists_and_clones",
    "Environment.list": SDK + "test_labels_lists_and_clones",
    "Environment.from_dockerfile": SDK + "test_from_docker",
    "Environment.from_docker_image": SDK + "test_from_docker",
    "Environment.from_docker_build_context": SDK + "test_from_docker",
    "Environment.from_conda_specification": SDK + "test_from_a_conda_file",
    "Environment.from_existing_conda_environment": PREFIX + "test_an_environment_is_made_of_one_that_is_there",
    "Environment.from_pip_requirements": SDK + "test_from_requirements_files",
    "Environment.add_private_pip_wheel": SDK + "test_a_private_wheel_is_kept_in_the_workspace_and_installed",
    "Environment.get_image_details": SDK + "test_build_an_image_here",
    "Environment.build": SDK + "test_build_in_the_background",
    "Environment.build_local": SDK + "test_build_an_image_here",
    "Environment.save_to_directory": SDK + "test_a_folder_round_trips",
    "Environment.load_from_directory": SDK + "test_a_folder_round_trips",
    "EnvironmentReference.__init__": SDK + "test_versions_count_up_with_the_content",
    "EnvironmentReference.get_environment": SDK + "test_versions_count_up_with_the_content",
    "PythonSection.__init__": HERE + "test_a_section_takes_its_attributes_as_keywords",
    "PythonSection.conda_dependencies_file": SDK
    + "test_a_conda_file_named_in_the_python_section_is_read_when_it_is_used",
    "DockerSection.__init__": HERE + "test_a_section_takes_its_attributes_as_keywords",
    "DockerSection.base_image": SDK + "test_sources_of_an_image_exclude_each_other",
    "DockerSection.base_dockerfile": SDK + "test_sources_of_an_image_exclude_each_other",
    "DockerSection.build_context": SDK + "test_sources_of_an_image_exclude_each_other",
    "DockerSection.gpu_support": SDK + "test_sources_of_an_image_exclude_each_other",
    "DockerSection.enabled": ATTRIBUTE,
    "DockerSection.shared_volumes": ATTRIBUTE,
    "DockerSection.arguments": ATTRIBUTE,
    "DockerSection.shm_size": ATTRIBUTE,
    "DockerImagePlatform.__init__": ATTRIBUTE,
    "DockerBuildContext.__init__": SDK + "test_from_docker",
    "DockerBuildContext.from_local_directory": SDK + "test_a_build_context_is_sent_whole_and_built_from",
    "SparkSection.__init__": HERE + "test_a_section_takes_its_attributes_as_keywords",
    "SparkPackage.__init__": SDK + "test_a_folder_round_trips",
    "ImageBuildDetails.status": SDK + "test_build_in_the_background",
    "ImageBuildDetails.get_log": SDK + "test_build_in_the_background",
    "ImageBuildDetails.wait_for_completion": SDK + "test_build_in_the_background",
    "DockerImageDetails.__init__": HERE + "test_details_of_an_image_are_read_from_their_keys",
    "DockerImageDetails.image_exist": SDK + "test_build_an_image_here",
    "DockerImageDetails.repository": SDK + "test_build_an_image_here",
    "DockerImageDetails.registry": HERE + "test_details_of_an_image_are_read_from_their_keys",
    "DockerImageDetails.image": HERE + "test_details_of_an_image_are_read_from_their_keys",
    "DockerImageDetails.interpreter_path": SDK + "test_build_an_image_here",
    "DockerImageDetails.environment_path": HERE + "test_details_of_an_image_are_read_from_their_keys",
    "DockerImageDetails.dockerfile": HERE + "test_details_of_an_image_are_read_from_their_keys",
    "RSection.__init__": ATTRIBUTE,
    "RCranPackage.__init__": ATTRIBUTE,
    "RGitHubPackage.__init__": ATTRIBUTE,
    "ContainerRegistry.__init__": SDK + "test_from_docker",
    "RegistryIdentity.__init__": ATTRIBUTE,
    "CondaDependencies.__init__": CONDA + "test_files",
    "CondaDependencies.create": CONDA + "test_create_pins_azures_packages_and_replaces_the_default_list",
    "CondaDependencies.merge_requirements": CONDA + "test_merged_requirements",
    "CondaDependencies.sdk_origin_url": CONDA + "test_the_origin_of_the_sdk_is_zaffre_itself",
    "CondaDependencies.set_pip_index_url": CONDA + "test_options_of_pip",
    "CondaDependencies.conda_channels": CONDA + "test_channels",
    "CondaDependencies.conda_packages": CONDA + "test_reading_changes_nothing",
    "CondaDependencies.pip_packages": CONDA + "test_reading_changes_nothing",
    "CondaDependencies.pip_options": CONDA + "test_options_of_pip",
    "CondaDependencies.get_default_number_of_packages": CONDA + "test_the_default_document",
    "CondaDependencies.get_python_version": CONDA + "test_pythons_version",
    "CondaDependencies.set_python_version": CONDA + "test_pythons_version",
    "CondaDependencies.add_channel": CONDA + "test_channels",
    "CondaDependencies.remove_channel": CONDA + "test_channels",
    "CondaDependencies.add_conda_package": CONDA + "test_a_package_stands_once_in_its_last_version",
    "CondaDependencies.remove_conda_package": CONDA + "test_packages_are_removed_by_name_or_as_written",
    "CondaDependencies.add_pip_package": CONDA + "test_a_package_stands_once_in_its_last_version",
    "CondaDependencies.set_pip_option": CONDA + "test_options_of_pip",
    "CondaDependencies.remove_pip_option": CONDA + "test_options_of_pip",
    "CondaDependencies.remove_pip_package": CONDA + "test_packages_are_removed_by_name_or_as_written",
    "CondaDependencies.set_pip_requirements": CONDA + "test_pip_requirements_replace_everything",
    "CondaDependencies.add_cntk_package": CONDA + "test_tensorflow_and_cntk",
    "CondaDependencies.add_tensorflow_pip_package": CONDA + "test_tensorflow_and_cntk",
    "CondaDependencies.add_tensorflow_conda_package": CONDA + "test_tensorflow_and_cntk",
    "CondaDependencies.save_to_file": CONDA + "test_files",
    "CondaDependencies.save": CONDA + "test_files",
    "CondaDependencies.serialize_to_string": CONDA + "test_comments_of_a_file_stay",
    "CondaDependencies.as_dict": CONDA + "test_the_default_document",
}


def facts() -> list[str]:
    found = {path.rpartition(".")[2]: methods for path, methods in FACTS.items() if path.startswith(MODULES)}
    return sorted(f"{name}.{method}" for name, methods in found.items() for method in methods)


def test_the_table_has_azures_methods_and_no_others() -> None:
    assert sorted(METHODS) == facts()


@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_method_has_a_test_that_uses_it(name: str) -> None:
    file, _, test = METHODS[name].partition("::")
    text = (TESTS / file).read_text("utf-8")
    body = re.search(rf"^def {test}\(.*?(?=^(def |@)|\Z)", text, re.MULTILINE | re.DOTALL)
    assert body is not None, f"there is no {METHODS[name]}"
    owner, _, method = name.partition(".")
    wanted = owner if method == "__init__" else method
    assert re.search(rf"\b{wanted}\b", body[0] if METHODS[name] not in TABLED else text), (
        f"{test} does not use {wanted}"
    )


# --- attributes ------------------------------------------------------------------------------------------------------


def plain() -> Environment:
    """An environment for a folder of this machine."""
    environment = Environment("mine")
    environment.docker.arguments = []
    return environment


def boxed() -> Environment:
    """An environment for a container."""
    environment = Environment("mine")
    environment.docker.enabled = True
    return environment


def in_context() -> Environment:
    """An environment that is built from a folder of files."""
    environment = Environment("mine")
    environment.docker.build_context = DockerBuildContext("git", "https://host/repository.git")
    return environment


def outcome(environment: Environment) -> object:
    """What a submit makes of the definition; raises what refuses it."""
    definition = environment._definition()
    if not container_settings.wants_container(definition, {}):
        return replace(spec.parse(definition), name="")
    container_settings.check(definition, {})
    read = image_spec.read(definition)
    return replace(read, spec=replace(read.spec, name="")), container_settings.container_of(definition, {}, "image")


Act = Callable[[Environment], object]


def put(path: str, value: Any) -> Act:
    *owners, last = path.split(".")

    def act(environment: Environment) -> None:
        target: Any = environment
        for owner in owners:
            target = getattr(target, owner)
        setattr(target, last, value)

    return act


def registry(attribute: str, value: str) -> Act:
    def act(environment: Environment) -> None:
        setattr(environment.docker.base_image_registry, attribute, value)

    return act


def identity(attribute: str) -> Act:
    def act(environment: Environment) -> None:
        environment.docker.base_image_registry.registry_identity = RegistryIdentity()
        setattr(environment.docker.base_image_registry.registry_identity, attribute, "id")

    return act


def r_section(attribute: str) -> Act:
    def act(environment: Environment) -> None:
        environment.r = RSection()
        setattr(environment.r, attribute, [RCranPackage(), RGitHubPackage()] if "packages" in attribute else True)

    return act


HONOURED: dict[str, tuple[Callable[[], Environment], Act]] = {
    "Environment.environment_variables": (plain, put("environment_variables", {"A": "b"})),
    "Environment.inferencing_stack_version": (plain, put("inferencing_stack_version", "1.0")),  # a notice says so
    "PythonSection.user_managed_dependencies": (plain, put("python.user_managed_dependencies", True)),
    "PythonSection.base_conda_environment": (plain, put("python.base_conda_environment", "base")),
    "PythonSection.conda_dependencies": (plain, lambda e: e.python.conda_dependencies.add_pip_package("six")),  # type: ignore[union-attr]
    "DockerSection.enabled": (plain, put("docker.enabled", True)),
    "DockerSection.base_image": (plain, put("docker.base_image", "debian")),
    "DockerSection.base_dockerfile": (plain, put("docker.base_dockerfile", "FROM debian\n")),
    "DockerSection.build_context": (plain, put("docker.build_context", DockerBuildContext("git", "https://h/r"))),
    "DockerBuildContext.location": (in_context, put("docker.build_context.location", "https://host/other.git")),
    "DockerBuildContext.dockerfile_path": (in_context, put("docker.build_context.dockerfile_path", "a/Dockerfile")),
    "DockerSection.base_image_registry": (boxed, registry("address", "host")),
    "DockerSection.shm_size": (boxed, put("docker.shm_size", "4g")),
    "DockerSection.arguments": (boxed, put("docker.arguments", ["--cpus", "2"])),
    "ContainerRegistry.address": (boxed, registry("address", "host")),
    "ContainerRegistry.username": (boxed, registry("username", "me")),
    "ContainerRegistry.password": (boxed, registry("password", "hunter2")),
}

REFUSED: dict[str, tuple[Callable[[], Environment], Act, str]] = {
    "Environment.r": (plain, put("r", RSection()), "R is not set up here"),
    **{f"RSection.{attribute}": (plain, r_section(attribute), "R is not set up here") for attribute in RSection.KEYS},
    "Environment.spark": (plain, put("spark.repositories", ["host"]), "Spark is not set up here"),
    "SparkSection.packages": (plain, put("spark.packages", [SparkPackage("g", "a", "1")]), "Spark is not set up here"),
    "SparkSection.repositories": (plain, put("spark.repositories", ["host"]), "Spark is not set up here"),
    "Environment.databricks": (plain, put("databricks.jar_libraries", ["x"]), "names Databricks libraries"),
    **{
        f"DatabricksSection.{attribute}": (plain, put(f"databricks.{attribute}", ["x"]), "names Databricks libraries")
        for attribute in DatabricksSection.KEYS
    },
    "DockerBuildContext.location_type": (in_context, put("docker.build_context.location_type", "ftp"), "'ftp' is none"),
    "DockerSection.shared_volumes": (boxed, put("docker.shared_volumes", False), "shared_volumes=False"),
    "DockerSection.platform": (boxed, put("docker.platform.os", "Windows"), "platform Windows"),
    "DockerImagePlatform.os": (boxed, put("docker.platform.os", "Windows"), "platform Windows"),
    "DockerImagePlatform.architecture": (boxed, put("docker.platform.architecture", "s390x"), "architecture s390x"),
    "ContainerRegistry.registry_identity": (boxed, identity("client_id"), "registry_identity names an identity"),
    "RegistryIdentity.client_id": (boxed, identity("client_id"), "registry_identity names an identity"),
    "RegistryIdentity.resource_id": (boxed, identity("resource_id"), "registry_identity names an identity"),
}

RECORDED: dict[str, tuple[Act, str]] = {
    "Environment.name": (put("name", "other"), "what it is called changes nothing in it"),
    "Environment.version": (put("version", "7"), "counts when it is registered"),
    "Environment.asset_id": (put("asset_id", "x"), "Azure's own number of it"),
    "PythonSection.interpreter_path": (
        put("python.interpreter_path", "python9"),
        "counts when dependencies are managed",
    ),
    "SparkSection.precache_packages": (put("spark.precache_packages", False), "there are no packages to be fetched"),
}

PARTS = {
    "Environment.python",
    "Environment.docker",
    "PythonSection.conda_dependencies_file",
}  # their own attributes count
ELSEWHERE: tuple[type[Section], ...] = (EnvironmentReference, SparkPackage, RCranPackage, RGitHubPackage)


def attributes() -> set[str]:
    sections: tuple[type[Section], ...] = (Environment, PythonSection, DockerSection, DockerImagePlatform, SparkSection)
    sections += (DockerBuildContext, DatabricksSection, RSection, ContainerRegistry, RegistryIdentity)
    assert not set(sections) & set(ELSEWHERE)
    return {f"{section.__name__}.{attribute}" for section in sections for attribute in section.KEYS}


def test_every_attribute_stands_in_one_table() -> None:
    tables = [set(HONOURED), set(REFUSED), set(RECORDED), PARTS]
    assert set.union(*tables) == attributes()
    assert sum(map(len, tables)) == len(attributes())


@pytest.mark.parametrize("name", sorted(HONOURED))
def test_an_attribute_counts(name: str) -> None:
    make, act = HONOURED[name]
    changed = make()
    act(changed)
    assert outcome(changed) != outcome(make())


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_an_attribute_is_refused_with_the_reason(name: str) -> None:
    make, act, words = REFUSED[name]
    changed = make()
    act(changed)
    with pytest.raises(Unsupported, match=words):
        outcome(changed)


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_an_attribute_is_recorded_and_changes_nothing(name: str) -> None:
    act, _ = RECORDED[name]
    changed = plain()
    act(changed)
    assert changed.to_plain() != plain().to_plain()
    assert outcome(changed) == outcome(plain())


@pytest.mark.parametrize(("attribute", "value"), [("arguments", ["--cpus", "2"]), ("shm_size", "4g")])
def test_what_only_a_container_would_have_is_said(attribute: str, value: object) -> None:
    environment = plain()
    setattr(environment.docker, attribute, value)
    (notice,) = [
        line for line in spec.parse(environment._definition()).notices if "nothing runs in a container" in line
    ]
    assert attribute in notice


def test_a_section_takes_its_attributes_as_keywords() -> None:
    assert PythonSection(interpreter_path="/usr/bin/python3").interpreter_path == "/usr/bin/python3"
    assert DockerSection(shm_size="4g").shm_size == "4g"
    assert SparkSection(repositories=["host"]).repositories == ["host"]
    for section in (PythonSection, DockerSection, SparkSection):
        with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
            section(nonsense=1)


def test_details_of_an_image_are_read_from_their_keys() -> None:
    from zaffre.sdk.environment import DockerImageDetails

    details = DockerImageDetails({"dockerImage": {"name": "a/b:1", "registry": {"address": "host:5000"}}})
    assert (details.registry, details.image) == ("host:5000", "host:5000/a/b:1")
    assert (details.environment_path, details.dockerfile, details.image_exist) == (None, None, None)
    assert DockerImageDetails({"dockerImage": {"name": "a/b:1"}}).image == "a/b:1"
    filled = DockerImageDetails(
        {"pythonEnvironment": {"condaEnvironmentPath": "/env"}, "ingredients": {"dockerfile": "FROM x"}}
    )
    assert (filled.environment_path, filled.dockerfile) == ("/env", "FROM x")


def test_an_error_of_this_table_is_azures_class() -> None:
    assert issubclass(Unsupported, AzureMLException)
    assert ContainerRegistry().address is None
