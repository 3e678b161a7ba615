"""From an environment's definition to an image that has what it names: built once, then found in milliseconds.

The steps are those of ``realise``, each a value: the specification (``image_spec.ImageSpec``), the lock, the image. The
image's tag holds a key of the base image and the lock, so equal content is built once; source files are in none.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from zaffre.core import contract
from zaffre.core.codec import convert
from zaffre.core.entities import EnvironmentLock, EnvironmentUse
from zaffre.core.errors import EnvironmentBuildFailed, InvalidValue
from zaffre.core.ids import now_ms
from zaffre.docker import images as engine_images
from zaffre.docker.build import Built, Cancel, Context, build
from zaffre.docker.engine import Engine
from zaffre.docker.images import Registry
from zaffre.environments import (
    image_base,
    image_conda,
    image_context,
    image_disk,
    image_recipe,
    image_registry,
    image_spec,
    interpreters,
    lock,
    torch_build,
)
from zaffre.environments.cache import read_json, write_json
from zaffre.environments.conda_prefix import extended
from zaffre.environments.exclusive import exclusive
from zaffre.environments.history import Entry
from zaffre.environments.image_base import Base
from zaffre.environments.image_history import ImageHistory
from zaffre.environments.image_spec import ImageSpec, read
from zaffre.environments.resolve import Resolver
from zaffre.environments.spec import Purpose
from zaffre.environments.translation import translate

USER_MANAGED: Final = "user-managed"
_NOT_BUILT = re.compile(r"Failed to build `([^`]+)`")  # in uv's words


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image that the engine has."""

    tag: str  # zaffre/<name>:<key>; of an environment that is an image as it is, that image's name
    id: str  # sha256:...
    key: str  # "user-managed" for an image as it is
    reused: bool
    seconds: float  # what finding or building it took
    python: str  # the interpreter in it: a path, or a command
    path: str  # PATH in it
    variables: dict[str, str]  # environment variables that the definition sets
    lock: EnvironmentLock | None  # None for an image as it is
    notes: tuple[str, ...] = ()  # substitutions
    split: dict[str, float] = field(default_factory=dict)  # of a build, seconds by step: base, resolve, packages, ...

    def use(self, name: str, version: str | None, revision: int | None = None) -> EnvironmentUse:
        """What is kept with a run or a service. ``name`` and ``version`` are the environment's in the workspace."""
        return EnvironmentUse(
            name=name,
            version=version,
            revision=revision,
            lock=self.lock,
            interpreter=f"{self.python} in the image {self.tag}",
            reused=self.reused,
            seconds=round(self.seconds, 3),
            split=self.split,
            notes=list(self.notes),
            at=now_ms(),
        )


@dataclass(frozen=True, slots=True)
class _Plan:
    """A lock, and how an image is made of it."""

    lock: EnvironmentLock
    python: str  # of the base image, a version that uv brings, or "" where conda's Python is used
    options: list[str]
    notices: list[str]


