"""``json.loads`` of a worker is as Python's own, but for the time that it takes."""

from __future__ import annotations

import inspect
import json
import math
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.serving.scoring_process import ScoringProcess
from zaffre.serving.json_loads import quick

found = quick(json.loads)
assert found is not None
loads = found

# The same examples each time, however slow the machine is.
SAME = settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

NUMBERS = st.one_of(
    st.integers(),
    st.integers(min_value=2**62, max_value=2**66).flatmap(lambda n: st.sampled_from([n, -n])),
    st.integers(min_value=10**30, max_value=10**60),
    st.floats(),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=20,
)
SPACE = st.text(" \t\n\r\x0b\x0c\xa0\ufeff\u2003\x00", max_size=2)
# What is nearly a number, a text or a document.
NUMERALS = st.from_regex(r"\A-?[0-9]{0,25}(\.[0-9]{0,25})?([eE][+-]?[0-9]{0,3})?\Z") | st.text(
    "0123456789+-.eE_", max_size=30
)
STRINGS = st.lists(
    st.sampled_from(
        ["\\", '"', "u", "d83d", "de00", "\\ud83d\\ude00", "\\u00e9", "\\n", "\\/", "é", "\x1f", "\x7f", "a"]
    )
    | st.characters(),
    max_size=8,
).map(lambda parts: '"' + "".join(parts) + '"')
SOUP = st.lists(
    st.sampled_from(["[", "]", "{", "}", ",", ":", '"a"', '"b"', "1", "-0", "1.5", "null", "true", "NaN", "//", " "]),
    max_size=14,
).map("".join)


@st.composite
def documents(draw: st.DrawFn) -> str:
    text = json.dumps(
        draw(VALUES),
        ensure_ascii=draw(st.booleans()),
        indent=draw(st.sampled_from([None, 1, "\t"])),
        separators=draw(st.sampled_from([None, (",", ":"), (" , ", " : ")])),
    )
    return draw(SPACE) + text + draw(SPACE)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A document in which something is missing, or too much."""
    text = draw(documents())
    begin = draw(st.integers(0, len(text)))
    end = draw(st.integers(begin, min(len(text), begin + 3)))
    return text[:begin] + draw(st.text(max_size=2) | SOUP) + text[end:]


TEXTS = st.one_of(documents(), damaged(), NUMERALS, STRINGS, SOUP, st.text(max_size=20))


def outcome(read: Any, text: Any, **given: Any) -> tuple[object, ...]:
    """All that a caller can tell one from the other by."""
    try:
        value = read(text, **given)
    except Exception as error:
        return type(error), str(error), vars(error), repr(error.__cause__), repr(error.__context__)
    return (described(value),)


def described(value: object) -> object:
    """With types, the order of keys, the sign of zeros and every bit of numbers."""
    if type(value) is dict:
        return [(described(key), described(item)) for key, item in value.items()]
    if type(value) is list:
        return "list", [described(item) for item in value]
    if type(value) is float:
        return "float", "nan" if math.isnan(value) else value.hex()
    return type(value), value


@settings(SAME, max_examples=400)
@given(TEXTS)
@example("")
@example('{"b": 1, "a": 2, "b": {"b": 3}}')
@example("-0")
@example("-0.0")
@example("1e400")
@example("-1e-400")
@example("2.2250738585072011e-308")
@example("9007199254740993.0")
@example("0.500000000000000166533453693773481063544750213623046875")
@example("18446744073709551616")
@example("-9223372036854775809")
@example("9" * 4300)
@example("9" * 4301)
@example("1" * 400 + ".5")
@example('"\\ud800"')
@example('"\ud800"')
@example('"\\ude00\\ud83d"')
@example("\ufeff{}")
@example("{}\x00")
@example("[" * 100_000)
@example('{"NaN": [NaN, Infinity, -Infinity]}')
def test_every_text_is_read_as_python_reads_it(text: str) -> None:
    assert outcome(loads, text) == outcome(json.loads, text)


@settings(SAME, max_examples=200)
@given(
    st.one_of(
        TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.tuples(documents(), st.sampled_from(["utf-16", "utf-16-le", "utf-32-be", "utf-8-sig", "latin-1"])).map(
            lambda pair: pair[0].encode(pair[1], "replace")
        ),
        st.binary(max_size=20),
    )
)
@example(b'"\xed\xa0\x80"')
@example(b'"\xff"')
@example(b'"\xc0\x80"')
@example(b"\xef\xbb\xbf1")
@example(b"1\x00")
def test_every_body_is_read_as_python_reads_it(body: bytes) -> None:
    assert outcome(loads, body) == outcome(json.loads, body)


class Text(str):
    """One that tells who reads it."""

    def startswith(self, *_: Any) -> bool:
        raise LookupError


def test_what_is_no_plain_text_is_left_to_python() -> None:
    with pytest.raises(LookupError):
        loads(Text("{}"))
    for odd in (bytearray(b"[1]"), memoryview(b"[1]"), None, 7):
        assert outcome(loads, odd) == outcome(json.loads, odd)


def test_arguments_are_left_to_python() -> None:
    assert loads("[1, 1.5]", parse_float=str, parse_int=str) == ["1", "1.5"]
    assert loads('{"a": 1}', object_pairs_hook=tuple) == (("a", 1),)
    assert outcome(loads, "1", strict=False) == outcome(json.loads, "1", strict=False)
    assert outcome(loads, '"\n"', strict=False) == outcome(json.loads, '"\n"', strict=False)
    assert outcome(loads, "1", odd=1)[0] is TypeError


def test_it_looks_as_pythons_own() -> None:
    assert inspect.signature(loads) == inspect.signature(json.loads)
    assert (loads.__module__, loads.__name__, loads.__doc__) == ("json", "loads", json.loads.__doc__)


def test_the_text_is_not_kept_a_second_time() -> None:
    """A body that is not ASCII would take twice its memory until run() has ended."""
    text = json.dumps(["é" * 100_000], ensure_ascii=False)
    before = sys.getsizeof(text)
    loads(text)
    assert sys.getsizeof(text) == before


SCRIPT = """
    import inspect, io, json, pickle
    from json import loads

    def init():
        pass

    def run(raw_data):
        return {
            "file": json.loads.__code__.co_filename,
            "is_one": loads is json.loads and pickle.loads(pickle.dumps(loads)) is loads,
            "value": loads(raw_data),
            "from_file": json.load(io.StringIO(raw_data)),
            "signature": str(inspect.signature(loads)),
        }
