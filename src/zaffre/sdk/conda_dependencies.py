"""``CondaDependencies``: the conda document of an environment, as an object."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from zaffre.core.errors import EnvironmentBuildFailed, UserErrorException
from zaffre.environments.requirements import canonical, name_of
from zaffre.environments.spec import check_conda_document
from zaffre.sdk.conda_comments import Comments
from zaffre.sdk.unbuilt import not_built
from zaffre.sdk.version import VERSION

PYTHON_DEFAULT_VERSION: Final = "3.10.18"
BASE_PYTHON_VERSION: Final = "3.8.13"
CONDA_FILE_NAME: Final = "auto_conda_dependencies.yml"
BASE_PROJECT_FOLDER: Final = ".azureml"
DEFAULT_SDK_PACKAGE: Final = "azureml-defaults"
CPU: Final = "cpu"
GPU: Final = "gpu"
TENSORFLOW_DEFAULT_VERSION: Final = "2.2.0"
CNTK_DEFAULT_VERSION: Final = "2.7"

_HEADER: Final = (
    "# The packages of an environment: Zaffre installs them for runs and services\n"
    "# unless user_managed_dependencies is set. The format is that of conda.\n"
)


class CondaDependencies:
    """Python's version, conda packages, pip packages with pip's options, and channels.

    Without a file it is the default document: Python 3.8.13 and azureml-defaults.
    """

    def __init__(
        self,
        conda_dependencies_file_path: str | os.PathLike[str] | None = None,
        _underlying_structure: dict[str, Any] | None = None,
    ) -> None:
        """Raises ``UserErrorException`` for a file that is no conda file, ``FileNotFoundError`` for none."""
        where = "the conda document"
        document: Any = _underlying_structure
        self._comments = Comments()
        if conda_dependencies_file_path is not None:
            where = str(conda_dependencies_file_path)
            text = Path(conda_dependencies_file_path).read_text("utf-8")
            document = _read(text, where)
            self._comments = Comments(text)
        elif document is None:
            document = {
                "name": "project_environment",
                "dependencies": [f"python={BASE_PYTHON_VERSION}", {"pip": [DEFAULT_SDK_PACKAGE]}],
                "channels": ["anaconda", "conda-forge"],
            }
        try:
            check_conda_document(document, where)
        except EnvironmentBuildFailed as error:
            raise UserErrorException(error.message) from error
        self._document: dict[str, Any] = copy.deepcopy(dict(document))

    @staticmethod
    def create(
        pip_indexurl: str | None = None,
        pip_packages: list[str] | None = None,
        conda_packages: list[str] | None = None,
        python_version: str | None = PYTHON_DEFAULT_VERSION,
        pin_sdk_version: bool = True,
    ) -> CondaDependencies:
        """A document with these packages; ``pip_packages`` takes the place of the default azureml-defaults.

        ``pip_indexurl`` is used besides the machine's own index. ``pin_sdk_version`` pins every azureml package to the
        version this SDK answers for.
        """
        made = CondaDependencies()
        if python_version:
            made.set_python_version(python_version)
        if pip_packages is not None:
            made.set_pip_requirements([])
        if pip_indexurl:
            made.set_pip_option(f"--extra-index-url {pip_indexurl}")
        for package in pip_packages if pip_packages is not None else made._pip():
            made.add_pip_package(_pinned(package) if pin_sdk_version else package)
        for package in conda_packages or ():
            made.add_conda_package(package)
        return made

    @staticmethod
    def merge_requirements(requirements: Iterable[str]) -> list[str]:
        """One requirement for each package, its version conditions joined: ``["a>1", "a<3"]`` is ``["a>1,<3"]``."""
        merged: dict[str, list[str]] = {}
        for requirement in requirements:
            head = _head(requirement)
            conditions = merged.setdefault(head, [])
            rest = requirement[len(head) :].strip()
            if rest and rest not in conditions:
                conditions.append(rest)
        return [head + ",".join(conditions) for head, conditions in merged.items()]

    @staticmethod
    def sdk_origin_url() -> str:
        raise not_built(
            "CondaDependencies.sdk_origin_url",
            "leave the index out, since azureml packages are satisfied by Zaffre itself",
        )

    # --- what there is -----------------------------------------------------------------------------------------------

    @property
    def conda_channels(self) -> Iterator[str]:
        return iter(self._document.get("channels") or [])

    @property
    def conda_packages(self) -> Iterator[str]:
        return iter([item for item in self._document.get("dependencies") or () if isinstance(item, str)])

    @property
    def pip_packages(self) -> Iterator[str]:
        return iter([line for line in self._pip_lines() if not line.startswith("-")])

    @property
    def pip_options(self) -> Iterator[str]:
        return iter([line for line in self._pip_lines() if line.startswith("-")])

    def get_default_number_of_packages(self) -> tuple[int, int]:
        """How many conda and pip packages the default document has."""
        return 1, 1

    def get_python_version(self) -> str | None:
        """``"3.8.13"`` of ``python=3.8.13``, ``">=3.8"`` of ``python>=3.8``; None where no Python is named."""
        for package in self.conda_packages:
            if _conda_name(package) == "python":
                return re.sub(r"^={1,2}", "", package.rpartition("::")[2].strip()[len("python") :].strip())
        return None

    def as_dict(self) -> dict[str, Any]:
        """The document as conda reads it."""
        return copy.deepcopy(self._document)

    def serialize_to_string(self) -> str:
        """The document as YAML; comments of the file it was read from stand by the lines that are still there."""
        text = str(yaml.safe_dump(self._document, sort_keys=False, default_flow_style=False))
        return self._comments.put_into(text) if self._comments else f"{_HEADER}\n{text}"

    # --- conda -------------------------------------------------------------------------------------------------------

    def set_python_version(self, version: str) -> None:
        self.add_conda_package(f"python={version}")

    def add_channel(self, channel: str) -> None:
        channels = self._document.setdefault("channels", [])
        if channel not in channels:
            channels.append(channel)

    def remove_channel(self, channel: str) -> None:
        channels = self._document.get("channels") or []
        if channel in channels:
            channels.remove(channel)

    def add_conda_package(self, conda_package: str) -> None:
        """Add a package, in the place of the same one in another version."""
        name = _conda_name(_text(conda_package, "conda package"))
        if name == "python" and conda_package.strip() == "python":
            raise UserErrorException("The conda package 'python' needs a version: write python=3.10, for instance.")
        dependencies = self._dependencies()
        for i, item in enumerate(dependencies):
            if isinstance(item, str) and _conda_name(item) == name:
                dependencies[i] = conda_package
                return
        dependencies.append(conda_package)

    def remove_conda_package(self, conda_package: str) -> None:
        """Remove a package, named with its version or without."""
        if _conda_name(_text(conda_package, "conda package")) == "python":
            raise UserErrorException(
                "Python cannot be removed from the conda dependencies; set_python_version changes it."
            )
        dependencies = self._dependencies()
        dependencies[:] = [
            item for item in dependencies if not isinstance(item, str) or conda_package not in (item, _conda_name(item))
        ]

    # --- pip ---------------------------------------------------------------------------------------------------------

    def add_pip_package(self, pip_package: str) -> None:
        """Add a package, in the place of the same one in another version."""
        if _text(pip_package, "pip package").startswith("-"):
            raise UserErrorException(f"{pip_package!r} is a pip option, not a package: use set_pip_option.")
        self._put_pip(pip_package, _pip_key(pip_package))

    def remove_pip_package(self, pip_package: str) -> None:
        self._drop_pip(_pip_key(pip_package))

    def set_pip_option(self, pip_option: str) -> None:
        """Set an option such as ``--extra-index-url URL``, in the place of the same option before."""
        if not _text(pip_option, "pip option").startswith("-"):
            raise UserErrorException(f"{pip_option!r} is not a pip option: it must begin with a hyphen.")
        self._put_pip(pip_option, _pip_key(pip_option))

    def remove_pip_option(self, pip_option: str) -> None:
        self._drop_pip(_pip_key(pip_option))

    def set_pip_index_url(self, index_url: str) -> None:
        """Set the index, as ``URL`` or as ``--index-url URL``."""
        self.set_pip_option(index_url if index_url.startswith("-") else f"--index-url {index_url}")

    def set_pip_requirements(self, pip_requirements: Iterable[str]) -> None:
        """Replace all pip packages and options."""
        self._pip()[:] = [_text(line, "pip requirement") for line in pip_requirements]

    def add_cntk_package(self, core_type: str = CPU) -> None:
        name = "cntk-gpu" if _is_gpu(core_type) else "cntk"
        self.add_pip_package(f"{name}=={CNTK_DEFAULT_VERSION}")

    def add_tensorflow_pip_package(self, core_type: str = CPU, version: str | None = None) -> None:
        name = "tensorflow-gpu" if _is_gpu(core_type) else "tensorflow"
        self.remove_pip_package("tensorflow")
        self.remove_pip_package("tensorflow-gpu")
        self.add_pip_package(f"{name}=={version or TENSORFLOW_DEFAULT_VERSION}")

    def add_tensorflow_conda_package(self, core_type: str = CPU, version: str | None = None) -> None:
        name = "tensorflow-gpu" if _is_gpu(core_type) else "tensorflow"
        self.remove_conda_package("tensorflow")
        self.remove_conda_package("tensorflow-gpu")
        self.add_conda_package(f"{name}={version or TENSORFLOW_DEFAULT_VERSION}")

    # --- files -------------------------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str] | None = None) -> str:
        """Write the YAML file ``path`` (default: ``conda_dependencies.yml`` here) and return its path."""
        target = Path(path) if path is not None else Path("conda_dependencies.yml")
        if target.is_dir():
            raise UserErrorException(f"{target} is a folder: name the file to write as well.")
        if not target.parent.is_dir():
            raise UserErrorException(f"There is no folder {target.parent} to write {target.name} into: make it first.")
        target.write_text(self.serialize_to_string(), "utf-8")
        return str(path) if path is not None else str(target)

    def save_to_file(
        self, base_directory: str | os.PathLike[str], conda_file_path: str | os.PathLike[str] | None = None
    ) -> str:
        """Write the YAML file and return its path relative to ``base_directory``; folders on the way are made."""
        relative = Path(conda_file_path) if conda_file_path else Path(BASE_PROJECT_FOLDER) / CONDA_FILE_NAME
        target = Path(base_directory) / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self.serialize_to_string(), "utf-8")
        return relative.as_posix()

    # --- the document ------------------------------------------------------------------------------------------------

    def _dependencies(self) -> list[Any]:
        if self._document.get("dependencies") is None:
            self._document["dependencies"] = []
        dependencies: list[Any] = self._document["dependencies"]
        return dependencies

    def _pip(self) -> list[str]:
        """The pip part, to be changed in place; made if there is none."""
        for item in self._dependencies():
            if isinstance(item, dict):
                if item.get("pip") is None:
                    item["pip"] = []
                lines: list[str] = item["pip"]
                return lines
        made: dict[str, list[str]] = {"pip": []}
        self._dependencies().append(made)
        return made["pip"]

    def _pip_lines(self) -> list[str]:
        """The pip part as it is."""
        parts = [item["pip"] or [] for item in self._document.get("dependencies") or () if isinstance(item, dict)]
        return [str(line) for lines in parts for line in lines]

    def _put_pip(self, line: str, key: str) -> None:
        lines = self._pip()
        for i, present in enumerate(lines):
            if _pip_key(present) == key:
                lines[i] = line
                return
        lines.append(line)

    def _drop_pip(self, key: str) -> None:
        lines = self._pip()
        lines[:] = [line for line in lines if _pip_key(line) != key]


def _read(text: str, where: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserErrorException(f"{where} is not YAML: {' '.join(str(error).split())}.") from error


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UserErrorException(f"{value!r} is not a {what}: give its text.")
    return value.strip()


def _conda_name(package: str) -> str:
    return re.split(r"[\s=<>!~\[]", package.strip().rpartition("::")[2], maxsplit=1)[0].lower()


def _pip_key(line: str) -> str:
    """What makes two lines speak of the same package or the same option."""
    text = line.strip()
    if text.startswith("-"):
        return re.split(r"[\s=]", text, maxsplit=1)[0]
    return canonical(name_of(text) or text)


def _head(requirement: str) -> str:
    """A requirement's name with its extras, as written."""
    match = re.match(r"[^\s<>=!~;]+", requirement.strip())
    return match[0] if match else requirement.strip()


def _pinned(package: str) -> str:
    """An azureml package with the version this SDK answers for, whatever version it had."""
    head = _head(package)
    return f"{head}~={VERSION}" if canonical(name_of(package) or "").startswith("azureml-") else package


def _is_gpu(core_type: str) -> bool:
    if core_type not in (CPU, GPU):
        raise UserErrorException(f"{core_type!r} is not a core type: use 'cpu' or 'gpu'.")
    return core_type == GPU
