"""``json.loads`` of a worker, read by msgspec: the same values in a third of the time.

Only a plain call goes that way, and only what msgspec takes. Whatever it refuses is read by Python's own function, so
NaN, lone surrogates, numbers beyond a float and every error are what they are elsewhere. Decision 0035 has the reasons.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any, Final

Loads = Callable[..., Any]

_OLDEST: Final = (0, 19)  # of msgspec; 0.18 takes some integers of 20 digits for others
# Where parsers are known to differ. A msgspec of the user's own may be of any version: it must read these as Python
# does, or refuse them.
_PROBES: Final = (
    *("0", "-0", "-0.0", "1.0", "1E5", "0e0", "5e-324", "1e-400", "1e400", "123456789012345678901234567890.5"),
    *("9007199254740993", "9007199254740993.0", "2.2250738585072011e-308", "0.1000000000000000055511151231257827"),
    *("9223372036854775808", "19446744073709551617", "-9223372036854775809", "1" * 40, "1" * 400, "1" * 400 + ".0"),
    *("NaN", "-Infinity", "01", "-01", "1.", ".5", "+1", "1e", "1_0", "0x1", "tru", "nulll", "-"),
    *('{"b":1,"a":2,"b":[]}', '{"a":1,}', "[1,]", "{1:2}", "[1 2]", "{}{}", "//", "", " ", "\ufeff1", "\xa01", "\x0c1"),
    *(" \t\n\r[null, true, false] \t\n\r", '"\\ud83d\\ude00"', '"\\ude00"', '"\\u0000\\/\\b"', '"\\x"', '"\\u+123"'),
    *('"\x1f"', '"\x7f\u2028\U0001f600"', '"a', "1\x00", '{"": {"": [[], {}]}}', '"2026-11-22"', '"00"'),
)


def install() -> bool:
    """Put the quick one in the place of ``json.loads``; before the entry script is imported. False where there is no
    msgspec, or one that reads otherwise, or where ``json.loads`` is not Python's any more."""
    is_pythons = getattr(json.loads, "__globals__", None) is vars(json)
    found = quick(json.loads) if is_pythons else None
    if found is not None:
        json.loads = found
    return found is not None


def quick(own: Loads) -> Loads | None:
    """What returns and raises all that ``own``, Python's function, does. None where there is no msgspec to do it."""
    try:
        import msgspec

        major, minor = map(int, msgspec.__version__.split(".")[:2])
        decode = msgspec.json.Decoder().decode
    except Exception:  # not there, or another module of the user's that has the name
        return None
    if (major, minor) < _OLDEST or not all(_agrees(decode, own, probe) for probe in _PROBES):
        return None

    @functools.wraps(own)
    def loads(s: Any, **given: Any) -> Any:
        if not given:
            try:
                if type(s) is str:
                    # Of a text that is not ASCII msgspec would keep the bytes for as long as the text is there.
                    return decode(s if s.isascii() else s.encode())
                if type(s) is bytes:
                    return decode(s)
            except Exception:  # noqa: S110 - the error that is told has no other one as its context
                pass
        return own(s, **given)

    return loads


def _agrees(decode: Callable[[str], Any], own: Loads, text: str) -> bool:
    try:
        value = decode(text)
    except Exception:
        return True
    try:
        return repr(value) == repr(own(text))  # tells types, the order of keys, and 0.0 from -0.0
    except Exception:
        return False
