"""Conda environments, solved and installed by py-rattler from a channel that the test makes."""

from __future__ import annotations

import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from tests.environments.builder import Builder, definition, run
from tests.environments.channel import VERSION, Channel, served
from zaffre.core.errors import ActivityCanceledException, EnvironmentBuildFailed, InvalidValue


def test_a_channel_is_solved_installed_and_run_without_conda(build: Builder, channel: Channel) -> None:
    given = definition("python", "alpha", "native", channels=[channel.url])
    realised = build(given)
    assert run(realised, "import alpha, beta, sys; print(alpha.VERSION, beta.VERSION)") == "1.0 2.0"
    assert realised.lock is not None
    assert [(pin.name, pin.version) for pin in realised.lock.conda] == [
        ("alpha", "1.0"),
        ("beta", "2.0"),
        ("native", "1.0"),
        ("python", VERSION),
    ]
    prefix = realised.python.parent.parent
    assert (prefix / "etc/native.conf").read_text() == f"home={prefix}\n"
    said = subprocess.run([prefix / "bin/alpha-say"], capture_output=True, text=True, check=True).stdout
    assert said == "alpha 1.0\n"
    assert "Solved 4 conda packages in" in build.log
    assert "Installed 4 conda packages: " in build.log
    assert realised.activated({"PATH": "/bin"}) == {"PATH": f"{prefix}/bin:/bin", "CONDA_PREFIX": str(prefix)}
    assert build(given).reused


def test_a_channel_is_read_over_http_and_its_packages_once(build: Builder, channel: Channel) -> None:
    with served(channel.folder.parent) as address:
        build(definition("python", "alpha", channels=[f"{address}/local"]))
        other = build(definition("python", "gamma", channels=[f"{address}/local"]))
    assert run(other, "import gamma, beta; print(beta.VERSION)") == "1.0"
    assert "Installed 3 conda packages: 2 fetched in" in build.log


def test_a_known_environment_needs_no_channel(build: Builder, channel: Channel) -> None:
    with served(channel.folder.parent) as address:
        given = definition("python", "beta", channels=[f"{address}/local"])
        first = build(given)
    assert build(given).reused
    (first.python.parent.parent / "zaffre-environment.json").unlink()
    again = build(given)  # from the lock, and the packages that were fetched
    assert not again.reused
    assert again.lock == first.lock
    assert run(again, "import beta; print(beta.VERSION)") == "2.0"
    assert "from its lock" in build.log


def test_the_pip_part_goes_into_the_same_prefix_and_keeps_condas_packages(build: Builder, channel: Channel) -> None:
    channel.add_module("six", "1.15.0")
    given = definition(f"python={VERSION}", "six", {"pip": ["python-dateutil==2.9.0", "six"]}, channels=[channel.url])
    realised = build(given)
    assert run(realised, "import dateutil, six; print(dateutil.__version__, six.VERSION)") == "2.9.0 1.15.0"
    assert realised.lock is not None
    assert "python-dateutil==2.9.0" in realised.lock.pip
    assert "six==" not in realised.lock.pip


def test_pips_choice_stands_over_condas(build: Builder, channel: Channel) -> None:
    channel.add_module("six", "1.15.0")
    realised = build(definition("python", "six=1.15", {"pip": ["six==1.16.0"]}, channels=[channel.url]))
    assert run(realised, "import six; print(six.__version__)") == "1.16.0"


def test_azures_requirements_are_our_own_code_there_too(build: Builder, channel: Channel) -> None:
    given = definition("python=3.8.13", "beta", {"pip": ["azureml-core"]}, channels=[channel.url])
    realised = build(given)
    assert run(realised, "import zaffre.sdk, azureml.core, beta; print('there')") == "there"


def test_equal_content_is_one_environment_whatever_channel_it_came_from(build: Builder, channel: Channel) -> None:
    first = build(definition("python", "beta", channels=[channel.url]))
    with served(channel.folder.parent) as address:
        other = build({**definition("beta=2.0", "python", channels=[f"{address}/local"]), "name": "other"})
    assert other.reused
    assert other.key == first.key
    assert "for 'env'" in build.log


def test_the_first_channel_that_has_a_package_gives_it(build: Builder, channel: Channel, tmp_path: Path) -> None:
    mine = Channel(tmp_path / "channels" / "mine")
    mine.add_module("beta", "1.5")
    first = build(definition("python", "beta", channels=[mine.url, channel.url]))
    assert run(first, "import beta; print(beta.VERSION)") == "1.5"
    other = build(definition("python", "beta", channels=[channel.url, mine.url]))
    assert run(other, "import beta; print(beta.VERSION)") == "2.0"
    named = build(definition("python", f"{mine.url}::beta", channels=[channel.url]))
    assert run(named, "import beta; print(beta.VERSION)") == "1.5"


def test_where_the_order_has_no_solution_any_channel_gives_it(build: Builder, channel: Channel, tmp_path: Path) -> None:
    mine = Channel(tmp_path / "channels" / "mine")
    mine.add_module("beta", "1.5")
    realised = build(definition("python", "alpha", channels=[mine.url, channel.url]))
    assert run(realised, "import beta; print(beta.VERSION)") == "2.0"
    assert "No solution keeps to the order of the channels" in build.log


