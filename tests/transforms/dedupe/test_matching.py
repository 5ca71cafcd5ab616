from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from transforms.dedupe.block import blocking_keys, candidate_pairs
from transforms.dedupe.decision import log_odds, probability
from transforms.dedupe.features import FEATURES, features, features_at_best, title_features
from transforms.dedupe.letters import title_bits
from transforms.dedupe.match import MATCH_SCHEMA, RULES, Level, match_pairs, score_pairs
from transforms.dedupe.profiles import Profiles, sides_of
from transforms.dedupe.variants import compared, with_variant_id
from transforms.dedupe.weights import WEIGHTS
from transforms.schema import RECORDS

ABSTRACT = (
    "We study elastic kernels on lattices that grow while they are read, and show that a spectral view of their edges "
    "is enough to remove noise. Forty invented cases, from tidal sensors to paper looms, are worked through by hand."
)
OTHER = (
    "Nothing in this text speaks of the above: a cohort of gardeners kept diaries over nine winters, and what they wrote "
    "about frost, snails and the price of seed was counted, coded and compared with the weather of each valley."
)
PAPER = {
    "title": "Spectral denoising of growing lattices with elastic kernels",
    "authors": ["Ada Lanewood", "Boris Mossfield", "Carla Vanestone"],
    "venue": "Journal of Invented Results",
    "volume": "12",
    "number": "3",
    "pages": "100-110",
    "year": 2011,
    "abstract": ABSTRACT,
}
BARE = dict.fromkeys(PAPER)


def variants(*rows: dict[str, Any]) -> pl.DataFrame:
    numbered = [{"record_id": f"r{place}"} | row for place, row in enumerate(rows)]
    frame = pl.DataFrame(numbered, schema={**RECORDS.polars_schema}, strict=False).drop("variant_id")
    return compared(frame.lazy().pipe(with_variant_id).collect())


def match(first: dict[str, Any], second: dict[str, Any], level: Level = "work") -> pl.DataFrame:
    frame = variants(first, second)
    ids = frame["variant_id"].to_list()
    assert len(ids) == 2
    return match_pairs(
        frame,
        pl.DataFrame(
            {"variant_a": ids[:1], "variant_b": ids[1:]},
            schema_overrides={"variant_a": pl.UInt64, "variant_b": pl.UInt64},
        ),
        level,
    )


SAME = [
    pytest.param({"title": PAPER["title"].upper() + ".", "abstract": None}, id="case, and no abstract"),
    pytest.param(
        {"title": r"Spectral denoising of growing \emph{lattices} with elastic kernels", "year": None}, id="LaTeX"
    ),
    pytest.param({"title": "Spectral denoisng of growing lattices with elastic kernels"}, id="typing error"),
    pytest.param(
        {"authors": ["Lanewood, A.", "Mossfield, B.", "Vanestone, C."], "venue": "J. Invent. Res."}, id="initials"
    ),
    pytest.param({"authors": ["Lanewood A, Mossfield B, et al."]}, id="et al."),
    pytest.param({"abstract": ABSTRACT[:120], "volume": None, "number": None, "pages": None}, id="abstract cut short"),
    pytest.param(BARE | {"title": PAPER["title"], "abstract": ABSTRACT}, id="title and abstract alone"),
    pytest.param({"doi": "10.1234/inv.12", "pages": "100", "abstract": None}, id="a DOI on one side"),
]

