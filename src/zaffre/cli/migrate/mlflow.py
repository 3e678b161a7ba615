"""``zaffre migrate mlflow``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from zaffre.cli.exits import Exit
from zaffre.cli.handles import workspace_of
from zaffre.cli.migrate.bar import following
from zaffre.cli.output import standard_error
from zaffre.cli.results import Details, Field
from zaffre.cli.session import SESSION, Session
from zaffre.sdk.migration.migration import WORKERS, Migrated, migrate
from zaffre.sdk.migration.tally import KINDS

_SHOWN = 20  # problems said one by one


def migrate_mlflow(
    uri: str,
    /,
    *,
    experiment: list[str] | None = None,
    artifacts: str | None = None,
    workers: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=32))] = WORKERS,
    dry_run: bool = False,
    session: Session = SESSION,
) -> Details:
    """Copy experiments, runs, files, traces and models from an MLflow server, file store or database.

    Run ids, times, users, parents, stages and aliases stay as they are. What was copied before is not copied again, so
    a migration that was interrupted goes on. At the end both sides are counted; a difference answers with exit code 1.
    Reading needs the package mlflow beside zaffre; nothing is written to the source.

    Parameters
    ----------
    uri
        http://host:port, a folder such as ./mlruns, or a database such as sqlite:///mlflow.db.
    experiment
        Only this experiment, and the registered versions that come from it; may be repeated.
    artifacts
        Where a server kept its files, if its database is read: its --artifacts-destination.
    workers
        How many runs are copied at a time.
    dry_run
        Count what would be copied, and write nothing.
    """
    scope = workspace_of(session)._scope
    with following() as watch:
        done = migrate(
            scope,
            uri,
            experiments=experiment or (),
            artifacts=None if artifacts is None else _place(artifacts),
            workers=workers,
            watch=watch,
            dry_run=dry_run,
        )
    _say(done.problems)
    return Details(done, _fields(done), exit=Exit.ERROR if done.problems else Exit.DONE)


def _place(text: str) -> str:
    """A folder as the absolute path that MLflow takes for one; a URI as it is."""
    return text if "://" in text else str(Path(text).expanduser().resolve())


def _say(problems: list[str]) -> None:
    console = standard_error()
    for problem in problems[:_SHOWN]:
        console.print(f"zaffre: {problem}", markup=False)
    if len(problems) > _SHOWN:
        console.print(f"zaffre: and {len(problems) - _SHOWN} more; --output json has all of them.", markup=False)
    if problems:
        console.print(
            "zaffre: Not all of it is here. Run the same command again once the reason is mended: it goes on.",
            markup=False,
        )


def _fields(done: Migrated) -> tuple[Field, ...]:
    kinds = [*KINDS, *sorted(set(done.source) - set(KINDS))]
    shown = [kind for kind in kinds if done.source.get(kind) or done.target.get(kind)]
    fields = [_field(done, kind) for kind in shown]
    if done.found_runs:
        fields.append(("runs there before", lambda item: item.found_runs))
    return (*fields, ("problems", lambda item: len(item.problems)))


def _field(done: Migrated, kind: str) -> Field:
    source, target = done.source.get(kind, 0), done.target.get(kind, 0)
    text = f"{source:,} to copy" if done.dry_run else f"{target:,} of {source:,}"
    return kind, lambda _: text
