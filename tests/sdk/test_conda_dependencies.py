from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from zaffre.core.errors import Unsupported, UserErrorException
from zaffre.sdk.conda_dependencies import CondaDependencies


def test_the_default_document() -> None:
    conda = CondaDependencies()
    assert conda.as_dict() == {
        "name": "project_environment",
        "dependencies": ["python=3.8.13", {"pip": ["azureml-defaults"]}],
        "channels": ["anaconda", "conda-forge"],
    }
    assert conda.get_default_number_of_packages() == (1, 1)
    assert yaml.safe_load(conda.serialize_to_string()) == conda.as_dict()


def test_create_pins_azures_packages_and_replaces_the_default_list() -> None:
    assert list(CondaDependencies.create().pip_packages) == ["azureml-defaults~=1.61.0"]
    conda = CondaDependencies.create(
        pip_packages=["numpy", "azureml-sdk", "azureml-core==1.2", "azureml-dataset-runtime[fuse]"],
        conda_packages=["scikit-learn=0.22.1"],
        python_version="3.7",
    )
    assert list(conda.pip_packages) == [
        "numpy",
        "azureml-sdk~=1.61.0",
        "azureml-core~=1.61.0",
        "azureml-dataset-runtime[fuse]~=1.61.0",
    ]
    assert list(conda.conda_packages) == ["python=3.7", "scikit-learn=0.22.1"]


def test_create_with_an_index_of_ones_own_and_without_pins() -> None:
    conda = CondaDependencies.create(pip_indexurl="https://x/y", pip_packages=["azureml-sdk"], pin_sdk_version=False)
    assert list(conda.pip_options) == ["--extra-index-url https://x/y"]
    assert list(conda.pip_packages) == ["azureml-sdk"]
    assert conda.get_python_version() == "3.10.18"


def test_create_takes_a_python_among_the_conda_packages() -> None:
    conda = CondaDependencies.create(conda_packages=["pip", "python=3.6.2", "numpy"], python_version="3.7")
    assert list(conda.conda_packages) == ["python=3.6.2", "pip", "numpy"]


def test_a_package_stands_once_in_its_last_version() -> None:
    conda = CondaDependencies()
    for package in ("numpy", "numpy=1.2", "conda-forge::numpy>=1.2"):
        conda.add_conda_package(package)
    for package in ("six==1.0", "a[b]==1", "Six>1", "a==2"):
        conda.add_pip_package(package)
    assert list(conda.conda_packages) == ["python=3.8.13", "conda-forge::numpy>=1.2"]
    assert list(conda.pip_packages) == ["azureml-defaults", "Six>1", "a==2"]


def test_packages_are_removed_by_name_or_as_written() -> None:
    conda = CondaDependencies()
    conda.add_conda_package("numpy=1.2")
    conda.remove_conda_package("numpy")
    conda.add_pip_package("six==1.0")
    conda.remove_pip_package("six")
    conda.remove_pip_package("azureml-defaults")
    conda.remove_pip_package("not-there")
    conda.remove_conda_package("not-there")
    assert conda.as_dict()["dependencies"] == ["python=3.8.13", {"pip": []}]


def test_channels() -> None:
    conda = CondaDependencies()
    conda.add_channel("pytorch")
    conda.add_channel("pytorch")
    conda.remove_channel("anaconda")
    conda.remove_channel("not-there")
    assert list(conda.conda_channels) == ["conda-forge", "pytorch"]


def test_options_of_pip() -> None:
    conda = CondaDependencies()
    conda.set_pip_option("--extra-index-url https://e")
    conda.set_pip_option("--extra-index-url https://f")
    conda.set_pip_index_url("https://i/1")
    conda.set_pip_index_url("--index-url https://i/2")
    conda.set_pip_option("--pre")
    assert list(conda.pip_options) == ["--extra-index-url https://f", "--index-url https://i/2", "--pre"]
    conda.remove_pip_option("--pre")
    conda.remove_pip_option("--extra-index-url")
    assert list(conda.pip_options) == ["--index-url https://i/2"]
    assert list(conda.pip_packages) == ["azureml-defaults"]


def test_pip_requirements_replace_everything() -> None:
    conda = CondaDependencies()
    conda.set_pip_requirements(["a", "b==1"])
    assert conda.as_dict()["dependencies"] == ["python=3.8.13", {"pip": ["a", "b==1"]}]


def test_pythons_version() -> None:
    conda = CondaDependencies()
    conda.set_python_version("3.7")
    assert conda.get_python_version() == "3.7"
    conda.add_conda_package("python>=3.9")
    assert conda.get_python_version() == ">=3.9"
    assert CondaDependencies(_underlying_structure={"dependencies": ["numpy"]}).get_python_version() is None


