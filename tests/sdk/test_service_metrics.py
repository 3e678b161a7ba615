"""``Webservice.get_metrics``: times as they may be given, and what comes back."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest

from tests.sdk.told_service import told_service
from zaffre.core.errors import UserErrorException, WebserviceNotFound
from zaffre.sdk import service_metrics
from zaffre.sdk.service_metrics import Moment
from zaffre.sdk.webservice import Webservice
from zaffre.sdk.workspace import Workspace


@pytest.fixture
def service(workspace: Workspace) -> Webservice:
    return told_service(workspace)


def test_metrics_of_a_service(service: Webservice) -> None:
    soon = datetime.datetime.now() + datetime.timedelta(minutes=1)
    found = service.get_metrics(since="1h", until=soon, points=100)
    assert found.total is not None
    assert (found.total.requests, found.total.server_errors, found.total.cpu_cores) == (2, 1, 0.25)
    assert found.total.p50_ms == pytest.approx(100, rel=0.011)
    assert found.total.p99_ms == pytest.approx(100, rel=0.011)  # of two, the first
    assert found.total.mean_ms == pytest.approx(200)
    assert service.get_metrics("1h", soon, revision=4).total is None
    assert service.get_metrics("2h", "1h").points == []


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        (" 1.5 H ", 5400),
        ("2d", 172_800),
        ("1w", 604_800),
        (datetime.timedelta(hours=1), 3600),
        (lambda: datetime.datetime.now() - datetime.timedelta(hours=2), 7200),
        (lambda: (datetime.datetime.now() - datetime.timedelta(days=1)).isoformat(), 86_400),
    ],
    ids=["seconds", "minutes", "hours", "days", "weeks", "a duration", "a moment", "a moment's text"],
)
def test_times_are_moments_or_how_long_ago(
    service: Webservice, given: Moment | Callable[[], Moment], seconds: int
) -> None:
    found = service.get_metrics(since=given() if callable(given) else given)
    assert (found.until - found.since) / 1000 == pytest.approx(seconds, abs=60)


@pytest.mark.parametrize("given", ["soon", "5 parsecs", ""])
def test_a_time_that_cannot_be_read_is_refused_in_a_sentence(workspace: Workspace, given: str) -> None:
    with pytest.raises(UserErrorException, match="15m, 1h or 7d"):
        service_metrics.read(workspace._scope, "svc", given)


def test_an_unknown_service_has_no_metrics(workspace: Workspace) -> None:
    with pytest.raises(WebserviceNotFound, match="not found"):
        service_metrics.read(workspace._scope, "nobody")
