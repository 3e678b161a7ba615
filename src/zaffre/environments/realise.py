"""From an environment's definition to an interpreter that has what it names: built once, then found in milliseconds.

Three steps, each a value that can be looked at: the specification (``spec.Spec``), the lock (``EnvironmentLock``), the
realised prefix (``cache.Built``).
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from zaffre.core.entities import EnvironmentLock, EnvironmentUse
from zaffre.core.errors import EnvironmentBuildFailed
from zaffre.core.ids import now_ms
from zaffre.environments import activation, bytecode, history, lock, manifest
from zaffre.environments.cache import Built, Cache, Resolved, python_of
from zaffre.environments.conda_prefix import extended
from zaffre.environments.exclusive import exclusive
from zaffre.environments.resolve import Resolver
from zaffre.environments.solver import Cancel
from zaffre.environments.spec import Purpose, Spec, parse

_FULL: Final = ("No space left on device", "os error 28", "[Errno 28]", "Disk quota exceeded", "os error 112")


@dataclass(frozen=True, slots=True)
class Realised:
    """An interpreter and what belongs to it. ``key`` is "user-managed" for an interpreter used as it is."""

    python: Path
    key: str
    reused: bool
    seconds: float  # how long it took
    variables: dict[str, str]  # environment variables that the definition sets
    lock: EnvironmentLock | None  # None when user-managed
    notes: tuple[str, ...] = ()  # substitutions, and why it was built anew
    split: dict[str, float] = field(default_factory=dict)  # of a build, seconds by step

    captured: dict[str, str] = field(default_factory=dict)  # what packages set, as ``activation.capture`` has it

    def activated(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The variables of a program that runs in it: ``inherited``, with its folder of programs first on PATH, what
        tells programs which environment they are in, and what conda packages set. The definition's are not in it."""
        programs = str(self.python.parent)
        variables = {**inherited, "PATH": os.pathsep.join([programs, inherited.get("PATH", os.defpath)])}
        if self.lock is None:
            return variables
        variables["CONDA_PREFIX" if self.lock.conda else "VIRTUAL_ENV"] = str(self.python.parent.parent)
        return {**variables, **activation.applied(self.captured, inherited)}

    def use(self, name: str, version: str | None, revision: int | None = None) -> EnvironmentUse:
        """What is kept with a run or a service. ``name`` and ``version`` are the environment's in the workspace."""
        return EnvironmentUse(
            name=name,
            version=version,
            revision=revision,
            lock=self.lock,
            interpreter=str(self.python),
            reused=self.reused,
            seconds=round(self.seconds, 3),
            split=self.split,
            notes=list(self.notes),
            at=now_ms(),
        )


def realise(
    definition: Mapping[str, Any],
    *,
    home: Path,
    log: Callable[[str], None],
    interpreter: str | None = None,
    purpose: Purpose = "run",
    cancel: Cancel | None = None,
    anew: bool = False,
    tokens: Mapping[str, str] | None = None,
) -> Realised:
    """Build the environment that a definition describes, or find it where it was built before.

    ``log`` receives the build's lines as they come. ``interpreter`` is the submitter's, which a user-managed
    environment means by "python". A ``service`` gets a Python that our scoring server runs on. ``anew`` resolves the
    definition again, to newer versions of what it does not pin. ``tokens`` open the wheels that a server keeps, by its
    address. Safe to call from several processes: one builds, the
    others wait and say so. Raises ``EnvironmentBuildFailed`` with the solver's explanation, ``Unsupported`` for what
    only Docker could honour, ``ActivityCanceledException`` once ``cancel`` is set.
    """
    started = time.monotonic()
    spec = extended(parse(definition, purpose=purpose))
    if spec.user_managed:
        for notice in spec.notices:
            log(notice)
        python = user_python(spec, interpreter)
        log(f"Using the interpreter {python} as it is (user-managed dependencies).")
        seconds = time.monotonic() - started
        return Realised(python, "user-managed", True, seconds, spec.variables, None, spec.notices)
    build = Build(spec, home, log, purpose, cancel, tokens)
    try:
        built, reused = build.get(anew=anew)
    except (OSError, EnvironmentBuildFailed) as error:
        raise _failure(spec, build.cache.root, error) from error
    seconds = time.monotonic() - started
    notes = tuple(build.notes)
    return Realised(
        built.python, built.key, reused, seconds, spec.variables, built.lock, notes, build.split, built.activation
    )


