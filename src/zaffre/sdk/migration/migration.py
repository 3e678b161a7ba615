"""The whole migration: experiments, logged models, runs, traces, then the registry; and the counts of both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from zaffre.core import imports
from zaffre.core.errors import AuthenticationException, AzureMLException, PermissionDenied, ServerUnavailable
from zaffre.sdk.migration.models import ModelCopy, Places
from zaffre.sdk.migration.runs import PARENT_TAG, RunCopy
from zaffre.sdk.migration.source import Source, open_source
from zaffre.sdk.migration.tally import Counted, Tally
from zaffre.sdk.migration.target import Target
from zaffre.sdk.migration.traces import TraceCopy
from zaffre.sdk.migration.watch import Watch
from zaffre.sdk.scope import Scope

if TYPE_CHECKING:
    from mlflow.entities import Experiment, Run, TraceInfo

WORKERS: Final = 4
# Nothing can be copied any more: going on would only repeat the sentence for every run.
_HOPELESS: Final = (AuthenticationException, PermissionDenied, ServerUnavailable)


@dataclass(frozen=True, slots=True)
class Migrated:
    """What was copied: counts of both sides by kind, and a sentence for each difference or failure."""

    source: dict[str, int]
    target: dict[str, int]
    problems: list[str] = field(default_factory=list)
    found_runs: int = 0  # complete before, by an earlier migration
    dry_run: bool = False


def migrate(
    scope: Scope,
    uri: str,
    *,
    experiments: Sequence[str] = (),
    artifacts: str | None = None,
    workers: int = WORKERS,
    watch: Watch | None = None,
    dry_run: bool = False,
) -> Migrated:
    """Copy what ``uri`` holds into the workspace of ``scope``; what is there already is not copied again.

    With ``experiments`` only those, and of the registry the versions that come from them. Ids stay the same, so links
    go on working. A run, model or version that cannot be copied is a problem and the rest goes on; raises where nothing
    can be.
    """
    with open_source(uri, artifacts) as source:
        job = _Job(source, Target(scope), watch or Watch(), experiments, workers)
        if dry_run:
            job.count()
        else:
            job.copy()
        tally = job.tally
    return Migrated(dict(tally.source), dict(tally.target), list(tally.problems), tally.found_runs, dry_run)


class _Job:
    def __init__(self, source: Source, target: Target, watch: Watch, names: Sequence[str], workers: int) -> None:
        self.tally = Tally()
        self._source = source
        self._target = target
        self._watch = watch
        self._names = names
        self._workers = workers
        self._places = Places()
        self._runs = RunCopy(source, target, self.tally, watch)
        self._models = ModelCopy(source, target, self.tally, watch)
        self._traces = TraceCopy(source, target, self.tally, watch)
        self._orphans: list[tuple[str, str]] = []  # runs that came before their parents

    def count(self) -> None:
        """What would be copied."""
        for experiment in self._source.experiments(self._names):
            self._watch.phase(f"Counting {experiment.name}")
            self.tally.source["experiments"] += 1
            self.tally.source["logged models"] += len(self._source.logged_models(experiment.experiment_id))
            for run in self._source.runs(experiment.experiment_id):
                self.tally.source.update({"runs": 1, "params": len(run.data.params), "metrics": len(run.data.metrics)})
            self.tally.source["traces"] += sum(1 for _ in self._source.traces(experiment.experiment_id))
        for model in [] if self._names else self._source.registered_models():
            self.tally.source["registered models"] += 1
            self.tally.source["model versions"] += len(self._source.versions(model))

    def copy(self) -> None:
        experiments = self._source.experiments(self._names)
        for experiment in experiments:
            self._experiment(experiment)
        # A run may have read a model that was logged in another experiment, so all of these come first.
        for experiment in experiments:
            self._logged_models(experiment)
        for experiment in experiments:
            self._runs_of(experiment)
        for run_id, parent in self._orphans:
            self._try(f"run {run_id}", lambda: self._adopt(run_id, parent))  # noqa: B023 - called at once
        for experiment in experiments:
            self._try(f"traces of {experiment.name}", lambda: self._traces_of(experiment))  # noqa: B023
        for experiment in experiments:
            if experiment.lifecycle_stage == "deleted":
                self._try(experiment.name, lambda: self._target.archive_experiment(experiment.name))  # noqa: B023
        self._registry()

    def _experiment(self, experiment: Experiment) -> None:
        created = int(experiment.creation_time or 0)
        given = imports.ExperimentImport(
            name=experiment.name,
            tags=dict(experiment.tags),
            created_at=created,
            updated_at=int(experiment.last_update_time or created),
        )
        made = self._target.experiment(given)
        there = sum(1 for key, value in experiment.tags.items() if made.tags.get(key) == value)
        counted = Counted({"experiments": 1, "tags": len(experiment.tags)}, {"experiments": 1, "tags": there})
        self.tally.add(f"experiment {experiment.name}", counted)

    def _logged_models(self, experiment: Experiment) -> None:
        models = self._source.logged_models(experiment.experiment_id)
        if models:
            self._watch.phase(f"Logged models of {experiment.name}")
            self._watch.found(len(models))
        for model in models:
            self._places.models[model.model_id] = model.artifact_location

        def copy(model: Any) -> None:
            self._try(f"logged model {model.model_id}", lambda: self._models.logged(model, experiment.name))

        self._parallel(copy, iter(models))

    def _runs_of(self, experiment: Experiment) -> None:
        self._watch.phase(f"Runs of {experiment.name}")

        def rows() -> Iterator[tuple[Run, imports.RunImported]]:
            for run in self._source.runs(experiment.experiment_id):
                self._watch.found(1)
                made = self._try(f"run {run.info.run_id}", lambda: self._runs.row(run, experiment.name))  # noqa: B023
                if made is not None:
                    self._places.runs[run.info.run_id] = run.info.artifact_uri
                    parent = run.data.tags.get(PARENT_TAG)
                    if parent is not None and made.run.parent_id is None:
                        self._orphans.append((run.info.run_id, parent))
                    yield run, made

        def copy(pair: tuple[Run, imports.RunImported]) -> None:
            run, made = pair
            self._try(f"run {run.info.run_id}", lambda: self._runs.contents(run, made.run))

        self._parallel(copy, rows())

    def _traces_of(self, experiment: Experiment) -> None:
        self._watch.phase(f"Traces of {experiment.name}")

        def found() -> Iterator[TraceInfo]:
            for info in self._source.traces(experiment.experiment_id):
                self._watch.found(1)
                yield info

        def copy(info: TraceInfo) -> None:
            self._try(f"trace {info.trace_id}", lambda: self._traces.copy(info, experiment.name))

        self._parallel(copy, found())

    def _adopt(self, run_id: str, parent: str) -> None:
        self._target.end_run(run_id, imports.RunImportEnd(parent_id=parent))

    def _registry(self) -> None:
        models = self._source.registered_models()
        if models:
            self._watch.phase("Registered models")
            self._watch.found(len(models))
        for model in models:
            everything = not self._names
            self._try(
                f"model {model.name}",
                lambda: self._models.registered(model, self._places, all_versions=everything),  # noqa: B023
            )

    def _try(self, what: str, act: Callable[[], Any]) -> Any:
        """What ``act`` returned; None where it failed, which is then a problem of ``what``."""
        try:
            return act()
        except _HOPELESS:
            raise
        except AzureMLException as error:
            self.tally.problem(what, error.message)
        except Exception as error:  # of MLflow or of any of its stores: one broken run must not end the migration
            self.tally.problem(what, f"{type(error).__name__}: {error}")
        return None

    def _parallel(self, act: Callable[[Any], None], things: Iterator[Any]) -> None:
        """``act`` on each thing, a few at a time; the first that is hopeless ends it all."""
        with ThreadPoolExecutor(self._workers, thread_name_prefix="migrate") as pool:
            going: set[Future[None]] = set()
            try:
                for thing in things:
                    going.add(pool.submit(act, thing))
                    if len(going) >= 2 * self._workers:
                        ended, going = wait(going, return_when=FIRST_COMPLETED)
                        _raise(ended)
                _raise(wait(going).done)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise


def _raise(ended: set[Future[None]]) -> None:
    for future in ended:
        future.result()
