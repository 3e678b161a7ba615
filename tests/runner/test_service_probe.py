"""When what a service answers to its liveness probe counts as no."""

from __future__ import annotations

import pytest

from zaffre.core.errors import InvalidValue
from zaffre.core.liveness import LivenessProbe
from zaffre.runner.service_probe import Count


@pytest.mark.parametrize(
    ("successes", "failures", "answers", "fails_at"),
    [
        (1, 3, "..x.xx.xxx", 10),
        (1, 1, "..x", 3),
        (2, 3, "x.x.x", 5),  # one answer does not make up for what was missed
        (2, 3, "xx..xx..xxx", 11),
        (1, 3, "xx.xx.xx.", None),
    ],
)
def test_what_counts_as_dead(successes: int, failures: int, answers: str, fails_at: int | None) -> None:
    count = Count(LivenessProbe(success_threshold=successes, failure_threshold=failures))
    found = None
    for number, answer in enumerate(answers, 1):
        count.add(answer == ".")
        if count.has_failed:
            found = number
            break
    assert found == fails_at


@pytest.mark.parametrize("wrong", [{"period_seconds": 0}, {"timeout_seconds": 100_000}, {"failure_threshold": 1001}])
def test_a_probe_that_cannot_be(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidValue, match=f"{next(iter(wrong))} of a liveness probe must be from 1 to"):
        LivenessProbe(**wrong)
