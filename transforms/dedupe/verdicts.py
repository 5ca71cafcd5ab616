"""Verdicts: what people said about pairs of records, what of it stands, and what would contradict it.

    decisions --standing--> the latest word on each pair --tell_apart--> copies that are not one after all

Clustering works on variants, people speak of records. Where nobody tells two records of one variant
apart, the verdict on a record is one on its variant. Where somebody does, straight or through what
`same` ties together, the records spoken of become nodes of their own.
"""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING, Final, Literal

import polars as pl
import polars_hash as plh

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Pair = tuple[str, str]
    Ties = Mapping[str, set[str]]

Verdict = Literal["same", "different", "undo"]

ENDS: Final = ("record_id_a", "record_id_b")

APART: Final = pl.Schema({"record_id": pl.String, "node_id": pl.UInt64})
"""The records that are nodes of their own instead of being part of their variant's."""


def standing(decisions: pl.DataFrame) -> pl.DataFrame:
    """Keep of decisions (schema.DECISIONS) the latest on each pair, unless that took an earlier one back."""
    latest = decisions.sort(*ENDS, "decided_at").unique(ENDS, keep="last", maintain_order=True)
    return latest.filter(pl.col("verdict") != "undo")


def _ties(pairs: Iterable[Pair]) -> Ties:
    ties: dict[str, set[str]] = defaultdict(set)
    for a, b in pairs:
        ties[a].add(b)
        ties[b].add(a)
    return ties


def _reached(ties: Ties, start: str) -> dict[str, str | None]:
    """Give all that `start` is tied to, the nearest first, each with the one before it on the way."""
    before: dict[str, str | None] = {start: None}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for there in sorted(ties.get(here, ())):
            if there not in before:
                before[there] = here
                queue.append(there)
    return before


def _way(before: Mapping[str, str | None], end: str) -> list[Pair]:
    """Walk back from `end` to where the search began, as the sorted pairs on the way."""
    way: list[Pair] = []
    while (previous := before[end]) is not None:
        way.append((min(end, previous), max(end, previous)))
        end = previous
    return way


def contradicted(a: str, b: str, verdict: Verdict, decisions: pl.DataFrame) -> pl.DataFrame:
    """Find the standing decisions that `verdict` on the records `a` and `b` would contradict, as few as there can be.

    `different` contradicts a chain of `same` between the two; `same` a `different` between two records
    that it would tie together. Gives rows of `decisions`; none where nothing stands against it.
    """
    same = _ties(_pairs(decisions, "same"))
    from_a, from_b = _reached(same, a), _reached(same, b)
    against: Sequence[Pair] = []
    if verdict == "different" and b in from_a:
        against = _way(from_a, b)
    elif verdict == "same":
        chains = [
            [*_way(from_a, x), (min(x, y), max(x, y)), *_way(from_b, y)]
            for pair in _pairs(decisions, "different")
            for x, y in (pair, pair[::-1])
            if x in from_a and y in from_b
        ]
        against = min(chains, key=lambda chain: (len(chain), chain), default=[])
    wanted = pl.DataFrame(list(against), schema=dict.fromkeys(ENDS, pl.String), orient="row")
    return decisions.join(wanted, on=ENDS, how="semi").sort("decided_at")


def _pairs(decisions: pl.DataFrame, verdict: Verdict) -> list[Pair]:
    return sorted(decisions.filter(pl.col("verdict") == verdict).select(ENDS).rows())


def tell_apart(decisions: pl.DataFrame) -> pl.DataFrame:
    """Find the records that cannot share the node of their variant (APART).

    `decisions`: record_id_a, variant_a, record_id_b, variant_b, verdict. Of the records of a variant
    that decisions name, the first by its id stays with all those that nobody spoke of; the others
    become nodes of their own. That happens only where variants and `same` would tie together what
    `different` parts, and it follows from the decisions alone.
    """
    rows = decisions.select("record_id_a", "variant_a", "record_id_b", "variant_b", "verdict").rows()
    ties = _ties((str(a), str(b)) for _, a, _, b, verdict in rows if verdict == "same")
    torn: set[str] = set()
    for _, a, _, b, verdict in rows:
        together = _reached(ties, str(a)) if verdict == "different" else {}
        torn |= set(together) if str(b) in together else set()
    named: dict[int, set[str]] = defaultdict(set)
    for record_a, variant_a, record_b, variant_b, _ in rows:
        named[variant_a].add(record_a)
        named[variant_b].add(record_b)
    parted = [record for variant, records in named.items() if str(variant) in torn for record in sorted(records)[1:]]
    own = pl.DataFrame({"record_id": sorted(parted)}, schema={"record_id": pl.String})
    return own.with_columns(node_id=plh.col("record_id").nchash.xxh3_64()).select(APART.names())
