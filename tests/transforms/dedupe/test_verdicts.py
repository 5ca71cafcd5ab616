from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.dedupe import cluster as clustering
from transforms.dedupe.linkage import single_link
from transforms.dedupe.nodes import cluster_records
from transforms.dedupe.verdicts import Verdict, contradicted, standing
from transforms.schema import DECISIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

Said = tuple[str, str, Verdict]

LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
RECORDS = "abcdefgh"

PAIRS = st.tuples(st.sampled_from(RECORDS), st.sampled_from(RECORDS)).filter(lambda pair: pair[0] < pair[1])
SAID = st.lists(st.tuples(PAIRS, st.sampled_from(["same", "different"])).map(lambda s: (*s[0], s[1])), max_size=10)


def decisions(said: Sequence[tuple[str, str, str]]) -> pl.DataFrame:
    rows = [(a, b, verdict, "Ada", LONG_AGO + dt.timedelta(days=day), None) for day, (a, b, verdict) in enumerate(said)]
    return pl.DataFrame(rows, schema=DECISIONS.polars_schema, orient="row")


def verdicts(found: pl.DataFrame) -> list[tuple[str, ...]]:
    return found.select("record_id_a", "record_id_b", "verdict").rows()


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([("a", "b", "same"), ("a", "b", "undo")], [], id="taken back"),
        pytest.param([("a", "b", "same"), ("a", "b", "undo"), ("a", "b", "different")], [("a", "b", "different")], id="decided anew"),
        pytest.param([("a", "b", "same"), ("a", "c", "undo")], [("a", "b", "same")], id="another pair taken back"),
    ],
)  # fmt: skip
def test_latest_word_on_a_pair_stands(said: list[Said], stands: list[Said]) -> None:
    shuffled = decisions(said).sample(fraction=1, shuffle=True, seed=3)
    assert verdicts(standing(shuffled)) == stands


@pytest.mark.parametrize(
    ("said", "new", "against"),
    [
        pytest.param([("a", "b", "same")], ("b", "c", "same"), [], id="a chain of same"),
        pytest.param([("a", "b", "different"), ("b", "c", "different")], ("a", "c", "same"), [], id="different does not chain"),
        pytest.param([("a", "b", "same")], ("a", "b", "same"), [], id="said before"),
        pytest.param([("a", "b", "same")], ("a", "b", "different"), [("a", "b", "same")], id="the other on the pair"),
        pytest.param([("a", "b", "different")], ("a", "b", "same"), [("a", "b", "different")], id="the other, turned"),
        pytest.param([("a", "b", "same"), ("b", "c", "same"), ("c", "d", "same")], ("a", "c", "different"), [("a", "b", "same"), ("b", "c", "same")], id="through a third"),
        pytest.param([("a", "b", "same"), ("b", "c", "different")], ("a", "c", "same"), [("a", "b", "same"), ("b", "c", "different")], id="would tie what is parted"),
        pytest.param([("a", "b", "same"), ("c", "d", "same"), ("b", "d", "different"), ("a", "c", "different")], ("a", "d", "same"), [("a", "b", "same"), ("b", "d", "different")], id="the shortest of two reasons"),
    ],
)  # fmt: skip
def test_contradiction_names_the_decisions_in_the_way(said: list[Said], new: Said, against: list[Said]) -> None:
    a, b, verdict = new
    assert verdicts(contradicted(a, b, verdict, decisions(said))) == against
    assert verdicts(contradicted(b, a, verdict, decisions(said))) == against


def consistent(said: Sequence[Said]) -> list[Said]:
    """Keep what does not contradict what came before."""
    kept: list[Said] = []
    stand = standing(decisions(kept))
    for a, b, verdict in said:
        if contradicted(a, b, verdict, stand).is_empty():
            kept.append((a, b, verdict))
            stand = standing(decisions(kept))
    return kept


@given(SAID, st.lists(PAIRS, min_size=4, max_size=8, unique=True))
def test_contradictions_are_those_of_a_graph(said: list[Said], asked: list[tuple[str, str]]) -> None:
    ties = nx.Graph()
    ties.add_nodes_from(RECORDS)
    kept = consistent(said)
    stand = standing(decisions(kept))
    ties.add_edges_from((a, b) for a, b, verdict in kept if verdict == "same")
    parted = [(a, b) for a, b, verdict in kept if verdict == "different"]
    assert not any(nx.has_path(ties, a, b) for a, b in parted)
    for a, b in asked:
        refused = not contradicted(a, b, "different", stand).is_empty()
        assert refused == nx.has_path(ties, a, b)
        refused = not contradicted(a, b, "same", stand).is_empty()
        tied = ties.copy()
        tied.add_edge(a, b)
        assert refused == any(nx.has_path(tied, x, y) for x, y in parted)


