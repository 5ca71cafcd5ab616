from __future__ import annotations

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.dedupe import cluster as clustering
from transforms.dedupe.cluster import cluster, connected
from transforms.dedupe.linkage import average_link

Edges = list[tuple[int, int, float]]
EDGES = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from([0.7, 0.8, 0.9, 0.99])).filter(
        lambda e: e[0] < e[1]
    ),
    max_size=20,
    unique_by=lambda e: e[:2],
)


def variants(count: int) -> pl.DataFrame:
    return pl.DataFrame({"variant_id": pl.Series(range(count), dtype=pl.UInt64)})


def matches(edges: Edges) -> pl.DataFrame:
    schema = {"variant_a": pl.UInt64, "variant_b": pl.UInt64, "probability": pl.Float64}
    return pl.DataFrame(edges, schema=schema, orient="row")


def pairs(*edges: tuple[int, int]) -> pl.DataFrame:
    return pl.DataFrame(list(edges), schema={"variant_a": pl.UInt64, "variant_b": pl.UInt64}, orient="row")


def partition(found: pl.DataFrame) -> set[frozenset[int]]:
    return {frozenset(group["variant_id"]) for _, group in found.group_by("cluster")}


@pytest.fixture
def scored_by(monkeypatch: pytest.MonkeyPatch) -> object:
    """Score pairs by a table instead of by their fields; pairs that are not in it score `default`."""

    def install(edges: Edges, default: float) -> None:
        table = {(a, b): p for a, b, p in edges}

        def score(_: pl.DataFrame, asked: pl.DataFrame, *_rest: object) -> np.ndarray:
            return np.array([table.get((min(pair), max(pair)), default) for pair in asked.iter_rows()])

        monkeypatch.setattr(clustering, "score_pairs", score)

    return install


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))))
def test_nodes_are_numbered_by_their_components(drawn: tuple[int, list[tuple[int, int]]]) -> None:
    nodes, edges = drawn
    graph: nx.Graph[int] = nx.empty_graph(nodes)
    graph.add_edges_from(edges)
    expected = sorted(map(sorted, nx.connected_components(graph)))
    a, b = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    numbers = connected(nodes, a, b)
    assert [np.flatnonzero(numbers == number).tolist() for number in range(numbers.max() + 1)] == expected


def test_components_agree_with_networkx_where_the_guard_sees_nothing_amiss(scored_by) -> None:  # noqa: ANN001 - a fixture
    random = np.random.default_rng(3)
    for _ in range(40):
        size = int(random.integers(1, 60))
        ends = np.unique(np.sort(random.integers(0, size, (int(random.integers(0, 70)), 2))), axis=0)
        edges = [(int(a), int(b), 0.9) for a, b in ends if a != b]
        scored_by(edges, 0.9)
        graph = nx.Graph([(a, b) for a, b, _ in edges])
        graph.add_nodes_from(range(size))
        assert partition(cluster(variants(size), matches(edges))) == {
            frozenset(c) for c in nx.connected_components(graph)
        }


def test_a_chain_is_cut_where_it_is_weakest(scored_by) -> None:  # noqa: ANN001 - a fixture
    edges = [(0, 1, 0.99), (1, 2, 0.7), (2, 3, 0.99)]
    scored_by(edges, 0.01)
    assert partition(cluster(variants(4), matches(edges))) == {frozenset({0, 1}), frozenset({2, 3})}


@given(EDGES, st.randoms())
def test_the_order_of_rows_does_not_matter(edges: Edges, random: object) -> None:
    with pytest.MonkeyPatch.context() as patch:
        table = {(a, b): p for a, b, p in edges}
        patch.setattr(
            clustering,
            "score_pairs",
            lambda _, asked, *_rest: np.array([table.get(pair, 0.02) for pair in asked.iter_rows()]),
        )
        shuffled = list(edges)
        random.shuffle(shuffled)  # type: ignore[attr-defined] # random.Random
        turned = [(b, a, p) for a, b, p in shuffled]
        expected = cluster(variants(10), matches(edges))
        assert cluster(variants(10), matches(shuffled)).equals(expected)
        assert cluster(variants(10).sample(fraction=1, shuffle=True, seed=1), matches(turned)).equals(expected)


def test_decisions_hold_and_go_before_evidence(scored_by) -> None:  # noqa: ANN001 - a fixture
    edges = [(0, 1, 0.99), (1, 2, 0.99), (0, 2, 0.99)]
    scored_by(edges, 0.01)
    plain = {frozenset({0, 1, 2}), frozenset({3}), frozenset({4})}
    assert partition(cluster(variants(5), matches(edges))) == plain
    joined = cluster(variants(5), matches(edges), same=pairs((3, 4)))
    assert partition(joined) == {frozenset({0, 1, 2}), frozenset({3, 4})}
    parted = partition(cluster(variants(5), matches(edges), different=pairs((0, 2))))
    assert not any({0, 2} <= group for group in parted)
    both = cluster(variants(5), matches(edges), same=pairs((0, 2)), different=pairs((0, 2)))
    assert partition(both) == plain


def test_a_parted_pair_stays_apart_through_third_ones(scored_by) -> None:  # noqa: ANN001 - a fixture
    edges = [(a, b, 0.99) for a in range(6) for b in range(a + 1, 6)]
    scored_by(edges, 0.99)
    for group in partition(cluster(variants(6), matches(edges), different=pairs((0, 5)))):
        assert not {0, 5} <= group


def test_a_huge_component_is_cut_at_its_weakest_matches(scored_by, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN001 - a fixture
    monkeypatch.setattr(clustering, "MAX_GROUP", 5)
    edges = [(n, n + 1, 0.7 if n == 3 else 0.99) for n in range(7)]
    scored_by(edges, 0.9)
    assert partition(cluster(variants(8), matches(edges))) == {frozenset(range(4)), frozenset(range(4, 8))}


def test_nothing_to_cluster() -> None:
    assert cluster(variants(0), matches([])).schema == {"variant_id": pl.UInt64, "cluster": pl.Int64}
    assert cluster(variants(2), matches([]))["cluster"].to_list() == [0, 1]


def test_average_link_joins_by_the_mean() -> None:
    similarity = np.array([[0, 0.9, 0.8], [0.9, 0, 0.2], [0.8, 0.2, 0]])
    assert average_link(similarity, 0.5).tolist() == [0, 0, 0]
    assert average_link(similarity, 0.51).tolist() == [0, 0, 2]