TWO = [
    pytest.param(
        {"title": PAPER["title"] + ": part II", "pages": "111-120"}, {"title": PAPER["title"] + ": part I"}, id="parts"
    ),
    pytest.param({"title": "Erratum to: " + PAPER["title"], "abstract": None, "pages": "300"}, {}, id="erratum"),
    pytest.param({"title": "Comment on " + PAPER["title"], "abstract": None, "pages": "310"}, {}, id="comment"),
    pytest.param(
        {"title": PAPER["title"] + " (vol 12, pg 100, 2011)", "abstract": None, "number": "4", "pages": "210"},
        {},
        id="erratum as Web of Science writes it",
    ),
    pytest.param(
        {"abstract": None, "volume": "13", "number": "1", "pages": "40-41"},
        {"abstract": None, "pages": "100-101"},
        id="letter and its sequel in a later volume",
    ),
    pytest.param(
        {"abstract": None, "authors": ["Zeno Quillfort"]},
        {"abstract": None, "authors": ["Mira Oxbury", "Jon Pike"]},
        id="two letters of others under one title on one page",
    ),
    pytest.param(
        {"doi": "10.1234/a", "year": 2013, "abstract": OTHER, "pages": "7", "volume": "14"},
        {"doi": "10.1234/b"},
        id="two DOIs",
    ),
    pytest.param({"arxiv_id": "1101.00001", "pages": "9"}, {"arxiv_id": "1101.00002"}, id="two arXiv ids"),
    pytest.param(
        BARE | {"title": "Editorial", "year": 2001}, BARE | {"title": "Editorial", "year": 2002}, id="generic"
    ),
    pytest.param(
        BARE | {"title": "Editorial", "authors": ["Ada Lanewood"], "year": 2001, "number": "1"},
        BARE | {"title": "Editorial", "authors": ["Ada Lanewood"], "year": 2001, "number": "2"},
        id="one editor, two issues",
    ),
    pytest.param(
        BARE | {"title": "KalomiMap: lattices from sparse views", "abstract": ABSTRACT},
        BARE | {"title": "KalomiMap4D: lattices in motion from sparse views", "abstract": OTHER},
        id="a method and its successor",
    ),
    pytest.param({"title": "Tidal sensors for paper looms", "abstract": OTHER}, {}, id="nothing alike"),
    pytest.param(
        {"title": "Exercise for improving balance in older weavers", "pages": "7-19", "volume": "13"},
        {"title": "Exercise for improving strength in older weavers"},
        id="reviews of a series with one abstract",
    ),
    pytest.param(
        BARE | {"title": "Lattices for anchors, case 7", "abstract": ABSTRACT},
        BARE | {"title": "Lattices for candles, case 7", "abstract": ABSTRACT},
        id="one word of a template, the same abstract, nothing else",
    ),
    pytest.param(
        BARE | {"title": "Dataset A for looms", "abstract": ABSTRACT},
        BARE | {"title": "Dataset B for looms", "abstract": ABSTRACT},
        id="lettered data sets",
    ),
    pytest.param(
        BARE | {"title": PAPER["title"], "abstract": ABSTRACT},
        BARE | {"title": PAPER["title"], "abstract": OTHER},
        id="one title, other abstracts, nothing else",
    ),
]


@pytest.mark.parametrize("other", SAME)
def test_one_paper(other: dict[str, Any]) -> None:
    found = match(PAPER, PAPER | other)
    assert found.height == 1
    assert found["rule"].item() in RULES
    assert found["probability"].item() > 0.65
    assert set(json.loads(found["features"].item())) == set(FEATURES)


