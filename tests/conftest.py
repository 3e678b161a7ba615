"""Fixtures that every test may use: a private home, and a real server process."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import hypothesis
import pytest

from tests.docker_engine import shared_engine
from tests.postgresql import Cluster
from tests.server_process import STRAYS, ServerProcess
from zaffre.docker.engine import Engine

# A slow example on a busy machine is not a failure; pytest's own time limit holds for the whole test.
hypothesis.settings.register_profile("zaffre", deadline=None)
hypothesis.settings.load_profile("zaffre")


# Files that wait for builds, trainings and browsers for minutes: begun last, they would leave the other process idle.
LONG = ("tests/seeds/", "tests/mlflow_client/", "tests/environments/", "tests/e2e/", "tests/cli/")


def pytest_configure() -> None:
    """A shell lets what it begins in the background ignore Ctrl-C; programs that tests interrupt would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files; each file stays in one process, for its tests share what its fixtures start."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private, empty ``ZAFFRE_HOME`` for this process and its children; no server is known in it."""
    for name in [name for name in os.environ if name.startswith(STRAYS)]:
        monkeypatch.delenv(name)
    path = tmp_path / "home"
    monkeypatch.setenv("ZAFFRE_HOME", str(path))
    return path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """One PostgreSQL server for the whole session; tests share it, each in a database of its own."""
    cluster = Cluster()
    yield cluster
    cluster.remove()


@pytest.fixture(scope="session")
def shared_docker() -> Iterator[Engine]:
    """A real container engine with the image ``tests.docker_engine.BASE``, for the whole session."""
    with shared_engine() as engine:
        yield engine


@pytest.fixture
def docker(shared_docker: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """The shared engine, which this process and its children take for the machine's."""
    monkeypatch.setenv("DOCKER_HOST", shared_docker.address)
    return shared_docker


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """What ``Store.open`` takes, once for each kind of database that a store can be in: nothing is in it yet."""
    if request.param == "sqlite":
        yield str(tmp_path / "workspace.db")
        return
    cluster: Cluster = request.getfixturevalue("postgresql")
    address = cluster.lend()
    yield address
    cluster.give_back(address)


@pytest.fixture(scope="session")
def scoring_runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where every server of this session, of every worker, keeps what services run on: made once, under a lock."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "runtime"


def _share(folder: Path, home: Path) -> None:
    folder.mkdir(exist_ok=True)
    home.mkdir(parents=True, exist_ok=True)
    (home / "runtime").symlink_to(folder)


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory, scoring_runtime: Path) -> Iterator[ServerProcess]:
    """One server process for the whole session; tests share it, each in a workspace of its own."""
    home = tmp_path_factory.mktemp("zaffre") / "home"
    _share(scoring_runtime, home)
    running = ServerProcess(home).start()
    yield running
    running.stop()


@pytest.fixture
def server(shared_server: ServerProcess, monkeypatch: pytest.MonkeyPatch) -> ServerProcess:
    """The session's server, made known to this process as a user's own: ``ZAFFRE_HOME`` is its home."""
    for name in [name for name in os.environ if name.startswith(STRAYS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ZAFFRE_HOME", str(shared_server.home))
    return shared_server


@pytest.fixture
def own_server(home: Path, scoring_runtime: Path) -> Iterator[ServerProcess]:
    """A server process of this test alone, in ``home``: for tests that kill it, fill it or count in it."""
    _share(scoring_runtime, home)
    running = ServerProcess(home).start()
    yield running
    running.stop()


@pytest.fixture
def workspace_name() -> str:
    """A workspace name that no other test uses; the embedded server creates it on first use."""
    return f"ws-{uuid4().hex[:12]}"
