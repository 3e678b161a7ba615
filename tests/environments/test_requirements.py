from __future__ import annotations

import pytest

from zaffre.core.errors import InvalidValue, Unsupported
from zaffre.environments.requirements import Requirements, is_location, name_of, without_credentials


def sorted_in(*lines: str) -> Requirements:
    requirements = Requirements()
    for line in lines:
        requirements.add(line)
    return requirements


def test_names_urls_comments_and_blanks() -> None:
    found = sorted_in(
        "six==1.16.0  # pinned", "", "# nothing", "torch @ https://host/torch.whl", "git+https://host/r.git"
    )
    assert found.packages == ["six==1.16.0", "torch @ https://host/torch.whl", "git+https://host/r.git"]


@pytest.mark.parametrize("name", ["azureml-core", "azureml_sdk[notebooks]~=1.61.0", "AzureML.Defaults", "zaffre"])
def test_azures_packages_are_our_own(name: str) -> None:
    found = sorted_in(name)
    assert found.own == [name]
    assert not [package for package in found.packages if "azureml" in package.lower()]


def test_what_azures_packages_bring_along_comes_along_once() -> None:
    assert sorted_in("numpy==1.26.4", "azureml-defaults", "azureml-mlflow").packages == [
        "numpy==1.26.4",
        "mlflow-skinny",
    ]
    assert sorted_in("azureml-dataset-runtime[pandas,fuse]").packages == ["numpy", "pandas"]
    assert sorted_in("azureml-core").packages == []


def test_options_that_the_solver_knows_are_kept_in_order() -> None:
    lines = ["--extra-index-url https://host/simple", "--find-links /wheels", "--no-binary six"]
    found = sorted_in(*lines, "--pre", "--no-cache-dir")
    assert found.options == lines
    assert found.prereleases


def test_the_public_index_that_azures_sdk_writes_into_every_document_is_the_machines_own() -> None:
    host = "pypi" + ".python.org"
    lines = [f"--find-links https://{host}/simple/index.html", f"--extra-index-url https://{host}/simple"]
    assert sorted_in(*lines).solver_options == []
    assert sorted_in(*lines, "--find-links /wheels").solver_options == ["--find-links /wheels"]
    private = "--index-url https://private/simple"
    assert sorted_in(private, *lines).solver_options == [private, *lines]


@pytest.mark.parametrize(
    ("line", "error", "words"),
    [
        ("-r more.txt", InvalidValue, "refers to another file"),
        ("--constraint=more.txt", InvalidValue, "refers to another file"),
        ("-e .", Unsupported, "editable"),
        ("--target /somewhere", Unsupported, "'--target /somewhere' is not supported"),
        ("./package.whl", InvalidValue, "relative to nothing"),
        ("package-1.0-py3-none-any.whl", InvalidValue, "relative to nothing"),
        ("=broken", InvalidValue, "'=broken' is not a pip requirement"),
    ],
)
def test_what_cannot_be_honoured_is_named(line: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        sorted_in(line)


def test_name_of_a_requirement() -> None:
    assert name_of("scikit_learn[extra]>=1 ; python_version > '3'") == "scikit_learn"
    assert name_of("https://host/a.whl") is None
    assert is_location("/wheels/a.whl")
    assert not is_location("a @ https://host/a.whl")


def test_credentials_of_urls_are_hidden() -> None:
    text = without_credentials("error for https://user:secret@host/simple and http://host/")
    assert text == "error for https://***@host/simple and http://host/"
