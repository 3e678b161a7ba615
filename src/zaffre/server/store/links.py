"""What a run read and made: data sets, and logged models as inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, union

from zaffre.core.entities import DatasetInput, ModelOutput, RunLinks
from zaffre.server.store import dialect
from zaffre.server.store.metrics import parts
from zaffre.server.store.prepared import Prepared
from zaffre.server.store.schema import datasets, run_datasets, run_models

CONTEXT_TAG = "mlflow.data.context"
Summary = tuple[int, str, str, str | None]  # experiment id, name, digest, context


_linked = Prepared(
    lambda used: union(
        *(
            select(table.c.run_pk).where(dialect.among(used, table.c.run_pk, "runs"))
            for table in (run_datasets, run_models)
        )
    ),
    ("runs",),
)


def add_datasets(connection: Connection, run_pk: int, experiment_id: int, given: Iterable[DatasetInput]) -> None:
    """Record that a run read these. A name and digest that the experiment knows is that data set; where the run had
    read it already its tags stay, as on MLflow's server: autologging names the same data set for training, then for
    scoring.
    """
    links = [
        {
            "run_pk": run_pk,
            "dataset_pk": _dataset(connection, experiment_id, dataset),
            "context": dataset.tags.get(CONTEXT_TAG),
            "tags": dataset.tags,
        }
        for dataset in given
    ]
    if links:
        connection.execute(dialect.upsert(connection.dialect, run_datasets, ("run_pk", "dataset_pk"), ()), links)


def _dataset(connection: Connection, experiment_id: int, dataset: DatasetInput) -> int:
    known = connection.execute(
        select(datasets.c.pk).where(
            datasets.c.experiment_id == experiment_id,
            datasets.c.name == dataset.name,
            datasets.c.digest == dataset.digest,
        )
    ).scalar()
    if known is not None:
        return int(known)
    added = insert(datasets).values(
        experiment_id=experiment_id,
        name=dataset.name,
        digest=dataset.digest,
        source_type=dataset.source_type,
        source=dataset.source,
        schema=dataset.schema,
        profile=dataset.profile,
    )
    return int(connection.execute(added.returning(datasets.c.pk)).scalar_one())


def add_models(connection: Connection, run_pk: int, direction: str, models: Iterable[ModelOutput]) -> None:
    """Record models that a run read (``direction`` "input") or made ("output"); they must exist."""
    links = [
        {"run_pk": run_pk, "direction": direction, "model_id": model.model_id, "step": model.step} for model in models
    ]
    dialect.put(connection, run_models, ("run_pk", "direction", "model_id"), links)


def load(connection: Connection, run_pks: Sequence[int]) -> dict[int, RunLinks]:
    """What each run read and made. Runs that did neither are left out: most, as a rule."""
    linked = [pk for (pk,) in _linked.all(connection, (dialect.many(run_pks),))]
    found = {pk: RunLinks() for pk in linked}
    for some in parts(linked):
        read = (
            select(run_datasets.c.run_pk, run_datasets.c.tags, datasets)
            .join(datasets, datasets.c.pk == run_datasets.c.dataset_pk)
            .where(run_datasets.c.run_pk.in_(some))
            .order_by(run_datasets.c.run_pk, datasets.c.pk)
        )
        for row in connection.execute(read):
            found[row.run_pk].datasets.append(_input(row))
        models = select(run_models).where(run_models.c.run_pk.in_(some)).order_by(run_models.c.step)
        for row in connection.execute(models):
            if row.direction == "input":
                found[row.run_pk].models.append(row.model_id)
            else:
                found[row.run_pk].outputs.append(ModelOutput(model_id=row.model_id, step=row.step))
    return found


def _input(row: Any) -> DatasetInput:
    return DatasetInput(
        name=row.name,
        digest=row.digest,
        source_type=row.source_type,
        source=row.source,
        schema=row.schema,
        profile=row.profile,
        tags=row.tags or {},
    )


def summaries(connection: Connection, experiment_ids: Sequence[int], *, limit: int) -> list[Summary]:
    """The data sets that runs of these experiments read, each context once."""
    statement = (
        select(datasets.c.experiment_id, datasets.c.name, datasets.c.digest, run_datasets.c.context)
        .join(run_datasets, run_datasets.c.dataset_pk == datasets.c.pk)
        .where(datasets.c.experiment_id.in_(list(experiment_ids)))
        .distinct()
        .order_by(datasets.c.experiment_id, datasets.c.name, datasets.c.digest, run_datasets.c.context)
        .limit(limit)
    )
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(statement)]
