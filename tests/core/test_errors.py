"""Every error survives the wire as its own class, and prints as Azure's do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from zaffre.core import errors
from zaffre.core.errors import AzureMLException, ServiceException, from_wire, to_wire

# A door may add errors of its own, which no other door can raise again: only those of this module cross the wire.
CLASSES = sorted(
    (c for c in AzureMLException.by_code.values() if c.__module__ == errors.__name__), key=lambda c: c.__name__
)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_an_error_comes_back_as_the_same_class(cls: type[AzureMLException]) -> None:
    again = from_wire(to_wire(cls("the disk is full", path="outputs/a.bin", bytes=12)))
    assert type(again) is cls
    assert again.message == "the disk is full"
    assert again.facts == {"path": "outputs/a.bin", "bytes": 12}


def test_codes_are_unique_and_every_class_has_its_own() -> None:
    classes = {c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, AzureMLException)}
    coded = classes - {AzureMLException}
    assert {AzureMLException.by_code[cls.code] for cls in coded} == coded


def test_the_tree_at_the_top_of_the_file_is_the_tree() -> None:
    text = Path(errors.__file__).read_text().split('"""')[1]
    drawn = set(re.findall(r"\b[A-Z][A-Za-z]+\b", text))
    assert {c.__name__ for c in CLASSES} <= drawn


def test_an_unknown_code_becomes_a_service_exception() -> None:
    again = from_wire({"error": {"code": "FromTheFuture", "message": "sorry"}})
    assert type(again) is ServiceException
    assert again.message == "sorry"


def test_a_body_that_is_not_ours_is_quoted() -> None:
    assert "Bad Gateway" in from_wire({"detail": "Bad Gateway"}).message


def test_text_has_the_four_parts_that_scripts_print() -> None:
    text = str(errors.UserErrorException("m"))
    assert text.startswith("UserErrorException:\n\tMessage: m\n\tInnerException None\n\tErrorResponse \n{")
    assert '"code": "UserError"' in text


def test_the_message_may_be_set() -> None:
    error = errors.WebserviceException("a", status_code=502)
    error.message = "b"
    assert error.message == "b"
    assert error.status_code == 502
