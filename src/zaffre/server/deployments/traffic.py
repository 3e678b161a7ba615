"""Which share of the requests each version of an endpoint gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from zaffre.core.errors import WebserviceInvalid
from zaffre.server.store.endpoints import Version

WHOLE: Final = 100


def shares(versions: Sequence[Version]) -> dict[str, int]:
    """The percentage of each: what was asked for, and for the default version what the others leave.

    Raises ``WebserviceInvalid`` where more was asked for than there is.
    """
    asked = {version.name: version.traffic or 0 for version in versions if not version.is_default}
    rest = WHOLE - sum(asked.values())
    if rest < 0:
        listed = ", ".join(f"{name} {share} %" for name, share in asked.items() if share)
        raise WebserviceInvalid(
            f"The percentages do not add up: {listed} are {WHOLE - rest} % together, and an endpoint has {WHOLE} %, of "
            "which its default version gets what the others leave. Lower one of them first, or in the same change with "
            "set_traffic()."
        )
    return {version.name: rest if version.is_default else asked[version.name] for version in versions}


def check_percentile(value: int, what: str) -> int:
    """Raise ``WebserviceInvalid`` for what is no percentage."""
    if not 0 <= value <= WHOLE:
        raise WebserviceInvalid(f"Invalid configuration, traffic_percentile of {what} is {value}: it must be 0 to 100.")
    return value


def check_stated(versions: Sequence[Version], name: str) -> None:
    """Raise where the percentage asked for the default version cannot be, because the others have more than the
    rest."""
    given = shares(versions)
    stated = next((version.traffic for version in versions if version.name == name and version.is_default), None)
    if stated is not None and stated > given[name]:
        others = WHOLE - given[name]
        raise WebserviceInvalid(
            f"The percentages do not add up: {stated} % were asked for the default version {name}, and the other "
            f"versions have {others} %. Lower theirs first, or change all of them with set_traffic()."
        )


def check_whole(versions: Sequence[Version], percentages: Mapping[str, int]) -> None:
    """Raise ``WebserviceInvalid`` unless these are shares of versions that are there, and 100 % together."""
    known = [version.name for version in versions]
    for name, share in percentages.items():
        if name not in known:
            raise WebserviceInvalid(f"There is no version {name!r}: this endpoint has {', '.join(known)}.")
        check_percentile(share, name)
    if (total := sum(percentages.values())) != WHOLE:
        raise WebserviceInvalid(f"The percentages do not add up: they are {total} % together, and must be {WHOLE}.")


def check_mirror(versions: Sequence[Version], percentages: Mapping[str, int]) -> None:
    """Raise ``WebserviceInvalid`` unless copies of requests can go there."""
    if len(percentages) > 1:
        raise WebserviceInvalid("Copies of requests go to one version: name one in mirror_traffic, not several.")
    for name, share in percentages.items():
        if name not in (version.name for version in versions):
            raise WebserviceInvalid(f"Copies of requests cannot go to {name!r}: there is no such version.")
        if not 0 <= share <= WHOLE:
            raise WebserviceInvalid(f"mirror_traffic of {name} is {share}: it must be 0 to 100.")
