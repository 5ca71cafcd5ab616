"""Cluster: which variants are one paper, given the pairs that match.

    matches --connected components--> groups --guard against chains--> clusters

A chain of matches can join what does not belong together: A is B, B is C, but A is not C. Where
a group lacks some of its pairs, all its pairs are scored and it is built up again by average
link (Sokal and Michener 1958): two clusters join while the mean probability between them is high
enough. Everything follows from the set of variants and their ids alone, not from any order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from transforms.dedupe.linkage import linked, single_link
from transforms.dedupe.match import score_pairs

if TYPE_CHECKING:
    import numpy.typing as npt

    from transforms.dedupe.model import Model
    from transforms.dedupe.weights import Level

    Places = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

MEAN_LINK: Final = 0.5
"""Mean probability between two clusters from which they are one; below the threshold of a match, for a
group of records with different gaps always has some weak pairs."""

MAX_GROUP: Final = 400
"""Variants of a group whose pairs are all scored (80,000 pairs); beyond, its weakest matches are cut first."""

_CUTS: Final = (0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 1.0)
_PAIRS_AT_ONCE: Final = 1 << 19

NO_PAIRS: Final = pl.DataFrame(schema={"variant_a": pl.UInt64, "variant_b": pl.UInt64})
"""No decisions."""


class _Graph:
    """The variants as nodes 0 .. n-1 in the order of their ids, with the edges between them."""

    def __init__(self, ids: npt.NDArray[np.uint64], matches: pl.DataFrame) -> None:
        self.ids = ids
        self.a, self.b = self.places(matches)
        self.probability = matches["probability"].to_numpy()

    def places(self, pairs: pl.DataFrame) -> tuple[Places, Places]:
        a, b = (np.searchsorted(self.ids, pairs[name].to_numpy()) for name in ("variant_a", "variant_b"))
        return np.minimum(a, b), np.maximum(a, b)

    def components(self, chosen: npt.NDArray[np.bool_], extra: tuple[Places, Places]) -> Places:
        ends = (np.concatenate([own[chosen], more]) for own, more in zip((self.a, self.b), extra, strict=True))
        return connected(len(self.ids), *ends)


def connected(nodes: int, a: Places, b: Places) -> Places:
    """Give each of the nodes 0 .. n-1 the number of its component under the edges a-b, counted by first nodes.

    Hooks the larger root of each edge under the smaller one and flattens the trees, until no edge joins
    two trees (Shiloach and Vishkin 1982): SciPy has the same, and takes 0.3 s to be imported.
    """
    root = np.arange(nodes)
    while len(a):
        low, high = np.minimum(root[a], root[b]), np.maximum(root[a], root[b])
        np.minimum.at(root, high, low)
        while not np.array_equal(above := root[root], root):
            root = above
        apart = root[a] != root[b]
        a, b = a[apart], b[apart]
    numbers: Places = np.cumsum(root == np.arange(nodes)) - 1
    return numbers[root]


def _bounded(graph: _Graph, same: tuple[Places, Places]) -> Places:
    """Give the components, those that are too large cut at their weakest matches until they are not."""
    chosen = np.ones(len(graph.a), dtype=np.bool_)
    labels = graph.components(chosen, same)
    for cut in _CUTS:
        large = np.bincount(labels) > MAX_GROUP
        if not large.any():
            break
        chosen &= ~large[labels[graph.a]] | (graph.probability >= cut)
        labels = graph.components(chosen, same)
    return labels


def _members(labels: Places, wanted: npt.NDArray[np.bool_]) -> list[Places]:
    """Give the nodes of each wanted component, in the order of their ids."""
    nodes = np.flatnonzero(wanted[labels])
    order = nodes[np.argsort(labels[nodes], kind="stable")]
    return np.split(order, np.flatnonzero(np.diff(labels[order])) + 1) if len(order) else []


def _incomplete(graph: _Graph, labels: Places, decided: list[Places]) -> npt.NDArray[np.bool_]:
    """Mark components that lack a match between some two members, or that a decision speaks of."""
    inside = labels[graph.a] == labels[graph.b]
    edges = np.unique(np.column_stack([graph.a[inside], graph.b[inside]]), axis=0)
    sizes = np.bincount(labels)
    found = np.bincount(labels[edges[:, 0]], minlength=len(sizes)) < sizes * (sizes - 1) // 2
    for nodes in decided:
        found[labels[nodes]] = True
    return found & (sizes > 1) & (sizes <= MAX_GROUP)


def _scored(
    variants: pl.DataFrame, graph: _Graph, groups: list[Places], level: Level, model: Model | None
) -> list[Floats]:
    """Score all pairs within each group: one square matrix of probabilities per group."""
    corners = [np.triu_indices(len(group), 1) for group in groups]
    a = np.concatenate([group[i] for group, (i, _) in zip(groups, corners, strict=True)])
    b = np.concatenate([group[j] for group, (_, j) in zip(groups, corners, strict=True)])
    pairs = pl.DataFrame({"variant_a": graph.ids[a], "variant_b": graph.ids[b]})
    scores = np.split(score_pairs(variants, pairs, level, model), np.cumsum([len(i) for i, _ in corners])[:-1])
    matrices = []
    for group, corner, score in zip(groups, corners, scores, strict=True):
        matrix = np.zeros((len(group),) * 2)
        matrix[corner] = score
        matrices.append(matrix + matrix.T)
    _note_copies(graph, groups, matrices)
    return matrices


def _note_copies(graph: _Graph, groups: list[Places], matrices: list[Floats]) -> None:
    """Set what is certain beforehand: nodes of one variant are equal, also where the titles are generic."""
    certain = np.flatnonzero(graph.probability >= 1)
    for group, matrix in zip(groups, matrices, strict=True) if len(certain) else ():
        for a, b in _within((graph.a[certain], graph.b[certain]), group):
            matrix[a, b] = matrix[b, a] = 1.0


def _batches(groups: list[Places]) -> list[list[Places]]:
    """Divide the groups so that each batch has a bounded number of pairs."""
    done = np.cumsum([len(group) ** 2 // 2 for group in groups]) // _PAIRS_AT_ONCE
    return [[groups[i] for i in np.flatnonzero(done == number)] for number in np.unique(done)]


def _within(pairs: tuple[Places, Places], group: Places) -> list[tuple[int, int]]:
    inside = np.isin(pairs[0], group) & np.isin(pairs[1], group)
    a, b = (np.searchsorted(group, side[inside]) for side in pairs)
    return list(zip(a.tolist(), b.tolist(), strict=True))


def _large(labels: Places, parted: tuple[Places, Places]) -> npt.NDArray[np.bool_]:
    """Mark the groups that hold a parted pair and are too large for a matrix."""
    sizes = np.bincount(labels)
    spoken_of = np.zeros(len(sizes), dtype=np.bool_)
    spoken_of[labels[parted[0]]] = True
    large: npt.NDArray[np.bool_] = spoken_of & (sizes > MAX_GROUP)
    return large


def _surest_first(graph: _Graph, group: Places) -> list[tuple[int, int]]:
    """List the matches within a group by their probability, then by the ids of their variants."""
    inside = np.flatnonzero(np.isin(graph.a, group) & np.isin(graph.b, group))
    order = inside[np.lexsort([graph.b[inside], graph.a[inside], -graph.probability[inside]])]
    return _within((graph.a[order], graph.b[order]), group)


def _renumbered(labels: Places) -> Places:
    """Renumber clusters by their first member."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[inverse]


