"""Average link with decisions: agglomerative clustering of one small group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Pairs = Iterable[tuple[int, int]]

_GONE: Final = -1.0
_APART: Final = -np.inf
"""Mean with a part of it stays what it is, so that what is parted once is never joined."""


def average_link(similarity: Floats, least: float, same: Pairs = (), different: Pairs = ()) -> npt.NDArray[np.int64]:
    """Join clusters while the mean similarity between some two is at least `least`.

    `similarity` is a square symmetric matrix; the result gives the smallest member of each one's
    cluster. Pairs of `same` are joined first, whatever they score; those of `different` never,
    unless `same` joins them. Ties go to the smaller numbers.
    """
    size = len(similarity)
    means, counts, labels = similarity.astype(np.float64), np.ones(size), np.arange(size)
    for a, b in different:
        means[a, b] = means[b, a] = _APART
    np.fill_diagonal(means, _GONE)
    for a, b in same:
        first, second = sorted((int(labels[a]), int(labels[b])))
        if first != second:
            _join(means, counts, labels, first, second)
    while size > 1:
        first, second = sorted(divmod(int(means.argmax()), size))
        if means[first, second] < least:
            break
        _join(means, counts, labels, first, second)
    return labels


def linked(similarity: Floats, least: float, same: Pairs = (), different: Pairs = ()) -> npt.NDArray[np.int64]:
    """Cluster by average link, then join whole clusters where `same` says so.

    What is alike comes first, so that joining two papers does not shed records of either. Only
    where the clusters joined that way would hold a pair of `different` do the decisions come
    first and the evidence after them.
    """
    labels = average_link(similarity, least, different=different)
    for a, b in same:
        _unite(labels, a, b)
    if any(labels[a] == labels[b] for a, b in different):
        return average_link(similarity, least, same, different)
    return labels


def single_link(size: int, edges: Pairs, same: Pairs, different: Pairs) -> npt.NDArray[np.int64]:
    """Join along `edges`, the surest first, wherever that brings no pair of `different` together.

    For groups of `size` that are too large for a matrix of all pairs; Kruskal's way to a spanning
    forest. The result and the meaning of `same` and `different` are those of `average_link`.
    """
    labels = np.arange(size)
    for a, b in same:
        _unite(labels, a, b)
    for a, b in edges:
        ends = {int(labels[a]), int(labels[b])}
        if not any({int(labels[x]), int(labels[y])} == ends for x, y in different):
            _unite(labels, a, b)
    return labels


def _unite(labels: npt.NDArray[np.int64], a: int, b: int) -> None:
    first, second = sorted((int(labels[a]), int(labels[b])))
    labels[labels == second] = first


def _join(means: Floats, counts: Floats, labels: npt.NDArray[np.int64], first: int, second: int) -> None:
    both = counts[first] + counts[second]
    means[first] = (counts[first] * means[first] + counts[second] * means[second]) / both
    means[:, first] = means[first]
    means[second] = means[:, second] = means[first, first] = _GONE
    # A later mean must not bring back what was joined away.
    gone = np.flatnonzero(counts == 0)
    means[first, gone] = means[gone, first] = _GONE
    counts[first], counts[second] = both, 0
    labels[labels == second] = first
