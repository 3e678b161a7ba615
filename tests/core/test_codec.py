"""Entities cross the wire unchanged; a body of another shape is refused with the field's name."""

from __future__ import annotations

import pytest

from zaffre.core import codec
from zaffre.core.entities import Run
from zaffre.core.errors import InvalidValue
from zaffre.core.states import RunStatus

RUN = Run(
    id="r", workspace="w", experiment_id=1, experiment_name="e", number=1, display_name="d",
    status=RunStatus.RUNNING, created_at=1, tags={"a": "b"},
)  # fmt: skip


def test_an_entity_comes_back_equal() -> None:
    assert codec.decode(codec.encode(RUN), Run) == RUN


def test_the_field_at_fault_is_named() -> None:
    with pytest.raises(InvalidValue, match=r"the run does not have the expected shape.*\$\.number"):
        codec.decode(codec.encode(RUN).replace(b'"number":1', b'"number":"one"'), Run, what="the run")


def test_not_json_is_said() -> None:
    with pytest.raises(InvalidValue, match="the body is not JSON"):
        codec.decode(b"{", Run)
