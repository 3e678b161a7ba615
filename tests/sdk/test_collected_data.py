"""Collected data in a script: a frame of a service's rows, and files for other programs."""

from __future__ import annotations

import datetime
from array import array
from pathlib import Path

import pandas  # type: ignore[import-untyped]
import pytest

from zaffre.core.collection import TIMESTAMP
from zaffre.core.errors import InvalidValue, WebserviceNotFound
from zaffre.core.parquet import columns, writer
from zaffre.core.parquet.columns import Kind
from zaffre.sdk import collected_data
from zaffre.sdk.workspace import Workspace

HOUR = 3_600_000_000
NOON = 1_795_262_400_000_000  # 2026-11-21T12:00Z


def put(workspace: Workspace, designation: str, number: int, times: list[int], **held: list[object]) -> None:
    """A file of the service ``digits``, as its supervisor sends it."""
    at = columns.of_numbers(TIMESTAMP, Kind.TIME, array("q", times))
    data = writer.table([at, *(columns.of_values(name, values) for name, values in held.items())])
    folder = f"modeldata/sub/group/{workspace.name}/digits/tree/1/{designation}/2026/11/21"
    path = f"{folder}/{designation}-110000-{number:08x}-{len(times)}.parquet"
    scope = workspace._scope
    scope.client.upload(scope.path("datastores", "workspaceblobstore", "files", file=path), data)


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    put(workspace, "inputs", 1, [NOON, NOON + HOUR], a=[1, 2], b=["x", None])
    put(workspace, "inputs", 2, [NOON - HOUR], a=[0], c=[True])
    put(workspace, "predictions", 3, [NOON], y=[0.5])
    return workspace


def test_rows_are_a_frame_by_time(filled: Workspace) -> None:
    frame = collected_data.frame(filled, "digits", "inputs")

    assert frame["a"].tolist() == [0, 1, 2]
    assert frame["c"].tolist() == [True, None, None]
    assert frame[TIMESTAMP][0] == pandas.Timestamp("2026-11-21T11:00Z")
    assert len(collected_data.frame(filled, "digits")) == 4
    assert collected_data.frame(filled, "digits", model_name="other").empty


def test_rows_of_a_time_are_chosen_exactly(filled: Workspace) -> None:
    late = collected_data.frame(filled, "digits", "inputs", since="2026-11-21T12:00", until="2026-11-21T12:30Z")

    assert late["a"].tolist() == [1]
    noon = datetime.datetime(2026, 11, 21, 13, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
    assert collected_data.frame(filled, "digits", "inputs", until=noon)["a"].tolist() == [0, 1]
    with pytest.raises(InvalidValue, match="'yesterday' is no time: write 2026-11-21"):
        collected_data.frame(filled, "digits", since="yesterday")


def test_rows_are_written_as_csv_and_parquet(filled: Workspace, tmp_path: Path) -> None:
    held = collected_data.fetch(filled._scope, "digits", "inputs")

    collected_data.write(held, tmp_path / "deep" / "rows.csv")
    collected_data.write(held, tmp_path / "rows.parquet")

    lines = (tmp_path / "deep" / "rows.csv").read_text().splitlines()
    assert lines[:2] == [f"{TIMESTAMP},a,b,c", "2026-11-21T11:00:00+00:00,0,,True"]
    assert pandas.read_parquet(tmp_path / "rows.parquet")["a"].tolist() == [0, 1, 2]
    assert str(pandas.read_parquet(tmp_path / "rows.parquet")[TIMESTAMP].dtype) == "datetime64[us, UTC]"
    with pytest.raises(InvalidValue, match=r"must end with \.csv or \.parquet"):
        collected_data.write(held, tmp_path / "rows.xlsx")
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["rows.csv", "rows.parquet"]


def test_nothing_is_an_empty_file_and_no_service_is_an_error(filled: Workspace, tmp_path: Path) -> None:
    nothing = collected_data.fetch(filled._scope, "digits", "labels")
    collected_data.write(nothing, tmp_path / "none.parquet")

    assert len(pandas.read_parquet(tmp_path / "none.parquet")) == 0
    with pytest.raises(WebserviceNotFound, match="no service other"):
        collected_data.fetch(filled._scope, "other")


def test_a_file_that_is_none_is_named(filled: Workspace) -> None:
    scope = filled._scope
    path = f"modeldata/sub/group/{filled.name}/digits/tree/1/labels/2026/11/21/labels-110000-00000009-1.parquet"
    scope.client.upload(scope.path("datastores", "workspaceblobstore", "files", file=path), b"not a table at all")

    with pytest.raises(
        InvalidValue, match=r"labels-110000-00000009-1\.parquet in the datastore workspaceblobstore cannot"
    ):
        collected_data.fetch(scope, "digits", "labels")
