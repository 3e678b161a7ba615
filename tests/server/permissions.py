"""A workspace with one of everything, and users of it whom permissions say different things of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from starlette.testclient import TestClient

from tests.server.rest import URL, Rest

PASSWORD = "correct horse"
V2 = "2.0/mlflow"


@dataclass
class Asker:
    """The server as one user asks it, through either door."""

    rest: Rest
    name: str

    def mlflow(self, verb: str, path: str, /, **fields: Any) -> httpx.Response:
        """``path`` is below /api; fields go into the query of a GET, else into the body."""
        at = f"/workspaces/{self.rest.ws}/api/{path}"
        if verb == "GET":
            plain = {key: value for key, value in fields.items() if isinstance(value, str | int | list)}
            found: httpx.Response = self.rest.http.get(at, params=plain)
        else:
            found = self.rest.http.request(verb, at, json=fields)
        return found

    def ok(self, verb: str, path: str, /, **fields: Any) -> Any:
        answer = self.mlflow(verb, path, **fields)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def status(self, method: str, path: str, **options: Any) -> int:
        return int(self.rest.raw(method, path, **options).status_code)


class Lab:
    """An experiment "secret" with a run, a file, a trace and a logged model, and a registered model "secret-model"."""

    def __init__(self, admin: Rest) -> None:
        self.admin = Asker(admin, "admin")
        ask = self.admin
        self.experiment = str(ask.ok("POST", f"{V2}/experiments/create", name="secret")["experiment_id"])
        made = ask.ok("POST", f"{V2}/runs/create", experiment_id=self.experiment)
        self.run = str(made["run"]["info"]["run_id"])
        ask.ok("POST", f"{V2}/runs/log-metric", run_id=self.run, key="loss", value=0.5, timestamp=1, step=0)
        admin.post(f"/runs/{self.run}/children", {"count": 1})
        self.file = f"{self.experiment}/{self.run}/artifacts/model/weights.txt"
        assert self.put(ask, self.file) == 200
        self.logged = str(
            ask.ok("POST", f"{V2}/logged-models", experiment_id=self.experiment)["model"]["info"]["model_id"]
        )
        self.trace = f"tr-{uuid4().hex}"
        ask.ok("POST", "3.0/mlflow/traces", trace=self.new_trace(self.trace))
        ask.ok("POST", f"{V2}/registered-models/create", name="secret-model")
        source = f"runs:/{self.run}/model"
        ask.ok("POST", f"{V2}/model-versions/create", name="secret-model", source=source, run_id=self.run)

    def new_trace(self, trace_id: str) -> dict[str, Any]:
        place = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": self.experiment}}
        info = {"trace_id": trace_id, "trace_location": place, "request_time": "2026-01-01T00:00:00Z", "state": "OK"}
        return {"trace_info": info}

    def put(self, asker: Asker, file: str) -> int:
        path = f"/workspaces/{asker.rest.ws}/api/2.0/mlflow-artifacts/artifacts/{file}"
        return int(asker.rest.http.put(path, content=b"w").status_code)

    def user(self, role: str, level: str | None = None) -> Asker:
        """A new user; with ``level`` on both the experiment and the registered model."""
        name = f"u-{uuid4().hex[:8]}"
        admin = self.admin.rest
        admin.post("//users", {"name": name, "password": PASSWORD, "role": role})
        if level is not None:
            self.grant(name, level)
        request = httpx.Request("GET", URL)
        sent = next(httpx.BasicAuth(name, PASSWORD).auth_flow(request)).headers["Authorization"]
        http = TestClient(admin.http.app, base_url=URL, headers={"Authorization": sent})
        return Asker(Rest(http, admin.home, admin.ws), name)

    def grant(self, user: str, level: str) -> None:
        for kind, which in (("experiment", self.experiment), ("registered_model", "secret-model")):
            self.admin.ok(
                "POST",
                "3.0/mlflow/users/permissions/grant",
                username=user,
                resource_type=kind,
                resource_id=which,
                permission=level,
            )

    def fields(self, path: str) -> dict[str, Any]:
        """Everything that any act of MLflow's protocol may want to know, about what is secret."""
        assessment = {"assessment_name": "good", "feedback": {"value": True}, "source": {"source_type": "HUMAN"}}
        given: dict[str, Any] = {
            "experiment_id": self.experiment,
            "experiment_name": "secret",
            "run_id": self.run,
            "run_ids": [self.run],
            "model_id": self.logged,
            "trace_id": self.trace,
            "request_id": self.trace,
            "trace_ids": [self.trace],
            "name": "secret-model",
            "new_name": "secret-model",
            "version": "1",
            "alias": "best",
            "stage": "Staging",
            "source": f"runs:/{self.run}/model",
            "key": "k",
            "tag_key": "k",
            "value": "1",
            "metric_key": "loss",
            "timestamp": 1,
            "timestamp_ms": 1,
            "path": "model/weights.txt",
            "status": 1,
            "model_json": '{"artifact_path": "m", "flavors": {}, "utc_time_created": "x", "run_id": "x"}',
            "models": [{"model_id": self.logged, "step": 0}],
            "max_timestamp_millis": 1,
            "trace": self.new_trace(self.trace),
            "assessment": assessment,
            "assessment_id": "a-1",
            "update_mask": "rationale",
            "prompt_versions": [{"name": "p", "version": "1"}],
        }
        if "log-metric" in path:
            given["value"] = 1.5
        if "logged-models" in path:
            given |= {"tags": [], "params": [], "name": "m"}
        if path.endswith("runs/log-batch"):
            given |= {"metrics": [], "params": [], "tags": []}
        return given
