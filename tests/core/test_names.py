"""Names follow the documented rules, and a path never leaves its folder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaffre.core import names
from zaffre.core.errors import AzureMLException, InvalidName, WebserviceException, WorkspaceException


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