def build_image(
    definition: Mapping[str, Any],
    *,
    engine: Engine,
    home: Path,
    log: Callable[[str], None],
    cancel: Cancel | None = None,
    purpose: Purpose = "run",
    tokens: Mapping[str, str] | None = None,
    anew: bool = False,
    push: bool = False,
) -> Image:
    """Build the image that a definition describes, or find it where it was built before.

    ``log`` receives the build's lines as they come. ``tokens`` open the wheels that a server keeps, by its address.
    ``anew`` resolves the packages again. Where a registry is set, an image that is built is pushed there, and one that
    it has is fetched; ``push`` makes it an error when that does not succeed, or none is set. Safe to call from several
    processes: one builds, the others wait and say so. Raises ``EnvironmentBuildFailed`` naming the base image, the
    packages or the step, ``EngineUnavailable``, ``Unsupported``, ``ActivityCanceledException`` once ``cancel`` is set.
    """
    began = time.monotonic()
    registry = image_registry.configured()
    if push and registry is None:
        raise InvalidValue(f"No registry is set to push images to: set {image_registry.REGISTRY}=HOST:PORT.")
    spec = _extended(read(definition, purpose=purpose))
    for notice in spec.spec.notices:
        log(notice)
    base = _base(spec, engine, home, log, cancel, tokens or {})
    if spec.spec.user_managed:
        return _as_it_is(spec, base, began, log)
    builder = _Builder(spec, base, engine, home, log, cancel, purpose, dict(tokens or {}))
    fetching = time.monotonic() - began
    try:
        image = builder.get(registry, anew=anew)
        if registry is not None and (push or not image.reused):
            _send(engine, image.tag, registry, log, must=push)
    except OSError as error:
        raise EnvironmentBuildFailed(
            f"The image of environment {spec.spec.name!r} cannot be built: {error}."
        ) from error
    split = {} if image.reused else {"base": round(fetching, 3), **builder.split}
    return replace(image, seconds=time.monotonic() - began, split=split)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What an environment is in the engine: ``image`` is None where a use would have to fetch or build something."""

    image: Image | None = None
    lock: EnvironmentLock | None = None  # what the next use builds it from, or it was built from
    resolutions: list[Entry] = field(default_factory=list)  # of this name, the newest last
    differs: list[str] = field(default_factory=list)  # from the last resolution: why the next use resolves anew


def find_image(definition: Mapping[str, Any], *, engine: Engine, home: Path) -> Image | None:
    """The image that ``build_image`` would find; None where it would have to fetch or build something."""
    return look_for_image(definition, engine=engine, home=home).image


def look_for_image(definition: Mapping[str, Any], *, engine: Engine, home: Path) -> Look:
    """What there is, and why; nothing is fetched or built."""
    began = time.monotonic()
    spec = _extended(read(definition))
    name = spec.base_image or ""
    if spec.dockerfile is not None:
        name = _base_tag(spec, spec.dockerfile)
    elif spec.context is not None:
        fetched = image_context.known(spec.context, home)
        name = _base_tag(spec, fetched.digest, fetched.dockerfile) if fetched is not None else ""
    found = engine_images.inspect(engine, name) if name else None
    if found is None:
        return Look()
    base = image_base.look(engine, found, home, name)
    if spec.spec.user_managed:
        return Look(image=_as_it_is(spec, base, began, lambda _: None))
    return _Builder(spec, base, engine, home, lambda _: None, None, "run", {}).look()


def _extended(spec: ImageSpec) -> ImageSpec:
    return replace(spec, spec=extended(spec.spec))


def _base(
    spec: ImageSpec,
    engine: Engine,
    home: Path,
    log: Callable[[str], None],
    cancel: Cancel | None,
    tokens: Mapping[str, str],
) -> Base:
    """The image to begin with: fetched, or built from its Dockerfile."""
    if spec.dockerfile is not None:
        tag, context = _base_tag(spec, spec.dockerfile), Context(spec.dockerfile)
    elif spec.context is not None:
        fetched = image_context.fetch(spec.context, home, tokens, log, cancel)
        tag, context = _base_tag(spec, fetched.digest, fetched.dockerfile), fetched.context()
    else:
        name = spec.base_image or ""
        try:
            found = engine_images.ensure(engine, name, log, spec.registry)
        except EnvironmentBuildFailed as error:
            if not image_spec.is_plain(name):
                raise
            remedy = f"Or let another stand for Azure's plain images: {contract.ZAFFRE_BASE_IMAGE}=python:3.11, say."
            raise EnvironmentBuildFailed(f"{error.message} {remedy}") from error
        return image_base.look(engine, found, home, name)
    with _alone(home, tag, log, cancel):
        if engine_images.inspect(engine, tag) is None:
            log(f"Building the image {tag} from its Dockerfile.")
            build(engine, context, tag=tag, log=log, cancel=cancel, labels={image_disk.LABEL: spec.spec.name})
        found = engine_images.ensure(engine, tag, log)
    image_disk.touch(home, tag)
    return image_base.look(engine, found, home, tag)


def _base_tag(spec: ImageSpec, *content: str) -> str:
    return f"{spec.repository}-base:{_digest(*content)}"


def _as_it_is(spec: ImageSpec, base: Base, began: float, log: Callable[[str], None]) -> Image:
    named = spec.spec.interpreter_path
    python = named if named != "python" else next(iter(base.pythons), "python")
    log(f"Using the image {base.name} as it is, with its {python} (user-managed dependencies).")
    return Image(
        tag=base.name,
        id=base.id,
        key=USER_MANAGED,
        reused=True,
        seconds=time.monotonic() - began,
        python=python,
        path=base.path,
        variables=spec.spec.variables,
        lock=None,
        notes=spec.spec.notices,
    )


def _send(engine: Engine, tag: str, registry: Registry, log: Callable[[str], None], *, must: bool) -> None:
    try:
        image_registry.send(engine, tag, registry, log)
    except EnvironmentBuildFailed as error:
        if must:
            raise
        log(f"NOTICE: {error.message}")  # the image is here, which is what a run needs


class _Builder:
    def __init__(
        self,
        spec: ImageSpec,
        base: Base,
        engine: Engine,
        home: Path,
        log: Callable[[str], None],
        cancel: Cancel | None,
        purpose: Purpose,
        tokens: dict[str, str],
    ) -> None:
        self._spec = spec
        self._base = base
        self._engine = engine
        self._home = home
        self._log = log
        self._cancel = cancel
        self._purpose: Purpose = purpose
        self._tokens = tokens
        self.split: dict[str, float] = {}  # seconds by step
        (home / "environments").mkdir(parents=True, exist_ok=True)
        self._resolver = Resolver(spec.spec, home, log, purpose, cancel, tokens)
        self._history = ImageHistory(home, spec, base, self._resolver)

    def look(self) -> Look:
        known, entries = _known(self._index()), self._history.entries()
        if known is None:
            return Look(resolutions=entries, differs=self._history.differs())
        return Look(image=self._find(known), lock=known.lock, resolutions=entries)

    def get(self, registry: Registry | None, *, anew: bool) -> Image:
        image = self._get(registry, anew=anew)
        image_disk.touch(self._home, image.tag)
        return image

    def _index(self) -> Path:
        return self._home / "images" / "index" / f"{self._fingerprint()}.json"

    def _get(self, registry: Registry | None, *, anew: bool) -> Image:
        file = self._index()
        known = None if anew else _known(file)
        if known is not None and (image := self._find(known)) is not None:
            for notice in known.notices:
                self._log(notice)
            self._log(f"Reusing the image {image.tag}.")
            return image
        with _alone(self._home, file.stem, self._log, self._cancel) as waited:
            began = time.monotonic()
            kept = _known(file) if waited else known
            plan = kept or self._resolve()
            self.split["resolve"] = round(time.monotonic() - began, 3)
            found = self._find(plan)
            if found is not None:
                self._log(f"Reusing the image {found.tag}.")
            if found is None or not waited:
                image = self._told(plan, found, registry, is_gone=kept is not None and not waited, anew=anew)
            else:
                image = found
            file.parent.mkdir(parents=True, exist_ok=True)
            write_json(file, asdict(plan))
        return image

    def _told(self, plan: _Plan, found: Image | None, registry: Registry | None, *, is_gone: bool, anew: bool) -> Image:
        """The image, with the reasons why it was looked for anew in its log and its name's history."""
        reasons = self._history.reasons(plan.lock, anew=anew, is_gone=self._tag(plan) if is_gone else "")
        for reason in reasons:
            self._log(reason)
        image = found or self._fetched(plan, registry) or self._build(plan)
        self._history.add(
            image.key,
            plan.lock,
            built=not image.reused,
            seconds=self.split if not image.reused else {},
            reasons=reasons,
        )
        return replace(image, notes=(*image.notes, *reasons))

    def _fingerprint(self) -> str:
        circumstances = self._resolver.fingerprint()
        return _digest(self._base.id, circumstances, str(image_recipe.VERSION))

    # --- resolve -----------------------------------------------------------------------------------------------------

    def _resolve(self) -> _Plan:
        why = ""
        if self._spec.spec.needs_conda and self._resolver.settings.conda != "pypi":
            built = self._with_conda()
            if isinstance(built, _Plan):
                return built
            why = built
        return self._with_pip(why)

    def _with_conda(self) -> _Plan | str:
        """The plan with conda's packages, or the reason why the Python package index stands in."""
        if self._base.platform != lock.platform() or self._base.libc.startswith("musl"):
            return f"NOTICE: conda packages are not installed for images of {self._base.platform} on this machine."
        channels, why = self._resolver.reachable()
        if not channels:
            return why
        platform = ["--python-platform", self._base.uv_platform]
        found = self._resolver.with_conda(channels, glibc=self._base.glibc, more=platform)
        return _Plan(found.lock, "", self._spec.spec.requirements.solver_options, found.notices)

    def _with_pip(self, why: str) -> _Plan:
        resolver = self._resolver
        spec = translate(self._spec.spec, why)
        python, version, notice = self._python()
        packages = [*spec.requirements.packages, *resolver.own_requirement()]
        numbers = version.split(".")
        torch = torch_build.choose(resolver.settings.torch, packages, (int(numbers[0]), int(numbers[1])))
        notices = [*filter(None, (*spec.notices[len(self._spec.spec.notices) :], notice, torch.notice))]
        for line in notices:
            self._log(line)
        self._log(f"Resolving environment {spec.name!r} for Python {version} of {self._base.name}.")
        options = spec.requirements.solver_options
        pip = ""
        if packages:
            pip = resolver.uv.lock(
                [*packages, *torch.pins],
                options,
                interpreters.running().path,
                prereleases=spec.requirements.prereleases,
                version=version,
                more=[*torch.arguments, "--python-platform", self._base.uv_platform],
            )
        made = lock.make(version, pip=lock.portable(pip, resolver.wheels), of=self._base.platform)
        return _Plan(made, python, list(options), notices)

    def _python(self) -> tuple[str, str, str]:
        """What to make the environment of, its version, and a notice if it is not the one that was asked for."""
        spec, found = self._spec.spec, self._base.interpreters()
        floor = self._resolver.floor
        if not any(python.version[:2] >= floor for python in found):
            version = next((text for op, text in spec.python if op in ("=", "==") and text.count(".")), "3.11")
            if interpreters.is_below(spec.python, floor):
                version = f"{floor[0]}.{floor[1]}"
            has = f"only Python {', '.join(self._base.pythons.values())}" if found else "no Python"
            return (
                version,
                version,
                f"NOTICE: the image {self._base.name} has {has}; Python {version} is put into it by uv.",
            )
        choice = interpreters.choose(
            spec.python, found, floor=floor, is_default=spec.wants_default_python, mode=self._resolver.mode
        )
        version = choice.interpreter.text
        path = next(path for path, text in self._base.pythons.items() if text == version)
        return path, version, choice.notice.replace("on this machine", f"in the image {self._base.name}")

    # --- build -------------------------------------------------------------------------------------------------------

    def _tag(self, plan: _Plan) -> str:
        return f"{self._spec.repository}:{_digest(self._base.id, plan.lock.key, str(image_recipe.VERSION))}"

    def _find(self, plan: _Plan) -> Image | None:
        tag = self._tag(plan)
        found = engine_images.inspect(self._engine, tag)
        return self._image(plan, tag, found, reused=True) if found is not None else None

    def _fetched(self, plan: _Plan, registry: Registry | None) -> Image | None:
        if registry is None or not image_registry.fetch(self._engine, self._tag(plan), registry, self._log):
            return None
        return self._find(plan)

    def _build(self, plan: _Plan) -> Image:
        tag = self._tag(plan)
        began = time.monotonic()
        self._log(f"Building the image {tag} on {self._base.name}.")
        labels = {image_disk.LABEL: self._spec.spec.name, "zaffre.lock": plan.lock.key}
        with self._python_of(plan) as python:
            context = image_recipe.context_of(
                self._base,
                plan.lock,
                python=python,
                options=plan.options,
                wheels=self._resolver.wheels,
                tokens=self._tokens,
                uv=image_recipe.uv_for(self._base, self._home),
            )
            linked = time.monotonic()
            made = self._made(context, tag, labels)
        self._time(made, time.monotonic() - linked)
        self._log(f"Built the image {tag} in {time.monotonic() - began:.1f} s.")
        found = engine_images.inspect(self._engine, made.id) or {"Id": made.id}
        return self._image(plan, tag, found, reused=False)

    def _time(self, made: Built, total: float) -> None:
        """Split what the build took by the steps that were done now; "image" is the rest of it."""
        for step, seconds in made.seconds.items():
            name = next((name for part, name in image_recipe.STEPS.items() if part in step), None)
            if name is not None:
                self.split[name] = round(self.split.get(name, 0.0) + seconds, 3)
                total -= seconds
        self.split["image"] = round(max(total, 0.0), 3)

    def _made(self, context: Context, tag: str, labels: Mapping[str, str]) -> Built:
        """The new image; the error of a package that does not compile names it, however long its log is."""
        failed: list[str] = []

        def log(line: str) -> None:
            found = _NOT_BUILT.search(line)
            if found is not None:
                failed.append(found[1])
            self._log(line)

        try:
            return build(self._engine, context, tag=tag, log=log, cancel=self._cancel, labels=labels)
        except EnvironmentBuildFailed as error:
            if failed:
                raise EnvironmentBuildFailed(f"The package {failed[0]} cannot be built. {error.message}") from error
            raise

    @contextmanager
    def _python_of(self, plan: _Plan) -> Iterator[str | image_recipe.Linked]:
        if not plan.lock.conda:
            yield plan.python
            return
        with image_conda.linked(plan.lock.conda, self._resolver, self._base, self._engine, self._log) as made:
            self.split |= {"fetch": round(made.split.fetch, 3), "link": round(made.split.link, 3)}
            yield made.prefix

    def _image(self, plan: _Plan, tag: str, found: Mapping[str, Any], *, reused: bool) -> Image:
        programs = f"{image_recipe.PREFIX}/bin"
        path = image_base.variables_of(found).get("PATH")
        return Image(
            tag=tag,
            id=str(found["Id"]),
            key=tag.rpartition(":")[2],
            reused=reused,
            seconds=0.0,
            python=f"{programs}/python",
            path=path or f"{programs}:{self._base.path}",
            variables=self._spec.spec.variables,
            lock=plan.lock,
            notes=(*self._spec.spec.notices, *plan.notices),
        )


def _known(file: Path) -> _Plan | None:
    value = read_json(file)
    return convert(value, _Plan, what="what is known of an image") if value is not None else None


def _alone(home: Path, name: str, log: Callable[[str], None], cancel: Cancel | None) -> Any:
    purpose = f"building the image {name}" if "/" in name else "building an image of the same environment"
    return exclusive(home / "images" / "locks" / f"{name.replace('/', '-')}.lock", purpose, log, cancel)


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]
