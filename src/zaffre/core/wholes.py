"""Comparisons of whole numbers of 64 bits, such as times and versions, with any number that a filter may name."""

from __future__ import annotations

import math
import re
from typing import Final

LEAST: Final = -(2**63)
GREATEST: Final = 2**63 - 1
_NONE: Final = (">", GREATEST)
_EVERY: Final = ("<=", GREATEST)


def comparison(op: str, text: str, *, is_whole: bool) -> tuple[str, int | float]:
    """``op`` (one of = != > >= < <=) and the number that ``text`` is. With ``is_whole``, what is compared is a whole
    number of 64 bits, and so is the answer's, as databases want it: ``> 1.5`` is ``>= 2``, ``< 1e30`` is met by every
    number, ``= 1.5`` by none.
    """
    if not is_whole:
        return op, float(text)
    number: int | float = int(text) if re.fullmatch(r"[+-]?\d{1,19}", text) else float(text)
    if LEAST <= number <= GREATEST and number == math.floor(number) and math.floor(number) <= GREATEST:
        return op, int(number)
    if op in ("=", "!="):
        return _NONE if op == "=" else _EVERY
    is_above = op in (">", ">=")
    if number > GREATEST:
        return _NONE if is_above else _EVERY
    if number < LEAST:
        return _EVERY if is_above else _NONE
    return (">=", math.ceil(number)) if is_above else ("<=", math.floor(number))
