"""Assessments of traces over MLflow's protocol."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Final

from zaffre.core.entities import Json
from zaffre.core.errors import InvalidValue
from zaffre.core.ids import new_hex, now_ms
from zaffre.core.traces import Assessment, AssessmentError
from zaffre.server.mlflow import trace_answers
from zaffre.server.mlflow.door import Act
from zaffre.server.mlflow.errors import invalid, missing
from zaffre.server.mlflow.proto_times import moment
from zaffre.server.mlflow.rooms import Rooms
from zaffre.server.mlflow.trace_messages import (
    CreateAssessment,
    GivenAssessment,
    OfAssessment,
    SaidError,
    UpdateAssessment,
)
from zaffre.server.tracking.assessments import NewValue

_SOURCES: Final = ("SOURCE_TYPE_UNSPECIFIED", "HUMAN", "LLM_JUDGE", "CODE")  # by their numbers in the protocol
_PATHS: Final = ("assessment_name", "feedback", "expectation", "rationale", "metadata", "valid")
_UPPER: Final = re.compile(r"[A-Z]")


def create(rooms: Rooms, message: CreateAssessment) -> object:
    made = rooms.tracking.create_assessment(
        rooms.workspace, _assessment(message.assessment, message.trace_id, f"a-{new_hex()}", now_ms())
    )
    return {"assessment": trace_answers.assessment(made)}


def given(message: GivenAssessment, trace_id: str, at: int, now: int) -> Assessment:
    """The one at place ``at`` of those that come with a trace: sent again, it is the same."""
    told = f"{trace_id}/{at}/{message.assessment_name}/{message.create_time}"
    return _assessment(message, trace_id, f"a-{hashlib.sha256(told.encode()).hexdigest()[:32]}", now)


def _assessment(message: GivenAssessment, trace_id: str, new_id: str, now: int) -> Assessment:
    if not message.assessment_name:
        raise missing("assessment.assessment_name")
    created = moment(message.create_time) if message.create_time else now
    said = _said(message)
    return Assessment(
        id=message.assessment_id or new_id,
        trace_id=trace_id,
        name=message.assessment_name,
        kind=said.kind,
        created_at=created,
        updated_at=moment(message.last_update_time) if message.last_update_time else created,
        value=said.value,
        error=said.error,
        source_type=_source(message),
        source_id=(message.source.source_id if message.source else None) or "",
        span_id=message.span_id or None,
        rationale=message.rationale,
        metadata=message.metadata,
        overrides=message.overrides or None,
        valid=message.valid is not False,
    )


def _said(message: GivenAssessment) -> NewValue:
    told = [kind for kind in ("feedback", "expectation", "issue") if getattr(message, kind) is not None]
    if len(told) != 1:
        raise InvalidValue(
            f"An assessment is one of feedback, expectation and issue; {message.assessment_name!r} has "
            f"{' and '.join(told) or 'none'}. Send one."
        )
    if message.feedback is not None:
        return NewValue("feedback", message.feedback.value, _error(message.feedback.error or message.error))
    if message.expectation is not None:
        serialized = message.expectation.serialized_value
        if serialized is None:
            return NewValue("expectation", message.expectation.value)
        if serialized.serialization_format != trace_answers.JSON_FORMAT:
            raise InvalidValue(
                f"Unknown serialization format: {serialized.serialization_format}. Only JSON_FORMAT is supported."
            )
        return NewValue("expectation", _json(serialized.value))
    return NewValue("issue", (message.issue.issue_name if message.issue else None) or message.assessment_name)


def _json(text: str) -> Json:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise invalid("serialized_value", text, "it is not JSON.") from None


def _error(given_: SaidError | None) -> AssessmentError | None:
    if given_ is None:
        return None
    return AssessmentError(
        error_code=given_.error_code or "",
        error_message=given_.error_message or "",
        stack_trace=given_.stack_trace or "",
    )


def _source(message: GivenAssessment) -> str:
    value = message.source.source_type if message.source else None
    if value is None:
        return _SOURCES[0]
    name = dict(enumerate(_SOURCES)).get(value, "") if isinstance(value, int) else value
    name = "LLM_JUDGE" if name == "AI_JUDGE" else name
    if name not in _SOURCES:
        raise invalid("assessment.source.source_type", value, f"it must be one of {', '.join(_SOURCES)}.")
    return name


def get(rooms: Rooms, message: OfAssessment) -> object:
    found = rooms.tracking.get_assessment(rooms.workspace, message.trace_id, message.assessment_id)
    return {"assessment": trace_answers.assessment(found)}


def update(rooms: Rooms, message: UpdateAssessment) -> object:
    """Change what the mask names, to what the message has for it."""
    paths = [_UPPER.sub(lambda match: f"_{match[0].lower()}", path.strip()) for path in message.update_mask.split(",")]
    unknown = [path for path in paths if path not in _PATHS]
    if unknown:
        raise invalid("update_mask", message.update_mask, f"it may name {', '.join(_PATHS)}.")
    if "feedback" in paths and "expectation" in paths:
        raise InvalidValue("Cannot specify both `expectation` and `feedback` parameters. Send one of them.")
    sent = message.assessment
    changed = rooms.tracking.update_assessment(
        rooms.workspace,
        message.trace_id,
        message.assessment_id,
        name=sent.assessment_name or "" if "assessment_name" in paths else None,
        said=_said(sent) if "feedback" in paths or "expectation" in paths else None,
        rationale=sent.rationale or "" if "rationale" in paths else None,
        metadata=sent.metadata if "metadata" in paths else None,
        valid=sent.valid is not False if "valid" in paths else None,
    )
    return {"assessment": trace_answers.assessment(changed)}


def delete(rooms: Rooms, message: OfAssessment) -> object:
    rooms.tracking.delete_assessment(rooms.workspace, message.trace_id, message.assessment_id)
    return {}


_ALL = "3.0/mlflow/traces/{trace_id}/assessments"
_OF = f"{_ALL}/{{assessment_id}}"
ACTS: tuple[Act[Any], ...] = (
    Act("POST", _ALL, CreateAssessment, create),
    Act("GET", _OF, OfAssessment, get),
    Act("PATCH", _OF, UpdateAssessment, update),
    Act("DELETE", _OF, OfAssessment, delete),
)
