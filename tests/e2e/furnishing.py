"""A workspace with something in every room, for the journeys that go through all pages."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from hashlib import sha256

from tests.e2e.browser import Workspace
from zaffre.core.codec import to_plain
from zaffre.core.entities import CondaPin
from zaffre.environments.lock import make

SOURCE = b'"""Trains."""\nimport argparse\n\nprint("hello")\n'


@dataclass(frozen=True)
class Furnished:
    """Names and ids of what is there."""

    run: str
    failed: str
    live: str
    experiment: str = "digits"
    model: str = "digits"
    endpoint: str = "digits-service"
    environment: str = "train"

    def pages(self) -> dict[str, str]:
        """Every page of the workspace by name."""
        return {
            "home": "",
            "experiments": "/experiments",
            "experiment": f"/experiments/{self.experiment}",
            "runs": "/runs",
            "run": f"/runs/{self.run}",
            "failed run": f"/runs/{self.failed}",
            "live run": f"/runs/{self.live}",
            "metrics": f"/runs/{self.run}?tab=metrics",
            "files": f"/runs/{self.run}?tab=files",
            "code": f"/runs/{self.run}?tab=code",
            "environment of a run": f"/runs/{self.run}?tab=environment",
            "children": f"/runs/{self.run}?tab=children",
            "compare": f"/compare?runs={self.run},{self.failed}",
            "models": "/models",
            "model": f"/models/{self.model}",
            "endpoints": "/endpoints",
            "endpoint": f"/endpoints/{self.endpoint}",
            "environments": "/environments",
            "environment": f"/environments/{self.environment}",
            "packages": f"/environments/{self.environment}?tab=packages",
            "versions": f"/environments/{self.environment}?tab=versions",
            "builds": f"/environments/{self.environment}?tab=builds",
            "uses": f"/environments/{self.environment}?tab=uses",
            "disk": "/environments?tab=disk",
            "environment of an endpoint": f"/endpoints/{self.endpoint}?tab=environment",
            "compute": "/compute",
            "settings": "/settings",
            "users": "/settings?tab=users",
        }


def furnish(workspace: Workspace) -> Furnished:
    snapshot = _snapshot(workspace)
    run = _run(workspace, "logistic-regression-with-a-rather-long-name-indeed", snapshot)
    workspace.call("PATCH", f"/runs/{run}", {"status": "Completed", "tags": {"stage": "candidate"}})
    _run(workspace, "fold-1", snapshot, parent_id=run)
    failed = _run(workspace, "nightly", snapshot)
    error = {"code": "UserError", "message": "ValueError: Input X contains NaN."}
    workspace.call("PATCH", f"/runs/{failed}", {"status": "Failed", "error": error})
    live = _run(workspace, "live", snapshot)
    model = {"name": "digits", "run_id": run, "run_path": "outputs/model.pkl", "tags": {"stage": "candidate"}}
    workspace.call("POST", "/models", model)
    definition = {"name": "train", "condaDependencies": {"dependencies": ["python=3.11", {"pip": ["scikit-learn"]}]}}
    workspace.call("POST", "/environments/train", {"definition": definition})
    use_environment(workspace, run)
    workspace.call("PUT", "/computes/cpu-cluster", {"max_nodes": 4})
    _endpoint(workspace, snapshot)
    return Furnished(run=run, failed=failed, live=live)


def use_environment(workspace: Workspace, run: str) -> str:
    """Tell what the run got of the environment "train", as its supervisor does; returns the key of the lock."""
    url = "https://channel.test/forge/linux-64/tzdata-2026a-0.conda"
    pins = [CondaPin(name="tzdata", version="2026a", build="0", subdir="linux-64", url=url)]
    lock = make("3.11.9", pins, "numpy==2.1.0\nscikit-learn==1.5.0\nthreadpoolctl==3.5.0")
    now = int(time.time() * 1000)
    notes = ["The lock kept for this environment was made for another Python."]
    use = {"name": "train", "version": "1", "lock": to_plain(lock), "interpreter": "/cache/envs/1/bin/python"}
    split = {"resolve": 2.1, "prefix": 0.1, "pip": 10.2}
    told = {**use, "reused": False, "seconds": 12.4, "split": split, "notes": notes, "at": now}
    workspace.call("PUT", f"/runs/{run}/environment", told)
    return lock.key


def _snapshot(workspace: Workspace) -> str:
    digest = sha256(SOURCE).hexdigest()
    workspace.send(f"/snapshots/blobs/{digest}", SOURCE)
    files = [{"path": "train.py", "sha256": digest, "size": len(SOURCE)}]
    return str(workspace.call("POST", "/snapshots", {"files": files})["id"])


def _run(workspace: Workspace, name: str, snapshot: str, **fields: str) -> str:
    run = workspace.run("digits", display_name=name, snapshot_id=snapshot, tags={"owner": "ada"}, **fields)
    workspace.log(run, "loss", *[math.exp(-step / 20) for step in range(60)])
    workspace.log(run, "val/accuracy", *[1 - math.exp(-step / 20) for step in range(60)])
    workspace.log(run, "parameters", 7850)
    matrix = {"data": {"class_labels": ["cat", "dog"], "matrix": [[8, 2], [1, 9]]}}
    workspace.send(f"/runs/{run}/artifacts/confusion", json.dumps(matrix).encode())
    records = [
        {"name": "confusion", "kind": "confusion_matrix", "value": "confusion"},
        {"name": "errors", "kind": "list", "value": [3, 1, 4]},
        {"name": "classes", "kind": "table", "value": {"class": ["cat", "dog"], "f1": [0.91, 0.87]}},
    ]
    workspace.call("POST", f"/runs/{run}/metrics", {"records": records})
    log = b"".join(b"epoch %d: loss and accuracy are written on a line that is long\n" % step for step in range(200))
    workspace.send(f"/runs/{run}/artifacts/azureml-logs/70_driver_log.txt", log)
    workspace.send(f"/runs/{run}/artifacts/outputs/model.pkl", bytes(2000))
    return run


def _endpoint(workspace: Workspace, snapshot: str) -> None:
    spec = {"entry_script": "score.py", "source_name": "service", "snapshot_id": snapshot, "environment": {}}
    workspace.call("PUT", "/services/digits-service", {"spec": spec, "models": ["digits:1"]})
    now = int(time.time() * 1000)
    steps = [{"name": "environment", "started_at": now - 900, "ended_at": now, "detail": "reused"}]
    report = {"revision": 1, "state": "running", "steps": steps, "scoring_uri": "http://127.0.0.1:1/score"}
    workspace.call("POST", "/services/digits-service/report", report)
