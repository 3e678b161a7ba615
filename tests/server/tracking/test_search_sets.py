"""Searches by equal tags and parameters while these come, change and go: what they find is what the runs then have."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from zaffre.core.errors import NotFound
from zaffre.core.filters import RUNS, parse_filter, parse_order_by
from zaffre.core.wire import RunCreate, RunPatch
from zaffre.server.store.run_search import RunQuery
from zaffre.server.tracking.tracking import Tracking

KEYS = ["team", "ключ"]
VALUES = ["a", "A", "", "x" * 64, "x" * 65, "é", "e\u0301"]
ORDERS: list[list[str]] = [["metrics.loss"], ["start_time ASC"], []]


class World:
    """Runs of two experiments, changed at random, and what a plain reading of the same changes has of them."""

    def __init__(self, tracking: Tracking, seed: int) -> None:
        self.tracking = tracking
        self.chance = random.Random(seed)  # noqa: S311 - data, no secret
        self.experiments = [tracking.create_experiment("default", name).id for name in ("one", "two")]
        self.place: dict[str, int] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.params: dict[str, dict[str, str]] = {}
        self.deleted: set[str] = set()
        self.closed: dict[int, set[str]] = {}  # archived experiments, and the runs that went with each

    def change(self) -> None:
        acts = [self.tag, self.untag, self.log, self.patch, self.delete, self.restore]
        act = self.chance.choice([*acts, *[self.create] * 3, self.close])
        act()

    def create(self) -> None:
        experiment = self.chance.choice(self.experiments)
        if experiment in self.closed:
            return
        run, tags = f"r{len(self.place)}", self._some()
        self.tracking.create_run("default", experiment, RunCreate(id=run, tags=tags, start_time=len(self.place)))
        self.place[run], self.tags[run], self.params[run] = experiment, tags, {}

    def tag(self) -> None:
        if run := self._active():
            tags = self._some()
            self.tracking.set_tags("default", run, tags)
            self.tags[run].update(tags)

    def untag(self) -> None:
        if run := self._active():
            key = self.chance.choice(KEYS)
            if key in self.tags[run]:
                self.tracking.delete_tag("default", run, key)
                del self.tags[run][key]
            else:
                with pytest.raises(NotFound):
                    self.tracking.delete_tag("default", run, key)

    def log(self) -> None:
        if run := self._active():
            new = {key: value for key, value in self._some().items() if key not in self.params[run]}
            tags = self._some()
            self.tracking.log_batch(
                "default", run, [("loss", self.chance.random(), 0, 0)], {**self.params[run], **new}, tags
            )
            self.params[run].update(new)
            self.tags[run].update(tags)

    def patch(self) -> None:
        if run := self._active():
            tags, gone = self._some(), self.chance.sample(KEYS, 1)
            self.tracking.update_run("default", run, RunPatch(tags=tags, remove_tags=gone))
            self.tags[run].update(tags)
            self.tags[run].pop(gone[0], None)

    def delete(self) -> None:
        if run := self._active():
            self.tracking.delete_run("default", run)
            self.deleted.add(run)

    def restore(self) -> None:
        run = self.chance.choice(sorted(self.deleted) or [""])
        if run and self.place[run] not in self.closed:
            self.tracking.restore_run("default", run)
            self.deleted.discard(run)

    def close(self) -> None:
        """Archive an experiment, or restore it with the runs that went with it."""
        experiment = self.chance.choice(self.experiments)
        if experiment in self.closed:
            self.tracking.update_experiment("default", experiment, archived=False)
            self.deleted -= self.closed.pop(experiment)
        else:
            self.tracking.update_experiment("default", experiment, archived=True)
            gone = {run for run, place in self.place.items() if place == experiment and run not in self.deleted}
            self.closed[experiment] = gone
            self.deleted |= gone

    def check(self) -> None:
        key, value, other = self.chance.choice(KEYS), self.chance.choice(VALUES), self.chance.choice(VALUES)
        asked: list[tuple[str, Callable[[str], bool]]] = [
            (f"tags.`{key}` = '{value}'", lambda run: self.tags[run].get(key) == value),
            (f"params.`{key}` = '{value}'", lambda run: self.params[run].get(key) == value),
            (
                f"tags.`{key}` = '{value}' AND params.team = '{other}'",
                lambda run: self.tags[run].get(key) == value and self.params[run].get("team") == other,
            ),
        ]
        for text, means in asked:
            for places in (None, self.experiments[:1], self.experiments):
                for view in ("active", "archived", "all"):
                    query = RunQuery(
                        experiment_ids=places,
                        filter=parse_filter(text, RUNS),
                        order=parse_order_by(self.chance.choice(ORDERS), RUNS),
                        view=view,
                    )
                    wanted = {
                        run
                        for run, place in self.place.items()
                        if (places is None or place in places)
                        and view in ("all", "archived" if run in self.deleted else "active")
                        and means(run)
                    }
                    found = self.tracking.search_runs("default", query).items
                    assert {run.id for run in found} == wanted, text
        tagged = self.tracking.search_runs("default", RunQuery(tags={key: value}, view="all")).items
        assert {run.id for run in tagged} == {run for run in self.tags if self.tags[run].get(key) == value}

    def _some(self) -> dict[str, str]:
        return {key: self.chance.choice(VALUES) for key in KEYS if self.chance.random() < 0.6}

    def _active(self) -> str | None:
        active = [run for run in self.place if run not in self.deleted and self.place[run] not in self.closed]
        return self.chance.choice(active) if active else None


@pytest.mark.parametrize("seed", range(4))
def test_searches_find_what_the_runs_have_after_any_changes(tracking: Tracking, seed: int) -> None:
    world = World(tracking, seed)
    for _ in range(12):
        for _ in range(10):
            world.change()
        world.check()
    assert len(world.place) > 5


def test_a_write_that_fails_leaves_the_sets_as_they_were(tracking: Tracking) -> None:
    experiment = tracking.create_experiment("default", "one").id
    tracking.create_run("default", experiment, RunCreate(id="r", tags={"k": "old"}))
    tracking.log_batch("default", "r", [], {"p": "1"})
    with pytest.raises(Exception, match="not allowed"):
        tracking.log_batch("default", "r", [], {"q": "1", "p": "2"}, {"k": "new"})

    def found(text: str) -> list[str]:
        return [run.id for run in tracking.search_runs("default", RunQuery(filter=parse_filter(text, RUNS))).items]

    assert (found("tags.k = 'old'"), found("tags.k = 'new'"), found("params.q = '1'")) == (["r"], [], [])
    assert found("params.p = '1'") == ["r"]


def test_a_search_by_time_that_many_runs_meet_pages_through_all_of_them(tracking: Tracking) -> None:
    experiment = tracking.create_experiment("default", "one").id
    for i in range(120):
        tags = {"team": "a" if i % 10 else "b"}
        tracking.create_run("default", experiment, RunCreate(id=f"r{i:03}", tags=tags, start_time=i))
    query = RunQuery(experiment_ids=[experiment], filter=parse_filter("tags.team = 'a'", RUNS))
    seen, after = [], None
    while True:
        page = tracking.search_runs("default", query, limit=1, after=after)
        seen += [run.id for run in page.items]
        after = page.next
        if after is None:
            break
    assert seen == [f"r{i:03}" for i in reversed(range(120)) if i % 10]