@pytest.mark.parametrize(("first", "second"), TWO)
def test_two_papers(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert match(PAPER | first, PAPER | second).is_empty()


def test_the_journal_version_of_a_talk_is_the_same_work_and_another_publication() -> None:
    talk = PAPER | {
        "venue": "Proc. Conf. Invented Methods",
        "volume": None,
        "number": None,
        "pages": "7-9",
        "abstract": ABSTRACT,
    }
    preprint = (
        BARE
        | {name: PAPER[name] for name in ("title", "authors", "abstract", "year")}
        | {"doi": "10.48550/arxiv.1101.00001"}
    )
    published = PAPER | {"doi": "10.1234/inv.12"}
    assert match(preprint, published).height == 1
    assert match(preprint, published, "publication").is_empty()
    assert match(talk, PAPER, "publication").is_empty()


@pytest.mark.parametrize("other", SAME)
def test_scores_are_those_of_matches_and_symmetric_in_the_records(other: dict[str, Any]) -> None:
    frame = variants(PAPER, PAPER | other)
    a, b = frame["variant_id"]
    both = pl.DataFrame(
        {"variant_a": [a, b], "variant_b": [b, a]}, schema={"variant_a": pl.UInt64, "variant_b": pl.UInt64}
    )
    scores = score_pairs(frame, both)
    assert scores[0] == pytest.approx(scores[1])
    assert match(PAPER, PAPER | other)["probability"].item() == pytest.approx(scores[0])


def test_a_pair_is_judged_alone_as_among_others() -> None:
    frame = variants(*(PAPER | other.values[0] for other in SAME), PAPER)  # type: ignore[dict-item, operator] # pytest's own type
    pairs = candidate_pairs(blocking_keys(frame), frame["variant_id"]).pairs
    whole = match_pairs(frame, pairs)
    alone = pl.concat([match_pairs(frame, pairs[place : place + 1]) for place in range(pairs.height)])
    assert whole.equals(alone)


def test_no_pairs_give_no_matches_in_the_right_shape() -> None:
    frame = variants(PAPER)
    nothing = match_pairs(frame, pl.DataFrame(schema={"variant_a": pl.UInt64, "variant_b": pl.UInt64}))
    assert nothing.is_empty()
    assert nothing.schema == MATCH_SCHEMA


def test_a_pair_is_never_more_likely_than_it_is_at_best() -> None:
    titles = (
        PAPER["title"],
        "Spectral denoising of growing lattices with elastic kernel",
        "Spectral denoising of shrinking lattices with elastic kernels",
        "Growing lattices with elastic kernels: spectral denoising, part 2",
        "Editorial",
        "",
    )
    some = [{"authors": ["Ada Lanewod", "Boris Mossfield"], "pages": None}, {"authors": None}, {"abstract": OTHER}]
    frame = variants(*(PAPER | change | {"title": title} for title in titles for change in ({}, *some)))
    ids = frame["variant_id"]
    pairs = pl.DataFrame(
        list(itertools.combinations(ids, 2)), schema=dict.fromkeys(("variant_a", "variant_b"), pl.UInt64), orient="row"
    )
    sides = sides_of(frame, pairs)
    assert (log_odds(features_at_best(sides, title_features(sides))) >= log_odds(features(sides))).all()
    scores = pairs.with_columns(probability=score_pairs(frame, pairs))
    kept = match_pairs(frame, pairs, least=WEIGHTS.doubt_probability)
    assert kept.height > len(titles)
    assert kept.select(scores.columns).equals(scores.join(kept, on=["variant_a", "variant_b"], how="semi"))


def test_probability_of_even_odds() -> None:
    assert probability(np.array([0.0])).tolist() == [0.5]


def test_titles_share_bits_where_they_share_letters() -> None:
    bits = title_bits(pl.Series(["odd results", "odd result", "quaint", ""]))
    assert np.bitwise_count(bits[0] & bits[1]).sum() == np.bitwise_count(bits[1]).sum()
    assert np.bitwise_count(bits[3]).sum() == 0


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param([3, 4, 5, 2**63], id="crowded and far"),
        pytest.param([0, 2**64 - 1], id="first and last"),
        pytest.param([7], id="one"),
        pytest.param(np.random.default_rng(5).integers(0, 2**64, 500, dtype=np.uint64).tolist(), id="hashes"),
    ],
)
def test_rows_of_pairs_are_found_whatever_the_ids(ids: list[int]) -> None:
    frame = pl.DataFrame({"variant_id": sorted(ids)}, schema={"variant_id": pl.UInt64})
    pairs = pl.DataFrame(
        {"variant_a": ids, "variant_b": ids[::-1]}, schema=dict.fromkeys(("variant_a", "variant_b"), pl.UInt64)
    )
    sides = Profiles(frame).sides(pairs)
    assert frame["variant_id"].gather(sides.a).to_list() == ids
    assert frame["variant_id"].gather(sides.b).to_list() == ids[::-1]
