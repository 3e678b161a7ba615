"""An environment's definition, read: what must be installed, for which Python, and what nobody here can honour.

A definition is the JSON of ``azureml_environment.json`` whose ``python`` section also holds the parsed conda document
as ``condaDependencies`` (accepted at the top level too).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from zaffre.core.errors import EnvironmentBuildFailed, InvalidValue, Unsupported
from zaffre.environments import conda_names
from zaffre.environments.conda_names import CondaPackage
from zaffre.environments.requirements import Requirements, without_credentials

Purpose = Literal["run", "service"]

CONDA_KEYS: Final = ("name", "channels", "dependencies", "prefix", "variables")

# Pythons that the SDK wrote into a document because the user named none: nobody asked for them in particular.
DEFAULT_PYTHONS: Final = frozenset({"3.8.13", "3.10.18"})

_ESCAPES: Final = re.compile(r"[/\\:\0]|^\.\.?$")  # what would lead a name out of its folder

# Azure's plain base images hold an operating system and conda, nothing that a process on this machine lacks.
_PLAIN_IMAGE = re.compile(r"mcr\.microsoft\.com/azureml/(base|base-gpu|openmpi|intelmpi|minimal-)[^/]*")


@dataclass(frozen=True, slots=True)
class Spec:
    """What a definition asks for. Either ``user_managed`` with ``interpreter_path``, or packages for a fresh prefix."""

    name: str
    user_managed: bool = False
    interpreter_path: str = "python"
    base_environment: str = ""  # a conda environment of the machine whose packages come along
    python: tuple[tuple[str, str], ...] = ()  # clauses on Python's version, as conda_names.CondaPackage has them
    conda: tuple[CondaPackage, ...] = ()  # in the user's order, without Python
    channels: tuple[str, ...] = ()
    requirements: Requirements = field(default_factory=Requirements)  # the pip part
    variables: dict[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()  # sentences for the build log

    @property
    def wants_default_python(self) -> bool:
        return any(version in DEFAULT_PYTHONS for _, version in self.python)

    @property
    def needs_conda(self) -> bool:
        """Whether it names a conda package besides Python and pip, which every prefix can have without conda."""
        return any(package.name not in ("pip", "setuptools", "wheel") for package in self.conda)

    def asked(self) -> list[str]:
        """What the definition asks for, one line each: for people, and to be compared with what it asked before."""
        lines = ["python" + "".join(f"{op}{version}" for op, version in [clause]) for clause in self.python]
        lines += [f"conda {package.text}" for package in self.conda]
        lines += [f"channel {without_credentials(channel)}" for channel in self.channels if self.conda]
        lines += [f"pip {without_credentials(line)}" for line in (*self.requirements.own, *self.requirements.packages)]
        lines += [f"pip option {without_credentials(option)}" for option in self.requirements.options]
        return lines + (["pip option --pre"] if self.requirements.prereleases else [])

    def fingerprint(self, *circumstances: str) -> str:
        """A hash of everything that decides which packages are installed, and of the circumstances."""
        parts = {
            "python": self.python,
            "conda": sorted(package.text for package in self.conda),
            "channels": self.channels if self.conda or self.python else (),
            "packages": sorted(self.requirements.packages),
            "options": self.requirements.solver_options,
            "own": bool(self.requirements.own),
            "prereleases": self.requirements.prereleases,
            "circumstances": circumstances,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:24]


def parse(definition: Mapping[str, Any], *, purpose: Purpose = "run", in_image: bool = False) -> Spec:
    """Read a definition. Raises ``Unsupported`` for what only Docker, Spark or R could honour,
    ``EnvironmentBuildFailed`` for a conda document that cannot be read or built.

    A ``service`` merely has Docker as Azure's default road, so for it ``docker.enabled`` is no request for Docker.
    ``in_image``: the packages are for an image, and the section on Docker is ``image_spec``'s to read.
    """
    name = str(definition.get("name") or "environment")
    python = _section(definition, "python")
    notices = () if in_image else _check_docker(name, _section(definition, "docker"), purpose)
    _check_other_sections(name, definition)
    notices += _unused(definition)
    variables = _variables(definition)
    if python.get("userManagedDependencies"):
        return Spec(
            name,
            user_managed=True,
            interpreter_path=str(python.get("interpreterPath") or "python"),
            variables=variables,
            notices=notices,
        )
    document = python.get("condaDependencies") or definition.get("condaDependencies")
    if document is None:
        raise EnvironmentBuildFailed(
            f"Environment {name!r} names no packages: give it conda dependencies, or set "
            "python.user_managed_dependencies to use an interpreter as it is."
        )
    where = f"the conda document of environment {name!r}"
    document = check_conda_document(document, where)
    clauses, packages, requirements = _dependencies(document)
    own = (f"Satisfied by Zaffre itself: {', '.join(requirements.own)}.",) if requirements.own else ()
    return Spec(
        name,
        base_environment=str(python.get("baseCondaEnvironment") or ""),
        python=clauses,
        conda=packages,
        channels=_channels(document, where),
        requirements=requirements,
        variables={**_texts(document.get("variables") or {}), **variables},
        notices=notices + own,
    )


def check(definition: Mapping[str, Any], *, purpose: Purpose = "run") -> None:
    """Raise what ``parse`` raises: for a refusal at submit instead of on the compute target."""
    parse(definition, purpose=purpose)


def _section(definition: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    section = definition.get(key)
    if section is None:
        return {}
    if not isinstance(section, Mapping):
        raise InvalidValue(f"The section {key!r} of the environment's definition is not an object: {section!r}.")
    return section


def _variables(definition: Mapping[str, Any]) -> dict[str, str]:
    variables = definition.get("environmentVariables") or {}
    if not isinstance(variables, Mapping):
        raise InvalidValue(f"environmentVariables of the environment is not an object: {variables!r}.")
    return _texts(variables)


def _check_docker(name: str, docker: Mapping[str, Any], purpose: Purpose) -> tuple[str, ...]:
    """Refuse what only Docker could honour; returns the notices for what merely would have run in it."""
    remedy = (
        "That needs Docker, and a folder of this machine was asked for: build it as an image "
        "(build_local(useDocker=True)), or describe it by conda or pip dependencies"
    )
    if docker.get("baseDockerfile"):
        raise Unsupported(f"Environment {name!r} is built from a Dockerfile (docker.base_dockerfile). {remedy}.")
    if docker.get("buildContext"):
        raise Unsupported(f"Environment {name!r} is built from a Docker build context. {remedy}.")
    if docker.get("enabled") and purpose == "run":
        raise Unsupported(
            f"Environment {name!r} asks for Docker (docker.enabled). {remedy}, and leave docker.enabled at False."
        )
    image = docker.get("baseImage")
    given = [f"docker.arguments {' '.join(map(str, docker.get('arguments') or ()))}"] if docker.get("arguments") else []
    given += [f"docker.shm_size {docker['shmSize']}"] if docker.get("shmSize") not in (None, "", "2g") else []
    unused = (f"{' and '.join(given)}: not used, as nothing runs in a container.",) if given else ()
    if not image:
        return unused
    if not _PLAIN_IMAGE.match(str(image)):
        raise Unsupported(f"Environment {name!r} runs in the Docker image {image} (docker.base_image). {remedy}.")
    if docker.get("enabled"):
        return ("Docker is not used: the service runs as a process of this machine, in the environment built below.",)
    return unused


def _unused(definition: Mapping[str, Any]) -> tuple[str, ...]:
    stack = definition.get("inferencingStackVersion")
    if stack in (None, "", "latest"):
        return ()
    return (f"inferencing_stack_version {stack!r} is not used: a service is served by this Zaffre's own server.",)


def _check_other_sections(name: str, definition: Mapping[str, Any]) -> None:
    spark = _section(definition, "spark")
    if spark.get("packages") or spark.get("repositories"):
        raise Unsupported(
            f"Environment {name!r} names Spark packages, and Spark is not set up here: add pyspark to the pip packages "
            "and load the packages in the script."
        )
    databricks = _section(definition, "databricks")
    libraries = [key for key, value in databricks.items() if key.endswith("Libraries") and value]
    if libraries:
        raise Unsupported(f"Environment {name!r} names Databricks libraries ({', '.join(libraries)}): none run here.")
    if definition.get("r"):
        raise Unsupported(f"Environment {name!r} has an R section, and R is not set up here: use Python packages.")


def _dependencies(
    document: Mapping[str, Any],
) -> tuple[tuple[tuple[str, str], ...], tuple[CondaPackage, ...], Requirements]:
    """The clauses on Python's version, the conda packages, and the pip part."""
    requirements = Requirements()
    clauses: tuple[tuple[str, str], ...] = ()
    packages: list[CondaPackage] = []
    for item in document.get("dependencies") or ():
        if isinstance(item, Mapping):
            for line in item.get("pip") or ():
                requirements.add(str(line))
            continue
        package = conda_names.read(str(item))
        if package.name == "python":
            clauses = conda_names.parse(package.text).clauses
        else:
            packages.append(package)
    return clauses, tuple(packages), requirements


