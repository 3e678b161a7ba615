"""``zaffre run submit``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from zaffre.cli.handles import workspace_of
from zaffre.cli.progress import waiting
from zaffre.cli.references import tags
from zaffre.cli.results import Details, Text
from zaffre.cli.run.logs import followed
from zaffre.cli.run.show import FIELDS, get_run
from zaffre.cli.session import SESSION, Session
from zaffre.cli.software import NONE_NAMED, Software
from zaffre.sdk.experiment import Experiment
from zaffre.sdk.run import Run
from zaffre.sdk.script_run_config import ScriptRunConfig


def submit_run(
    script: str,
    /,
    *arguments: Annotated[str, Parameter(allow_leading_hyphen=True)],
    experiment: str = "default",
    source: Path = Path(),
    target: str = "local",
    tag: list[str] | None = None,
    follow: Annotated[bool, Parameter(name=("--follow", "-f"))] = False,
    software: Software = NONE_NAMED,
    session: Session = SESSION,
) -> Details | Text:
    """Submit a script as a run.

    Parameters
    ----------
    script
        The script, relative to --source.
    arguments
        What the script gets; after --, also what looks like an option of this command.
    experiment
        The experiment; it is made if it does not exist.
    source
        The folder to send; .amlignore, else .gitignore, leaves files out.
    target
        The compute target; "local" is this machine.
    tag
        A tag, as key=value; may be repeated.
    follow
        Print the logs until the run ends; a failed run then answers with exit code 7.
    """
    workspace = workspace_of(session)
    config = ScriptRunConfig(
        source_directory=source,
        script=script,
        arguments=list(arguments),
        compute_target=target,
        environment=software.chosen(workspace, "submitted"),
    )
    with waiting("Sending the source folder"):
        run = Experiment(workspace, experiment).submit(config, tags=tags(tag))
    return Text(_watched(run, session)) if follow else Details(get_run(session.scope(), run.id), FIELDS)


def _watched(run: Run, session: Session) -> Iterator[str]:
    yield f"Run {run.id}\n{run.get_portal_url()}\n"
    yield from followed(session.scope(), run.id)
