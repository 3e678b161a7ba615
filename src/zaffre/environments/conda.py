"""Conda packages without conda: py-rattler solves a specification and links the solution into a prefix."""

from __future__ import annotations

import json
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeVar

from zaffre.core.entities import CondaPin
from zaffre.core.errors import ActivityCanceledException, EnvironmentBuildFailed
from zaffre.environments.channels import Channel, without_secrets
from zaffre.environments.requirements import without_credentials
from zaffre.environments.solver import Cancel, Log

T = TypeVar("T")

MISSING: Final = "conda packages are solved by py-rattler, which is not installed: run `pip install 'zaffre[conda]'`"
_LONGEST_EXPLANATION: Final = 14  # lines of the solver's own words that an error quotes


def available() -> bool:
    """Whether py-rattler is installed; it is not loaded for that."""
    return find_spec("rattler") is not None


@dataclass(slots=True)
class Split:
    """Where the time of an installation went, in seconds, and what was fetched."""

    fetch: float = 0.0
    link: float = 0.0
    fetched: int = 0

    def sentence(self, packages: int) -> str:
        return (
            f"Installed {packages} conda packages: {self.fetched} fetched in {self.fetch:.1f} s, linked in "
            f"{self.link:.1f} s."
        )


class Conda:
    """Solves and installs, with py-rattler's caches below ``folder``. ``cancel`` ends either within a moment."""

    def __init__(self, folder: Path, log: Log, cancel: Cancel | None = None) -> None:
        self._folder = folder
        self._log = log
        self._cancel = cancel
        self._records: dict[tuple[str, str], Any] = {}  # what a solve of this object answered, by URL and hash
        self._channels: list[Channel] = []

    def solve(self, specs: Sequence[str], channels: Sequence[Channel], *, glibc: str = "") -> list[CondaPin]:
        """The exact packages for the specifications, channels in order of preference. ``glibc``: the version of the C
        library, where it is not this machine's.

        A package is taken from the first channel that has it, as conda recommends; only where that has no solution,
        from any. Raises ``EnvironmentBuildFailed`` with the solver's explanation, naming the channel that fails.
        """
        from rattler import ChannelPriority
        from rattler.exceptions import SolverError

        self._channels = list(channels)
        try:
            return self._solve(specs, channels, ChannelPriority.Strict, glibc)
        except SolverError as error:
            strict = error
        if len(channels) > 1:
            try:
                pins = self._solve(specs, channels, ChannelPriority.Disabled, glibc)
            except SolverError as error:
                strict = error
            else:
                self._log("No solution keeps to the order of the channels: packages are taken from all of them.")
                return pins
        named = ", ".join(dict.fromkeys(channel.name for channel in channels))
        raise EnvironmentBuildFailed(
            f"The environment's conda packages cannot be found in {named}: {_shortened(str(strict))}"
        )

    def _solve(self, specs: Sequence[str], channels: Sequence[Channel], priority: Any, glibc: str) -> list[CondaPin]:
        from rattler import Gateway, MatchSpec, VirtualPackage, solve
        from rattler.exceptions import InvalidMatchSpecError, SolverError

        try:
            wanted = [MatchSpec(spec, strict=False) for spec in specs]
        except InvalidMatchSpecError as error:
            raise EnvironmentBuildFailed(f"A conda package cannot be read: {_first_line(error)}.") from error
        gateway = Gateway(cache_dir=self._made("repodata"))
        try:
            records = self._run(
                lambda: solve(
                    sources=[channel.url for channel in channels],
                    specs=wanted,
                    gateway=gateway,
                    virtual_packages=VirtualPackage.detect(_overrides(glibc)),
                    channel_priority=priority,
                    channel_relations="disabled",
                )
            )
        except SolverError:
            raise
        except ActivityCanceledException:
            raise
        except Exception as error:
            raise self._failure("A conda channel cannot be read", error) from error
        return [self._pin(record) for record in records]

    def install(self, pins: Sequence[CondaPin], prefix: Path, channels: Sequence[Channel], *, place: str = "") -> Split:
        """Link the packages into the new folder ``prefix``; they carry its path, or ``place``, and stand only there.

        What was fetched before is compared with its checksums, and fetched anew where it differs. ``channels`` say how
        to sign in where the packages come from. Scripts of packages (post-link) are run, as conda does.
        """
        from rattler import install
        from rattler.package_cache import PackageCache, ValidationMode

        self._channels = list(channels)
        cache = PackageCache.new_layered([self._made("packages")], validation_mode=ValidationMode.full())
        records = [self._record(pin) for pin in pins]
        clock = _Clock()
        try:
            self._run(
                lambda: install(
                    records,
                    target_prefix=prefix,
                    installed_packages=[],
                    package_cache=cache,
                    reporter=_reporter(clock),
                    execute_link_scripts=True,
                    alternative_target_prefix=place or None,
                )
            )
        except ActivityCanceledException:
            raise
        except Exception as error:
            raise self._failure("The environment's conda packages cannot be installed", error) from error
        return clock.split()

    def _failure(self, what: str, error: BaseException) -> EnvironmentBuildFailed:
        """Foreign words end here: the channels' passwords are taken out of them."""
        text = str(error)
        for channel in self._channels:
            text = text.replace(channel.url, channel.public_url)
        return EnvironmentBuildFailed(f"{what}: {_shortened(without_credentials(text))}")

    def _made(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    # --- records -----------------------------------------------------------------------------------------------------

    def _pin(self, record: Any) -> CondaPin:
        plain = json.loads(record.to_json())
        for key in ("fn", "url", "channel"):
            plain.pop(key, None)
        pin = CondaPin(
            name=str(plain["name"]),
            version=str(plain["version"]),
            build=str(plain["build"]),
            subdir=str(plain["subdir"]),
            url=without_secrets(record.url),
            sha256=str(plain.get("sha256") or plain.get("md5") or ""),
            record=plain,
        )
        self._records[pin.url, pin.sha256] = record
        return pin

    def _record(self, pin: CondaPin) -> Any:
        """What py-rattler installs from: the solve's own answer, or made from a lock that was kept."""
        known = self._records.get((pin.url, pin.sha256))
        if known is not None:
            return known
        from rattler import PackageRecord, RepoDataRecord

        plain: Any = pin.record
        with tempfile.TemporaryDirectory(dir=self._made("packages")) as folder:
            index = Path(folder) / "index.json"
            index.write_text(json.dumps(plain), "utf-8")
            record = PackageRecord.from_index_json(index)
        for key in ("sha256", "md5"):
            if plain.get(key):
                setattr(record, key, bytes.fromhex(plain[key]))
        if plain.get("size"):
            record.size = plain["size"]
        base, _, file_name = pin.url.rpartition("/")
        channel = base.removesuffix(f"/{pin.subdir}")
        return RepoDataRecord(record, file_name, self._with_secrets(pin.url), channel)

    def _with_secrets(self, url: str) -> str:
        for channel in self._channels:
            if url.startswith(f"{channel.public_url}/"):
                return channel.url + url.removeprefix(channel.public_url)
        return url

    # --- running -----------------------------------------------------------------------------------------------------

    def _run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The outcome of a coroutine, run in a thread of its own: the caller may stand in a loop (a notebook)."""
        import asyncio  # not at the top: the SDK imports this module, and is cheap to import

        loop = asyncio.new_event_loop()
        outcome: list[T] = []
        failures: list[BaseException] = []
        started: list[asyncio.Task[T]] = []

        async def begin() -> T:
            started.append(asyncio.ensure_future(work()))
            return await started[0]

        def main() -> None:
            try:
                outcome.append(loop.run_until_complete(begin()))
            except BaseException as error:
                failures.append(error)
            finally:
                loop.close()

        thread = threading.Thread(target=main, name="conda", daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(0.02)
            if self._cancel is not None and self._cancel.is_set() and thread.is_alive() and started:
                loop.call_soon_threadsafe(started[0].cancel)
                thread.join(10)
                raise ActivityCanceledException("The build of the environment was canceled.")
        if failures:
            raise failures[0]
        return outcome[0]


class _Clock:
    """When what happened: fetching and linking overlap, so the time until the last package was there is fetching."""

    def __init__(self) -> None:
        self._began = self.fetched_at = time.monotonic()
        self.fetched = 0

    def split(self) -> Split:
        return Split(self.fetched_at - self._began, time.monotonic() - self.fetched_at, self.fetched)


def _reporter(clock: _Clock) -> Any:
    from rattler.install import InstallerReporter

    class Reporter(InstallerReporter):
        def on_download_start(self, cache_entry: int) -> int:
            clock.fetched += 1
            return cache_entry

        def on_populate_cache_complete(self, cache_entry: int) -> None:  # noqa: ARG002
            clock.fetched_at = time.monotonic()

    return Reporter()  # type: ignore[abstract]


def _overrides(glibc: str) -> Any:
    """What stands in the environment (CONDA_OVERRIDE_...) comes before what the machine, or the image, is."""
    from rattler import Override, VirtualPackageOverrides

    overrides = VirtualPackageOverrides.from_env()
    if glibc and "CONDA_OVERRIDE_GLIBC" not in os.environ:
        overrides.libc = Override.string(glibc)
    return overrides


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0] if str(error) else repr(error)


def _shortened(text: str) -> str:
    """The solver's explanation without its opening words, cut to a few lines that still name both sides."""
    text = re.sub(r"^Cannot solve the request because of:\s*", "", text.strip())
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    cut = lines[:_LONGEST_EXPLANATION]
    return "\n".join(cut) + ("\n..." if len(lines) > len(cut) else "")
