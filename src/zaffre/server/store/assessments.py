"""What was said about traces: rows, by the trace that they are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from zaffre.core import codec
from zaffre.core.entities import Json
from zaffre.core.errors import NotFound
from zaffre.core.span_attributes import real_number
from zaffre.core.traces import Assessment, AssessmentError
from zaffre.server.store import dialect
from zaffre.server.store.metrics import parts
from zaffre.server.store.prepared import Prepared
from zaffre.server.store.schema import assessments

_WORDS = {"yes": 1.0, "no": 0.0}
_assessed = Prepared(
    lambda used: select(assessments.c.trace_pk).where(dialect.among(used, assessments.c.trace_pk, "traces")).distinct(),
    ("traces",),
)


def put(connection: Connection, trace_pk: int, given: Sequence[Assessment]) -> None:
    """Add assessments; one whose id is there already is replaced."""
    dialect.put(connection, assessments, ("trace_pk", "id"), [_values(trace_pk, item) for item in given])


def of_traces(connection: Connection, trace_ids: dict[int, str]) -> dict[int, list[Assessment]]:
    """The assessments of each trace (row number -> id), the oldest first."""
    found: dict[int, list[Assessment]] = {pk: [] for pk in trace_ids}
    order = (assessments.c.trace_pk, assessments.c.created_at, assessments.c.id)
    assessed = [pk for (pk,) in _assessed.all(connection, (dialect.many(list(trace_ids)),))]  # few are, as a rule
    for some in parts(assessed):
        for row in connection.execute(select(assessments).where(assessments.c.trace_pk.in_(some)).order_by(*order)):
            found[row.trace_pk].append(_assessment(trace_ids[row.trace_pk], row))
    return found


def find(connection: Connection, trace_pk: int, trace_id: str, assessment_id: str) -> Assessment | None:
    row = connection.execute(select(assessments).where(*_is(trace_pk, assessment_id))).first()
    return None if row is None else _assessment(trace_id, row)


def get(connection: Connection, trace_pk: int, trace_id: str, assessment_id: str) -> Assessment:
    found = find(connection, trace_pk, trace_id, assessment_id)
    if found is None:
        raise NotFound(
            f"Assessment with ID '{assessment_id}' not found for trace '{trace_id}'.", assessment_id=assessment_id
        )
    return found


def set_valid(connection: Connection, trace_pk: int, assessment_id: str, valid: bool) -> None:
    connection.execute(update(assessments).where(*_is(trace_pk, assessment_id)).values(valid=int(valid)))


def remove(connection: Connection, trace_pk: int, assessment_id: str) -> None:
    connection.execute(delete(assessments).where(*_is(trace_pk, assessment_id)))


def _is(trace_pk: int, assessment_id: str) -> tuple[Any, ...]:
    return assessments.c.trace_pk == trace_pk, assessments.c.id == assessment_id


def _number(value: Json) -> tuple[float | None, bool]:
    """What a value counts as in averages, and whether it is a number itself."""
    if isinstance(value, bool):
        return float(value), False
    if isinstance(value, str):
        return _WORDS.get(value.strip().lower()), False
    number = real_number(value)
    return number, number is not None


def _values(trace_pk: int, given: Assessment) -> dict[str, Any]:
    number, is_number = _number(given.value)
    return {
        "trace_pk": trace_pk,
        "id": given.id,
        "name": given.name,
        "kind": given.kind,
        "value": codec.encode(given.value).decode(),
        "number": number,
        "is_number": int(is_number),
        "error": None if given.error is None else codec.to_plain(given.error),
        "source_type": given.source_type,
        "source_id": given.source_id,
        "span_id": given.span_id,
        "rationale": given.rationale,
        "metadata": given.metadata,
        "overrides": given.overrides,
        "valid": int(given.valid),
        "created_at": given.created_at,
        "updated_at": given.updated_at,
    }


def _assessment(trace_id: str, row: Row[Any]) -> Assessment:
    return Assessment(
        id=row.id,
        trace_id=trace_id,
        name=row.name,
        kind=row.kind,
        created_at=row.created_at,
        updated_at=row.updated_at,
        value=codec.decode(row.value, object),
        error=None if row.error is None else codec.convert(row.error, AssessmentError),
        source_type=row.source_type,
        source_id=row.source_id,
        span_id=row.span_id,
        rationale=row.rationale,
        metadata=row.metadata or {},
        overrides=row.overrides,
        valid=bool(row.valid),
    )
