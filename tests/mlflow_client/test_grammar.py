"""Our reading of the search grammar against the mlflow package's own."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from mlflow.utils.search_utils import SearchUtils

from zaffre.core.filters import RUNS, parse_filter

_CLAUSES = st.sampled_from(
    [
        "metrics.a > 1",
        "metrics.`b c` <= 2.5",
        "params.p = 'x'",
        'params."q r" LIKE "%x"',
        "tags.t != 'y'",
        "tags.mlflow.user IS NULL",
        "run_id IN ('a', 'b')",
        "attributes.start_time >= 10",
        "dataset.name = 'd'",
        "run_name ILIKE 'z%'",
    ]
)


@settings(deadline=None)
@given(st.lists(_CLAUSES, min_size=1, max_size=5))
def test_the_mlflow_package_reads_a_filter_as_we_do(clauses: list[str]) -> None:
    text = " AND ".join(clauses)
    theirs = [
        (str(item["type"]), str(item["key"]), str(item["comparator"]).upper(), item["value"])
        for item in SearchUtils.parse_search_filter(text)
    ]
    ours = [(item.entity.value, item.key, item.op.value, item.value) for item in parse_filter(text, RUNS)]
    assert [(entity.replace("parameter", "param"), key, op) for entity, key, op, _ in theirs] == [o[:3] for o in ours]
    for (_, _, _, their_value), (_, _, _, our_value) in zip(theirs, ours, strict=True):
        if isinstance(our_value, (int, float)):
            assert float(str(their_value)) == our_value
        elif our_value is not None:
            assert their_value == our_value