def cluster(
    variants: pl.DataFrame,
    matches: pl.DataFrame,
    same: pl.DataFrame = NO_PAIRS,
    different: pl.DataFrame = NO_PAIRS,
    *,
    level: Level = "work",
    model: Model | None = None,
) -> pl.DataFrame:
    """Give each variant its cluster: `variant_id` UInt64 (sorted), `cluster` Int64 from 0.

    `variants` is what `compared` gives, `matches` what `match_pairs` gives, and `same` and
    `different` (variant_a, variant_b) are what people decided: the first are always in one
    cluster, the second never, and where the two contradict each other `same` holds.
    """
    graph = _Graph(np.sort(variants["variant_id"].to_numpy()), matches)
    joined, parted = graph.places(same), graph.places(different)
    labels = _bounded(graph, joined)
    together = labels[parted[0]] == labels[parted[1]]
    parted = (parted[0][together], parted[1][together])
    groups = _members(labels, _incomplete(graph, labels, [joined[0], parted[0]]))
    large = _members(labels, _large(labels, parted))
    offset = len(labels)
    for batch in _batches(groups):
        for group, matrix in zip(batch, _scored(variants, graph, batch, level, model), strict=True):
            inner = linked(matrix, MEAN_LINK, _within(joined, group), _within(parted, group))
            labels[group] = offset + inner
            offset += len(group)
    for group in large:
        edges = _surest_first(graph, group)
        labels[group] = offset + single_link(len(group), edges, _within(joined, group), _within(parted, group))
        offset += len(group)
    return pl.DataFrame({"variant_id": graph.ids, "cluster": _renumbered(labels)})
