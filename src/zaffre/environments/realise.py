"""From an environment's definition to an interpreter that has what it names: built once, then found in milliseconds."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zaffre.core.errors import EnvironmentBuildFailed
from zaffre.environments import interpreters, wheel
from zaffre.environments.cache import Built, Cache, key_of, platform, python_of
from zaffre.environments.exclusive import exclusive
from zaffre.environments.solver import Cancel, Solver
from zaffre.environments.spec import Purpose, Spec, parse


@dataclass(frozen=True, slots=True)
class Realised:
    """An interpreter and what belongs to it. ``key`` is "user-managed" for an interpreter used as it is."""

    python: Path
    key: str
    reused: bool
    seconds: float  # how long it took
    variables: dict[str, str]  # environment variables that the definition sets
    lock: str  # exact versions with hashes; empty when user-managed


def realise(
    definition: Mapping[str, Any],
    *,
    home: Path,
    log: Callable[[str], None],
    interpreter: str | None = None,
    purpose: Purpose = "run",
    cancel: Cancel | None = None,
) -> Realised:
    """Build the environment that a definition describes, or find it where it was built before.

    ``log`` receives the build's lines as they come. ``interpreter`` is the submitter's, which a user-managed
    environment means by "python". A ``service`` gets a Python that our scoring server runs on. Safe to call from
    several processes: one builds, the others wait and say so. Raises ``EnvironmentBuildFailed`` with the solver's
    explanation, ``Unsupported`` for what only Docker could honour, ``ActivityCanceledException`` once ``cancel`` is
    set.
    """
    started = time.monotonic()
    spec = parse(definition, purpose=purpose)
    if spec.user_managed:
        for notice in spec.notices:
            log(notice)
        python = _user_python(spec, interpreter)
        log(f"Using the interpreter {python} as it is (user-managed dependencies).")
        return Realised(python, "user-managed", True, time.monotonic() - started, spec.variables, "")
    built, reused = _Build(spec, home, log, purpose, cancel).get()
    return Realised(built.python, built.key, reused, time.monotonic() - started, spec.variables, built.lock)


class _Build:
    """One realisation of one spec."""

    def __init__(
        self, spec: Spec, home: Path, log: Callable[[str], None], purpose: Purpose, cancel: Cancel | None
    ) -> None:
        self.spec = spec
        self.home = home
        self.log = log
        self.cancel = cancel
        self.cache = Cache(home)
        self.floor = interpreters.OWN_FLOOR if purpose == "service" or spec.requirements.own else interpreters.ANY_FLOOR
        if spec.wants_default_python:
            self.floor = interpreters.OWN_FLOOR
        self.mode = interpreters.fallback()
        self.packages = list(spec.requirements.packages)
        if spec.requirements.own:
            self.packages.append(wheel.requirement(wheel.own_wheel(home)))

    def get(self) -> tuple[Built, bool]:
        """The environment, and whether it was there already."""
        own = [line for line in self.packages if line.startswith("zaffre @ ")]
        fingerprint = self.spec.fingerprint(platform(), str(self.floor), self.mode, *own)
        known = self._known(fingerprint)
        if known is not None:
            return known, True
        self.cache.prepare()
        purpose = f"building environment {self.spec.name!r} (process {os.getpid()})"
        with exclusive(self.cache.lock_file(fingerprint), purpose, self.log, self.cancel) as waited:
            known = self._known(fingerprint) if waited else None
            if known is not None:
                return known, True
            return self._solve_and_build(fingerprint)

    def _known(self, fingerprint: str) -> Built | None:
        found = self.cache.find_spec(fingerprint)
        if found is None:
            return None
        built, notices = found
        for notice in notices:
            self.log(notice)
        self._say_reused(built)
        return built

    def _solve_and_build(self, fingerprint: str) -> tuple[Built, bool]:
        options = self.spec.requirements.solver_options
        solver = Solver(self.cache.root, self.log, self.cancel)
        choice = interpreters.choose(
            self.spec.python,
            solver.pythons(),
            floor=self.floor,
            is_default=self.spec.wants_default_python,
            mode=self.mode,
        )
        notices = (*self.spec.notices, choice.notice) if choice.notice else self.spec.notices
        for notice in notices:
            self.log(notice)
        python = choice.interpreter
        self.log(f"Building environment {self.spec.name!r} for Python {python.text}.")
        lock = ""
        if self.packages:
            prereleases = self.spec.requirements.prereleases
            lock = solver.lock(self.packages, options, python.path, prereleases=prereleases)
        key = key_of(lock, python.text)
        purpose = f"building environment {self.spec.name!r} (process {os.getpid()})"
        with exclusive(self.cache.lock_file(key), purpose, self.log, self.cancel):
            built = self.cache.find(key)
            reused = built is not None
            if built is None:
                built = self._build(solver, key, lock, python)
            else:
                self._say_reused(built)
        self.cache.remember(fingerprint, key, notices)
        return built, reused

    def _build(self, solver: Solver, key: str, lock: str, python: interpreters.Interpreter) -> Built:
        started = time.monotonic()
        self.cache.sweep(key)
        workshop = self.cache.workshop(key)
        try:
            solver.make_prefix(workshop, python.path)
            if lock:
                solver.install(lock, self.spec.requirements.solver_options, python=python_of(workshop))
            seconds = time.monotonic() - started
            facts = {"name": self.spec.name, "python_version": python.text, "seconds": round(seconds, 3)}
            built = self.cache.accept(workshop, key, lock, facts)
        except OSError as error:
            raise EnvironmentBuildFailed(
                f"Environment {self.spec.name!r} cannot be written below {self.cache.root}: {error}."
            ) from error
        finally:
            shutil.rmtree(workshop, ignore_errors=True)
        self.log(f"Built environment {key} in {seconds:.1f} s.")
        return built

    def _say_reused(self, built: Built) -> None:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(built.built_at))
        self.log(f"Reusing environment {built.key} (built {when}).")


def _user_python(spec: Spec, interpreter: str | None) -> Path:
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
