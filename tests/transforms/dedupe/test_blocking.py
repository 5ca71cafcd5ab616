from __future__ import annotations

import itertools
from unittest import mock

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from transforms.dedupe import pairing
from transforms.dedupe.block import FAMILIES, blocking_keys, candidate_pairs
from transforms.dedupe.overlap import overlap
from transforms.dedupe.rarity import words_of
from transforms.dedupe.shingles import NONE, smallest_hashes
from transforms.dedupe.variants import compared, with_variant_id
from transforms.schema import RECORDS

KEYS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 15)), max_size=60)


def variants(*rows: dict[str, object]) -> pl.DataFrame:
    numbered = [{"record_id": f"r{place}"} | row for place, row in enumerate(rows)]
    frame = pl.DataFrame(numbered, schema={**RECORDS.polars_schema}, strict=False).drop("variant_id")
    return compared(frame.lazy().pipe(with_variant_id).collect())


def keys_of(pairs: list[tuple[int, int]]) -> pl.DataFrame:
    rows = [(key << 40, 0, variant) for key, variant in pairs]
    return pl.DataFrame(rows, schema={"key": pl.UInt64, "family": pl.Int32, "variant_id": pl.UInt64}, orient="row")


def shared_families(*rows: dict[str, object]) -> set[str]:
    shared = blocking_keys(variants(*rows)).group_by("key", "family").agg(pl.col("variant_id").n_unique())
    return {FAMILIES[number] for number in shared.filter(pl.col("variant_id") > 1)["family"]}


@given(KEYS, st.lists(st.integers(0, 15)))
def test_candidates_are_the_pairs_that_share_a_key_and_have_a_fresh_side(
    pairs: list[tuple[int, int]], fresh: list[int]
) -> None:
    found = candidate_pairs(keys_of(pairs), pl.Series(fresh, dtype=pl.UInt64))
    blocks: dict[int, set[int]] = {}
    for key, variant in pairs:
        blocks.setdefault(key, set()).add(variant)
    expected = {
        (a, b)
        for members in blocks.values()
        for a, b in itertools.combinations(sorted(members), 2)
        if {a, b} & set(fresh)
    }
    assert set(found.pairs.iter_rows()) == expected
    assert found.pairs.height == len(expected)
    assert found.not_compared == 0


def test_a_large_block_is_refined_by_a_second_one_and_the_rest_is_counted() -> None:
    many = range(pairing.MAX_BLOCK + 10)
    other = [(2, variant) for variant in range(1000, 1000 + pairing.MAX_BLOCK)]
    both = [(2, 0), (2, 1)]
    found = candidate_pairs(keys_of([(1, variant) for variant in many] + both + other), pl.Series([0], dtype=pl.UInt64))
    assert set(found.pairs.iter_rows()) == {(0, 1)}
    first, second = len(many), len(both) + len(other)
    assert found.not_compared == first * (first - 1) // 2 + second * (second - 1) // 2 - 1


def test_keys_are_a_matter_of_each_variant_alone() -> None:
    rows = [
        {"title": f"Odd results for {word} denoising of trees", "year": 2000} for word in ("sparse", "robust", "latent")
    ]
    whole = blocking_keys(variants(*rows))
    alone = pl.concat([blocking_keys(variants(row)) for row in rows])
    assert set(whole.iter_rows()) == set(alone.iter_rows())


def test_a_typing_error_leaves_keys_in_common() -> None:
    first = {"title": "Spectral denoising of quantised lattices with elastic kernels"}
    second = {"title": "Spectral denoisng of quantised lattices with elastic kernels"}
    assert {"title_words", "title_prefix"} & shared_families(first, second)


def test_generic_titles_share_a_key_only_with_a_second_signal() -> None:
    assert not shared_families({"title": "Editorial", "year": 2001, "pages": "1"}, {"title": "Editorial", "year": 2002})
    assert "title_and_more" in shared_families(
        {"title": "Editorial", "authors": ["Ada Lane"]}, {"title": "Editorial", "authors": ["Lane, A."], "year": 2002}
    )


