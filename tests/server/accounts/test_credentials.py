"""Tokens: listed without their secrets, revoked by their owner, and what an expired one is told."""

from __future__ import annotations

import time

from tests.server.accounts.test_users import add, me
from tests.server.rest import Rest
from zaffre.core.ids import now_ms
from zaffre.server.accounts.credentials import Credentials


def credentials(rest: Rest) -> Credentials:
    found: Credentials = rest.http.app.state.parts.credentials  # type: ignore[attr-defined]
    return found


def test_a_token_is_listed_with_everything_but_itself(rest: Rest) -> None:
    user = add(rest)
    made = user.post(
        "//tokens", {"kind": "mlflow", "workspace": rest.ws, "expires_in_seconds": 60, "description": "nightly"}
    )
    (listed,) = user.get("//tokens")["items"]
    assert listed.pop("created_at") <= now_ms()
    assert listed == {
        "id": made["id"], "kind": "mlflow", "name": me(user), "role": "user", "workspace": rest.ws, "run_id": None,
        "description": "nightly", "expires_at": made["expires_at"], "last_used_at": None,
    }  # fmt: skip
    assert made["token"] not in user.raw("GET", "//tokens").text


def test_the_last_use_is_known_at_once_and_written_later(rest: Rest) -> None:
    user = add(rest)
    token = rest.as_(user.post("//tokens", {})["token"])
    before = now_ms()
    me(token)
    seen = user.get("//tokens")["items"][0]["last_used_at"]
    assert before <= seen <= now_ms()
    credentials(rest).write_uses(every=0)
    assert user.get("//tokens")["items"][0]["last_used_at"] == seen
    assert not credentials(rest)._used


def test_a_revoked_token_is_out_at_once(rest: Rest) -> None:
    user = add(rest)
    made = user.post("//tokens", {})
    token = rest.as_(made["token"])
    assert me(token) == me(user)
    user.delete(f"//tokens/{made['id']}")
    assert token.refused("GET", "//me")[:2] == (401, "Authentication")
    assert user.get("//tokens")["items"] == []


def test_nobody_ends_or_sees_the_token_of_another(rest: Rest) -> None:
    user, other = add(rest), add(rest)
    made = user.post("//tokens", {})
    assert other.get("//tokens")["items"] == []
    for token_id in (made["id"], "0" * 16, "%", "x"):
        assert other.refused("DELETE", f"//tokens/{token_id}")[:2] == (404, "NotFound")
    assert made["id"] not in [one["id"] for one in rest.get("//tokens")["items"]]  # the server's own account
    everyone = rest.get("//tokens", everyone=True, limit=1000)["items"]
    assert made["id"] in [one["id"] for one in everyone]
    rest.delete(f"//tokens/{made['id']}")
    assert rest.as_(made["token"]).raw("GET", "//me").status_code == 401


def test_a_token_without_a_user_knows_and_ends_itself_alone(rest: Rest) -> None:
    first, second = (rest.post("//tokens", {"kind": "user", "workspace": rest.ws}) for _ in range(2))
    token = rest.as_(first["token"])
    assert [one["id"] for one in token.get("//tokens")["items"]] == [first["id"]]
    assert token.refused("DELETE", f"//tokens/{second['id']}")[0] == 404
    token.delete(f"//tokens/{first['id']}")
    assert token.raw("GET", "//me").status_code == 401


def test_tokens_of_runs_are_listed_when_asked_for(rest: Rest) -> None:
    user = add(rest)
    run = user.run()
    user.post(f"/runs/{run}/token")
    assert user.get("//tokens")["items"] == []
    (listed,) = user.get("//tokens", runs=True)["items"]
    assert (listed["kind"], listed["run_id"]) == ("run", run)


def test_the_token_of_the_token_file_is_not_revoked(rest: Rest) -> None:
    file = next(one for one in rest.get("//tokens", limit=1000)["items"] if one["kind"] == "admin")
    assert rest.refused("DELETE", f"//tokens/{file['id']}")[:2] == (409, "StateConflict")


def test_an_expired_token_is_told_how_to_get_a_new_one(rest: Rest) -> None:
    made = {
        kind: rest.post("//tokens", {"kind": kind, "expires_in_seconds": 1})["token"] for kind in ("mlflow", "user")
    }
    assert me(rest.as_(made["mlflow"]))
    time.sleep(1.1)
    status, _, sentence = rest.as_(made["mlflow"]).refused("GET", "//me")
    assert status == 401
    assert "mlflow.set_tracking_uri(ws.get_mlflow_tracking_uri())" in sentence
    assert "zaffre token" in rest.as_(made["user"]).refused("GET", "//me")[2]
