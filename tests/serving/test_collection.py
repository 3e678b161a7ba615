"""``ModelDataCollector`` in a real scoring server: what is written, what is dropped, and what a crash costs."""

from __future__ import annotations

import json
import os
import signal
from functools import partial
from pathlib import Path
from typing import Any

import pandas  # type: ignore[import-untyped]
import pytest

from tests import waiting
from tests.serving.scoring_process import SECONDS, ScoringProcess
from zaffre.core import collection

until = partial(waiting.until, patience=SECONDS)

ON = {"AML_MODEL_DC_STORAGE_ENABLED": "true", "SERVICE_NAME": "digits"}
SOON = ON | {"ZAFFRE_COLLECT_SECONDS": "0.2"}
SCRIPT = """
    import json, os, datetime, decimal
    import numpy as np, pandas as pd
    from azureml.monitoring import ModelDataCollector

    MADE = {
        "list": lambda: [[1, 2.5], [3, 4]],
        "flat": lambda: [1, 2],
        "other flat": lambda: [1, 2, 3],
        "array": lambda: np.array([[1.5, 2], [3, 4]], dtype="f4"),
        "array again": lambda: np.array([[1.5, 2], [3, 4]], dtype="f4"),
        "half an array": lambda: np.array([[1.5, 2]], dtype="f4"),
        "flat array": lambda: np.array([0.5, 1.5]),
        "truth": lambda: np.array([[True, False], [False, True]]),
        "small": lambda: np.array([[1, 2]], dtype="u1"),
        "wide": lambda: np.array([[2**40, 2]], dtype="u4" if False else "u8"),
        "images": lambda: np.arange(8, dtype="i8").reshape(2, 2, 2),
        "frame": lambda: pd.DataFrame({"x": [1, 2], "when": pd.to_datetime(["2026-01-01", None]), "s": ["u", None]}),
        "series": lambda: pd.Series([0.5, 1.5]),
        "columns": lambda: {"x": [1, 2], "y": ["a", "b"]},
        "one row": lambda: {"x": 1, "tags": ["a", "b"]},
        "dicts": lambda: [{"x": 1}, {"x": 2, "y": 3}],
        "scalars": lambda: [[np.float64(0.5), decimal.Decimal("1.5"), b"\\x00\\xff", None, "t"]],
        "clash": lambda: pd.DataFrame([[1, 2, 3]], columns=["x", "x", "$aml_service_name"]),
        "nothing": lambda: [],
        "too wide": lambda: np.zeros((1, 5000)),
        "itself": lambda: (lambda x: (x.append(x), x)[1])([]),
    }

    def init():
        global inputs, predictions
        inputs = ModelDataCollector("tree", designation="inputs", feature_names=["a", "b"])
        predictions = ModelDataCollector("tree", "predictions", ["p"], model_version="7")

    def run(raw_data):
        asked = json.loads(raw_data)
        if asked == "die":
            os._exit(9)
        if asked in MADE:
            return inputs.collect(MADE[asked]())
        if asked == "correlated":
            held = inputs.collect([[1, 2]], "mine")
            predictions.collect(predictions.add_correlations([[5]], held))
            predictions.collect(predictions.add_correlations(np.array([6]), held))
            predictions.collect(predictions.add_correlations(pd.DataFrame({"p": [7]}), held))
            return held
        for row in range(asked):
            inputs.collect(np.zeros((1, 1000)) + row)
        return asked
"""


def rows(folder: Path, designation: str = "inputs") -> list[dict[str, Any]]:
    """Of all files, by time."""
    found = [pandas.read_parquet(path) for path in sorted(folder.rglob("*.parquet")) if path.parts[-5] == designation]
    listed = [row for frame in found for row in frame.astype(object).where(frame.notna(), None).to_dict("records")]
    return sorted(listed, key=lambda row: row[collection.TIMESTAMP])


def data(folder: Path, designation: str = "inputs") -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k not in collection.COLUMNS} for row in rows(folder, designation)]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("list", [{"a": 1, "b": 2.5}, {"a": 3, "b": 4}]),
        ("flat", [{"a": 1, "b": 2}]),
        ("other flat", [{"a": 1}, {"a": 2}, {"a": 3}]),
        ("array", [{"a": 1.5, "b": 2.0}, {"a": 3.0, "b": 4.0}]),
        ("truth", [{"a": True, "b": False}, {"a": False, "b": True}]),
        ("small", [{"a": 1, "b": 2}]),
        ("wide", [{"a": 2**40, "b": 2}]),
        ("images", [{"a": 0, "b": 1, "2": 2, "3": 3}, {"a": 4, "b": 5, "2": 6, "3": 7}]),
        ("frame", [{"x": 1, "when": "2026-01-01 00:00:00", "s": "u"}, {"x": 2, "when": None, "s": None}]),
        ("series", [{"a": 0.5, "b": 1.5}]),
        ("columns", [{"x": 1, "y": "a"}, {"x": 2, "y": "b"}]),
        ("one row", [{"x": 1, "tags": '["a", "b"]'}]),
        ("dicts", [{"x": 1, "y": None}, {"x": 2, "y": 3}]),
        ("scalars", [{"a": 0.5, "b": "1.5", "2": "00ff", "3": None, "4": "t"}]),
        ("clash", [{"x": 1, "x_": 2, "$aml_service_name_": 3}]),
        ("nothing", []),
    ],
)
def test_what_collect_takes(tmp_path: Path, asked: str, expected: list[dict[str, Any]]) -> None:
    with ScoringProcess(tmp_path, SCRIPT, **ON) as service:
        assert service.score(asked).status_code == 200

    assert data(tmp_path) == expected


