"""``zaffre environment build``."""

from __future__ import annotations

from zaffre.cli.handles import workspace_of
from zaffre.cli.references import name_and_version
from zaffre.cli.results import Done
from zaffre.cli.session import SESSION, Session
from zaffre.sdk.environment import Environment
from zaffre.sdk.environment_local import build


def build_environment(environment: str, /, *, anew: bool = False, session: Session = SESSION) -> Done:
    """Build an environment on this machine, so that the next run finds it.

    Parameters
    ----------
    environment
        name:version, or the name for the newest version; curated names too.
    anew
        Resolve it again, to newer versions of what it does not pin.
    """
    name, version = name_and_version(environment)
    built = build(Environment.get(workspace_of(session), name, version), session.scope(), anew=anew)
    what = "was there already" if built.reused else f"built in {built.seconds:.1f} s"
    facts = {"key": built.key, "python": str(built.python), "reused": built.reused}
    image = getattr(built, "tag", None)
    if image is not None:
        return Done(f"{name}: {what}; it is the image {image}.", {**facts, "image": image})
    return Done(f"{name}: {what}; its Python is {built.python}.", facts)
