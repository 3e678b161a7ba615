"""A share of time that may be spent."""

from __future__ import annotations

from zaffre.serving.collection.allowance import Allowance


def test_it_is_spent_and_comes_again() -> None:
    allowance = Allowance(0.01, 0.25, now=100.0)
    assert allowance.is_left(100.0)

    allowance.spend(1.0)
    assert not allowance.is_left(100.0)
    assert not allowance.is_left(174.0)
    assert allowance.is_left(176.0)


def test_no_more_than_the_most_is_saved() -> None:
    allowance = Allowance(0.01, 0.25, now=0.0)
    assert allowance.is_left(1e6)

    allowance.spend(0.3)
    assert not allowance.is_left(1e6)
