from __future__ import annotations

import pytest

from zaffre.core.errors import InvalidValue, Unsupported
from zaffre.environments.conda_names import CARRIED, RENAMED, SAME, parse, to_pip


@pytest.mark.parametrize(
    ("conda", "pip"),
    [
        ("numpy", "numpy"),
        ("numpy=1.26", "numpy==1.26.*"),
        ("numpy==1.26.4", "numpy==1.26.4"),
        ("numpy=1.26.4=py310h5f9d8c6_0", "numpy==1.26.4.*"),
        ("numpy 1.26.4 py310_0", "numpy==1.26.4.*"),
        ("numpy 1.26.*", "numpy==1.26.*"),
        ("numpy=1.26.*", "numpy==1.26.*"),
        ("numpy>=1.20,<2", "numpy>=1.20,<2"),
        ("numpy >=1.20, <2.*", "numpy>=1.20,<2"),
        ("numpy!=1.25", "numpy!=1.25"),
        ("conda-forge::pytorch=2.1", "torch==2.1.*"),
        ("pytorch[version='>=1.8']", "torch>=1.8"),
        ("PyYAML", "pyyaml"),
        ("opencv", "opencv-python-headless"),
        ("typing_extensions", "typing_extensions"),
        ("azureml-core", "azureml-core"),
    ],
)
def test_what_a_conda_package_is_called_on_the_index(conda: str, pip: str) -> None:
    assert to_pip(parse(conda)) == pip


def test_libraries_inside_wheels_are_left_out() -> None:
    assert to_pip(parse("cudatoolkit=10.1")) is None
    assert to_pip(parse("mkl")) is None


def test_a_name_in_no_table_is_not_guessed() -> None:
    with pytest.raises(KeyError):
        to_pip(parse("gcc_linux-64"))


@pytest.mark.parametrize("text", ["", "=1.0", "numpy>="])
def test_what_is_no_package_is_named(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse(text)


def test_alternatives_and_builds_alone_are_refused() -> None:
    with pytest.raises(Unsupported, match="offers several versions"):
        parse("numpy 1.8|1.9")
    with pytest.raises(Unsupported, match="selects by something else than a version"):
        parse("numpy[build='py36*']")


def test_no_name_stands_in_two_tables() -> None:
    assert not RENAMED.keys() & SAME
    assert not RENAMED.keys() & CARRIED
    assert not SAME & CARRIED
    assert all(name == name.lower() for name in (*RENAMED, *SAME, *CARRIED))
