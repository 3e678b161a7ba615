"""A specification without conda: its conda packages as requirements of the Python package index."""

from __future__ import annotations

from dataclasses import replace

from zaffre.core.errors import EnvironmentBuildFailed
from zaffre.environments import conda_names
from zaffre.environments.requirements import Requirements, canonical, name_of
from zaffre.environments.spec import Spec


def translate(spec: Spec, why: str = "") -> Spec:
    """The same environment from the Python package index; a notice says what became of which package.

    ``why`` is the reason for the way round conda. Raises ``EnvironmentBuildFailed`` naming the packages that stand in
    no table: a guess could install a stranger's package of the same name.
    """
    packages: list[str] = []
    translated: list[str] = []
    unknown: list[str] = []
    for package in spec.conda:
        try:
            line = conda_names.to_pip(conda_names.parse(package.text))
        except KeyError:
            unknown.append(package.text)
            continue
        if line is None:
            translated.append(f"{package.text} (inside the wheels that need it)")
        elif not _is_named(spec.requirements, line):
            packages.append(line)
            if line != package.text:
                translated.append(f"{package.text} as {line}")
    if unknown:
        reason = f" {why}" if why else ""
        raise EnvironmentBuildFailed(
            f"Environment {spec.name!r} asks for conda packages that have no known counterpart on the Python package "
            f"index: {', '.join(unknown)}.{reason} Give a channel that can be reached, move a package that pip can "
            "install into the 'pip:' part, or leave out what the script does not import.",
            packages=unknown,
        )
    notices = list(spec.notices)
    if translated:
        notices.insert(0, "Conda packages are taken from the Python package index: " + ", ".join(translated) + ".")
    if why and packages:
        notices.insert(0, why)
    requirements = Requirements(
        packages=[*packages, *spec.requirements.packages],
        options=spec.requirements.options,
        own=spec.requirements.own,
        prereleases=spec.requirements.prereleases,
    )
    return replace(spec, conda=(), requirements=requirements, notices=tuple(notices))


def _is_named(requirements: Requirements, line: str) -> bool:
    """Whether the pip part already names the package: as with conda, pip's choice is the one that stays."""
    wanted = canonical(name_of(line) or "")
    return any(canonical(name_of(other) or "") == wanted for other in requirements.packages)