def test_records_with_ids_of_any_length_are_rows_of_the_same_file(tmp_path: Path) -> None:
    asked = {"array": [(1.5, 2), (3, 4)], "array again": [(1.5, 2), (3, 4)], "half an array": [(1.5, 2)]}
    names = ["x", "é", "a-longer-name", "x"]
    with ScoringProcess(tmp_path, SCRIPT, **ON) as service:
        for name in names:
            for each in asked:
                service.score(each, headers={b"x-request-id": f"{name} {each}".encode("latin-1")})

    held = [(row["$aml_request_id"], row["a"], row["b"]) for row in rows(tmp_path)]
    assert held == [(f"{name} {each}", *row) for name in names for each, made in asked.items() for row in made]
    assert len(list(tmp_path.rglob("*.parquet"))) == 1


def test_a_series_is_no_array_though_its_type_and_shape_are_the_same(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, SCRIPT, **ON) as service:
        for each in ("flat array", "series", "flat array"):
            assert service.score(each).status_code == 200

    assert data(tmp_path) == [{"a": 0.5, "b": 1.5}] * 3


def test_the_layout_and_the_first_columns_are_azures(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, SCRIPT, **ON, ZAFFRE_COLLECT_ACCOUNT="sub/group/lab") as service:
        answer = service.score("flat", headers={"x-request-id": "mine-1"})

    (file,) = tmp_path.rglob("*.parquet")
    day = f"{rows(tmp_path)[0][collection.TIMESTAMP]:%Y/%m/%d}"
    assert file.parent.relative_to(tmp_path).as_posix() == f"modeldata/sub/group/lab/digits/tree/default/inputs/{day}"
    assert tuple(pandas.read_parquet(file).columns)[:8] == collection.COLUMNS
    place = collection.place_of(file.relative_to(tmp_path).as_posix())
    assert place is not None
    assert (place.model, place.rows) == ("tree", 1)
    (row,) = rows(tmp_path)
    assert row["$aml_dc_correlation_id"] == row["$aml_request_id"] == "mine-1"
    assert answer.json()["$aml_dc_correlation_id"] == "mine-1"
    assert [row[name] for name in collection.COLUMNS[2:7]] == [1440, "lab", "digits", "tree", "default"]


def test_correlations_join_what_belongs_together(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, SCRIPT, **ON, AML_MODEL_DC_BOUNDARY="hour") as service:
        service.score("correlated")

    found = _hourly(tmp_path, "inputs") + _hourly(tmp_path, "predictions")
    assert {row["$aml_dc_correlation_id"] for row in found} == {"mine"}
    assert sorted(row["p"] for row in _hourly(tmp_path, "predictions")) == [5, 6, 7]
    assert {row["$aml_model_version"] for row in _hourly(tmp_path, "predictions")} == {"7"}


def _hourly(folder: Path, designation: str) -> list[dict[str, Any]]:
    found = [pandas.read_parquet(path) for path in folder.rglob("*.parquet") if path.parts[-6] == designation]
    return [row for frame in found for row in frame.to_dict("records")]


@pytest.mark.parametrize(
    ("asked", "why"), [("too wide", "a row has 5000 values, and no more than 4096"), ("itself", "RecursionError")]
)
def test_data_without_a_form_is_counted_and_never_fails_a_request(tmp_path: Path, asked: str, why: str) -> None:
    with ScoringProcess(tmp_path, SCRIPT, **ON) as service:
        assert service.score(asked).status_code == 200
        assert "zaffre_dropped_rows_total 1\n" in service.http.get("/metrics").text

    assert "1 rows were dropped" in service.log()
    assert why in service.log()
    assert data(tmp_path) == []


def test_rows_survive_the_crash_of_their_worker(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, SCRIPT, **ON) as service:
        service.score("flat")
        pid = until(lambda: _writers(service), "the writer")[0]
        assert service.score("die").status_code == 502
        until(lambda: len(data(tmp_path)) == 1, "the file of the dead worker")
        until(lambda: pid not in _writers(service), "the end of its writer")
        assert service.score("flat").status_code == 200

    assert len(data(tmp_path)) == 2


def test_a_writer_that_dies_is_replaced(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, SCRIPT, **SOON) as service:
        service.score("flat")
        (pid,) = until(lambda: _writers(service), "the writer")
        until(lambda: data(tmp_path), "the first file")
        os.kill(pid, signal.SIGSTOP)
        for _ in range(100):  # it is told of some of them
            service.score("flat")
        os.kill(pid, signal.SIGKILL)
        until(lambda: len(data(tmp_path)) == 101, "the files of its successor")


