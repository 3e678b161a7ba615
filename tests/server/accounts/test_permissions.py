"""Permissions on single experiments and registered models: every route that names one obeys them, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from starlette.routing import Route

from tests.postgresql import Cluster
from tests.server.permissions import V2, Asker, Lab
from tests.server.rest import Rest, serve
from zaffre.server.accounts.permissions import Deed
from zaffre.server.api import permits as api_permits
from zaffre.server.mlflow import permits
from zaffre.server.mlflow.routes import ACTS, TRANSFERS
from zaffre.server.store.permissions import Kind

NAMED = [
    (act.verb, act.path, rule)
    for act in ACTS
    if (rule := permits.rule_of(act.verb, act.path)) is not None and rule[1] is not permits.nothing
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rest]:
    home = tmp_path_factory.mktemp("zaffre") / "home"
    if request.param == "sqlite":
        with serve(home) as http:
            yield Rest(http, home)
        return
    cluster: Cluster = request.getfixturevalue("postgresql")
    address = cluster.lend()
    with serve(home, database_address=address) as http:
        yield Rest(http, home)
    cluster.give_back(address)


@pytest.fixture(scope="module")
def shared(server: Rest) -> Lab:
    """For tests that change nothing of it."""
    return Lab(workspace(server))


@pytest.fixture
def lab(server: Rest) -> Lab:
    return Lab(workspace(server))


@pytest.fixture(scope="module")
def hidden(shared: Lab) -> Asker:
    return shared.user("user", "NO_PERMISSIONS")


@pytest.fixture(scope="module")
def looker(shared: Lab) -> Asker:
    return shared.user("user", "READ")


def workspace(server: Rest) -> Rest:
    mine = Rest(server.http, server.home, f"ws-{uuid4().hex[:12]}")
    mine.get("", create=True)
    return mine


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("error_code", "")


# --- every route ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("verb", "path", "rule"), NAMED, ids=[f"{verb} {path}" for verb, path, _ in NAMED])
def test_every_act_of_mlflow_that_names_something_obeys(
    shared: Lab, hidden: Asker, looker: Asker, verb: str, path: str, rule: tuple[Deed, object]
) -> None:
    fields = shared.fields(path)
    at = re.sub(r"\{(\w+)\}", lambda match: str(fields[match[1]]), path)
    assert code(hidden.mlflow(verb, at, **fields)) == (403, "PERMISSION_DENIED")
    told = looker.mlflow(verb, at, **fields)
    if rule[0] is Deed.READ:
        assert told.status_code != 403, told.text
    else:
        assert code(told) == (403, "PERMISSION_DENIED")


def test_every_act_of_mlflow_stands_in_the_table() -> None:
    assert {f"{act.verb} {act.path}" for act in ACTS} >= set(permits.TABLE)
    with pytest.raises(AssertionError, match="no rule for"):
        permits.rule_of("GET", "2.0/mlflow/news")
    # Those that ask nothing of a thing are searches, and what is of the server as a whole.
    plain = {path for act in ACTS if (act.verb, (path := act.path)) not in {(v, p) for v, p, _ in NAMED}}
    words = ("search", "users", "roles", "permissions", "webhooks", "server-info", "correlation", "traces/metrics")
    others = {path for path in plain if not any(word in path for word in words)}
    assert others == {
        "2.0/mlflow/traces",  # the search of MLflow 2
        "2.0/mlflow/experiments/create",
        "2.0/mlflow/registered-models/create",
        "2.0/mlflow-artifacts/artifacts",  # whose path is checked where it is resolved: below
    }


def api_routes(rest: Rest) -> list[tuple[str, str]]:
    routes = [route for route in rest.http.app.routes if isinstance(route, Route)]  # type: ignore[attr-defined]
    found = []
    for route in routes:
        about = api_permits.named(re.sub(r"\{(\w+)(?::path)?\}", r"<\1>", route.path))
        if about is not None:
            found += [(method, route.path) for method in sorted(route.methods or ()) if method != "OPTIONS"]
    return found


def test_every_route_of_the_api_that_names_something_obeys(shared: Lab, hidden: Asker, looker: Asker) -> None:
    names = {
        Kind.EXPERIMENT_NAME: "secret",
        Kind.RUN: shared.run,
        Kind.MODEL: "secret-model",
        Kind.LOGGED_MODEL: shared.logged,
        Kind.TRACE: shared.trace,
    }
    walked = set()
    for method, route in api_routes(shared.admin.rest):
        pattern = re.sub(r"\{(\w+)(?::path)?\}", r"<\1>", route)
        about = api_permits.named(pattern)
        assert about is not None
        _, inner, thing = about
        inner = inner.replace(thing.id, names[thing.kind], 1)
        inner = re.sub(r"<version>", "1", inner)
        inner = re.sub(r"<\w+>", "x", inner)
        options: dict[str, Any] = {} if method in ("GET", "HEAD") else {"json": {}}
        assert hidden.status(method, inner, **options) == 403, (method, inner)
        if api_permits.deed_of(method, inner) is Deed.READ:
            if not inner.endswith("/permissions"):  # which only those see who may change them
                assert looker.status(method, inner) != 403, (method, inner)
        else:
            assert looker.status(method, inner, **options) == 403, (method, inner)
        walked.add(thing.kind)
    assert walked == set(names)
    assert len(api_routes(shared.admin.rest)) > 40


def test_what_a_body_or_query_names_obeys_too(shared: Lab, hidden: Asker, looker: Asker) -> None:
    reading = [
        ("GET", "/runs?experiment=secret", None),
        ("GET", "/traces?experiment=secret", None),
        ("GET", f"/traces?run={shared.run}", None),
    ]
    for method, path, body in reading:
        assert hidden.status(method, path, json=body) == 403, path
        assert looker.status(method, path, json=body) == 200, path
    wrong = {"Last-Event-ID": "?"}  # so that a stream that is let in ends at once
    assert hidden.status("GET", f"/stream?run={shared.run}", headers=wrong) == 403
    assert looker.status("GET", f"/stream?run={shared.run}", headers=wrong) == 400
    upload = shared.admin.rest.post("/uploads")["upload_id"]
    entity = {"name": "n", "created_at": 1, "updated_at": 1}
    run = {"experiment": "secret", "start_time": 1, "status": "Completed"}
    writing = [
        ("POST", "/models", {"name": "secret-model", "upload_id": upload}),
        ("PATCH", "/experiments/secret", {"archived": True}),
        ("PUT", "/imports/experiment", {**entity, "name": "secret"}),
        ("PUT", "/imports/runs/r-new", run),
        ("PUT", "/imports/logged-models/m-1", {**entity, "experiment": "secret", "status": "LOGGED_MODEL_READY"}),
        ("PUT", "/imports/traces/tr-1", {"experiment": "secret", "start_time": 1, "status": "OK"}),
        ("PUT", "/imports/registered-model", {**entity, "name": "secret-model"}),
        ("PUT", "/imports/model-version", {**entity, "name": "secret-model", "version": 1}),
    ]
    for asker in (hidden, looker):
        for method, path, body in writing:
            assert asker.status(method, path, json=body) == 403, path
    theirs = {"name": "mine", "run_id": shared.run, "run_path": "model"}
    assert hidden.status("POST", "/models", json=theirs) == 403
    assert looker.status("POST", "/models", json={**theirs, "name": f"m-{uuid4().hex[:6]}"}) == 200
    service = {"spec": {"entry_script": "s.py", "source_name": "s", "snapshot_id": "x", "environment": {}}}
    assert hidden.status("PUT", "/services/s", json={**service, "models": ["secret-model:1"]}) == 403
    assert hidden.status("PATCH", "/services/s", json={"models": ["secret-model"]}) == 403


def test_files_through_the_proxy_obey_too(shared: Lab, hidden: Asker, looker: Asker) -> None:
    files = "2.0/mlflow-artifacts/artifacts"
    version = "registry/secret-model/1/weights.txt"
    of_model = f"{shared.experiment}/models/{shared.logged}/artifacts/m.txt"
    for file in (shared.file, version, of_model):
        assert code(hidden.mlflow("GET", f"{files}/{file}")) == (403, "PERMISSION_DENIED")
        assert looker.mlflow("GET", f"{files}/{file}").status_code != 403
        folder = file.rpartition("/")[0]
        assert code(hidden.mlflow("GET", files, path=folder)) == (403, "PERMISSION_DENIED")
        assert looker.mlflow("GET", files, path=folder).status_code == 200
        for asker in (hidden, looker):
            assert shared.put(asker, file) == 403
            assert asker.mlflow("DELETE", f"{files}/{file}").status_code == 403
            begun = asker.mlflow("POST", f"2.0/mlflow-artifacts/mpu/create/{folder}", path="x.txt")
            assert begun.status_code == 403
            ended = asker.mlflow(
                "POST", f"2.0/mlflow-artifacts/mpu/complete/{folder}", path="x", upload_id="x", parts=[]
            )
            assert ended.status_code in (400, 403)
    for asker in (hidden, looker):
        at = f"/workspaces/{asker.rest.ws}/ajax-api/{V2}/upload-artifact"
        sent = asker.rest.http.post(at, params={"run_uuid": shared.run, "path": "f.txt"}, content=b"x")
        assert sent.status_code == 403
        spans = asker.rest.http.post(
            f"/workspaces/{asker.rest.ws}/v1/traces",
            json=span(),
            headers={"x-mlflow-experiment-id": shared.experiment},
        )
        assert spans.status_code == 403
    assert hidden.mlflow("GET", f"{V2}/get-trace-artifact", request_id=shared.trace).status_code == 403
    assert looker.mlflow("GET", f"{V2}/get-trace-artifact", request_id=shared.trace).status_code != 403
    # The table of those that stream: what is new here is to be asked above.
    assert {(one.verb, one.path) for one in TRANSFERS} == {
        ("GET", f"{files}/"),
        ("PUT", f"{files}/"),
        ("DELETE", f"{files}/"),
        ("POST", "2.0/mlflow-artifacts/mpu/create/"),
        ("PUT", "2.0/mlflow-artifacts/mpu/part/"),  # of an upload, whose place is looked at when it is completed
        ("POST", "2.0/mlflow-artifacts/mpu/complete/"),
        ("POST", "2.0/mlflow-artifacts/mpu/abort/"),
        ("GET", "2.0/mlflow-artifacts/presigned/"),  # which there is none of
        ("POST", "2.0/mlflow/upload-artifact"),
        ("GET", "2.0/mlflow/get-trace-artifact"),
        ("POST", "v1/traces"),
    }


def span() -> dict[str, Any]:
    one = {
        "traceId": uuid4().hex,
        "spanId": uuid4().hex[:16],
        "name": "s",
        "startTimeUnixNano": "1",
        "endTimeUnixNano": "2",
    }
    return {"resourceSpans": [{"scopeSpans": [{"spans": [one]}]}]}


def test_no_version_is_made_of_files_that_one_may_not_read(shared: Lab, hidden: Asker) -> None:
    mine = f"m-{uuid4().hex[:6]}"
    hidden.ok("POST", f"{V2}/registered-models/create", name=mine)
    sources = (
        f"runs:/{shared.run}/model",
        f"models:/{shared.logged}",
        "models:/secret-model/1",
        f"mlflow-artifacts:/{shared.experiment}/{shared.run}/artifacts/model",
    )
    for source in sources:
        answer = hidden.mlflow("POST", f"{V2}/model-versions/create", name=mine, source=source)
        assert code(answer) == (403, "PERMISSION_DENIED"), source
    prompt = {"name": mine, "source": "dummy-source", "run_id": shared.run}  # it would tell the experiment's name
    assert code(hidden.mlflow("POST", f"{V2}/model-versions/create", **prompt)) == (403, "PERMISSION_DENIED")


# --- searches -------------------------------------------------------------------------------------------------------


def test_searches_pass_over_what_is_hidden(shared: Lab, hidden: Asker, looker: Asker) -> None:
    ids = [shared.experiment]
    places = [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": shared.experiment}}]
    searches: list[tuple[str, str, str, dict[str, Any]]] = [
        ("POST", f"{V2}/experiments/search", "experiments", {"max_results": 100, "filter": "name = 'secret'"}),
        ("POST", f"{V2}/runs/search", "runs", {"experiment_ids": ids}),
        ("POST", f"{V2}/logged-models/search", "models", {"experiment_ids": ids}),
        ("POST", "3.0/mlflow/traces/search", "traces", {"locations": places}),
        ("GET", f"{V2}/traces", "traces", {"experiment_ids": shared.experiment}),
        ("GET", f"{V2}/registered-models/search", "registered_models", {"filter": "name = 'secret-model'"}),
        ("GET", f"{V2}/model-versions/search", "model_versions", {"filter": "name = 'secret-model'"}),
    ]
    for verb, path, key, fields in searches:
        assert looker.ok(verb, path, **fields)[key], path
        assert not hidden.ok(verb, path, **fields).get(key), path
    for path in ("/experiments", "/runs", "/models", "/traces"):
        told = hidden.rest.get(path)["items"]
        assert not {"secret", "secret-model"} & {one.get("name") for one in told}, path
        assert path == "/models" or "secret" not in str(told), path
        assert shared.run not in [one.get("id") for one in told]
        assert "secret" in str(looker.rest.get(path)["items"]), path
    assert looker.rest.get("/child-counts", run=shared.run) == {shared.run: 1}
    assert hidden.rest.get("/child-counts", run=shared.run) == {}


# --- the rule -------------------------------------------------------------------------------------------------------


def log(asker: Asker, run_id: str, value: float = 1.0) -> int:
    fields = {"run_id": run_id, "key": "loss", "value": value, "timestamp": 1}
    return asker.mlflow("POST", f"{V2}/runs/log-metric", **fields).status_code


def test_a_reader_who_may_edit_logs_there_and_nowhere_else(lab: Lab) -> None:
    reader = lab.user("reader")
    elsewhere = lab.admin.rest.run("open")
    assert (log(reader, lab.run), reader.status("POST", "/uploads", json={})) == (403, 403)
    lab.grant(reader.name, "EDIT")
    assert log(reader, lab.run) == 200
    series = [{"name": "more", "steps": [0], "timestamps": [1], "values": [0.5]}]
    assert reader.rest.post(f"/runs/{lab.run}/metrics", {"series": series}) == {"accepted": 1}
    made = reader.ok("POST", f"{V2}/runs/create", experiment_id=lab.experiment)
    assert lab.put(reader, f"{lab.experiment}/{made['run']['info']['run_id']}/artifacts/f.txt") == 200
    assert reader.rest.post("/uploads")["upload_id"]
    token = reader.rest.post(f"/runs/{lab.run}/token")["token"]
    script = Asker(lab.admin.rest.as_(token), "script")
    assert (log(script, lab.run), log(script, elsewhere)) == (200, 403)
    assert log(reader, elsewhere) == 403
    assert reader.status("DELETE", f"/runs/{lab.run}") == 403
    assert reader.status("POST", "/experiments/open/runs", json={}) == 403
    assert reader.status("PUT", "/experiments/new") == 403
    assert reader.status("PUT", "/computes/c", json={}) == 403
    assert reader.mlflow("POST", f"{V2}/experiments/create", name="new").status_code == 403


def test_a_level_decides_and_without_one_the_role_does(lab: Lab) -> None:
    user = lab.user("user")
    assert log(user, lab.run) == 200
    for level, may in (("NO_PERMISSIONS", 403), ("READ", 403), ("USE", 403), ("EDIT", 200), ("MANAGE", 200)):
        put(lab, user.name, level)
        assert log(user, lab.run) == may, level
        assert user.status("GET", f"/runs/{lab.run}") == (403 if level == "NO_PERMISSIONS" else 200), level
        archived = user.status("PATCH", "/experiments/secret", json={"archived": False})
        assert archived == (200 if level == "MANAGE" else 403), level
        gone = user.mlflow("POST", f"{V2}/runs/delete", run_id=lab.run)
        assert gone.status_code == (200 if level == "MANAGE" else 403), level
    lab.admin.ok("POST", f"{V2}/runs/restore", run_id=lab.run)
    put(lab, user.name, "READ")
    lab.admin.ok("DELETE", f"{V2}/experiments/permissions/delete", experiment_id=lab.experiment, username=user.name)
    assert log(user, lab.run) == 200
    assert user.mlflow("POST", f"{V2}/runs/delete", run_id=lab.run).status_code == 200


def put(lab: Lab, user: str, level: str) -> None:
    fields = {"experiment_id": lab.experiment, "username": user, "permission": level}
    known = lab.admin.mlflow("GET", f"{V2}/experiments/permissions/get", **fields)
    verb, what = ("POST", "create") if known.status_code == 404 else ("PATCH", "update")
    lab.admin.ok(verb, f"{V2}/experiments/permissions/{what}", **fields)


def test_admins_may_all(lab: Lab) -> None:
    user = lab.user("user", "NO_PERMISSIONS")
    assert log(user, lab.run) == 403
    lab.admin.rest.patch(f"//users/{user.name}", {"role": "admin"})
    assert log(user, lab.run) == 200


def test_who_makes_something_manages_it(lab: Lab) -> None:
    maker, other = lab.user("user"), lab.user("user")
    made = maker.ok("POST", f"{V2}/experiments/create", name="theirs")["experiment_id"]
    maker.rest.put("/experiments/theirs-too")
    maker.ok("POST", f"{V2}/registered-models/create", name="their-model")
    things = [
        ("experiment", made),
        ("experiment", str(maker.rest.get("/experiments/theirs-too")["id"])),
        ("registered_model", "their-model"),
    ]
    for kind, which in things:
        named = {"resource_type": kind, "resource_id": which}
        told = maker.ok("GET", "3.0/mlflow/users/permissions/get", username=maker.name, **named)
        assert told == {"allowed": True, "permission": "MANAGE"}
        grant = {"username": other.name, "permission": "MANAGE", **named}
        refused = other.mlflow("POST", "3.0/mlflow/users/permissions/grant", **{**grant, "username": maker.name})
        assert code(refused) == (403, "PERMISSION_DENIED")
        maker.ok("POST", "3.0/mlflow/users/permissions/grant", **grant)
        maker.ok("POST", "3.0/mlflow/users/permissions/revoke", username=other.name, **named)
    rows = maker.ok("GET", "3.0/mlflow/users/current/permissions")["permissions"]
    assert [(row["resource_type"], row["resource_pattern"], row["permission"]) for row in rows] == [
        (kind, which, "MANAGE") for kind, which in things
    ]
    assert other.ok("GET", "3.0/mlflow/users/permissions/list", username=other.name)["permissions"] == []


def test_the_api_lists_grants_and_revokes(lab: Lab) -> None:
    maker, other = lab.user("user"), lab.user("user")
    maker.rest.put("/experiments/theirs")
    maker.ok("POST", f"{V2}/registered-models/create", name="their-model")
    for path, kind in (("/experiments/theirs", "experiment"), ("/models/their-model", "model")):
        at = f"{path}/permissions"
        (own,) = maker.rest.get(at)["items"]
        assert (own["user"], own["level"], own["granted_by"]) == (maker.name, "MANAGE", "")
        assert (own[kind], own["workspace"]) == (path.rpartition("/")[2], maker.rest.ws)
        assert other.rest.refused("GET", at)[:2] == (403, "PermissionDenied")
        assert other.rest.refused("PUT", f"{at}/{other.name}", {"level": "MANAGE"})[:2] == (403, "PermissionDenied")
        for level in ("EDIT", "READ"):
            made = maker.rest.put(f"{at}/{other.name}", {"level": level})
            assert (made["user"], made["level"], made["granted_by"]) == (other.name, level, maker.name)
        assert other.rest.refused("DELETE", f"{at}/{other.name}")[:2] == (403, "PermissionDenied")
        assert maker.rest.refused("PUT", f"{at}/{other.name}", {"level": "OWN"})[0] == 400
        assert maker.rest.refused("PUT", f"{at}/nobody", {"level": "READ"})[0] == 404
        maker.rest.delete(f"{at}/{other.name}")
        assert maker.rest.refused("DELETE", f"{at}/{other.name}")[0] == 404
        assert len(maker.rest.get(at)["items"]) == 1


def test_tokens_of_runs_act_for_their_run_and_else_for_their_user(lab: Lab) -> None:
    user = lab.user("user")
    run = user.rest.run("mine")
    script = Asker(lab.admin.rest.as_(user.rest.post(f"/runs/{run}/token")["token"]), "script")
    assert (log(script, run), log(script, lab.run)) == (200, 200)
    lab.grant(user.name, "NO_PERMISSIONS")
    assert (log(script, run), log(script, lab.run)) == (200, 403)
    mine = str(user.rest.get("/experiments/mine")["id"])
    fields = {"experiment_id": mine, "username": user.name, "permission": "NO_PERMISSIONS"}
    lab.admin.ok("PATCH", f"{V2}/experiments/permissions/update", **fields)
    assert (log(user, run), log(script, run)) == (403, 200)
    found = script.ok("POST", f"{V2}/runs/search", experiment_ids=[mine])["runs"]
    assert [one["info"]["run_id"] for one in found] == [run]
    grant = {"experiment_id": lab.experiment, "username": user.name, "permission": "EDIT"}
    parts = lab.admin.rest.http.app.state.parts  # type: ignore[attr-defined]
    started = parts.credentials.mint_for_runner(parts.tracking.get_run(lab.admin.rest.ws, run))  # as the server does
    job = Asker(lab.admin.rest.as_(started), "job")
    assert (log(job, run), log(job, lab.run)) == (200, 403)
    for path in ("create", "update"):
        verb = "POST" if path == "create" else "PATCH"
        assert script.mlflow(verb, f"{V2}/experiments/permissions/{path}", **grant).status_code == 403


def test_a_renamed_model_keeps_its_permissions_and_a_new_one_of_its_name_has_none(lab: Lab) -> None:
    user = lab.user("user", "READ")
    lab.admin.ok("POST", f"{V2}/registered-models/rename", name="secret-model", new_name="other-model")
    tag = {"key": "k", "value": "v"}
    assert user.mlflow("POST", f"{V2}/registered-models/set-tag", name="other-model", **tag).status_code == 403
    lab.admin.ok("DELETE", f"{V2}/registered-models/delete", name="other-model")
    lab.admin.ok("POST", f"{V2}/registered-models/create", name="other-model")
    assert user.mlflow("POST", f"{V2}/registered-models/set-tag", name="other-model", **tag).status_code == 200


def test_permissions_stay_when_the_server_starts_again(tmp_path: Path) -> None:
    with serve(tmp_path / "home") as http:
        lab = Lab(workspace(Rest(http, tmp_path / "home")))
        user = lab.user("user", "READ")
        assert log(user, lab.run) == 403
    with serve(tmp_path / "home") as http:
        again = Rest(http, tmp_path / "home", lab.admin.rest.ws)
        at = f"/workspaces/{again.ws}/api/{V2}/runs/log-metric"
        headers = {"Authorization": user.rest.http.headers["Authorization"]}
        told = http.post(at, json={"run_id": lab.run, "key": "k", "value": 1, "timestamp": 1}, headers=headers)
        assert told.status_code == 403


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"permission": "DENY"}, (400, "INVALID_PARAMETER_VALUE")),
        ({"permission": "edit"}, (400, "INVALID_PARAMETER_VALUE")),
        ({"username": "nobody-here"}, (404, "RESOURCE_DOES_NOT_EXIST")),
        ({"resource_id": "999999"}, (404, "RESOURCE_DOES_NOT_EXIST")),
        ({"resource_type": "registered_model", "resource_id": "none"}, (404, "RESOURCE_DOES_NOT_EXIST")),
        ({"resource_type": "gateway_endpoint"}, (400, "INVALID_PARAMETER_VALUE")),
        ({"resource_type": "scorer", "resource_id": "1/s"}, (400, "INVALID_PARAMETER_VALUE")),
        ({"resource_id": "*"}, (400, "INVALID_PARAMETER_VALUE")),
    ],
)
def test_what_cannot_be_granted_is_said(
    shared: Lab, looker: Asker, fields: dict[str, str], expected: tuple[int, str]
) -> None:
    given = {
        "username": looker.name,
        "resource_type": "experiment",
        "resource_id": shared.experiment,
        "permission": "READ",
        **fields,
    }
    assert code(shared.admin.mlflow("POST", "3.0/mlflow/users/permissions/grant", **given)) == expected
