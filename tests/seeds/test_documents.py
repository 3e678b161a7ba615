"""The documents are read whole, and every erratum is still needed."""

from __future__ import annotations

import ast

import pytest

from tests.seeds.documents import FOLDER, MISSING, blocks, documents
from tests.seeds.errata import ERRATA, corrected


def test_blocks_are_found_where_they_stand() -> None:
    text = "text\n```python\na = 1\n```\nmore\n  ```JSON x\n{}\n  ```\n"

    assert [(block.line, block.language, block.code) for block in blocks(text, "d")] == [
        (2, "python", "a = 1\n"),
        (6, "json", "{}\n"),
    ]


@pytest.mark.skipif(not FOLDER.is_dir(), reason=MISSING)
def test_every_erratum_is_needed() -> None:
    code = [block.code for held in documents().values() for block in held]

    assert [erratum.where for erratum in ERRATA if not any(erratum.where in one for one in code)] == []


# What the documents have a reader type into a shell, and where it is done or why it is not.
SHELL = {
    "pip install azureml-contrib-run": "Azure's own package; an environment that names it gets ours: test_mlflow",
    "conda env create -f .azureml/pytorch-env.yml    # create conda environment": "zaffre's own: test_tutorial",
    "conda activate pytorch-env                      # activate conda environment": "its Python is called by its path",
    "python src/train.py                             # train model": "test_tutorial",
    "python 04-run-pytorch.py": "test_tutorial",
}


@pytest.mark.skipif(not FOLDER.is_dir(), reason=MISSING)
def test_every_line_for_a_shell_is_accounted_for() -> None:
    held = [block for held in documents().values() for block in held if block.language in ("shell", "bash")]

    assert {line for block in held for line in block.code.splitlines() if line} == set(SHELL)


@pytest.mark.skipif(not FOLDER.is_dir(), reason=MISSING)
def test_every_python_block_is_python_once_put_right() -> None:
    found = [block for held in documents().values() for block in held if block.language == "python"]

    assert len(found) >= 40
    for block in found:
        ast.parse(corrected(block), filename=str(block))