def test_what_there_is_no_room_for_is_dropped_and_told(tmp_path: Path) -> None:
    limits = {"ZAFFRE_COLLECT_MEMORY_MB": "0.1", "ZAFFRE_COLLECT_FILE_MB": "0.02"}
    with ScoringProcess(tmp_path, SCRIPT, **ON, **limits) as service:
        until(lambda: service.score(200).json() == 200 and _dropped(service) > 0, "a drop")
        taken = _counted(service, "collected")

    held = data(tmp_path)
    assert 0 < len(held) == taken
    assert all(len(set(row.values())) == 1 for row in held)  # no row has values of another
    assert "they came faster than they could be written" in service.log()
    assert len(list(tmp_path.rglob("*.parquet"))) > 1  # closed by their size
    assert not list(tmp_path.rglob("*.part"))


def test_a_disk_that_takes_nothing_costs_rows_and_no_request(tmp_path: Path) -> None:
    (tmp_path / "modeldata").write_text("in the way")
    with ScoringProcess(tmp_path, SCRIPT, **SOON) as service:
        assert service.score("flat").status_code == 200
        until(lambda: _dropped(service) == 1, "the count of the lost row")

    assert "their file could not be written" in service.log()


def test_a_sample_holds_requests_as_a_whole(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, SCRIPT, **ON, ZAFFRE_COLLECT_SAMPLE="0.3") as service:
        kept = [bool(service.score("correlated", headers={"x-request-id": f"r{n}"}).json()) for n in range(60)]
        again = [bool(service.score("correlated", headers={"x-request-id": f"r{n}"}).json()) for n in range(60)]

    assert kept == again
    assert 0 < sum(kept) < 40
    assert len(data(tmp_path)) == 2 * sum(kept)
    assert len(data(tmp_path, "predictions")) == 6 * sum(kept)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("ZAFFRE_COLLECT_SAMPLE", "2", "must be above 0 and at most 1, not '2'"),
        ("ZAFFRE_COLLECT_SAMPLE", "most", "ZAFFRE_COLLECT_SAMPLE must be a number above 0, not 'most'"),
        ("ZAFFRE_COLLECT_SECONDS", "0", "ZAFFRE_COLLECT_SECONDS must be a number above 0, not '0'"),
        ("ZAFFRE_COLLECT_FILE_MB", "-1", "ZAFFRE_COLLECT_FILE_MB must be"),
        ("ZAFFRE_COLLECT_MEMORY_MB", "nan", "ZAFFRE_COLLECT_MEMORY_MB must be"),
    ],
)
def test_a_setting_that_cannot_be_is_refused(tmp_path: Path, variable: str, value: str, words: str) -> None:
    service = ScoringProcess(tmp_path, SCRIPT, **ON, **{variable: value}).launch()

    assert service.wait() == 2
    assert words in service.log()


def test_without_the_variable_it_does_nothing_and_says_so_once(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, SCRIPT, AML_MODEL_DC_STORAGE="AccountKey=secret") as service:
        assert service.score("flat").json() == {}
        assert "zaffre_collected" not in service.http.get("/metrics").text

    assert service.log().count("data collection is off") == 1
    assert "AML_MODEL_DC_STORAGE has no effect" in service.log()
    assert "secret" not in service.log()
    assert not (tmp_path / "modeldata").exists()


def test_a_script_is_tried_with_printed_rows_as_in_azure(tmp_path: Path) -> None:
    with ScoringProcess(tmp_path, SCRIPT, **ON, AML_MODEL_DC_DEBUG="true") as service:
        assert "$aml_dc_scoring_timestamp" in service.score("array").json()
        service.wait_for_log("tree,default,inputs,,")

    assert ",1.5,2.0,3.0,4.0" in service.log()
    assert not (tmp_path / "modeldata").exists()


def test_a_designation_that_is_none_collects_nothing(tmp_path: Path) -> None:
    script = """
        from azureml.monitoring.modeldatacollector import ModelDataCollector
        def init():
            global odd, named
            odd = ModelDataCollector("tree", identifier="outputs")
            named = ModelDataCollector("a tree/of: any name", collection_name="night")
        def run(data):
            named.collect([1])
            return odd.collect([1])
    """
    with ScoringProcess(tmp_path, script, **ON) as service:
        assert service.score("x").json() == {}

    assert "'outputs' is no designation, so nothing is collected: use inputs, predictions" in service.log()
    (file,) = tmp_path.rglob("*.parquet")
    assert file.name.startswith("night-")
    assert file.parts[-7].startswith("sha256-")
    assert file.parts[-5] == "general"


def _writers(service: ScoringProcess) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                text = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
            except OSError:
                continue
            if "collection.writer" in text and json.dumps(str(service.folder))[1:-1] in text:
                found.append(int(entry.name))
    return found


def _counted(service: ScoringProcess, name: str) -> int:
    lines = service.http.get("/metrics").text.splitlines()
    return sum(int(float(line.split()[1])) for line in lines if line.startswith(f"zaffre_{name}_rows_total "))


def _dropped(service: ScoringProcess) -> int:
    return _counted(service, "dropped")
