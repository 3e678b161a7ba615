"""pip requirement lines as a user's environment gives them, sorted into what the solver must see."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from zaffre.core.errors import InvalidValue, Unsupported

_NAMED = re.compile(
    r"\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[(?P<extras>[^\]]*)\])?(?P<rest>.*)"
)
_COMMENT = re.compile(r"(^|\s)#.*$")

# Options that the solver understands in a requirements file; the first group points it to indexes.
_INDEX_OPTIONS: Final = ("-i", "--index-url", "--extra-index-url", "-f", "--find-links", "--no-index")
_BINARY_OPTIONS: Final = ("--no-binary", "--only-binary")
# What pip takes as an option and a lock makes needless.
_HARMLESS_OPTIONS: Final = ("--prefer-binary", "--no-cache-dir", "-U", "--upgrade", "-q", "--quiet", "--use-feature")

# The public index under its old names, which Azure's SDK wrote into every document: the machine's own setting decides.
_PUBLIC_INDEX = re.compile(r"https?://pypi\.(?:python\.)?org(?:/|$)")
_REPLACES_INDEX = re.compile(r"(-i|--index-url|--no-index)\b")

# What existing scripts import because Azure's packages brought it along.
_IMPLIED: Final[dict[str, tuple[str, ...]]] = {
    "azureml-defaults": ("numpy",),
    "azureml-sdk": ("numpy",),
    "azureml-dataset-runtime": ("numpy",),
    "azureml-dataprep": ("numpy",),
    "azureml-mlflow": ("mlflow-skinny",),
}


@dataclass(slots=True)
class Requirements:
    """The parts of a list of requirement lines."""

    packages: list[str] = field(default_factory=list)  # PEP 508 lines, sorted out of the user's
    options: list[str] = field(default_factory=list)  # option lines, in the user's order
    own: list[str] = field(default_factory=list)  # requirements that our own wheel satisfies, as the user wrote them
    prereleases: bool = False

    @property
    def solver_options(self) -> list[str]:
        """The options for the solver. The public index is named to it only where another took its place."""
        replaced = any(_REPLACES_INDEX.match(option) and not _PUBLIC_INDEX.search(option) for option in self.options)
        return [option for option in self.options if replaced or not _PUBLIC_INDEX.search(option)]

    def add(self, line: str) -> None:
        """Sort one line in; raises ``InvalidValue`` or ``Unsupported`` naming it."""
        text = _COMMENT.sub("", line).strip()
        if not text:
            return
        if text.startswith("-"):
            self._add_option(text)
        elif is_location(text):
            self.packages.append(_check_location(text))
        else:
            self._add_named(text)

    def _add_named(self, text: str) -> None:
        match = _NAMED.fullmatch(text)
        if match is None:
            raise InvalidValue(f"{text!r} is not a pip requirement: write NAME, NAME==VERSION or a URL.")
        name = canonical(match["name"])
        if not is_own(name):
            self.packages.append(text)
            return
        self.own.append(text)
        for implied in implied_by(name, match["extras"] or ""):
            if not any(canonical(name_of(p) or "") == implied for p in self.packages):
                self.packages.append(implied)

    def _add_option(self, text: str) -> None:
        option = re.split(r"[\s=]", text, maxsplit=1)[0]
        if option == "--pre":
            self.prereleases = True
        elif option in _INDEX_OPTIONS or option in _BINARY_OPTIONS:
            self.options.append(text)
        elif option == "--trusted-host":
            host = re.split(r"[\s=]+", text, maxsplit=1)[-1]
            self.options.append(f"--trusted-host {host}")
        elif option in ("-r", "--requirement", "-c", "--constraint"):
            raise InvalidValue(
                f"The pip part of the environment refers to another file ({text!r}), which does not travel with it: "
                "write its lines into the environment instead."
            )
        elif option in ("-e", "--editable"):
            raise Unsupported(
                f"{text!r} asks for an editable install, but an environment is shared and unchanging: put the code "
                "into the source directory of the run, or name a wheel or a git URL."
            )
        elif option not in _HARMLESS_OPTIONS:
            raise Unsupported(f"The pip option {text!r} is not supported in an environment: leave it out.")


def canonical(name: str) -> str:
    """A package name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def is_own(name: str) -> bool:
    """Whether a requirement of that canonical name is satisfied by our own wheel."""
    return name in ("zaffre", "azureml") or name.startswith("azureml-")


def implied_by(name: str, extras: str) -> tuple[str, ...]:
    """What one of Azure's packages brought along that scripts import without naming it."""
    pandas = ("pandas",) if "pandas" in extras and name in _IMPLIED else ()
    return _IMPLIED.get(name, ()) + pandas


def name_of(requirement: str) -> str | None:
    """The package a requirement names, as written; None for a bare URL or path."""
    if is_location(requirement):
        return None
    match = _NAMED.fullmatch(requirement)
    return match["name"] if match else None


def is_location(text: str) -> bool:
    """Whether a requirement is a URL or a path rather than a name."""
    head = text.split(";", 1)[0].strip()
    if " @ " in head:
        return False
    return "://" in head or head.startswith((".", "/", "~", "file:")) or head.endswith((".whl", ".tar.gz", ".zip"))


def _check_location(text: str) -> str:
    if "://" in text or text.startswith("/"):
        return text
    raise InvalidValue(
        f"The pip requirement {text!r} is a path relative to nothing: an environment does not carry files. Use an "
        "absolute path, a URL, or put the package into the source directory of the run."
    )


def without_credentials(text: str) -> str:
    """Text with the user and password of every URL hidden: for logs and errors."""
    return re.sub(r"(?<=://)[^/@\s]+@", "***@", text)
