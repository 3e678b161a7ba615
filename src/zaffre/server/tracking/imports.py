"""The acts on what was made elsewhere: experiments, runs and logged models with the ids and times they had there."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from zaffre.core.entities import Experiment, ModelMetric, ModelOutput
from zaffre.core.errors import AlreadyExists, InvalidValue
from zaffre.core.ids import now_ms
from zaffre.core.imports import (
    MIGRATION_PROPERTY,
    ExperimentImport,
    LoggedModelImport,
    LoggedModelImported,
    ModelMetricImport,
    RunImport,
    RunImported,
    RunImportEnd,
)
from zaffre.core.names import check_run_id
from zaffre.core.wire import RunCreate, number_from_wire
from zaffre.server.store import experiments, links, logged_models, pairs, permissions, run_sets, runs
from zaffre.server.store.schema import (
    experiment_tags,
    logged_model_params,
    logged_model_tags,
    params,
    run_properties,
)
from zaffre.server.tracking.acts import Acts, check_length, check_tags
from zaffre.server.tracking.experiments import check_experiment_name
from zaffre.server.tracking.models import STATUSES, check_model_id, link_models
from zaffre.server.tracking.runs import add_run


class ImportActs(Acts):
    """Take over what was made elsewhere. Each act may be repeated. ``ws`` is the name of a workspace."""

    def import_experiment(self, ws: str, given: ExperimentImport, *, maker: int | None = None) -> Experiment:
        """The experiment of that name, made with its times if it is not there; it gets the tags either way."""
        check_tags(given.tags)

        def take(connection: Connection) -> Experiment:
            known = experiments.find(connection, ws, name=given.name)
            if known is None:
                check_experiment_name(given.name)
                pk = experiments.add(connection, ws, given.name, None, given.created_at)
                experiments.change(connection, pk, updated_at=given.updated_at)
                permissions.put_maker(connection, maker, experiment_id=pk)
            else:
                pk = known.id
            pairs.put(connection, experiment_tags, pk, given.tags)
            return experiments.get(connection, ws, pk)

        return self._store.write(take)

    def import_run(self, ws: str, run_id: str, given: RunImport) -> RunImported:
        """The run with this id. ``AlreadyExists`` where another run has it: one of another experiment or time."""
        check_run_id(run_id)
        check_tags(given.tags)
        for key in given.params:
            check_length("param", key)

        def take(connection: Connection) -> RunImported:
            experiment = experiments.get_named(connection, ws, given.experiment)
            known = runs.find_key(connection, ws, run_id)
            if known is not None:
                run = runs.get(connection, known.pk)
                if (run.experiment_id, run.start_time) != (experiment.id, given.start_time):
                    raise AlreadyExists(
                        f"Workspace {ws!r} has another run with the id {run_id}: it is in experiment "
                        f"{run.experiment_name!r} and began at {run.start_time}. Import into another workspace.",
                        run_id=run_id,
                    )
                return RunImported(run=run, created=False)
            made = RunCreate(
                id=run_id,
                display_name=given.display_name or None,
                status=given.status,
                start_time=given.start_time,
                tags=given.tags,
            )
            place = experiments.next_run(connection, ws, experiment.id)
            pk = add_run(connection, ws, place, made, given.created_by).pk
            runs.change(connection, [pk], created_at=given.start_time, end_time=given.end_time)
            run_sets.put(connection, params, experiment.id, pk, given.params, {})
            return RunImported(run=runs.get(connection, pk), created=True)

        found = self._store.write(take)
        self._notifier.publish(f"run:{run_id}", f"runs:{ws}")
        return found

    def end_import_of_run(self, ws: str, run_id: str, given: RunImportEnd) -> RunImported:
        """Links, parent and lifecycle of an imported run. A logged model that was deleted is linked to nothing."""

        def end(connection: Connection) -> RunImported:
            run = runs.key_of(connection, ws, run_id)
            parent = None if given.parent_id is None else runs.find_key(connection, ws, given.parent_id)
            if parent is not None and parent.pk != run.pk and run.pk not in runs.ancestors(connection, parent.pk):
                runs.adopt(connection, run.pk, parent.pk)
            links.add_datasets(connection, run.pk, run.experiment_id, given.datasets)
            used = [ModelOutput(model_id=model_id) for model_id in given.inputs]
            link_models(connection, ws, run.pk, "input", _known(connection, ws, used))
            link_models(connection, ws, run.pk, "output", _known(connection, ws, given.outputs))
            if given.complete is not None:
                pairs.put(connection, run_properties, run.pk, {MIGRATION_PROPERTY: given.complete})
            if given.archived and not run.archived:
                runs.change(connection, [run.pk], archived_at=now_ms(), archived_with_experiment=0)
            return RunImported(run=runs.get(connection, run.pk), created=False)

        found = self._store.write(end)
        self._notifier.publish(f"run:{run_id}", f"runs:{ws}")
        return found

    def import_logged_model(self, ws: str, model_id: str, given: LoggedModelImport) -> LoggedModelImported:
        """The logged model with this id; one that is there stays as it is, with the status given."""
        check_model_id(model_id)
        check_tags(given.tags)
        if given.status not in STATUSES:
            raise InvalidValue(f"{given.status!r} is not a logged model's status: use one of {', '.join(STATUSES)}.")

        measured = [_metric(one) for one in given.metrics]

        def take(connection: Connection) -> LoggedModelImported:
            experiment = experiments.get_named(connection, ws, given.experiment)
            known = logged_models.find(connection, ws, model_id)
            if known is not None:
                if (known.experiment_id, known.created_at) != (experiment.id, given.created_at):
                    raise AlreadyExists(
                        f"Workspace {ws!r} has another logged model with the id {model_id}. Import into another "
                        "workspace.",
                        model_id=model_id,
                    )
                logged_models.change(connection, model_id, status=given.status, updated_at=given.updated_at)
                logged_models.log_metrics(connection, model_id, measured)
                same = logged_models.get(connection, ws, model_id, deleted=True)
                return LoggedModelImported(model=same, created=False)
            values = {
                "id": model_id,
                "experiment_id": experiment.id,
                "name": given.name,
                "status": given.status,
                "model_type": given.model_type,
                "source_run_id": given.source_run_id,
                "created_at": given.created_at,
                "updated_at": given.updated_at,
            }
            logged_models.add(connection, values)
            pairs.put(connection, logged_model_params, model_id, given.params)
            pairs.put(connection, logged_model_tags, model_id, given.tags)
            logged_models.log_metrics(connection, model_id, measured)
            return LoggedModelImported(model=logged_models.get(connection, ws, model_id), created=True)

        return self._store.write(take)


def _metric(given: ModelMetricImport) -> ModelMetric:
    return ModelMetric(
        key=given.key,
        value=number_from_wire(given.value),
        timestamp=given.timestamp,
        step=given.step,
        run_id=given.run_id,
        dataset_name=given.dataset_name,
        dataset_digest=given.dataset_digest,
    )


def _known(connection: Connection, ws: str, given: Sequence[ModelOutput]) -> list[ModelOutput]:
    known = {model.id for model in logged_models.among(connection, ws, [one.model_id for one in given])}
    return [one for one in given if one.model_id in known]
