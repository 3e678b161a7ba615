"""Nobody gets in but through the short public list, and a token does what it is for and no more."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.routing import BaseRoute, Route

from tests.server.rest import URL, Rest
from zaffre.core.wire import API
from zaffre.server.api import access
from zaffre.server.app import reconciler
from zaffre.server.mlflow.routes import ACTS
from zaffre.server.mlflow.transfers import TRANSFERS
from zaffre.server.store.tokens import Principal

PUBLIC = {("GET", "/health"), ("GET", "/version"), ("GET", "/signin"), ("HEAD", "/version"), ("POST", "/api/v1/signin")}


def every_route(routes: list[BaseRoute]) -> list[tuple[str, str]]:
    """Method and path of every route, its parameters filled in; MLflow's too, which no router knows."""
    spoken = [*((act.verb, act.path) for act in ACTS), *((file.verb, file.path) for file in TRANSFERS)]
    bases = ("/api", "/ajax-api", "/workspaces/x/api", "/workspaces/x/ajax-api")
    found = [(method, f"{base}/{path}") for base in bases for method, path in spoken]
    for route in _flat(routes):
        methods = sorted(route.methods or ("GET", "POST", "PUT", "PATCH", "DELETE"))
        found += [(method, route.path) for method in methods]
    return [(method, re.sub(r"\{[^}]*\}", "x", path)) for method, path in found]


def _flat(routes: list[BaseRoute]) -> list[Route]:
    flat = []
    for route in routes:
        inner: Any = getattr(route, "routes", None)
        if isinstance(route, Route):
            flat.append(route)
        elif inner:
            flat += _flat(inner)
        else:
            raise AssertionError(f"{route!r} is of a kind that this test does not know")
    return flat


def test_every_route_refuses_nobody(rest: Rest) -> None:
    nobody = rest.as_(None)
    routes = every_route(rest.http.app.routes)  # type: ignore[attr-defined]
    assert len(routes) > 300
    open_ = set()
    for method, path in routes:
        answer = nobody.http.request(method, path)
        if answer.status_code == 401:
            assert "www-authenticate" in answer.headers
        else:
            open_.add((method, path))
    assert open_ <= PUBLIC, f"open to everyone: {sorted(open_ - PUBLIC)}"
    assert ("GET", "/health") in open_


def test_every_workspace_route_refuses_a_token_of_another_workspace(rest: Rest) -> None:
    rest.get("//workspaces/elsewhere", create=True)
    token = rest.post("//tokens", {"kind": "user", "workspace": "elsewhere"})["token"]
    stranger = rest.as_(token)
    checked = 0
    for method, path in every_route(rest.http.app.routes):  # type: ignore[attr-defined]
        path = path.replace("/workspaces/x", f"/workspaces/{rest.ws}", 1)
        if f"/workspaces/{rest.ws}" in path or path.startswith(("/api/2.0", "/api/3.0", "/ajax-api")):
            for sent in (path, f"{path}%0A"):  # the router overlooks a newline at the end
                assert stranger.http.request(method, sent).status_code == 403, (method, sent)
            checked += 1
    assert checked > 300


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "//tokens", {"kind": "user"}),
        ("POST", "//tickets", {}),
        ("POST", "//workspaces", {"name": "another"}),
        ("DELETE", "", None),
        ("PATCH", "", {"description": "mine now"}),
        ("PUT", "/computes/big", {"max_nodes": 100}),
        ("PATCH", "/computes/big", {"max_nodes": 100}),
        ("DELETE", "/computes/big", None),
        ("DELETE", "/experiments/exp", None),
        ("DELETE", "/runs/{run}", None),
        ("DELETE", "/models/m/versions/1", None),
        ("DELETE", "/services/svc", None),
    ],
)
def test_a_run_token_cannot_go_beyond_its_run(rest: Rest, method: str, path: str, body: object) -> None:
    run = rest.run()
    script = rest.as_(rest.post(f"/runs/{run}/token")["token"])
    status, code, _ = script.refused(method, path.replace("{run}", run), body)
    assert (status, code) == (403, "PermissionDenied")


