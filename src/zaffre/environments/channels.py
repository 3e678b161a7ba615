"""Where conda channels stand: names become addresses, and whether one can be reached is asked before a solve."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from zaffre.core.errors import InvalidValue
from zaffre.environments.requirements import without_credentials
from zaffre.environments.settings import CONDA_ALIAS, Settings

# conda's own answers, where the machine's settings give no other (conda: base/constants.py).
ALIAS: Final = "https://conda.anaconda.org"
DEFAULTS: Final = ("https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r")

_PATIENCE_SECONDS: Final = 5.0
_TOKEN = re.compile(r"/t/[^/]+(?=/)")


@dataclass(frozen=True, slots=True)
class Channel:
    name: str  # as the user wrote it, without credentials
    url: str  # with credentials: for the solver only

    @property
    def public_url(self) -> str:
        return without_secrets(self.url)


def channels_of(names: Sequence[str], settings: Settings) -> list[Channel]:
    """The channels in their order; ``defaults`` stands for several, ``nodefaults`` for none, no name for ``defaults``.

    Raises ``InvalidValue`` for a name that leads nowhere.
    """
    found: list[Channel] = []
    for name in names or ("defaults",):
        text = name.strip()
        if text == "nodefaults":
            continue
        if text == "defaults":
            urls: Sequence[str] = settings.defaults or DEFAULTS
        else:
            urls = [_address(text, settings)]
        for url in urls:
            if all(url != other.url for other in found):
                found.append(Channel(without_secrets(text), url.rstrip("/")))
    return found


def _address(name: str, settings: Settings) -> str:
    if "://" in name:
        return name
    if name.startswith(("/", "~")):
        return Path(name).expanduser().as_uri()
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)*", name) or ".." in name:
        raise InvalidValue(
            f"{name!r} is not a conda channel: write its name (conda-forge), its address, or an absolute path; "
            f"{CONDA_ALIAS} says where names lead."
        )
    return f"{settings.alias or ALIAS}/{name}"


def why_unreachable(channel: Channel) -> str | None:
    """Why nothing can be had from the channel, or None. Any answer of a server will do: the solver reads it."""
    if channel.url.startswith("file:"):
        folder = Path(unquote(urlsplit(channel.url).path))
        return None if folder.is_dir() else f"there is no folder {folder}"
    address = re.sub(r"(?<=://)[^/@\s]+@", "", channel.url)
    request = urllib.request.Request(f"{address}/noarch/repodata.json.zst", method="HEAD")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS):  # noqa: S310
            return None
    except urllib.error.HTTPError as error:
        error.close()
        return None
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", "") or error)


def without_secrets(url: str) -> str:
    """An address without user, password and the token that conda writes into the path."""
    return _TOKEN.sub("", without_credentials(url).replace("***@", ""))
