"""``zaffre service metrics``: a table for people, JSON for programs, and a sentence where there is nothing yet."""

from __future__ import annotations

import datetime
import json

from tests.cli.conftest import Cli
from tests.sdk.told_service import told_service
from zaffre.sdk.workspace import Workspace


def test_metrics_of_a_service_that_was_asked(cli: Cli, workspace_name: str) -> None:
    told_service(Workspace("sub", "group", workspace_name))
    soon = (datetime.datetime.now() + datetime.timedelta(minutes=1)).isoformat()
    headings, line = cli("service", "metrics", "svc", "--until", soon).out.splitlines()
    columns = "time requests per second 4xx 5xx p50 ms p95 ms p99 ms cores memory workers"
    assert " ".join(headings.lower().split()) == columns
    assert line.split()[2:6] == ["2", "0.2", "0", "1"]
    assert line.split()[-4:] == ["0.25", "1000", "B", "2"]
    [total] = json.loads(cli("service", "metrics", "svc", "--until", soon, "--total", "--output", "json").out)
    assert (total["requests"], total["statuses"]) == (2, {"200": 1, "500": 1})
    nothing = cli("service", "metrics", "svc", "--since", "2d", "--until", "1d")
    assert nothing.code == 0
    assert "Nothing was heard of the service svc in this time." in nothing.err


def test_what_cannot_be_read_is_told_in_a_sentence(cli: Cli) -> None:
    refused = cli("service", "metrics", "svc", "--since", "soon")
    assert refused.code != 0
    assert "15m, 1h or 7d" in refused.err
    assert "not found" in cli("service", "metrics", "svc").err