@pytest.fixture
def _scored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Score a pair of nodes by nothing but their fields: those of one number are alike, others less the farther apart."""

    def score(variants: pl.DataFrame, pairs: pl.DataFrame, *_: object) -> np.ndarray:
        number = dict(variants.select("variant_id", "number").rows())
        return np.array([max(0.02, 0.9 - 0.3 * abs(number[a] - number[b])) for a, b in pairs.iter_rows()])

    monkeypatch.setattr(clustering, "score_pairs", score)


def grouped(records: Sequence[str], said: Sequence[Said]) -> set[frozenset[str]]:
    """Cluster records, two of each variant and the variants in a row of likeness."""
    members = pl.DataFrame({"record_id": list(records), "variant_id": [RECORDS.index(r) // 2 for r in records]})
    members = members.cast({"variant_id": pl.UInt64})
    numbers = members["variant_id"].unique()
    near = [(a, b, 0.9 - 0.3 * (b - a)) for a in numbers for b in numbers if 0 < b - a < 2]
    schema = {"variant_a": pl.UInt64, "variant_b": pl.UInt64, "probability": pl.Float64}
    found = cluster_records(
        members,
        pl.DataFrame({"variant_id": numbers, "number": numbers.cast(pl.Int64)}),
        pl.DataFrame(near, schema=schema, orient="row"),
        standing(decisions(said)),
    )
    assert sorted(found["record_id"]) == sorted(records)
    return {frozenset(group["record_id"]) for _, group in found.group_by("cluster")}


@pytest.mark.usefixtures("_scored")
@given(SAID, st.permutations(RECORDS))
def test_decisions_hold_whatever_the_evidence_and_the_order(said: list[Said], order: list[str]) -> None:
    kept = consistent(said)
    groups = grouped(RECORDS, kept)
    home = {record: group for group in groups for record in group}
    for a, b, verdict in kept:
        assert (home[a] is home[b]) == (verdict == "same")
    assert grouped(order, kept) == groups
    assert grouped(order, [*kept, *((a, b, "undo") for a, b, _ in kept)]) == grouped(RECORDS, [])


@pytest.mark.usefixtures("_scored")
@pytest.mark.parametrize(
    ("said", "groups"),
    [
        pytest.param([], {"abcd", "efgh"}, id="evidence alone"),
        pytest.param([("a", "b", "different")], {"acd", "b", "efgh"}, id="copies are parted, the rest stays with the first"),
        pytest.param([("a", "h", "same")], {"abcdefgh"}, id="same joins the papers whole"),
        pytest.param([("a", "g", "different")], {"abcd", "efgh"}, id="different where they are apart already"),
    ],
)  # fmt: skip
def test_what_decisions_do_to_the_rest(said: list[Said], groups: set[str]) -> None:
    assert grouped(RECORDS, said) == {frozenset(group) for group in groups}


@pytest.mark.usefixtures("_scored")
def test_copies_go_apart_where_same_and_different_pull_at_them() -> None:
    home = {r: group for group in grouped(RECORDS, [("a", "h", "same"), ("b", "h", "different")]) for r in group}
    assert home["a"] is home["h"]
    assert home["b"] is not home["h"]


@pytest.mark.parametrize(
    ("same", "different", "labels"),
    [
        pytest.param([], [], [0, 0, 0, 0], id="a chain"),
        pytest.param([], [(0, 3)], [0, 0, 0, 3], id="the least sure link gives way"),
        pytest.param([(0, 3)], [(0, 1)], [0, 1, 1, 0], id="same comes first"),
    ],
)
def test_large_groups_are_linked_along_their_surest_matches(
    same: list[tuple[int, int]], different: list[tuple[int, int]], labels: list[int]
) -> None:
    assert single_link(4, [(0, 1), (1, 2), (2, 3)], same, different).tolist() == labels


@pytest.mark.usefixtures("_scored")
def test_different_holds_in_a_group_too_large_to_score(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clustering, "MAX_GROUP", 1)
    monkeypatch.setattr(clustering, "_CUTS", ())
    groups = grouped(RECORDS, [("a", "h", "different")])
    assert not any({"a", "h"} <= group for group in groups)
    assert sorted(map(len, groups)) == [2, 6]
