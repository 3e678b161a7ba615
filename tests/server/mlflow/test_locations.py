from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaffre.core.errors import InvalidValue
from zaffre.server.mlflow.locations import (
    Owner,
    Place,
    check_path,
    experiment_uri,
    logged_model_uri,
    place_of,
    place_of_uri,
    run_uri,
    version_uri,
)


def test_a_uri_leads_back_to_its_place() -> None:
    assert place_of_uri(run_uri(experiment_uri(3), "abc")) == Place(Owner.RUN, "abc", "", 3)
    assert place_of_uri(f"{run_uri(experiment_uri(3), 'abc')}/model/MLmodel") == Place(
        Owner.RUN, "abc", "model/MLmodel", 3
    )
    assert place_of_uri(logged_model_uri(3, "m-1")) == Place(Owner.LOGGED_MODEL, "m-1", "", 3)
    assert place_of_uri(version_uri("my model", 4)) == Place(Owner.VERSION, "my model", "", version=4)


def test_a_trailing_slash_changes_nothing() -> None:
    assert place_of("3/abc/artifacts/") == Place(Owner.RUN, "abc", "", 3)


@pytest.mark.parametrize(
    "path",
    [
        *("", "/", "3", "3/abc", "3/abc/other/x", "x/abc/artifacts", "registry/m", "runs/default/abc", "blobs/ab/cd"),
        *("3/abc/artifacts//etc", "3/abc/artifacts/%2fetc", "3/abc/artifacts/c:/x", "3/models/m-1/artifacts//x"),
    ],
)
def test_no_other_folder_has_a_name(path: str) -> None:
    with pytest.raises(InvalidValue, match="Invalid path"):
        place_of(path)


TRAVERSALS = [
    "..",
    "../x",
    "a/../../x",
    "a/..",
    "/etc/passwd",
    "//etc/passwd",
    "a\\..\\x",
    "\\\\host\\x",
    "C:/x",
    "c:x",
    "a\x00b",
    "a\nb",
]


@pytest.mark.parametrize("path", TRAVERSALS)
@pytest.mark.parametrize("times", [0, 1, 2, 3])
def test_no_path_leaves_its_folder_in_any_encoding(path: str, times: int) -> None:
    for _ in range(times):
        path = "".join(f"%{byte:02x}" for byte in path.encode()) if times == 1 else quote(path, safe="")
    with pytest.raises(InvalidValue, match="Invalid path"):
        check_path(path)


def test_endless_encoding_is_refused() -> None:
    path = "%"
    for _ in range(20):
        path = quote(path)
    with pytest.raises(InvalidValue, match="encoded"):
        check_path(path)


@pytest.mark.parametrize(
    "uri",
    [
        "mlflow-artifacts://host/3/abc/artifacts",
        "mlflow-artifacts:3/abc/artifacts",
        "mlflow-artifacts:/3/abc/artifacts?x=1",
        "mlflow-artifacts:/3/abc/artifacts#x",
        "mlflow-artifacts:/3/abc/artifacts%3Fx",
        "mlflow-artifacts:/3/abc/artifacts/model?x=1",
        "mlflow-artifacts:/3/abc/artifacts/model#x",
        "mlflow-artifacts:/3/abc/artifacts/model%3Fx",
        "mlflow-artifacts:/3/abc/artifacts/../../4/def/artifacts",
        "mlflow-artifacts:/3/abc/artifacts/%2e%2e/%2e%2e/4/def/artifacts",
        "file:///etc",
        "s3://bucket/x",
    ],
)
def test_a_uri_of_another_shape_is_refused(uri: str) -> None:
    with pytest.raises(InvalidValue):
        place_of_uri(uri)


@given(st.text(max_size=60))
def test_what_is_accepted_has_no_way_up(path: str) -> None:
    try:
        found = check_path(path)
    except InvalidValue:
        return
    assert ".." not in found.split("/")
    assert not found.startswith("/")
