"""Real environments, built by the real solver: small pure-Python packages only."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.environments.builder import Builder, definition, run
from zaffre.core.errors import ActivityCanceledException, EnvironmentBuildFailed


def test_an_environment_has_what_it_names_and_is_found_again_in_milliseconds(build: Builder) -> None:
    given = definition({"pip": ["six==1.16.0"]}, environmentVariables={"A": "b"})
    first = build(given)
    assert run(first, "import six; print(six.__version__)") == "1.16.0"
    assert not first.reused
    assert "Built environment" in build.log
    assert list(first.split) == ["resolve", "prefix", "pip", "compile"]
    assert sum(first.use("env", None).split.values()) <= first.seconds
    assert first.lock is not None
    assert "six==1.16.0" in first.lock.pip
    assert "--hash=sha256:" in first.lock.pip
    assert first.variables == {"A": "b"}
    again = build(given)
    assert again.reused
    assert again.split == {}
    assert (again.python, again.key, again.lock) == (first.python, first.key, first.lock)
    assert f"Reusing environment {first.key} (built " in build.log
    assert again.seconds < 0.25  # generous: about a millisecond on an idle machine


def test_equal_content_is_one_environment_whatever_the_spec_says(
    build: Builder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZAFFRE_CONDA", "pypi")
    first = build(definition({"pip": ["six==1.16.0"]}))
    other = build({**definition("six=1.16.0"), "name": "another"})
    assert other.key == first.key
    assert other.reused
    assert build(definition({"pip": ["six==1.15.0"]})).key != first.key


def test_files_are_compiled_and_linked_not_copied(build: Builder) -> None:
    realised = build(definition({"pip": ["six==1.16.0"]}))
    site = Path(run(realised, "import six; print(six.__file__)")).parent
    assert list((site / "__pycache__").glob("six.*.pyc"))
    assert (site / "six.py").stat().st_nlink > 1


def test_azures_requirements_are_our_own_code(build: Builder) -> None:
    realised = build(definition("python=3.8.13", {"pip": ["azureml-core~=1.61.0", "azureml-mlflow"]}))
    assert run(realised, "import zaffre.sdk, zaffre.runner, zaffre.core; print('there')") == "there"
    assert run(realised, "import mlflow; print('skinny')") == "skinny"
    assert run(realised, "import importlib.util as u; print(u.find_spec('zaffre.server'))") == "None"
    assert "Satisfied by Zaffre itself: azureml-core~=1.61.0, azureml-mlflow." in build.log
    assert realised.lock is not None
    assert "azureml" not in realised.lock.pip
    assert str(build.home) not in realised.lock.pip


def test_no_solution_is_told_in_the_solvers_words(build: Builder) -> None:
    with pytest.raises(EnvironmentBuildFailed, match=r"no version of six==99\.99") as caught:
        build(definition({"pip": ["six==99.99"]}))
    assert len(caught.value.message.splitlines()) < 15
    assert "six==99.99" in build.log
    assert not list((build.home / "environments").glob("building-*"))


def test_a_python_that_is_not_there_is_replaced_and_said_each_time(build: Builder) -> None:
    given = definition("python=3.1", {"pip": ["six==1.16.0"]})
    build(given)
    assert "NOTICE: the environment asks for Python 3.1" in build.log
    assert build(given).reused
    assert "NOTICE: the environment asks for Python 3.1" in build.log


def test_strict_refuses_that(build: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZAFFRE_PYTHON_FALLBACK", "strict")
    with pytest.raises(EnvironmentBuildFailed, match=r"asks for Python 3\.1"):
        build(definition("python=3.1", {"pip": ["six==1.16.0"]}))


def test_an_environment_whose_python_has_gone_is_built_again(build: Builder) -> None:
    given = definition({"pip": ["six==1.16.0"]})
    first = build(given)
    first.python.unlink()
    (first.python.parent / "python").symlink_to("/nowhere/python")
    again = build(given)
    assert not again.reused
    assert run(again, "print('alive')") == "alive"


def test_an_unfinished_prefix_is_never_used(build: Builder) -> None:
    given = definition({"pip": ["six==1.16.0"]})
    first = build(given)
    (build.home / "environments" / first.key / "zaffre-environment.json").unlink()
    again = build(given)
    assert not again.reused
    assert run(again, "import six; print(six.__version__)") == "1.16.0"


BUILD = """
import json, sys
from pathlib import Path
from zaffre.environments.realise import realise
realised = realise(json.loads(sys.argv[2]), home=Path(sys.argv[1]), log=lambda line: print(line, flush=True))
print("REUSED", realised.reused, flush=True)
"""


def building(home: Path, text: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BUILD, str(home), text], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


SPEC = '{"name": "shared", "python": {"condaDependencies": {"dependencies": [{"pip": ["six", "tabulate", "idna"]}]}}}'


def test_of_several_builders_one_builds_and_the_others_wait_and_say_for_what(home: Path) -> None:
    builders = [building(home, SPEC) for _ in range(4)]
    said = [builder.communicate(timeout=120)[0] for builder in builders]
    assert [builder.returncode for builder in builders] == [0] * 4, said
    assert sum("REUSED False" in text for text in said) == 1, said
    assert sum("Built environment" in text for text in said) == 1
    waited = [text for text in said if "Waiting for another process" in text]
    assert all("building environment 'shared' (process " in text for text in waited)


def test_a_builder_that_was_killed_leaves_nothing_in_the_way(home: Path) -> None:
    victim = building(home, SPEC)
    assert victim.stdout is not None
    victim.stdout.readline()  # it has begun
    os.kill(victim.pid, signal.SIGKILL)
    victim.communicate(timeout=60)
    survivor = building(home, SPEC)
    said = survivor.communicate(timeout=120)[0]
    assert survivor.returncode == 0, said
    assert not list((home / "environments").glob("building-*"))


def test_a_build_can_be_canceled(build: Builder) -> None:
    canceled = threading.Event()
    canceled.set()
    begun = time.monotonic()
    with pytest.raises(ActivityCanceledException):
        build(definition({"pip": ["six", "tabulate"]}), cancel=canceled)
    assert time.monotonic() - begun < 30
    assert not list((build.home / "environments").glob("building-*"))


def test_passwords_of_an_index_reach_no_log_and_no_error(build: Builder) -> None:
    with pytest.raises(EnvironmentBuildFailed) as caught:
        build(definition({"pip": ["--index-url http://user:hunter2@127.0.0.1:9/simple", "six"]}))
    assert "hunter2" not in caught.value.message
    assert "hunter2" not in build.log


def test_a_user_managed_environment_is_used_as_it_is(build: Builder) -> None:
    given = {"name": "own", "python": {"userManagedDependencies": True}}
    assert build(given, interpreter="/some/python").python == Path("/some/python")
    assert build(given).python == Path(sys.executable)
    named = {"name": "own", "python": {"userManagedDependencies": True, "interpreterPath": sys.executable}}
    realised = build(named, interpreter="/some/python")
    assert (realised.python, realised.key, realised.lock) == (Path(sys.executable), "user-managed", None)
    missing = {"name": "own", "python": {"userManagedDependencies": True, "interpreterPath": "/nowhere/python"}}
    with pytest.raises(EnvironmentBuildFailed, match="'/nowhere/python' is not an executable"):
        build(missing)


def test_a_prefix_without_packages_is_a_bare_python(build: Builder) -> None:
    realised = build({"name": "bare", "python": {"condaDependencies": {"dependencies": []}}})
    assert run(realised, "print('bare')") == "bare"
    assert realised.lock is not None
    assert (realised.lock.conda, realised.lock.pip) == ([], "")


def test_pips_settings_of_the_machine_are_the_solvers(build: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(EnvironmentBuildFailed, match=r"127\.0\.0\.1:9"):
        build(definition({"pip": ["six==1.16.0"]}))


def test_a_conda_package_is_translated_and_said(build: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZAFFRE_CONDA", "pypi")
    realised = build(definition("msgpack-python", "mkl"))
    assert run(realised, "import msgpack; print('there')") == "there"
    assert "msgpack-python as msgpack, mkl (inside the wheels that need it)" in build.log
