"""The acts on what runs read and made: data sets, and the models that MLflow 3 clients log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from zaffre.core.entities import DatasetInput, LoggedModel, ModelOutput, RunLinks
from zaffre.core.errors import InvalidName, InvalidValue, NotFound, StateConflict
from zaffre.core.ids import new_hex, now_ms
from zaffre.server.store import experiments, links, logged_models, pairs, runs
from zaffre.server.store.logged_models import ModelQuery
from zaffre.server.store.paging import Found
from zaffre.server.store.schema import logged_model_params, logged_model_tags
from zaffre.server.tracking.acts import Acts, active_run, check_key, check_tags

STATUSES = ("LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED")
_FORBIDDEN = frozenset("/:.%\"'")
_ID = re.compile(r"m-[0-9a-zA-Z]{1,64}")


class ModelActs(Acts):
    """Log models and data sets, and read what belongs to a run. ``ws`` is the name of a workspace."""

    def create_logged_model(
        self,
        ws: str,
        experiment_id: int,
        *,
        name: str | None = None,
        model_type: str = "",
        source_run_id: str | None = None,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> LoggedModel:
        """A new model, LOGGED_MODEL_PENDING until its files are there. Without a name it is named after its id."""
        model_id = f"m-{new_hex()}"
        _check_name(name)
        check_tags(tags or {})

        def create(connection: Connection) -> LoggedModel:
            experiment = experiments.get(connection, ws, experiment_id)
            if experiment.archived_at is not None:
                raise StateConflict(
                    f"Experiment {experiment.name!r} must be in the 'active' state. Current state is deleted: restore "
                    "it before you log models in it.",
                    experiment=experiment.name,
                )
            now = now_ms()
            logged_models.add(
                connection,
                {
                    "id": model_id,
                    "experiment_id": experiment_id,
                    "name": name or model_id,
                    "status": STATUSES[0],
                    "model_type": model_type,
                    "source_run_id": source_run_id,
                    "created_at": now,
                    "updated_at": now,
                },
            )
            pairs.put(connection, logged_model_params, model_id, params or {})
            pairs.put(connection, logged_model_tags, model_id, tags or {})
            return logged_models.get(connection, ws, model_id)

        return self._store.write(create)

    def get_logged_model(self, ws: str, model_id: str) -> LoggedModel:
        """The model with this id, if it is not deleted. Raises ``NotFound``."""
        return self._store.read(lambda connection: logged_models.get(connection, ws, model_id))

    def search_logged_models(
        self, ws: str, query: ModelQuery, *, limit: int = 50, after: str | None = None
    ) -> Found[LoggedModel]:
        """One page of the models that the query finds."""
        return self._store.read(
            lambda connection: logged_models.search(connection, ws, query, limit=limit, after=after)
        )

    def finish_logged_model(self, ws: str, model_id: str, status: str) -> LoggedModel:
        """Report that a model's files are there (LOGGED_MODEL_READY) or will not come (LOGGED_MODEL_UPLOAD_FAILED)."""
        if status not in STATUSES:
            raise InvalidValue(f"{status!r} is not a logged model's status: use one of {', '.join(STATUSES)}.")

        def finish(connection: Connection) -> LoggedModel:
            logged_models.get(connection, ws, model_id)
            logged_models.change(connection, model_id, status=status, updated_at=now_ms())
            return logged_models.get(connection, ws, model_id)

        return self._store.write(finish)

    def delete_logged_model(self, ws: str, model_id: str) -> None:
        """Mark a model as deleted: searches and look-ups no longer find it. Idempotent. Raises ``NotFound``."""

        def delete(connection: Connection) -> None:
            logged_models.get(connection, ws, model_id, deleted=True)
            logged_models.change(connection, model_id, deleted_at=now_ms())

        self._store.write(delete)

    def log_model_params(self, ws: str, model_id: str, params: Mapping[str, str]) -> None:
        """Add parameters to a model; those that are there take the new value."""
        for key in params:
            check_key("param", key)

        def log(connection: Connection) -> None:
            logged_models.get(connection, ws, model_id)
            pairs.put(connection, logged_model_params, model_id, params)

        self._store.write(log)

    def set_model_tags(self, ws: str, model_id: str, tags: Mapping[str, str]) -> LoggedModel:
        check_tags(tags)

        def tag(connection: Connection) -> LoggedModel:
            logged_models.get(connection, ws, model_id)
            pairs.put(connection, logged_model_tags, model_id, tags)
            logged_models.change(connection, model_id, updated_at=now_ms())
            return logged_models.get(connection, ws, model_id)

        return self._store.write(tag)

    def delete_model_tag(self, ws: str, model_id: str, key: str) -> None:
        """Remove a tag of a model. Raises ``NotFound`` if it does not have it."""

        def delete(connection: Connection) -> None:
            logged_models.get(connection, ws, model_id)
            if not pairs.remove(connection, logged_model_tags, model_id, [key]):
                raise NotFound(f"No tag with key {key!r} in logged model {model_id}.", key=key, model_id=model_id)

        self._store.write(delete)

    def log_inputs(
        self, ws: str, run_id: str, datasets: Sequence[DatasetInput] = (), models: Iterable[str] = ()
    ) -> None:
        """Record what a run read: data sets, and logged models by id. Raises ``NotFound`` for an unknown model."""
        given = [ModelOutput(model_id=model_id) for model_id in models]

        def log(connection: Connection) -> None:
            run = active_run(connection, ws, run_id)
            links.add_datasets(connection, run.pk, run.experiment_id, datasets)
            link_models(connection, ws, run.pk, "input", given)

        self._store.write(log)
        self._notifier.publish(f"run:{run_id}")

    def log_outputs(self, ws: str, run_id: str, models: Sequence[ModelOutput]) -> None:
        """Record models that a run made. Raises ``NotFound`` for an unknown one."""

        def log(connection: Connection) -> None:
            link_models(connection, ws, active_run(connection, ws, run_id).pk, "output", models)

        self._store.write(log)
        self._notifier.publish(f"run:{run_id}")

    def run_links(self, ws: str, run_ids: Sequence[str]) -> dict[str, RunLinks]:
        """What each run that exists read and made."""

        def load(connection: Connection) -> dict[str, RunLinks]:
            names = runs.keys_of(connection, ws, run_ids)
            linked = links.load(connection, list(names))
            return {name: linked.get(pk, RunLinks()) for pk, name in names.items()}

        return self._store.read(load)

    def dataset_summaries(self, ws: str, experiment_ids: Sequence[int], *, limit: int = 1000) -> list[links.Summary]:
        """The data sets that runs of these experiments read: (experiment id, name, digest, context)."""

        def load(connection: Connection) -> list[links.Summary]:
            known = [pk for pk in experiment_ids if experiments.find(connection, ws, id=pk) is not None]
            return links.summaries(connection, known, limit=limit)

        return self._store.read(load)


def link_models(connection: Connection, ws: str, run_pk: int, direction: str, given: Sequence[ModelOutput]) -> None:
    """``direction`` is "input" or "output". Raises ``NotFound`` for a model that is not there."""
    for model in given:
        logged_models.get(connection, ws, model.model_id)
    links.add_models(connection, run_pk, direction, given)


def check_model_id(model_id: str) -> None:
    if not _ID.fullmatch(model_id):
        raise InvalidName(f"{model_id!r:.80} is not the id of a logged model: it is m- and letters and digits.")


def _check_name(name: str | None) -> None:
    if name is not None and (not name or _FORBIDDEN & set(name)):
        raise InvalidName(
            f"Invalid model name: {name!r}. A logged model's name is not empty and has none of / : . % \" '.", name=name
        )