def test_a_run_token_does_what_a_training_script_does(rest: Rest) -> None:
    run = rest.run()
    script = rest.as_(rest.post(f"/runs/{run}/token")["token"])
    series = [{"name": "loss", "steps": [0], "timestamps": [1], "values": [0.5]}]
    assert script.post(f"/runs/{run}/metrics", {"series": series}) == {"accepted": 1}
    script.send(f"/runs/{run}/artifacts/outputs/m.txt", b"m")
    script.delete(f"/runs/{run}/artifacts/outputs/m.txt")
    script.patch(f"/runs/{run}", {"tags": {"a": "b"}})
    script.put("/experiments/child")
    child = script.post("/experiments/child/runs", {"parent_id": run})["id"]
    assert script.post(f"/runs/{child}/token")["token"]
    assert script.get("//server")["home"] == ""


def test_a_run_token_makes_no_token_that_outlives_it(rest: Rest) -> None:
    run = rest.run()
    first = rest.post(f"/runs/{run}/token")
    second = rest.as_(first["token"]).post(f"/runs/{run}/token")
    assert second["expires_at"] <= first["expires_at"]


def test_a_workspace_token_makes_only_tokens_of_its_workspace(rest: Rest) -> None:
    mine = rest.as_(rest.post("//tokens", {"kind": "user", "workspace": rest.ws})["token"])
    assert mine.post("//tokens", {"kind": "mlflow", "workspace": rest.ws})["token"]
    for body in ({"kind": "user"}, {"kind": "user", "workspace": "default"}, {"kind": "admin"}):
        assert mine.refused("POST", "//tokens", body)[0] == 403
    assert [one["name"] for one in mine.get("//workspaces")["items"]] == [rest.ws]
    assert mine.refused("GET", "//workspaces/default")[0] == 403
    assert mine.refused("DELETE", "")[0] == 403


def test_an_unknown_token_is_refused_in_every_dress(rest: Rest) -> None:
    for header in ("Bearer wrong", "Basic d3Jvbmc6d3Jvbmc=", "Basic ???", "Digest x", "Bearer", "Basic "):
        answer = rest.as_(None).http.get(f"{API}/server", headers={"Authorization": header})
        assert answer.status_code == 401, header
        assert answer.json()["error"]["code"] == "Authentication"


def test_a_token_works_as_basic_password(rest: Rest) -> None:
    answer = rest.as_(None).http.get(f"{API}/server", auth=("anyone", rest.admin))
    assert answer.status_code == 200
    assert answer.json()["home"] == str(rest.home)


def test_an_expired_token_is_refused(rest: Rest) -> None:
    credentials = rest.http.app.state.parts.credentials  # type: ignore[attr-defined]
    maker = Principal(kind="admin", name="owner", expires_at=1)
    token, expires_at = credentials.mint(maker, "user", workspace=None, expires_in_seconds=60)
    assert expires_at == 1
    assert rest.as_(token).refused("GET", "//server")[:2] == (401, "Authentication")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"kind": "run"}, "InvalidValue"),
        ({"kind": "admin", "workspace": "default"}, "InvalidValue"),
        ({"kind": "user", "expires_in_seconds": 0}, "InvalidValue"),
        ({"kind": "user", "workspace": "nowhere"}, "WorkspaceNotFound"),
    ],
)
def test_a_token_that_cannot_be_is_refused(rest: Rest, body: object, code: str) -> None:
    assert rest.refused("POST", "//tokens", body)[1] == code


def test_a_deleted_workspace_takes_its_tokens_with_it(rest: Rest) -> None:
    token = rest.post("//tokens", {"kind": "user", "workspace": rest.ws})["token"]
    assert rest.as_(token).get("/experiments")["items"] == []
    rest.delete("")
    assert rest.as_(token).refused("GET", "/experiments")[0] == 401