def test_names_of_channels_and_defaults_lead_where_the_machine_says(
    build: Builder, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZAFFRE_CONDA_ALIAS", channel.folder.parent.as_uri())
    named = build(definition("python", "local::beta", channels=["local", "nodefaults"]))
    monkeypatch.setenv("ZAFFRE_CONDA_DEFAULTS", channel.url)
    defaults = build(definition("python", "beta", channels=["defaults"]))
    unnamed = build(definition("python", "beta"))
    assert named.key == defaults.key == unnamed.key
    with pytest.raises(InvalidValue, match=r"'\.\./secret' is not a conda channel"):
        build(definition("python", "beta", channels=["../secret"]))


def test_virtual_packages_are_those_of_the_machine(
    build: Builder, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.add("accelerated", "1.0", {"etc/gpu": b"1"}, depends=["__cuda >=12"])
    given = definition("python", "accelerated", channels=[channel.url])
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "")
    with pytest.raises(EnvironmentBuildFailed, match="__cuda >=12"):
        build(given)
    monkeypatch.setenv("CONDA_OVERRIDE_CUDA", "12.4")
    assert not build(given).reused


def test_a_python_that_the_machine_lacks_comes_from_a_channel(build: Builder, channel: Channel) -> None:
    channel.add("python", "3.99.1", {"bin/python": b"#!/bin/sh\necho from the channel\n"})
    realised = build(definition("python=3.99.1", channels=[channel.url]))
    assert subprocess.run([realised.python], capture_output=True, text=True).stdout == "from the channel\n"


# --- bad input -------------------------------------------------------------------------------------------------------


def test_an_unsolvable_specification_names_both_sides(build: Builder, channel: Channel) -> None:
    with pytest.raises(EnvironmentBuildFailed, match="alpha") as caught:
        build(definition("python", "alpha", "gamma", channels=[channel.url]))
    assert "gamma 1.0 would require" in caught.value.message
    assert "beta >=2" in caught.value.message
    assert len(caught.value.message.splitlines()) < 20
    assert build.prefixes == []


def test_an_unknown_package_is_named(build: Builder, channel: Channel) -> None:
    with pytest.raises(EnvironmentBuildFailed, match=r"No candidates were found for nothing"):
        build(definition("python", "nothing", channels=[channel.url]))


def test_a_package_that_cannot_be_read_is_named(build: Builder, channel: Channel) -> None:
    with pytest.raises(EnvironmentBuildFailed, match="cannot be read"):
        build(definition("python", "beta>=", channels=[channel.url]))


def test_without_a_way_to_a_channel_the_index_stands_in_and_that_is_said(build: Builder, tmp_path: Path) -> None:
    nowhere = "http://127.0.0.1:9/channel"
    realised = build(definition("six=1.16.0", channels=[nowhere, (tmp_path / "none").as_uri()]))
    assert run(realised, "import six; print(six.__version__)") == "1.16.0"
    assert "NOTICE: no conda channel can be reached (http://127.0.0.1:9/channel: " in build.log
    assert "ZAFFRE_CONDA is 'auto'" in build.log
    with pytest.raises(EnvironmentBuildFailed, match=r"no known counterpart.*: r-base\. NOTICE: no conda channel"):
        build(definition("six", "r-base", channels=[nowhere]))


def test_the_setting_forbids_the_index(build: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZAFFRE_CONDA", "channels")
    with pytest.raises(EnvironmentBuildFailed, match=r"no conda channel can be reached.*'channels', which forbids"):
        build(definition("six", channels=["http://127.0.0.1:9/channel"]))
    monkeypatch.setenv("ZAFFRE_CONDA", "conda")
    with pytest.raises(InvalidValue, match="ZAFFRE_CONDA='conda' is none of"):
        build(definition("six"))


def test_a_channel_that_goes_down_half_way_is_named_and_leaves_nothing(build: Builder, channel: Channel) -> None:
    channel.drop(channel.folder / "noarch" / "beta-2.0-0.tar.bz2")
    with (
        served(channel.folder.parent) as address,
        pytest.raises(EnvironmentBuildFailed, match=r"beta-2\.0-0\.tar\.bz2"),
    ):
        build(definition("python", "alpha", channels=[f"{address}/local"]))
    assert build.prefixes == []
    with served(channel.folder.parent) as address, pytest.raises(EnvironmentBuildFailed, match=r"/empty"):
        build(definition("python", "alpha", channels=[f"{address}/empty"]))


def test_passwords_of_a_channel_reach_no_lock_no_log_and_no_error(build: Builder, channel: Channel) -> None:
    with served(channel.folder.parent) as address:
        secret = address.replace("://", "://user:hunter2@") + "/local"
        realised = build(definition("python", "beta", channels=[secret]))
        assert realised.lock is not None
        assert all("hunter2" not in pin.url for pin in realised.lock.conda)
        with pytest.raises(EnvironmentBuildFailed) as caught:
            build(definition("python", "nothing", channels=[secret]))
    assert "hunter2" not in caught.value.message + build.log
    for file in (build.home / "environments").glob("*/zaffre-*.json"):
        assert "hunter2" not in file.read_text()


def test_a_channel_with_a_password_gives_the_packages_of_a_lock_too(build: Builder, channel: Channel) -> None:
    with served(channel.folder.parent, sign_in="user:hunter2") as address:
        given = definition("python", "beta", channels=[address.replace("://", "://user:hunter2@") + "/local"])
        first = build(given)
        shutil.rmtree(first.python.parent.parent)
        shutil.rmtree(build.home / "packages")
        again = build(given)
    assert "from its lock" in build.log
    assert again.lock == first.lock
    assert run(again, "import beta; print(beta.VERSION)") == "2.0"


def test_a_conda_build_can_be_canceled(build: Builder, channel: Channel) -> None:
    canceled = threading.Event()
    canceled.set()
    with pytest.raises(ActivityCanceledException):
        build(definition("python", "alpha", channels=[channel.url]), cancel=canceled)
    assert build.prefixes == []