def test_tensorflow_and_cntk() -> None:
    conda = CondaDependencies()
    conda.add_tensorflow_pip_package()
    conda.add_tensorflow_pip_package("gpu", "2.4.0")
    conda.add_tensorflow_conda_package()
    conda.add_cntk_package("gpu")
    assert list(conda.pip_packages) == ["azureml-defaults", "tensorflow-gpu==2.4.0", "cntk-gpu==2.7"]
    assert list(conda.conda_packages) == ["python=3.8.13", "tensorflow=2.2.0"]


def test_merged_requirements() -> None:
    merge = CondaDependencies.merge_requirements
    assert merge(["a", "b==1", "a>=2", "b"]) == ["a>=2", "b==1"]
    assert merge(["a>1", "a<3", "a>1"]) == ["a>1,<3"]


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda conda: conda.remove_conda_package("python=3.8.13"), "Python cannot be removed"),
        (lambda conda: conda.add_conda_package("python"), "needs a version"),
        (lambda conda: conda.add_pip_package("--pre"), "'--pre' is a pip option"),
        (lambda conda: conda.set_pip_option("pre"), "'pre' is not a pip option"),
        (lambda conda: conda.add_pip_package(3), "3 is not a pip package"),
        (lambda conda: conda.add_tensorflow_pip_package("tpu"), "'tpu' is not a core type"),
    ],
)
def test_what_is_wrong_is_named(act: Callable[[CondaDependencies], None], words: str) -> None:
    with pytest.raises(UserErrorException) as caught:
        act(CondaDependencies())
    assert words in caught.value.message


def test_the_origin_of_the_sdk_is_zaffre_itself() -> None:
    with pytest.raises(Unsupported, match="satisfied by Zaffre itself"):
        CondaDependencies.sdk_origin_url()


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    conda = CondaDependencies.create(conda_packages=["numpy"])
    assert conda.save_to_file("project") == ".azureml/auto_conda_dependencies.yml"
    assert conda.save_to_file("project", "env/mine.yml") == "env/mine.yml"
    assert conda.save("mine.yml") == "mine.yml"
    assert conda.save() == "conda_dependencies.yml"
    for file in ("project/.azureml/auto_conda_dependencies.yml", "project/env/mine.yml", "mine.yml"):
        assert CondaDependencies(file).as_dict() == conda.as_dict()
    with pytest.raises(UserErrorException, match="is a folder"):
        conda.save(tmp_path)
    with pytest.raises(UserErrorException, match="no folder"):
        conda.save("not/there.yml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "is not YAML"),
        ("", "is not a conda file"),
        ("dependencies:\n- python=3.8\npakages: 1\n", "unknown keys: pakages"),
        ("dependencies:\n- 3.8\n", "not text: 3.8"),
    ],
)
def test_a_file_that_is_no_conda_file_is_named(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "conda.yml"
    file.write_text(text)
    with pytest.raises(UserErrorException) as caught:
        CondaDependencies(file)
    assert words in caught.value.message
    assert str(file) in caught.value.message


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        CondaDependencies("nowhere.yml")


FILE = """\
# Packages of the tutorial.
# Owner: the team

name: pytorch-env
channels:
  - defaults
  - pytorch  # before conda-forge
dependencies:
  - python=3.6.2
  # what the model needs
  - pytorch
  - pip:
      - azureml-sdk   # any version
      - "tensorboard>=2"

# the end
"""


def test_comments_of_a_file_stay(tmp_path: Path) -> None:
    file = tmp_path / "env.yml"
    file.write_text(FILE)
    conda = CondaDependencies(file)
    written = conda.serialize_to_string()
    expected = FILE.replace('"', "")
    assert [line.strip() for line in written.splitlines()] == [line.strip() for line in expected.splitlines()]
    conda.add_conda_package("torchvision")
    conda.remove_pip_package("azureml-sdk")
    conda.set_python_version("3.11")
    conda.save(file)
    text = file.read_text()
    assert text.startswith("# Packages of the tutorial.\n# Owner: the team\n\nname: pytorch-env\n")
    assert "- pytorch  # before conda-forge\n" in text
    assert "# what the model needs\n- pytorch\n" in text
    assert "any version" not in text
    assert text.endswith("# the end\n")
    assert CondaDependencies(file).as_dict() == conda.as_dict()


def test_a_hash_that_is_no_comment_stays_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "env.yml"
    file.write_text('dependencies:\n- pip:\n  - "name @ https://host/a.zip#egg=a"  # from there\n  - b#c\n')
    conda = CondaDependencies(file)
    conda.save(file)
    assert list(CondaDependencies(file).pip_packages) == ["name @ https://host/a.zip#egg=a", "b#c"]


def test_reading_changes_nothing() -> None:
    conda = CondaDependencies(_underlying_structure={"channels": ["conda-forge"]})
    assert list(conda.pip_packages) == list(conda.pip_options) == list(conda.conda_packages) == []
    assert conda.get_python_version() is None
    assert conda.as_dict() == {"channels": ["conda-forge"]}
    conda.add_conda_package("conda-forge::python=3.11")
    assert conda.get_python_version() == "3.11"
