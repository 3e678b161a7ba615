"""From a specification to a lock: on the machine's own Python, or with everything from conda's channels."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from zaffre.core.entities import CondaPin
from zaffre.core.errors import EnvironmentBuildFailed
from zaffre.environments import conda, conda_names, interpreters, lock, settings, torch_build, wheel
from zaffre.environments.cache import Resolved
from zaffre.environments.channels import Channel, channels_of, why_unreachable
from zaffre.environments.requirements import canonical, name_of
from zaffre.environments.settings import CONDA
from zaffre.environments.solver import Cancel, Log, Solver
from zaffre.environments.spec import Purpose, Spec
from zaffre.environments.translation import translate

_PEP440 = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?")


class Resolver:
    """Resolves one spec. ``home`` is where caches and our own wheel are."""

    def __init__(
        self,
        spec: Spec,
        home: Path,
        log: Log,
        purpose: Purpose,
        cancel: Cancel | None,
        tokens: Mapping[str, str] | None = None,
    ) -> None:
        self.spec = spec
        self.home = home
        self.settings = settings.read()
        self.mode = interpreters.fallback()
        self.uv = Solver(home / "environments", log, cancel, tokens)
        self.conda = conda.Conda(home / "packages", log, cancel)
        self._log = log
        self._purpose = purpose
        self.wheels = home / "wheels"
        self.own_wheel = wheel.own_wheel(home) if spec.requirements.own else None

    @property
    def floor(self) -> tuple[int, int]:
        """The oldest Python that will do."""
        ours = self._purpose == "service" or self.spec.requirements.own or self.spec.wants_default_python
        return interpreters.OWN_FLOOR if ours else interpreters.ANY_FLOOR

    def fingerprint(self) -> str:
        """A hash of everything that decides the lock, so that a known one is found without a solver."""
        own = self.own_wheel.name if self.own_wheel else ""
        return self.spec.fingerprint(lock.platform(), str(self.floor), self.mode, own, *self.settings.circumstances())

    def asked(self) -> list[str]:
        """What is asked for here and now: the spec's lines, our own code's state, settings that are not default."""
        lines = self.spec.asked()
        if self.own_wheel is not None:
            lines.append(f"own code {self.own_wheel.name.split('-')[1]}")
        given = {CONDA: self.settings.conda, settings.TORCH: self.settings.torch}
        lines += [f"setting {name}={value}" for name, value in given.items() if value not in ("", "auto")]
        return lines

    def resolve(self) -> Resolved:
        """The lock. Raises ``EnvironmentBuildFailed`` with the solver's explanation."""
        return self._on_machine() if self.settings.conda == "pypi" else self._by_need()

    # --- conda or not ------------------------------------------------------------------------------------------------

    def _by_need(self) -> Resolved:
        if self.spec.needs_conda:
            channels, why = self.reachable()
            return self.with_conda(channels) if channels else self._on_machine(why)
        choice = self._choice(self.spec.requirements.packages)
        is_missing = choice.notice and not self.spec.wants_default_python and not self._is_below_floor()
        if is_missing and not self._is_same_minor(choice) and conda.available():
            channels, _ = self.reachable(must=False)
            if channels:
                return self.with_conda(channels)
        return self._on_machine(choice=choice)

    def _is_same_minor(self, choice: interpreters.Choice) -> bool:
        return any(interpreters.admits(choice.interpreter.version[:2], clause) for clause in self.spec.python)

    def channels(self) -> list[Channel]:
        """Where conda packages come from, in their order; raises ``InvalidValue`` for a name that leads nowhere."""
        names = [*self.spec.channels, *(package.channel for package in self.spec.conda if package.channel)]
        return channels_of(names, self.settings)

    def reachable(self, *, must: bool = True) -> tuple[list[Channel], str]:
        """The channels, if there is a way to them; else none, and the sentence that says why.

        With the setting at "channels", and ``must``, no way is an error.
        """
        channels = self.channels()
        if not conda.available():
            why = conda.MISSING
        else:
            with ThreadPoolExecutor(max_workers=8) as pool:
                reasons = list(pool.map(why_unreachable, channels))
            if any(reason is None for reason in reasons):
                return channels, ""
            told = [f"{channel.public_url}: {reason}" for channel, reason in zip(channels, reasons, strict=True)]
            why = f"no conda channel can be reached ({'; '.join(told)})"
        if self.settings.conda == "channels" and must:
            raise EnvironmentBuildFailed(
                f"Environment {self.spec.name!r} needs conda packages: {why}. {CONDA} is 'channels', which forbids to "
                "take them from the Python package index."
            )
        return [], f"NOTICE: {why}; the Python package index stands in ({CONDA} is 'auto')."

    # --- the machine's Python ----------------------------------------------------------------------------------------

    def _choice(self, packages: Sequence[str]) -> interpreters.Choice:
        return interpreters.choose(
            self.spec.python,
            self.uv.pythons(),
            floor=self.floor,
            is_default=self.spec.wants_default_python,
            mode=self.mode,
            suiting=torch_build.pythons(self.settings.torch, packages),
        )

    def _on_machine(self, why: str = "", choice: interpreters.Choice | None = None) -> Resolved:
        spec = translate(self.spec, why)
        packages = [*spec.requirements.packages, *self.own_requirement()]
        chosen = choice or self._choice(packages)
        python = chosen.interpreter
        build = torch_build.choose(self.settings.torch, packages, python.version[:2])
        notices = tuple(filter(None, (*spec.notices, chosen.notice, build.notice)))
        self._say(notices, f"Python {python.text}")
        pip = ""
        if packages:
            pip = self.uv.lock(
                [*packages, *build.pins],
                spec.requirements.solver_options,
                python.path,
                prereleases=spec.requirements.prereleases,
                more=build.arguments,
            )
        made = lock.make(python.text, pip=lock.portable(pip, self.wheels))
        return Resolved(made, str(python.path), list(notices))

    def own_requirement(self) -> list[str]:
        """The line that asks for our own wheel, where a requirement means it."""
        return [wheel.requirement(self.own_wheel)] if self.own_wheel else []

    def _say(self, notices: Sequence[str], python: str) -> None:
        for notice in notices:
            self._log(notice)
        self._log(f"Building environment {self.spec.name!r} for {python}.")

    # --- conda's channels --------------------------------------------------------------------------------------------

    def with_conda(self, channels: list[Channel], *, glibc: str = "", more: Sequence[str] = ()) -> Resolved:
        """The lock with everything from the channels; for an image, with its C library's version, and ``more``
        arguments that tell uv its platform."""
        python, notice = self._python_specs()
        notices = tuple(filter(None, (*self.spec.notices, notice)))
        self._say(notices, "the Python of its conda channels")
        specs = [*python, *(self._match_spec(package) for package in self.spec.conda)]
        started = time.monotonic()
        pins = self.conda.solve(specs, channels, glibc=glibc)
        self._log(f"Solved {len(pins)} conda packages in {time.monotonic() - started:.1f} s.")
        version = next((pin.version for pin in pins if pin.name == "python"), "")
        pip = self._pip_part(pins, version, more)
        made = lock.make(version, pins, lock.portable(pip, self.wheels))
        return Resolved(made, None, list(notices))

    def _match_spec(self, package: conda_names.CondaPackage) -> str:
        if package.channel is None:
            return package.text
        return f"{channels_of([package.channel], self.settings)[0].url}::{package.plain}"

    def _python_specs(self) -> tuple[list[str], str]:
        """What conda is asked for as Python, and the notice where it is not what the definition says."""
        needs_floor = self._purpose == "service" or self.spec.requirements.own or self.spec.requirements.packages
        least = f"python >={self.floor[0]}.{self.floor[1]}"
        pin = "python" + ",".join(f"{op}{version}" for op, version in self.spec.python)
        if self.spec.wants_default_python:
            return [least], ""
        if not needs_floor:
            return [pin], ""
        if not self._is_below_floor():
            return [pin, least], ""
        wanted = pin.removeprefix("python").lstrip("=")
        why = "Zaffre's own client needs" if self.floor == interpreters.OWN_FLOOR else "pip packages are installed for"
        sentence = f"the environment asks for Python {wanted}, which is older than what {why}"
        if self.mode == "strict":
            raise EnvironmentBuildFailed(
                f"Environment {self.spec.name!r}: {sentence}, and {interpreters.PYTHON_FALLBACK} is strict: name "
                f"Python {self.floor[0]}.{self.floor[1]} or newer."
            )
        return [least], f"NOTICE: {sentence}; {least} is used in its place."

    def _is_below_floor(self) -> bool:
        return interpreters.is_below(self.spec.python, self.floor)

    def _pip_part(self, pins: Sequence[CondaPin], version: str, more: Sequence[str]) -> str:
        packages = [*self.spec.requirements.packages, *self.own_requirement()]
        if not packages:
            return ""
        numbers = version.split(".")
        build = torch_build.choose(self.settings.torch, packages, (int(numbers[0]), int(numbers[1])))
        return self.uv.lock(
            [*packages, *build.pins],
            self.spec.requirements.solver_options,
            interpreters.running().path,
            prereleases=self.spec.requirements.prereleases,
            version=version,
            present=_present(pins, packages),
            more=[*build.arguments, *more],
        )


def _present(pins: Sequence[CondaPin], packages: Sequence[str]) -> dict[str, str]:
    """Python packages that conda brings, by the index's names: pip keeps them, unless the pip part chooses another."""
    chosen = {canonical(name_of(line) or "") for line in packages if re.search(r"[<>=!~@]", line)}
    found = {}
    for pin in pins:
        record = pin.record if isinstance(pin.record, dict) else {}
        depends = record.get("depends") or []
        is_python = record.get("noarch") == "python" or any(str(one).split(" ")[0] == "python" for one in depends)
        name = canonical(conda_names.RENAMED.get(pin.name, pin.name))
        if is_python and name not in chosen and _PEP440.fullmatch(pin.version):
            found[name] = pin.version
    return found
