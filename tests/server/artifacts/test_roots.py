from __future__ import annotations

import pytest

from zaffre.core.names import check_artifact_path
from zaffre.server.artifacts import roots


def test_usual_names_are_their_own_folders() -> None:
    assert roots.model("lab", "my-model.v2", 3) == "models/lab/my-model.v2/3"
    assert roots.run("lab", "exp_1") == "runs/lab/exp_1"


@pytest.mark.parametrize("name", ["a b", ".", "..", "a\\b", "c:", "-", "x" * 250, "a\u0000", "\U0001f600"])
def test_any_other_name_has_a_folder_of_its_own_below_the_same(name: str) -> None:
    root = roots.model("lab", name, 1)
    assert check_artifact_path(root) == root
    assert root.startswith("models/lab/sha256-")
    assert root != roots.model("lab", name + "x", 1)