def _channels(document: Mapping[str, Any], where: str) -> tuple[str, ...]:
    channels = document.get("channels") or []
    if not isinstance(channels, list) or not all(isinstance(channel, str) and channel.strip() for channel in channels):
        raise EnvironmentBuildFailed(f"'channels' of {where} is not a list of names and addresses.")
    return tuple(dict.fromkeys(channel.strip() for channel in channels))


def _texts(variables: Mapping[Any, Any]) -> dict[str, str]:
    return {str(key): "" if value is None else str(value) for key, value in variables.items()}


def check_conda_document(document: object, where: str) -> Mapping[str, Any]:
    """The document, if it has the shape of a conda file; raises ``EnvironmentBuildFailed`` that names the fault."""
    if not isinstance(document, Mapping):
        raise EnvironmentBuildFailed(f"{where} is not a conda file: it must be a mapping with 'dependencies'.")
    strange = [str(key) for key in document if key not in CONDA_KEYS]
    if strange:
        raise EnvironmentBuildFailed(
            f"{where} has unknown keys: {', '.join(strange)}. A conda file has {', '.join(CONDA_KEYS)}."
        )
    named = document.get("name")
    if named is not None and (not isinstance(named, str) or _ESCAPES.search(named)):
        raise EnvironmentBuildFailed(
            f"{where} has the name {named!r}: a name is text that leads to no other folder, without '/', ':' and '..'."
        )
    dependencies = document.get("dependencies")
    if dependencies is not None and not isinstance(dependencies, list):
        raise EnvironmentBuildFailed(f"'dependencies' of {where} is not a list.")
    for item in dependencies or ():
        if isinstance(item, Mapping):
            other = [str(key) for key in item if key != "pip"]
            if other:
                raise EnvironmentBuildFailed(f"{where} has an unknown list of dependencies: {', '.join(other)}.")
            if not isinstance(item.get("pip") or [], list):
                raise EnvironmentBuildFailed(f"The 'pip' part of {where} is not a list.")
        elif not isinstance(item, str):
            raise EnvironmentBuildFailed(f"{where} has a dependency that is not text: {item!r}. Write it in quotes.")
    variables = document.get("variables")
    if variables is not None and not isinstance(variables, Mapping):
        raise EnvironmentBuildFailed(f"'variables' of {where} is not a mapping.")
    return document