class Build:
    """One realisation of one spec."""

    def __init__(
        self,
        spec: Spec,
        home: Path,
        log: Callable[[str], None],
        purpose: Purpose,
        cancel: Cancel | None,
        tokens: Mapping[str, str] | None = None,
    ) -> None:
        self.spec = spec
        self.home = home
        self.cancel = cancel
        self.cache = Cache(home)
        self.cache.prepare()
        self.resolver = Resolver(spec, home, log, purpose, cancel, tokens)
        self.history = history.History(home, spec.name)
        self.notes: list[str] = []
        self.split: dict[str, float] = {}  # seconds by step
        self._log = log

    def get(self, *, anew: bool = False) -> tuple[Built, bool]:
        """The environment, and whether it was there already."""
        fingerprint = self.resolver.fingerprint()
        known = None if anew else self._known(fingerprint)
        if known is not None:
            return known, True
        with self._alone(fingerprint) as waited:
            known = self._known(fingerprint) if waited else None
            if known is not None:
                return known, True
            return self._resolve_and_build(fingerprint, anew)

    def _alone(self, name: str) -> Any:
        purpose = f"building environment {self.spec.name!r} (process {os.getpid()})"
        return exclusive(self.cache.lock_file(name), purpose, self._log, self.cancel)

    def _known(self, fingerprint: str) -> Built | None:
        found = self.cache.find_spec(fingerprint)
        if found is None:
            return None
        built, notices = found
        if self._is_damaged(built):
            return None
        for notice in notices:
            self._log(notice)
        self.notes += notices
        self._say_reused(built)
        return built

    def _is_damaged(self, built: Built) -> bool:
        damaged = self.cache.damage(built.key)
        if damaged:
            named = ", ".join(list(damaged)[:3]) + (f" and {len(damaged) - 3} more" if len(damaged) > 3 else "")
            self._note(
                f"Environment {built.key} is damaged, its checksums say: {named} not as built. It is built again."
            )
        return bool(damaged)

    def _resolve_and_build(self, fingerprint: str, anew: bool) -> tuple[Built, bool]:
        asked = self.resolver.asked()
        earlier = self.history.entries()
        started = time.monotonic()
        kept = None if anew else self._kept(fingerprint)
        reasons = self._reasons(earlier, asked, kept, anew)
        found = kept or self.resolver.resolve()
        seconds = {"resolve": time.monotonic() - started}
        packages = lock.packages(found.lock)
        if earlier and not reasons:
            reasons = history.changes(earlier[-1], asked, packages)
        elif earlier:
            reasons += history.changes(earlier[-1], earlier[-1].asked, packages)
        for reason in reasons:
            self._note(reason)
        with self._alone(found.lock.key):
            built = self.cache.find(found.lock.key)
            reused = built is not None and not self.cache.damage(built.key)
            if built is not None and reused:
                self._say_reused(built)
            else:
                built = self._build(found, seconds)
        self.cache.remember(fingerprint, found)
        self.notes[:0] = found.notices
        self.split = {name: round(value, 3) for name, value in seconds.items()}
        self.history.add(
            history.Entry(
                at=time.time(),
                key=built.key,
                asked=asked,
                packages=packages,
                python=found.lock.python,
                built=not reused,
                seconds=self.split,
                reasons=reasons,
            )
        )
        return built, reused

    def _kept(self, fingerprint: str) -> Resolved | None:
        """The lock of before, where the machine still has what it needs: the same versions, without a solver."""
        kept = self.cache.resolved(fingerprint)
        if kept is None or (kept.base is not None and not Path(kept.base).exists()):
            return None
        for notice in kept.notices:
            self._log(notice)
        self._log(f"Building environment {self.spec.name!r} from its lock {kept.lock.key}.")
        return kept

    def _reasons(self, earlier: list[history.Entry], asked: list[str], kept: Resolved | None, anew: bool) -> list[str]:
        """Why what is known of this name does not do."""
        if anew:
            return ["It was asked to be resolved anew."]
        if kept is not None:
            return [] if self.notes else [f"Environment {kept.lock.key}, built before from this lock, is gone."]
        return history.changes(earlier[-1], asked) if earlier else []

    def _note(self, sentence: str) -> None:
        self.notes.append(sentence)
        self._log(sentence)

    # --- building ----------------------------------------------------------------------------------------------------

    def _build(self, found: Resolved, seconds: dict[str, float]) -> Built:
        """Make the prefix of a lock; call with its key's lock held. Nothing is left of what fails."""
        started = time.monotonic()
        key = found.lock.key
        damaged = self.cache.damage(key) if self.cache.find(key) is not None else {}
        prefix = self.cache.begin(key)
        try:
            self._forget(found, damaged)
            self._fill(prefix, found, seconds)
            broken = manifest.write(prefix)
            if broken:  # the cache of packages is damaged: once more, with those packages fetched anew
                self._note(f"The cache of packages is damaged and fetched anew: {', '.join(broken)}.")
                prefix = self.cache.begin(key)
                self._forget(found, {name: name for name in broken})
                self._fill(prefix, found, seconds)
                manifest.write(prefix)
            facts = {"name": self.spec.name, "python_version": found.lock.python, "asked": self.resolver.asked()}
            built = self.cache.accept(
                key,
                found.lock,
                {
                    **facts,
                    "activation": self._activation(prefix, found),
                    "seconds": round(time.monotonic() - started, 3),
                },
            )
        except BaseException:
            self.cache.discard(key)
            raise
        split = ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
        self._log(f"Built environment {key} in {time.monotonic() - started:.1f} s ({split}).")
        return built

    def _forget(self, found: Resolved, damaged: Mapping[str, str]) -> None:
        """Packages whose files are not as they were: the prefix shares its files with the solver's cache."""
        conda = {pin.name for pin in found.lock.conda}
        self.resolver.uv.forget(sorted({name for name in damaged.values() if name and name not in conda}))

    def _fill(self, prefix: Path, found: Resolved, seconds: dict[str, float]) -> None:
        started = time.monotonic()
        if found.base is None:
            split = self.resolver.conda.install(found.lock.conda, prefix, self.resolver.channels())
            seconds |= {"fetch": split.fetch, "link": split.link}
            self._log(split.sentence(len(found.lock.conda)))
        else:
            self.resolver.uv.make_prefix(prefix, Path(found.base))
            seconds["prefix"] = time.monotonic() - started
        if found.lock.pip:
            started = time.monotonic()
            pip = lock.installable(found.lock.pip, self.resolver.wheels)
            python = python_of(prefix)
            self.resolver.uv.install(pip, self.spec.requirements.solver_options, python=python, with_bytecode=False)
            seconds["pip"] = time.monotonic() - started
            started = time.monotonic()
            self._compile(prefix, python, found.lock.python)
            seconds["compile"] = time.monotonic() - started

    def _compile(self, prefix: Path, python: Path, version: str) -> None:
        store = bytecode.store(self.home)
        for site in [*prefix.glob("lib/python*/site-packages"), *prefix.glob("Lib/site-packages")]:
            bytecode.fill(site, version, store, lambda sources: self.resolver.uv.compile(python, sources))

    def _activation(self, prefix: Path, found: Resolved) -> dict[str, str]:
        captured = activation.capture(prefix) if found.base is None else {}
        if captured:
            self._log(f"Variables that conda packages set: {', '.join(captured)}.")
        return captured

    def _say_reused(self, built: Built) -> None:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(built.built_at))
        name = self.cache.facts(built.key).get("name")
        whose = f" for {name!r}" if name and name != self.spec.name else ""
        self.cache.touch(built.key)
        self._log(f"Reusing environment {built.key} (built {when}{whose}).")


def _failure(spec: Spec, root: Path, error: OSError | EnvironmentBuildFailed) -> EnvironmentBuildFailed:
    text = str(error)
    if any(words in text for words in _FULL):
        return EnvironmentBuildFailed(
            f"The disk is full: environment {spec.name!r} does not fit below {root}. Remove environments that nothing "
            "uses with `zaffre environment prune`, or free other space, and submit again."
        )
    if isinstance(error, EnvironmentBuildFailed):
        return error
    return EnvironmentBuildFailed(f"Environment {spec.name!r} cannot be written below {root}: {error}.")


def user_python(spec: Spec, interpreter: str | None) -> Path:
    """The interpreter of a user-managed environment: a path, a command on PATH, or the submitter's for "python"."""
    named = spec.interpreter_path
    if named in ("python", "python3", "python.exe"):
        return Path(interpreter or sys.executable)
    found = shutil.which(os.path.expanduser(named))
    if found is None:
        raise EnvironmentBuildFailed(
            f"Environment {spec.name!r} has user-managed dependencies, and its interpreter {named!r} is not an "
            "executable of this machine: set python.interpreter_path."
        )
    return Path(found)
