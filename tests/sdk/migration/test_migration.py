"""Migrating from real MLflow stores: what a client sees afterwards is what it saw before."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from mlflow.store.db import utils
from mlflow.store.tracking.dbmodels.initial_models import Base as InitialBase
from mlflow.tracking import MlflowClient

from tests.sdk.migration.conftest import HISTORY, described, fill, start_mlflow
from zaffre.core.errors import InvalidValue, NotFound, UserErrorException
from zaffre.sdk.migration.migration import Migrated, migrate
from zaffre.sdk.model import Model
from zaffre.sdk.scope import Scope
from zaffre.sdk.workspace import Workspace

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning:mlflow"),
    pytest.mark.filterwarnings("ignore:.*deprecated since 2.9.0:FutureWarning"),
    pytest.mark.filterwarnings("ignore:.*filesystem.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),  # SQLAlchemy about MLflow's own code
    pytest.mark.timeout(600),
]


def target(workspace: Workspace) -> Any:
    return client_of(workspace.get_mlflow_tracking_uri())


def client_of(uri: str) -> Any:
    return MlflowClient(uri, registry_uri=uri)


def assert_complete(done: Migrated) -> None:
    assert done.problems == []
    assert done.source == done.target


def test_a_server_is_copied_whole(mlflow_server: str, workspace: Workspace, scope: Scope) -> None:
    done = migrate(scope, mlflow_server)
    assert_complete(done)
    assert done.source["metric points"] == HISTORY + 5
    assert (done.source["runs"], done.source["experiments"], done.source["logged models"]) == (5, 3, 1)
    before = described(MlflowClient(mlflow_server, registry_uri=mlflow_server))
    after = described(target(workspace))
    assert after["experiments"] == before["experiments"]
    assert after["runs"] == before["runs"]
    assert after["models"] == before["models"]


def test_a_file_store_is_copied_whole(
    file_store: str, workspace: Workspace, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = migrate(scope, file_store)
    assert_complete(done)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    before, after = described(MlflowClient(file_store, registry_uri=file_store)), described(target(workspace))
    assert after["runs"] == before["runs"]
    assert after["models"] == before["models"]


def test_a_sqlite_store_is_copied_whole_with_logged_models(
    sqlite_store: str, workspace: Workspace, scope: Scope
) -> None:
    done = migrate(scope, sqlite_store)
    assert_complete(done)
    theirs = client_of(sqlite_store)
    ours = target(workspace)
    assert described(ours)["runs"] == described(theirs)["runs"]
    experiment = theirs.get_experiment_by_name("churn: 2024")
    (model,) = theirs.search_logged_models([experiment.experiment_id])
    copied = ours.get_logged_model(model.model_id)
    assert (copied.name, copied.model_type, copied.status, copied.source_run_id) == (
        model.name,
        model.model_type,
        model.status,
        model.source_run_id,
    )
    assert (copied.tags["a"], copied.params, copied.creation_timestamp) == (
        "b",
        {"depth": "3"},
        model.creation_timestamp,
    )
    assert [(one.key, one.value, one.run_id) for one in copied.metrics] == [("auc", 0.75, model.source_run_id)]
    registered = Model(workspace, "net")
    assert registered.run_id == model.source_run_id


def test_children_find_their_parents_whichever_began_first(
    sqlite_store: str, workspace: Workspace, scope: Scope
) -> None:
    migrate(scope, sqlite_store)
    ours = target(workspace)
    experiment = ours.get_experiment_by_name("churn: 2024")
    (parent,) = ours.search_runs([experiment.experiment_id], "attributes.run_name = 'parent'")
    children = workspace.get_run(parent.info.run_id).get_children()
    assert sorted(child.display_name for child in children) == ["child", "early child"]


def test_a_second_migration_copies_nothing_twice(sqlite_store: str, scope: Scope) -> None:
    first = migrate(scope, sqlite_store)
    second = migrate(scope, sqlite_store)
    assert_complete(second)
    assert second.source == first.source
    assert (first.found_runs, second.found_runs) == (0, 5)


def test_what_was_logged_since_is_copied_by_a_second_migration(
    sqlite_store: str, workspace: Workspace, scope: Scope
) -> None:
    theirs = client_of(sqlite_store)
    run = theirs.create_run(theirs.create_experiment("going on")).info.run_id
    theirs.log_metric(run, "loss", 1.0, step=1)
    assert_complete(migrate(scope, sqlite_store, experiments=["going on"]))
    theirs.log_metric(run, "loss", 2.0, step=2)
    theirs.log_text(run, "late", "late.txt")
    done = migrate(scope, sqlite_store, experiments=["going on"])
    assert_complete(done)
    assert (done.source["metric points"], done.source["files"]) == (2, 1)
    assert target(workspace).get_run(run).data.metrics == {"loss": 2.0}


def test_one_experiment_is_chosen(sqlite_store: str, workspace: Workspace, scope: Scope) -> None:
    done = migrate(scope, sqlite_store, experiments=["given-up"])
    assert_complete(done)
    assert (done.source["experiments"], done.source["runs"]) == (1, 1)
    assert workspace.models == {}
    with pytest.raises(NotFound, match="no experiment named nothing"):
        migrate(scope, sqlite_store, experiments=["nothing"])


def test_a_dry_run_writes_nothing(sqlite_store: str, workspace: Workspace, scope: Scope) -> None:
    done = migrate(scope, sqlite_store, dry_run=True)
    assert (done.source["runs"], done.source["model versions"], done.target, done.problems) == (5, 3, {}, [])
    assert workspace.experiments == {}


def test_a_run_id_that_is_taken_is_a_problem_and_the_rest_goes_on(
    sqlite_store: str, workspace: Workspace, scope: Scope
) -> None:
    theirs = client_of(sqlite_store)
    (run,) = theirs.search_runs([theirs.get_experiment_by_name("churn: 2024").experiment_id], "status = 'FAILED'")
    scope.client.put(scope.path("experiments", "mine"), dict)
    scope.client.post(scope.path("experiments", "mine", "runs"), dict, {"id": run.info.run_id})
    done = migrate(scope, sqlite_store)
    (problem,) = done.problems
    assert run.info.run_id in problem
    assert "another run with the id" in problem
    assert done.source["runs"] == 4
    assert workspace.get_run(run.info.run_id).experiment.name == "mine"


def test_files_that_are_gone_are_a_problem(sqlite_store: str, tmp_path: Path, scope: Scope) -> None:
    theirs = client_of(sqlite_store)
    root = tmp_path / "elsewhere"
    root.mkdir()
    (root / "model.txt").write_text("x")
    theirs.create_registered_model("elsewhere")
    theirs.create_model_version("elsewhere", root.as_uri())
    theirs.create_model_version("elsewhere", root.as_uri())
    assert_complete(migrate(scope, sqlite_store))
    (root / "model.txt").unlink()
    theirs.create_model_version("elsewhere", root.as_uri())
    problems = migrate(scope, sqlite_store).problems
    assert any("there are no files at" in problem for problem in problems)
    assert any("model elsewhere differs: model versions 2 of 3" in problem for problem in problems)


def test_a_database_whose_files_a_server_keeps_needs_their_place(tmp_path: Path, scope: Scope) -> None:
    with start_mlflow(tmp_path / "server") as uri:
        fill(MlflowClient(uri, registry_uri=uri), tmp_path)
    database = f"sqlite:///{tmp_path}/server/mlflow.db"
    problems = migrate(scope, database).problems
    assert any("--artifacts" in problem for problem in problems), problems
    done = migrate(scope, database, artifacts=str(tmp_path / "server" / "artifacts"))
    assert done.problems == []


def test_an_older_sqlite_store_is_read_from_a_copy(tmp_path: Path, scope: Scope) -> None:
    """MLflow would bring the file itself to its newest tables; the user's file stays as it is."""
    older = _older(tmp_path)
    held = older.read_bytes()
    done = migrate(scope, f"sqlite:///{older}")
    assert_complete(done)
    assert done.source["runs"] == 1
    assert older.read_bytes() == held


