"""``zaffre environment build``."""

from __future__ import annotations

from collections.abc import Iterator

from zaffre.cli.environment.reference import environment_of, version_of
from zaffre.cli.results import Done, Text
from zaffre.cli.run.logs import followed
from zaffre.cli.session import SESSION, Session
from zaffre.core import contract
from zaffre.core.entities import Run
from zaffre.core.environment_wire import EnvironmentBuild
from zaffre.sdk.environment_local import build


def build_environment(
    environment: str, /, *, anew: bool = False, target: str | None = None, session: Session = SESSION
) -> Done | Text:
    """Build an environment ahead of its use, so that the next run finds it.

    For example:

    - `zaffre environment build train:3`
    - `zaffre environment build train@stable --target cpu-cluster`

    Parameters
    ----------
    environment
        name:version, name@label, or the name for the newest version; curated names too.
    anew
        Resolve it again, to newer versions of what it does not pin.
    target
        A compute target that builds it, in place of this machine; a build that fails then answers with exit code 7.
    """
    if target is not None:
        return Text(_built_there(session, environment, target, anew=anew))
    wanted = environment_of(session, environment)
    built = build(wanted, session.scope(), anew=anew)  # its log, on stderr, is the progress
    what = "was there already" if built.reused else f"built in {built.seconds:.1f} s"
    split = ", ".join(f"{step} {seconds:.1f} s" for step, seconds in built.split.items())
    what += f" ({split})" if split else ""
    facts = {
        "key": built.key,
        "python": str(built.python),
        "reused": built.reused,
        "seconds": round(built.seconds, 3),
        "split": built.split,
    }
    image = getattr(built, "tag", None)
    if image is not None:
        return Done(f"{wanted.name}: {what}; it is the image {image}.", {**facts, "image": image})
    return Done(f"{wanted.name}: {what}; its Python is {built.python}.", facts)


def _built_there(session: Session, environment: str, target: str, *, anew: bool) -> Iterator[str]:
    scope = session.scope()
    found = version_of(scope, environment)
    wish = EnvironmentBuild(version=found.version, target=target, anew=anew)
    run = scope.client.post(scope.path("environments", found.name, "builds"), Run, wish)
    yield f"Run {run.id} builds {found.name}:{found.version} on {run.target}.\n"
    yield from followed(scope, run.id, contract.BUILD_LOG)
