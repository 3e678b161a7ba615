"""What runs log. The route that a training loop waits for decodes by itself and does nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Query, Request
from starlette.responses import Response

from zaffre.core import codec
from zaffre.core.entities import MetricRecord
from zaffre.core.errors import InvalidValue
from zaffre.core.wire import (
    Accepted,
    ChartAnswer,
    MetricsAnswer,
    MetricsBatch,
    SeriesAnswer,
    number_from_wire,
)
from zaffre.server.api.answers import Asker, answer, workspace_router
from zaffre.server.api.parts import Parts, PartsOf
from zaffre.server.api.values import columns
from zaffre.server.store.metrics import Head
from zaffre.server.tracking.metrics import LoggedValues

router = workspace_router("/runs/{run_id}/metrics", "metrics")

BATCH = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/MetricsBatch"}}},
    }
}


@router.post("", response_model=Accepted, openapi_extra=BATCH)
async def log_metrics(request: Request) -> Response:
    """Append points and records, all or nothing. What is answered for is durable and readable."""
    parts: Parts = request.app.state.parts
    batch = codec.decode(await request.body(), MetricsBatch)
    series = [
        (one.name, one.steps, one.timestamps, [number_from_wire(value) for value in one.values]) for one in batch.series
    ]
    ws, run_id = request.path_params["ws"], request.path_params["run_id"]
    return answer(Accepted(accepted=await parts.tracking.alog(ws, run_id, series, batch.records)))


@router.get("", response_model=MetricsAnswer | dict[str, MetricsAnswer])
def get_metrics(
    ws: str,
    run_id: str,
    parts: PartsOf,
    asker: Asker,
    name: str | None = None,
    recursive: bool = False,
    latest: bool = False,
    after: str | None = None,
) -> Response:
    """Everything logged, or under one name; with `recursive` by run id, for the run and all below it.

    Of very many points an answer has the first, and `next`: ask that run again with `after` for those behind.
    With `latest` each metric comes with its latest point only, and `total` counts what was appended to it.
    """
    if latest:
        if recursive:
            raise InvalidValue("latest=true is for one run: leave recursive out.")
        return answer(_heads(*parts.tracking.metric_heads(ws, run_id), name))
    if recursive:
        if after is not None:
            raise InvalidValue("after goes on with one run: leave recursive out, and ask the run whose next it was.")
        family = parts.tracking.get_family_metrics(ws, run_id, name)
        hidden = parts.permissions.hidden_runs(asker, ws, list(family))
        return answer({member: _shown(values) for member, values in family.items() if member not in hidden})
    return answer(_shown(parts.tracking.get_metrics(ws, run_id, name, after)))


@router.get("/{name:path}/chart", response_model=ChartAnswer)
def get_metric_chart(
    ws: str,
    run_id: str,
    name: str,
    parts: PartsOf,
    points: int = Query(default=1000, ge=4, le=100_000),
    start_step: int | None = Query(default=None, ge=-(2**63), lt=2**63),
    end_step: int | None = Query(default=None, ge=-(2**63), lt=2**63),
) -> Response:
    """At most `points` of a metric; the least and greatest of every stretch are kept.

    With `start_step` and `end_step` of what lies between the two. `exact`: nothing there was left out.
    """
    thinned, exact = parts.tracking.chart(ws, run_id, name, points, start_step=start_step, end_step=end_step)
    shown = columns(thinned)
    return answer(ChartAnswer(steps=shown.steps, timestamps=shown.timestamps, values=shown.values, exact=exact))


def _heads(heads: Sequence[Head], records: Sequence[MetricRecord], name: str | None) -> MetricsAnswer:
    series = []
    for head in heads:
        if name in (None, head.name):
            last = columns(head.last)
            series.append(
                SeriesAnswer(
                    name=head.name,
                    steps=last.steps,
                    timestamps=last.timestamps,
                    values=last.values,
                    is_int=head.is_int,
                    total=head.appended,
                )
            )
    return MetricsAnswer(series=series, records=[record for record in records if name in (None, record.name)])


def _shown(logged: LoggedValues) -> MetricsAnswer:
    series = []
    for one in logged.series:
        shown = columns(one.points)
        series.append(
            SeriesAnswer(
                name=one.name,
                steps=shown.steps,
                timestamps=shown.timestamps,
                values=shown.values,
                is_int=one.is_int,
                total=one.appended if logged.next is not None else len(one.points),
            )
        )
    return MetricsAnswer(series=series, records=logged.records, next=logged.next)
