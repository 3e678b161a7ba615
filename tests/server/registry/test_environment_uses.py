"""What runs and services really got as environments, over REST."""

from __future__ import annotations

from typing import Any

from tests.server.rest import Rest
from zaffre.core.codec import to_plain
from zaffre.core.entities import CondaPin
from zaffre.environments import lock


def use(**more: Any) -> dict[str, Any]:
    pin = CondaPin(name="six", version="1.0", build="0", subdir="noarch", url="file:///six.conda", sha256="ab")
    made = lock.make("3.11.7", [pin], "idna==3.1 \\\n    --hash=sha256:12")
    return {
        "name": "env",
        "version": "1",
        "lock": to_plain(made),
        "interpreter": "/usr/bin/python3",
        "reused": False,
        "seconds": 1.5,
        "split": {"resolve": 0.5, "pip": 1.0},
        "notes": ["It was asked to be resolved anew."],
        "at": 5,
        **more,
    }


def test_a_run_keeps_its_lock_and_tells_it(rest: Rest) -> None:
    rest.put("/experiments/e", {})
    run = rest.post("/experiments/e/runs")["id"]
    assert rest.refused("GET", f"/runs/{run}/environment")[:2] == (404, "NotFound")
    told = rest.put(f"/runs/{run}/environment", use())
    assert told == {**use(), "run_id": run, "service": None, "revision": None}
    assert rest.put(f"/runs/{run}/environment", use(reused=True))["reused"] is True
    assert rest.get(f"/runs/{run}/environment")["lock"]["conda"][0]["name"] == "six"
    assert [item["run_id"] for item in rest.get("/environments/env/uses")["items"]] == [run]
    assert rest.get("/environments/other/uses")["items"] == []
    assert rest.refused("PUT", "/runs/none/environment", use())[0] == 404


def test_an_interpreter_used_as_it_is_has_no_lock(rest: Rest) -> None:
    rest.put("/experiments/e", {})
    run = rest.post("/experiments/e/runs")["id"]
    assert rest.put(f"/runs/{run}/environment", use(lock=None))["lock"] is None


def test_a_lock_whose_key_is_not_its_own_is_refused(rest: Rest) -> None:
    rest.put("/experiments/e", {})
    run = rest.post("/experiments/e/runs")["id"]
    forged = use()
    forged["lock"]["pip"] = "evil==1.0"
    assert rest.refused("PUT", f"/runs/{run}/environment", forged)[:2] == (400, "InvalidValue")


def test_a_service_keeps_one_for_each_revision(rest: Rest) -> None:
    snapshot = rest.post("/snapshots", {"files": []})["id"]
    spec = {"entry_script": "s.py", "source_name": "s", "snapshot_id": snapshot, "environment": {}}
    rest.put("/services/svc", {"compute_type": "Local", "spec": spec})
    assert rest.refused("PUT", "/services/svc/environment", use())[:2] == (400, "InvalidValue")
    for revision in (1, 2):
        rest.put("/services/svc/environment", use(revision=revision, seconds=float(revision)))
    assert rest.get("/services/svc/environment")["revision"] == 2
    assert rest.get("/services/svc/environment", revision=1)["seconds"] == 1.0
    assert rest.refused("GET", "/services/svc/environment", revision=3)[0] == 404
    assert rest.refused("GET", "/services/none/environment")[0] == 404
