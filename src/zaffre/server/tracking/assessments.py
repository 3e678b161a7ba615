"""The acts on what people, judges and programs say about traces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from zaffre.core import limits
from zaffre.core.entities import Json
from zaffre.core.errors import InvalidName, InvalidValue
from zaffre.core.ids import now_ms
from zaffre.core.traces import Assessment, AssessmentError
from zaffre.server.store import assessments, traces
from zaffre.server.tracking.acts import Acts

KINDS: Final = ("feedback", "expectation", "issue")
_NAMES: Final = {"feedback": "a Feedback", "expectation": "an Expectation", "issue": "an Issue"}


@dataclass(frozen=True, slots=True)
class NewValue:
    """What an assessment says from now on."""

    kind: str  # feedback or expectation; it must be the assessment's own
    value: Json
    error: AssessmentError | None = None


class AssessmentActs(Acts):
    """Assess traces. ``ws`` is the name of a workspace."""

    def create_assessment(self, ws: str, given: Assessment) -> Assessment:
        """A new assessment; one that it overrides is not valid any more. Sent twice with one id, it is one."""
        check_assessment(given)

        def create(connection: Connection) -> Assessment:
            key = traces.key_of(connection, ws, given.trace_id)
            known = assessments.find(connection, key.pk, key.id, given.id)
            if known is not None:
                return known
            if given.overrides:
                assessments.get(connection, key.pk, key.id, given.overrides)
                assessments.set_valid(connection, key.pk, given.overrides, False)
            assessments.put(connection, key.pk, [given])
            return assessments.get(connection, key.pk, key.id, given.id)

        return self._store.write(create)

    def get_assessment(self, ws: str, trace_id: str, assessment_id: str) -> Assessment:
        """Raises ``NotFound``."""

        def get(connection: Connection) -> Assessment:
            key = traces.key_of(connection, ws, trace_id)
            return assessments.get(connection, key.pk, key.id, assessment_id)

        return self._store.read(get)

    def update_assessment(
        self,
        ws: str,
        trace_id: str,
        assessment_id: str,
        *,
        name: str | None = None,
        said: NewValue | None = None,
        rationale: str | None = None,
        metadata: Mapping[str, str] | None = None,
        valid: bool | None = None,
    ) -> Assessment:
        """Change what is given; metadata is added to what is there. Its source and its span stay what they are."""

        def change(connection: Connection) -> Assessment:
            key = traces.key_of(connection, ws, trace_id)
            found = assessments.get(connection, key.pk, key.id, assessment_id)
            if said is not None and said.kind != found.kind:
                raise InvalidValue(
                    f"Cannot update {said.kind} value on {_NAMES[found.kind]} assessment. Create a new one."
                )
            changed = replace(
                found,
                name=found.name if name is None else name,
                value=found.value if said is None else said.value,
                error=found.error if said is None else said.error,
                rationale=found.rationale if rationale is None else rationale,
                metadata={**found.metadata, **(metadata or {})},
                valid=found.valid if valid is None else valid,
                updated_at=max(now_ms(), found.updated_at),
            )
            check_assessment(changed)
            assessments.put(connection, key.pk, [changed])
            return changed

        return self._store.write(change)

    def delete_assessment(self, ws: str, trace_id: str, assessment_id: str) -> None:
        """Remove an assessment, if it is there; one that it overrode is valid again."""

        def delete(connection: Connection) -> None:
            key = traces.key_of(connection, ws, trace_id)
            found = assessments.find(connection, key.pk, key.id, assessment_id)
            if found is None:
                return
            if found.overrides:
                assessments.set_valid(connection, key.pk, found.overrides, True)
            assessments.remove(connection, key.pk, assessment_id)

        self._store.write(delete)


def check_assessment(given: Assessment) -> None:
    if given.kind not in KINDS:
        raise InvalidValue(f"{given.kind!r} is not a kind of assessment: use one of {', '.join(KINDS)}.")
    if not given.name or len(given.name) > limits.TAG_KEY:
        raise InvalidName(f"An assessment's name has 1 to {limits.TAG_KEY} characters; {given.name[:80]!r} has not.")