"""


def answered(folder: Path, **variables: str) -> dict[str, Any]:
    with ScoringProcess(folder, SCRIPT, **variables) as service:
        response = service.http.post("/score", content='{"a": [1.5, -0, NaN]}')
        assert response.status_code == 200, service.log()
        found: dict[str, Any] = response.json()
        assert repr(found["value"]) == repr(found["from_file"]) == "{'a': [1.5, 0, nan]}"
        assert found["is_one"]
        assert found["signature"] == str(inspect.signature(json.loads))
        return found


def test_an_entry_script_has_the_quick_one(tmp_path: Path) -> None:
    assert Path(answered(tmp_path)["file"]).name == "json_loads.py"


def test_a_setting_leaves_python_its_own(tmp_path: Path) -> None:
    assert answered(tmp_path, ZAFFRE_PLAIN_JSON="true")["file"] == json.loads.__code__.co_filename


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("raise ImportError('not here')", id="missing"),
        pytest.param("answer = 42", id="a module of the user's"),
        pytest.param(
            "__version__ = '0.18.6'\nfrom json import decoder as json\njson.Decoder = json.JSONDecoder", id="old"
        ),
        pytest.param(
            """
            __version__ = "1.0"
            class json:
                class Decoder:
                    def decode(self, text):
                        return float(text)
            """,
            id="one that reads otherwise",
        ),
    ],
)
def test_a_service_without_msgspec_has_pythons_own(tmp_path: Path, other: str) -> None:
    (tmp_path / "msgspec.py").write_text(textwrap.dedent(other))
    assert answered(tmp_path)["file"] == json.loads.__code__.co_filename


def test_what_another_put_in_its_place_stays(tmp_path: Path) -> None:
    patch = """
        import json
        own = json.loads
        json.loads = lambda *given, **more: own(*given, **more)
        json.loads.__signature__ = __import__("inspect").signature(own)
        json.loads.__module__, json.loads.__qualname__ = "json", "loads"
    """
    (tmp_path / "sitecustomize.py").write_text(textwrap.dedent(patch))
    assert Path(answered(tmp_path, PYTHONPATH=str(tmp_path))["file"]).name == "sitecustomize.py"


def test_a_body_that_is_not_json_is_told_as_by_python(tmp_path: Path) -> None:
    script = """
        import json
        def init(): pass
        def run(raw_data): return json.loads(raw_data)
    """
    with ScoringProcess(tmp_path, script) as service:
        assert service.http.post("/score", content="[1,").status_code == 500
        log = service.wait_for_log("JSONDecodeError: Expecting value: line 1 column 4 (char 3)")
    assert "msgspec" not in log
    assert "During handling" not in log
