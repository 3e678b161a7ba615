from __future__ import annotations

from pathlib import Path

import pytest

from zaffre.core.errors import Unsupported
from zaffre.environments import curated
from zaffre.environments.lock import packages
from zaffre.environments.requirements import name_of
from zaffre.environments.resolve import Resolver
from zaffre.environments.spec import parse


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("AzureML-Minimal", "numpy"),
        ("azureml-tutorial", "scikit-learn"),
        ("AzureML-sklearn-0.24-ubuntu18.04-py37-cpu", "scikit-learn"),
        ("AzureML-Scikit-learn-0.20.3", "pandas"),
        ("AzureML-PyTorch-1.6-GPU", "torch"),
        ("AzureML-ACPT-pytorch-1.13-py38-cuda11.7-gpu", "torch"),
        ("AzureML-TensorFlow-2.2-CPU", "tensorflow"),
        ("AzureML-lightgbm-3.2-ubuntu18.04-py37-cpu", "lightgbm"),
        ("AzureML-AutoML", "xgboost"),
        ("AzureML-AutoML-GPU", "lightgbm"),
        ("AzureML-AutoML-DNN-Vision-GPU", "torchvision"),
        ("AzureML-Hyperdrive-ForecastDNN", "gluonts"),
        ("AzureML-PySpark-MmlSpark-0.15", "pyspark"),
    ],
)
def test_a_name_stands_for_current_packages(name: str, package: str) -> None:
    definition = curated.find(name)
    assert definition is not None
    spec = parse(definition)
    assert spec.name == name
    assert package in spec.requirements.packages
    assert spec.requirements.own == ["azureml-defaults"]


def test_a_name_whose_packages_are_gone_says_so() -> None:
    with pytest.raises(Unsupported, match=r"AzureML-chainer-5\.1\.0-cpu is not to be had: Chainer's last release"):
        curated.find("AzureML-chainer-5.1.0-cpu")


@pytest.mark.parametrize("name", ["AzureML-NoSuchKind-1.0", "minimal", "AzureML", "my-AzureML-Minimal"])
def test_other_names_are_not_curated(name: str) -> None:
    assert curated.find(name) is None


def test_every_listed_name_is_found() -> None:
    assert curated.names()
    assert all(curated.find(name) for name in curated.names())


@pytest.fixture(scope="module")
def home_of_all(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home, so that our own wheel is made once."""
    home = tmp_path_factory.mktemp("curated")
    (home / "environments").mkdir()
    return home


# pyspark has no wheel, and to read what its source needs is to fetch 400 MB.
RESOLVED = [name for name in curated.names() if "PySpark" not in name]


@pytest.mark.parametrize("name", RESOLVED)
def test_what_a_name_stands_for_resolves_to_current_packages(home_of_all: Path, home: Path, name: str) -> None:
    assert home  # no settings of this machine count
    definition = curated.find(name.upper())
    assert definition is not None
    spec = parse(definition)
    resolved = Resolver(spec, home_of_all, lambda _: None, "service", None).resolve()
    found = packages(resolved.lock)
    assert {name_of(line) for line in spec.requirements.packages} <= set(found)
    assert "zaffre" in found
