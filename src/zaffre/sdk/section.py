"""A part of a configuration: a fixed set of attributes, each with the key it has in files and definitions."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any, ClassVar

from zaffre.core.errors import UserErrorException


class Section:
    """Subclasses list their attributes in ``KEYS``; any other attribute is a spelling mistake and refused."""

    KEYS: ClassVar[dict[str, str]] = {}  # attribute -> key

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("_") and name not in self.KEYS and not hasattr(type(self), name):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}: it has {', '.join(self.KEYS)}.")
        super().__setattr__(name, value)

    def to_plain(self) -> dict[str, Any]:
        """The section as it stands in a definition."""
        return {key: plain(getattr(self, attribute)) for attribute, key in self.KEYS.items()}

    def load(self, value: object, where: str = "") -> None:
        """Take over what a definition holds; an absent key leaves the attribute as it is.

        Raises ``UserErrorException`` that names a key this section has not.
        """
        if value is None:
            return
        what = where or type(self).__name__
        if not isinstance(value, Mapping):
            raise UserErrorException(f"{what} must be an object, and is {value!r}.")
        by_key = {key: attribute for attribute, key in self.KEYS.items()}
        unknown = [str(key) for key in value if key not in by_key]
        if unknown:
            raise UserErrorException(f"{what} has unknown keys: {', '.join(unknown)}. It has {', '.join(by_key)}.")
        for key, item in value.items():
            attribute = by_key[key]
            current = getattr(self, attribute)
            if isinstance(current, Section):
                current.load(item, f"{what}.{key}")
            else:
                self._take(attribute, copy.deepcopy(item))

    def _take(self, attribute: str, value: Any) -> None:
        """Set one attribute from a definition; a section with attributes of a class of its own makes them here."""
        setattr(self, attribute, value)

    def __repr__(self) -> str:
        return json.dumps(without_passwords(self.to_plain()), indent=4, sort_keys=True)


def plain(value: Any) -> Any:
    """A value of an attribute as JSON holds it."""
    if isinstance(value, Section):
        return value.to_plain()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return value


def without_passwords(value: Any) -> Any:
    """The value with every password hidden: for what people print."""
    if isinstance(value, dict):
        return {key: "***" if key == "password" and item else without_passwords(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_passwords(item) for item in value]
    return value