def _older(folder: Path) -> Path:
    """A store with the tables of MLflow 2.0 and one run in them."""
    file = folder / "older.db"
    engine = utils.create_sqlalchemy_engine(f"sqlite:///{file}")
    InitialBase.metadata.create_all(engine)
    engine.dispose()
    config = utils._get_alembic_config(f"sqlite:///{file}")
    command.upgrade(config, "97727af70f4d")
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time) "
            "VALUES (1, 'old', ?, 'active', 5)",
            (str(folder / "old"),),
        )
        connection.execute(
            "INSERT INTO runs (run_uuid, name, experiment_id, user_id, status, start_time, end_time, lifecycle_stage, "
            "artifact_uri, source_type) VALUES ('0a', 'first', 1, 'ada', 'FINISHED', 7, 9, 'active', ?, 'LOCAL')",
            (str(folder / "old" / "0a" / "artifacts"),),
        )
        connection.execute("INSERT INTO params (key, value, run_uuid) VALUES ('lr', '0.1', '0a')")
    return file


def test_a_newer_sqlite_store_says_what_to_install(tmp_path: Path, scope: Scope) -> None:
    file = tmp_path / "newer.db"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('of-tomorrow')")
        connection.commit()
    with pytest.raises(InvalidValue, match="pip install --upgrade mlflow"):
        migrate(scope, f"sqlite:///{file}")


@pytest.mark.parametrize("name", ["it's", 'say "so"', """both ' and " are here"""])
def test_quotes_in_the_name_of_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: Scope, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    client = client_of(f"sqlite:///{tmp_path}/quotes.db")
    experiment = client.create_experiment("quotes", artifact_location=(tmp_path / "files").as_uri())
    run = client.create_run(experiment).info.run_id
    client.log_text(run, "x", "model/MLmodel")
    client.set_terminated(run)
    for model in (name, "another"):
        client.create_registered_model(model)
        client.create_model_version(model, f"runs:/{run}/model", run)
        client.set_registered_model_alias(model, "champion", "1")
    done = migrate(scope, f"sqlite:///{tmp_path}/quotes.db")
    assert_complete(done)
    assert (done.target["model versions"], done.target["aliases"]) == (2, 2)


@pytest.mark.parametrize(
    ("uri", "error", "words"),
    [
        ("ftp://host/x", InvalidValue, "nothing to migrate from"),
        ("sqlite:///{tmp}/none.db", NotFound, "no SQLite file"),
        ("sqlite:///{tmp}/text.db", InvalidValue, "no MLflow store"),
        ("{tmp}", NotFound, "no MLflow file store"),
        ("{tmp}/text.db", InvalidValue, "is a file: write sqlite"),
    ],
)
def test_what_is_no_store_is_refused_and_not_made(
    tmp_path: Path, scope: Scope, uri: str, error: type[UserErrorException], words: str
) -> None:
    (tmp_path / "text.db").write_text("not a database, but long enough to be looked at as one " * 10)
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(error, match=words):
        migrate(scope, uri.format(tmp=tmp_path))
    assert sorted(path.name for path in tmp_path.iterdir()) == before
