"""Users with passwords: how they come in, what each role may, and what a change of them ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.testclient import TestClient

from tests.server.rest import URL, Rest, serve
from zaffre.core.errors import TooManyAttempts
from zaffre.core.wire import API
from zaffre.server.accounts import attempts
from zaffre.server.accounts.attempts import Attempts

PASSWORD = "correct horse"


def name() -> str:
    return f"u-{uuid4().hex[:8]}"


def client(rest: Rest, user: str, password: str = PASSWORD) -> Rest:
    """The server asked with a name and a password in each request."""
    return Rest(TestClient(rest.http.app, base_url=URL, headers=basic(user, password)), rest.home, rest.ws)


def basic(user: str, password: str) -> dict[str, str]:
    request = httpx.Request("GET", URL)
    return {"Authorization": next(httpx.BasicAuth(user, password).auth_flow(request)).headers["Authorization"]}


def add(rest: Rest, role: str = "user") -> Rest:
    user = name()
    rest.post("//users", {"name": user, "password": PASSWORD, "role": role})
    return client(rest, user)


def me(rest: Rest) -> str:
    return str(rest.get("//me")["name"])


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Rest]:
    """A server of this test alone, for what counts for a whole server."""
    with serve(tmp_path / "home") as http:
        yield Rest(http, tmp_path / "home")


def test_a_user_comes_in_with_a_password(rest: Rest) -> None:
    user = add(rest)
    assert user.get("//me") == {
        "name": me(user), "kind": "user", "role": "user", "has_password": True, "workspace": None, "expires_at": None,
    }  # fmt: skip
    run = user.run()
    assert user.get(f"/runs/{run}")["created_by"] == me(user)
    assert user.http.post("/api/2.0/mlflow/experiments/create", json={"name": name()}).status_code == 200


@pytest.mark.parametrize("password", ["wrong", "", "x" * 5000, "\u00e9\u0000"])
def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(fresh: Rest, password: str) -> None:
    fresh.post("//users", {"name": "ana", "password": PASSWORD})
    answers = [client(fresh, user, password).raw("GET", "//me") for user in ("ana", "nobody")]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert answers[0].text == answers[1].text


def test_nothing_of_a_password_is_kept_or_said(rest: Rest) -> None:
    user = add(rest)
    kept = b"".join(file.read_bytes() for file in rest.home.glob("workspace.db*"))
    assert PASSWORD.encode() not in kept
    assert "password" not in rest.raw("GET", f"//users/{me(user)}").text


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "a b", "password": PASSWORD}, "InvalidName"),
        ({"name": "token", "password": PASSWORD}, "InvalidName"),
        ({"name": "a:b", "password": PASSWORD}, "InvalidName"),
        ({"name": "short", "password": "1234567"}, "InvalidValue"),
        ({"name": "long", "password": "x" * 1025}, "InvalidValue"),
        ({"name": "same-name", "password": "same-name"}, "InvalidValue"),
        ({"name": "odd", "password": PASSWORD, "role": "owner"}, "InvalidValue"),
    ],
)
def test_a_user_that_cannot_be_is_refused(rest: Rest, body: object, code: str) -> None:
    assert rest.refused("POST", "//users", body)[:2] == (400, code)


def test_a_name_is_given_once(rest: Rest) -> None:
    user = add(rest)
    assert rest.refused("POST", "//users", {"name": me(user), "password": PASSWORD})[:2] == (409, "AlreadyExists")


@pytest.mark.parametrize("role", ["user", "reader"])
def test_only_an_admin_manages_users(rest: Rest, role: str) -> None:
    user, other = add(rest, role), add(rest)
    refused = [
        user.refused("GET", "//users"),
        user.refused("POST", "//users", {"name": "x", "password": PASSWORD}),
        user.refused("GET", f"//users/{me(other)}"),
        user.refused("PATCH", f"//users/{me(user)}", {"role": "admin"}),
        user.refused("PATCH", f"//users/{me(other)}", {"password": "another one", "current_password": PASSWORD}),
        user.refused("DELETE", f"//users/{me(user)}"),
        user.refused("GET", "//tokens", everyone=True),
    ]
    assert {(status, code) for status, code, _ in refused} == {(403, "PermissionDenied")}
    assert user.get(f"//users/{me(user)}")["role"] == role
    admin = add(rest, "admin")
    assert me(user) in [one["name"] for one in admin.get("//users")["items"]]


def test_no_token_of_a_script_reaches_users_or_tokens(rest: Rest) -> None:
    admin = add(rest, "admin")
    run = admin.run()
    script = rest.as_(admin.post(f"/runs/{run}/token")["token"])
    plain = rest.as_(admin.post("//tokens", {"kind": "mlflow"})["token"])
    for one in (script, plain):
        for method, path in (("GET", "//users"), ("GET", "//tokens"), ("POST", "//users"), ("DELETE", "//tokens/x")):
            assert one.refused(method, path, {})[0] == 403, (method, path)
        assert one.refused("PATCH", f"//users/{me(admin)}", {"password": "another one"})[0] == 403


def test_a_reader_reads_and_changes_nothing(rest: Rest) -> None:
    run = rest.run()
    reader = add(rest, "reader")
    assert reader.get(f"/runs/{run}")["id"] == run
    searched = reader.http.post("/api/2.0/mlflow/experiments/search", json={"max_results": 5})
    assert searched.status_code == 200
    for method, path in (("PUT", "/experiments/e"), ("PATCH", f"/runs/{run}"), ("DELETE", ""), ("POST", "/models")):
        assert reader.refused(method, path, {})[:2] == (403, "PermissionDenied")
    for path in ("experiments/create", "runs/log-metric", "runs/search/x", "registered-models/create"):
        assert reader.http.post(f"/api/2.0/mlflow/{path}", json={}).status_code == 403, path
    assert reader.raw("GET", f"//workspaces/{uuid4().hex[:12]}", params={"create": True}).status_code == 404


def test_what_a_reader_makes_is_a_readers(rest: Rest) -> None:
    reader = add(rest, "reader")
    for kind in ("user", "mlflow"):
        token = reader.post("//tokens", {"kind": kind})["token"]
        assert rest.as_(token).refused("PUT", "/experiments/e")[0] == 403
    browser = rest.as_(None)
    browser.http.get(reader.post("//tickets", {})["url"])
    assert browser.http.put(browser.path("/experiments/e"), headers={"Origin": URL}).status_code == 403


def test_a_user_changes_the_own_password_with_the_current_one(rest: Rest) -> None:
    user = add(rest)
    path = f"//users/{me(user)}"
    assert user.refused("PATCH", path, {"password": "new password"})[:2] == (400, "InvalidValue")
    wrong = {"password": "new password", "current_password": "guess"}
    assert user.refused("PATCH", path, wrong)[:2] == (401, "Authentication")
    token, browser = user.post("//tokens", {})["token"], rest.as_(None)
    browser.http.get(user.post("//tickets", {})["url"])
    assert browser.get("//me")["kind"] == "session"
    user.patch(path, {"password": "new password", "current_password": PASSWORD})
    assert user.raw("GET", "//me").status_code == 401  # although the old one was right a moment ago
    assert browser.raw("GET", "//me").status_code == 401
    assert me(rest.as_(token)) == me(client(rest, path.rpartition("/")[2], "new password"))


def test_a_deleted_user_is_out_at_once(rest: Rest) -> None:
    user = add(rest)
    token = rest.as_(user.post("//tokens", {})["token"])
    assert me(token) == me(user)
    rest.delete(f"//users/{me(user)}")
    assert [one.raw("GET", "//me").status_code for one in (user, token)] == [401, 401]


def test_a_changed_role_holds_at_once_for_every_token(rest: Rest) -> None:
    user = add(rest)
    token = rest.as_(user.post("//tokens", {})["token"])
    token.put("/experiments/e")
    rest.patch(f"//users/{me(user)}", {"role": "reader"})
    assert [one.refused("PUT", "/experiments/f")[0] for one in (user, token)] == [403, 403]


def sign_in(rest: Rest, user: str, password: str, **headers: str) -> tuple[Rest, Any]:
    browser = rest.as_(None)
    body = {"name": user, "password": password}
    return browser, browser.http.post(f"{API}/signin", json=body, headers={"Origin": URL, **headers})


def test_a_browser_signs_in_with_a_password(rest: Rest) -> None:
    user = me(add(rest))
    browser, answer = sign_in(rest, user, PASSWORD)
    assert answer.status_code == 204
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert browser.get("//me")["name"] == user
    stranger, refused = sign_in(rest, user, "wrong")
    assert refused.status_code == 401
    assert "set-cookie" not in refused.headers
    assert stranger.raw("GET", "//me").status_code == 401
    assert sign_in(rest, user, PASSWORD, Origin="http://evil.example")[1].status_code == 403
    assert rest.as_(None).http.post(f"{API}/signin", content=b"x" * 20_000).status_code == 413


def test_who_guesses_is_made_to_wait(fresh: Rest) -> None:
    fresh.post("//users", {"name": "ana", "password": PASSWORD})
    assert client(fresh, "ana").get("//me")
    answers = [sign_in(fresh, "ana", f"guess {n}")[1].status_code for n in range(attempts.OF_NAME + 1)]
    assert answers == [401] * attempts.OF_NAME + [429]
    limited = client(fresh, "ana", "another guess").http.get("/api/2.0/mlflow/experiments/get?experiment_id=1")
    assert (limited.status_code, limited.json()["error_code"]) == (429, "REQUEST_LIMIT_EXCEEDED")
    assert client(fresh, "ana").get("//me")  # who was in stays in
    assert client(fresh, "ben", "guess").raw("GET", "//me").status_code == 401  # and others are not locked out


def test_an_address_that_tries_many_names_is_made_to_wait_and_one_that_succeeds_is_not() -> None:
    counted = Attempts()
    for n in range(attempts.OF_ADDRESS * 3):
        counted.begin("ana", "10.0.0.1")
        counted.succeeded("ana", "10.0.0.1")
        if n < attempts.OF_ADDRESS:
            counted.begin(f"user {n}", "10.0.0.2")
    with pytest.raises(TooManyAttempts, match=r"Try again in \d+ s"):
        counted.begin("one more", "10.0.0.2")
    counted.begin("one more", "10.0.0.1")


def test_a_server_without_passwords_loads_no_argon2(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.server.rest import serve\n"
        "with serve(Path(sys.argv[1])) as http: assert http.get('/api/v1/me').status_code == 200\n"
        "print('argon2' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(tmp_path / "h")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