def test_the_same_place_in_print_is_a_key() -> None:
    place = {"year": 2001, "volume": "12", "pages": "100-110"}
    assert "place" in shared_families({"title": "Odd results"} | place, {"title": "Resultats bizarres"} | place)


def test_shingles_of_a_text_are_the_same_alone_and_among_many() -> None:
    texts = pl.Series(
        [*(f"elastic kernels {i} on lattices" * (1 + i % 40) for i in range(120)), "żółty 漢字 lattices", "", "odd"]
    )
    together = smallest_hashes(texts, 8, 3)
    assert (together == np.vstack([smallest_hashes(texts[i : i + 1], 8, 3) for i in range(len(texts))])).all()
    assert (together[:-2] != NONE).all()
    assert (together[-2:] == NONE).all()


def test_shingles_of_equal_texts_are_equal_wherever_they_stand() -> None:
    texts = pl.Series(["a short one", "oddresultsfordenoisingoftrees", "x" * 40, "oddresultsfordenoisingoftrees", ""])
    hashes = smallest_hashes(texts, 16, 2)
    assert (hashes[1] == hashes[3]).all()
    assert (hashes[[0, 4]] == NONE).all()
    assert (smallest_hashes(texts[3:4], 16, 2)[0] == hashes[1]).all()


@given(
    st.lists(
        st.tuples(*[st.lists(st.sampled_from(["tree", "lattice", "odd", "qzx", "zzq"]), max_size=4)] * 2), max_size=8
    )
)
def test_overlap_agrees_with_sets(pairs: list[tuple[list[str], list[str]]]) -> None:
    texts = pl.Series([" ".join(side) for pair in pairs for side in pair], dtype=pl.String)
    rows = np.arange(len(texts))
    found = overlap(words_of(texts), rows[::2], rows[1::2], weighted=False)
    assert found.common.tolist() == [len(set(a) & set(b)) for a, b in pairs]
    assert found.only_a.tolist() == [len(set(a) - set(b)) for a, b in pairs]
    assert found.only_b.tolist() == [len(set(b) - set(a)) for a, b in pairs]


def test_two_variants_alone_in_two_large_blocks_are_compared_however_large_the_blocks() -> None:
    blocks = {1: range(150), 2: range(148), 3: range(148, 298)}
    rows = [(key, variant) for key, members in blocks.items() for variant in members]
    keys = keys_of(rows)
    found = candidate_pairs(keys, keys["variant_id"].unique())
    assert set(found.pairs.rows()) == {(148, 149)}
    assert found.not_compared == sum(len(members) * (len(members) - 1) // 2 for members in blocks.values()) - 1


@given(pairs=KEYS, cuts=st.lists(st.integers(0, 15), max_size=4))
def test_batches_compare_every_pair_that_one_run_compares_also_where_blocks_are_too_large(
    pairs: list[tuple[int, int]], cuts: list[int]
) -> None:
    """When a pair meets, its blocks are at most as large as they will be, so that no way to compare it is closed yet."""
    keys, bounds = keys_of(pairs), sorted({0, 16, *cuts})
    in_batches: set[tuple[int, int]] = set()
    with mock.patch.multiple(pairing, MAX_BLOCK=3, MAX_REFINED_BLOCK=4):
        whole = candidate_pairs(keys, keys["variant_id"].unique())
        for first, last in itertools.pairwise(bounds):
            fresh = pl.Series(range(first, last), dtype=pl.UInt64)
            known = keys.filter(pl.col("variant_id") < last)
            met = known.filter(pl.col("key").is_in(known.filter(pl.col("variant_id") >= first)["key"].implode()))
            in_batches |= set(candidate_pairs(met, fresh).pairs.rows())
    at_once = set(whole.pairs.rows())
    assert at_once <= in_batches
    assert at_once == in_batches or whole.not_compared
