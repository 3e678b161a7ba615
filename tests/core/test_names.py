"""Names follow the documented rules, and a path never leaves its folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaffre.core import names
from zaffre.core.errors import AzureMLException, InvalidName, ModelInvalid, WebserviceException, WorkspaceException


@pytest.mark.parametrize("name", ["ab", "-ab", "a" * 34, "a b c", ""])
def test_bad_workspace_names(name: str) -> None:
    with pytest.raises(WorkspaceException, match="3 to 33"):
        names.check_workspace(name)


@pytest.mark.parametrize("name", ["sk", "Sklearn", "a-", "1ab", "a" * 33])
def test_bad_service_names(name: str) -> None:
    with pytest.raises(WebserviceException, match="service name"):
        names.check_service(name)


@pytest.mark.parametrize("name", ["my_workspace", "abc", "A1-b_c"])
def test_good_workspace_names(name: str) -> None:
    assert names.check_workspace(name) == name


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "..", "../a", "a/../../b", "a/..", "C:/x", "a\\b", "a\x00b", ".", "./", "a\nb", "a\udcff"],
)
def test_paths_that_leave_their_folder_are_refused(path: str) -> None:
    with pytest.raises(InvalidName):
        names.check_artifact_path(path)


@given(st.text(max_size=60))
def test_an_accepted_path_is_relative_and_has_no_parent(path: str) -> None:
    try:
        normal = names.check_artifact_path(path)
    except AzureMLException:
        return
    assert not normal.startswith("/")
    assert ".." not in normal.split("/")
    assert normal == names.check_artifact_path(normal)


def test_a_path_is_normalised() -> None:
    assert names.check_artifact_path("outputs//a/./model.pkl") == "outputs/a/model.pkl"


@pytest.mark.parametrize(
    "check",
    [
        names.check_workspace,
        names.check_experiment,
        names.check_model,
        names.check_service,
        names.check_compute,
        names.check_environment,
    ],
)
@pytest.mark.parametrize("name", ["", "a b", "../x", "a/b", "x" * 300, "\u00fc", "a\x00b", None, 5])
def test_a_name_that_is_none_is_refused_with_the_rule(check: Callable[[Any], str], name: object) -> None:
    with pytest.raises(AzureMLException) as caught:
        check(name)
    assert repr(name) in caught.value.message
    assert "letters" in caught.value.message


@pytest.mark.parametrize("name", ["m", "My model (v2)", "\u00fcber.model", "100%", "a%20b", "x" * 256, ".hidden", "-"])
def test_mlflow_names_a_model_more_freely(name: str) -> None:
    assert names.check_registered_model(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        ".",
        "..",
        "a/b",
        "a:b",
        "a\\b",
        "a\x00b",
        "a\nb",
        "%2e%2e",
        "a%2fb",
        "a%252fb",
        "x" * 257,
        "\udcff",
        None,
    ],
)
def test_and_never_so_that_it_is_a_path(name: Any) -> None:
    with pytest.raises(ModelInvalid, match="is not a model name"):
        names.check_registered_model(name)
