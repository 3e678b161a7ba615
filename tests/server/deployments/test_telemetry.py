"""Telemetry of services over REST: what supervisors tell, what is read of it, and what becomes of it with age."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import pytest

from tests.server.deployments import test_endpoints
from tests.server.deployments.test_services import deploy
from tests.server.rest import Rest, serve
from zaffre.core.ids import now_ms
from zaffre.core.latency import Histogram
from zaffre.server.deployments.telemetry import DAY_MS

SLOT = 10_000


def sample(start: int, *times: float, **fields: Any) -> dict[str, Any]:
    """Answers with status 200 that took ``times`` seconds, in a whole stretch."""
    held = Histogram()
    for time in times:
        held.observe(time)
    counted = {"statuses": {"200": len(times)}, "latency": held.pairs(), "answer_seconds": sum(times)}
    return {"start": start, "until": start + SLOT, **(counted if times else {}), **fields}


def tell(rest: Rest, *samples: dict[str, Any], source: str = "one", revision: int = 1, **fields: Any) -> None:
    body = {"source": source, "revision": revision, "samples": samples, **fields}
    assert rest.post("/services/svc/telemetry", body) == {"samples": len(samples)}


def slot() -> int:
    """The beginning of the next stretch, which no service was made after."""
    return now_ms() // SLOT * SLOT + SLOT


def metrics(rest: Rest, **query: Any) -> Any:
    return rest.get("/services/svc/metrics", **query)


def test_what_is_told_is_read_with_percentiles_of_all_processes(rest: Rest) -> None:
    deploy(rest)
    start = slot()
    numbers = random.Random(7)  # noqa: S311
    first = [numbers.lognormvariate(-5, 1) for _ in range(300)]
    second = [numbers.lognormvariate(-4, 1) for _ in range(200)]
    tell(rest, sample(start, *first, cpu_seconds=4.0, memory_bytes=100, workers=3))
    tell(
        rest, sample(start, *second, cpu_seconds=1.0, memory_bytes=50, workers=1, failures=2), source="two", revision=2
    )
    found = metrics(rest, since=start, until=start + SLOT)
    [point] = found["points"]
    assert (found["step_seconds"], found["stored"], found["revisions"]) == (10, True, [1, 2])
    assert (point["start"], point["seconds"], point["requests"]) == (start, 10.0, 500)
    assert (point["requests_per_second"], point["cpu_cores"], point["memory_bytes"]) == (50.0, 0.5, 150)
    assert point["workers"] == 4  # of two processes beside each other
    assert point["failures"] == 2
    exact = sorted(first + second)
    for name, q in (("p50_ms", 0.5), ("p95_ms", 0.95), ("p99_ms", 0.99)):
        assert point[name] == pytest.approx(exact[math.floor(q * 499)] * 1000, rel=0.0101)
    assert point["mean_ms"] == pytest.approx(sum(exact) * 2)
    assert found["total"]["requests"] == 500
    only = metrics(rest, since=start, until=start + SLOT, revision=2)
    assert (only["total"]["requests"], only["revisions"]) == (200, [2])


def test_a_stretch_that_goes_on_is_told_again_and_counts_once(rest: Rest) -> None:
    deploy(rest)
    start = slot()
    tell(rest, sample(start, 0.1, until=start + 2000))
    assert metrics(rest, since=start, until=start + SLOT)["total"]["requests_per_second"] == 0.5
    for _ in range(2):
        tell(rest, sample(start, 0.1, 0.1, 0.1, statuses={"200": 1, "404": 1, "502": 1}, until=start + 4000))
    [point] = metrics(rest, since=start, until=start + SLOT)["points"]
    assert (point["requests"], point["client_errors"], point["server_errors"]) == (3, 1, 1)
    assert point["statuses"] == {"200": 1, "404": 1, "502": 1}
    assert point["requests_per_second"] == 0.75


def test_a_service_without_any_has_no_points(rest: Rest) -> None:
    deploy(rest)
    found = metrics(rest)
    assert (found["points"], found["total"], found["until"] - found["since"]) == ([], None, 3_600_000)
    assert rest.refused("GET", "/services/none/metrics")[:2] == (404, "WebserviceNotFound")


def test_an_endpoint_shows_what_its_versions_answered(rest: Rest) -> None:
    test_endpoints.deploy(rest)
    test_endpoints.add(rest, "two")
    start = slot()
    for version, times in (("one", (0.1, 0.1, 0.1)), ("two", (0.3,))):
        body = {"source": version, "revision": 1, "samples": [sample(start, *times)]}
        rest.post(f"/services/front.{version}/telemetry", body)
    found = rest.get("/services/front/metrics", since=start, until=start + SLOT)["total"]
    assert found["requests"] == 4
    assert found["p50_ms"] == pytest.approx(100, rel=0.011)
    assert rest.get("/services/front.two/metrics", since=start, until=start + SLOT)["total"]["requests"] == 1


def test_what_a_deleted_version_answered_stays_with_its_endpoint(rest: Rest) -> None:
    test_endpoints.deploy(rest)
    start, later = slot(), now_ms() + 10_000

    def requests() -> int:
        return int(rest.get("/services/front/metrics", since=start, until=start + SLOT)["total"]["requests"])

    rest.post("/services/front.one/telemetry", {"source": "p", "revision": 1, "samples": [sample(start, 0.1)]})
    for source, expected in (("p1", 3), ("p2", 5), ("p2", 5)):  # at last by one that is told again
        test_endpoints.add(rest, "two")
        total = sample(later, 0.2, 0.2, until=later)
        body = {"source": source, "revision": 1, "samples": [sample(start, 0.2, 0.2)], "total": total}
        rest.post("/services/front.two/telemetry", body)
        rest.call("DELETE", "/endpoints/front/versions/two")
        assert rest.refused("GET", "/services/front.two/metrics")[0] == 404
        assert requests() == expected
    counted = f'zaffre_service_requests_total{{workspace="{rest.ws}",service="front",status="200"}} 4'
    assert counted in rest.http.get("/metrics").text
    rest.delete("/services/front")
    test_endpoints.deploy(rest)
    assert rest.get("/services/front/metrics", until=now_ms() + 2 * SLOT)["points"] == []


def test_stretches_of_deleted_versions_that_were_added_up_do_not_meet(tmp_path: Path) -> None:
    with serve(tmp_path / "home") as http:
        rest = Rest(http, tmp_path / "home", "default")
        test_endpoints.deploy(rest)
        telemetry = http.app.state.parts.telemetry  # type: ignore[attr-defined]
        start, later = slot(), now_ms() + 10_000
        for version in ("two", "three"):
            test_endpoints.add(rest, version)
            total = sample(later, 0.2, until=later)
            body = {"source": "p", "revision": 1, "samples": [sample(start, 0.2)], "total": total}
            rest.post(f"/services/front.{version}/telemetry", body)
        for days in (2, 40):
            telemetry.coarsen(now_ms() + days * DAY_MS)
        for version in ("two", "three"):
            rest.call("DELETE", f"/endpoints/front/versions/{version}")
        telemetry.coarsen(now_ms() + 41 * DAY_MS)
        found = rest.get("/services/front/metrics", since=start - 3_600_000, until=start + 3_600_000)
        assert found["total"]["statuses"] == {"200": 2}
        assert {one.name: one.sample.statuses for one in telemetry.totals(None)} == {"front": {"200": 2}}


def test_long_times_are_read_in_longer_steps(rest: Rest) -> None:
    deploy(rest)
    now = now_ms()
    steps = {hours: metrics(rest, since=now - hours * 3_600_000)["step_seconds"] for hours in (1, 6, 24, 168, 1000)}
    assert steps == {1: 20, 6: 120, 24: 600, 168: 3600, 1000: 21600}
    assert metrics(rest, since=now - 2 * DAY_MS, points=10_000)["step_seconds"] == 60  # as it is kept


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"start": 5}, "multiple of 10000"),
        ({"start": 0, "until": 1}, "last hours"),
        ({"latency": [1]}, "pairs"),
        ({"latency": [5000, 1]}, "buckets"),
        ({"statuses": {"abc": 1}}, "not an HTTP status"),
        ({"statuses": {"200": -1}}, "negative"),
        ({"until": 0}, "ends after it began"),
    ],
)
def test_samples_that_cannot_be_are_refused(rest: Rest, fields: dict[str, Any], words: str) -> None:
    deploy(rest)
    body = {"source": "s", "revision": 1, "samples": [sample(slot()) | fields]}
    status, code, message = rest.refused("POST", "/services/svc/telemetry", body)[:3]
    assert (status, code) == (400, "InvalidValue")
    assert words in message


def test_a_time_that_ends_before_it_begins_is_refused(rest: Rest) -> None:
    deploy(rest)
    assert "is not before 5" in rest.refused("GET", "/services/svc/metrics", since=6, until=5)[2]


def test_a_new_service_shows_nothing_of_one_that_had_its_name(rest: Rest) -> None:
    deploy(rest)
    tell(rest, sample(slot(), 0.1), total=sample(now_ms() + 1000, 0.1, until=now_ms() + 2000))
    assert "zaffre_service_requests_total" in rest.http.get("/metrics").text
    rest.delete("/services/svc")
    deploy(rest)
    assert metrics(rest, until=now_ms() + 2 * SLOT)["points"] == []


def test_prometheus_reads_the_totals_of_all_services(rest: Rest) -> None:
    deploy(rest)
    later = now_ms() + 1000
    for source, times in (("one", (0.004, 0.2)), ("two", (0.2,))):
        tell(rest, source=source, total=sample(later, *times, until=later, cpu_seconds=1.5, failures=1))
    text = rest.http.get("/metrics").text
    mine = f'workspace="{rest.ws}",service="svc"'
    assert f'zaffre_service_requests_total{{{mine},status="200"}} 3' in text
    assert f"zaffre_service_run_failures_total{{{mine}}} 2" in text
    assert f"zaffre_service_cpu_seconds_total{{{mine}}} 3.000000" in text
    assert f'zaffre_service_request_seconds_bucket{{{mine},le="0.005"}} 1' in text
    assert f'zaffre_service_request_seconds_bucket{{{mine},le="+Inf"}} 3' in text
    assert f"zaffre_service_request_seconds_sum{{{mine}}} 0.404000" in text


def test_nobody_reads_metrics_without_a_token(rest: Rest) -> None:
    assert rest.as_(None).http.get("/metrics").status_code == 401


def test_old_stretches_become_minutes_then_hours_and_nothing_is_lost(tmp_path: Path) -> None:
    with serve(tmp_path / "home") as http:
        rest = Rest(http, tmp_path / "home", "default")
        deploy(rest)
        telemetry = http.app.state.parts.telemetry  # type: ignore[attr-defined]
        starts = [slot() + at * SLOT for at in range(6, 54)]
        for revision in (1, 2):
            told = [sample(start, 0.01 * revision, memory_bytes=revision) for start in starts]
            tell(rest, *told, revision=revision)
        until = starts[-1] + SLOT
        before = metrics(rest, since=starts[0] - SLOT, until=until)["total"]
        for days, most in ((2, 10), (40, 2)):
            telemetry.coarsen(now_ms() + days * DAY_MS)
            found = metrics(rest, since=starts[0] - 3_600_000, until=until, points=10_000)
            assert len(found["points"]) <= most
            kept = ("requests", "statuses", "p50_ms", "p99_ms", "memory_bytes")
            assert [found["total"][key] for key in kept] == [before[key] for key in kept]
            telemetry.coarsen(now_ms() + days * DAY_MS)  # again changes nothing
            assert metrics(rest, since=starts[0] - 3_600_000, until=until, points=10_000) == found
        telemetry.coarsen(now_ms() + 500 * DAY_MS)
        assert metrics(rest, since=starts[0] - 3_600_000, until=until)["points"] == []


def test_totals_of_processes_that_ended_are_added_up(tmp_path: Path) -> None:
    with serve(tmp_path / "home") as http:
        rest = Rest(http, tmp_path / "home", "default")
        deploy(rest)
        telemetry = http.app.state.parts.telemetry  # type: ignore[attr-defined]
        later = now_ms() + 1000
        for number in range(3):
            tell(rest, source=f"s{number}", total=sample(later, 0.1, until=later))
        for days in (2, 3):
            telemetry.coarsen(now_ms() + days * DAY_MS)
            [total] = telemetry.totals("default")
            assert total.sample.statuses == {"200": 3}
        tell(rest, source="s9", total=sample(later, 0.1, until=later + 10))
        telemetry.coarsen(now_ms() + 4 * DAY_MS)
        [total] = telemetry.totals(None)
        assert total.sample.statuses == {"200": 4}