@pytest.mark.parametrize("host", ["evil.example", "evil.example:5577", "127.0.0.1.evil.example", "", "[::2]"])
def test_a_foreign_host_name_is_refused_even_where_all_is_public(rest: Rest, host: str) -> None:
    for path in ("/health", "/", f"{API}/server"):
        answer = rest.http.get(path, headers={"Host": host})
        assert answer.status_code == 403, path


@pytest.mark.parametrize("host", ["localhost:1234", "127.0.0.1", "[::1]:5577", "LOCALHOST"])
def test_the_names_of_this_machine_are_answered(rest: Rest, host: str) -> None:
    assert rest.http.get(f"{API}/server", headers={"Host": host}).status_code == 200


def sign_in(rest: Rest, path: str = "/") -> tuple[Rest, Any]:
    url = rest.post("//tickets", {"path": path})["url"]
    browser = rest.as_(None)
    return browser, browser.http.get(url, follow_redirects=False)


def test_a_ticket_signs_a_browser_in_once(rest: Rest) -> None:
    browser, answer = sign_in(rest, "/ws/lab")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/ws/lab"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert browser.get("//server")["version"]
    again = rest.as_(None).http.get(str(answer.request.url), follow_redirects=False)
    assert again.headers["location"] == "/?signin=spent"
    assert "set-cookie" not in again.headers


def test_a_signed_in_browser_changes_things_only_from_our_own_pages(rest: Rest) -> None:
    browser, _ = sign_in(rest)
    for headers in ({}, {"Origin": "http://evil.example"}, {"Origin": "http://127.0.0.1:81"}, {"Origin": "null"}):
        answer = browser.http.put(browser.path("/experiments/e"), headers=headers)
        assert answer.status_code == 403, headers
    for headers in ({"Origin": URL}, {"Sec-Fetch-Site": "same-origin"}):
        assert browser.http.put(browser.path("/experiments/e"), headers=headers).status_code == 200


def test_signing_out_ends_the_session(rest: Rest) -> None:
    browser, _ = sign_in(rest)
    cookie = browser.http.cookies["zaffre_session"]
    answer = browser.http.post(f"{API}/signout", headers={"Origin": URL})
    assert answer.status_code == 204
    later = rest.as_(None)
    later.http.cookies.set("zaffre_session", cookie)
    assert later.refused("GET", "//server")[0] == 401


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "http://evil.example", "x", "/a\r\nSet-Cookie: b"]
)
def test_a_sign_in_link_leads_nowhere_else(rest: Rest, path: str) -> None:
    assert rest.refused("POST", "//tickets", {"path": path})[0] == 400


def test_the_admin_token_is_for_its_owner_only(rest: Rest) -> None:
    assert (rest.home / "token").stat().st_mode & 0o777 == 0o600


def test_tokens_are_not_kept(rest: Rest) -> None:
    token = rest.post("//tokens", {"kind": "user"})["token"]
    kept = b"".join(file.read_bytes() for file in rest.home.glob("workspace.db*"))
    assert token.encode() not in kept
    assert rest.admin.encode() not in kept


@pytest.mark.parametrize(
    ("path", "workspace"),
    [
        ("/api/v1/workspaces/a", "a"),
        ("/api/v1/workspaces/a/runs", "a"),
        ("/workspaces/a/api/2.0/mlflow/runs/get", "a"),
        ("/api/2.0/mlflow/runs/get", "default"),
        ("/get-artifact", "default"),
        ("/api/v1/workspaces", None),
        ("/api/v1/tokens", None),
        ("/api/v1", None),
    ],
)
def test_a_path_belongs_to_one_workspace(path: str, workspace: str | None) -> None:
    assert access.workspace_of(path) == workspace


@pytest.mark.parametrize("path", ["/api/v1/server", "/api/2.0/x", "/ajax-api/x", "/workspaces/a/version", "//health"])
def test_what_is_not_on_the_list_is_not_public(path: str) -> None:
    assert not access.is_public("GET", path)
    assert not access.is_public("POST", "/health")


def test_the_background_can_be_stopped_before_it_began(rest: Rest) -> None:
    reconciler(rest.http.app.state.parts, URL).stop()  # type: ignore[attr-defined]
