from __future__ import annotations

import datetime as dt

import polars as pl

from transforms.dedupe.assign import Assignment, assign_papers

OLD = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
NEWER = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
DAY = dt.date(2026, 3, 11)


def assign(
    members: list[tuple[str, int, str | None]], clusters: dict[int, int], ages: dict[str, dt.datetime]
) -> Assignment:
    return assign_papers(
        pl.DataFrame(
            [(record, DAY, clusters[variant]) for record, variant, _ in members],
            schema={"record_id": pl.String, "seen_date": pl.Date, "cluster": pl.Int64},
            orient="row",
        ),
        pl.DataFrame(
            list(ages.items()),
            schema={"paper_id": pl.String, "created_at": pl.Datetime("us", "UTC")},
            orient="row",
        ),
    )


def test_new_cluster_is_founded_by_its_first_record_whatever_the_order() -> None:
    forth = assign([("b", 1, None), ("a", 2, None)], {1: 0, 2: 0}, {})
    back = assign([("a", 2, None), ("b", 1, None)], {2: 7, 1: 7}, {})
    assert forth.paper_records.rows() == back.paper_records.rows() == [("a", "pa"), ("b", "pa")]
    assert forth.minted.to_list() == ["pa"]


def test_record_that_joins_a_paper_takes_its_id() -> None:
    joined = assign([("z", 1, "pz"), ("a", 2, None)], {1: 0, 2: 0}, {"pz": OLD})
    assert joined.paper_records.rows() == [("a", "pz"), ("z", "pz")]
    assert joined.minted.is_empty()


def test_older_paper_survives_and_the_other_is_redirected() -> None:
    met = assign([("a", 1, "pa"), ("b", 2, "pb"), ("c", 3, None)], {1: 0, 2: 0, 3: 0}, {"pa": NEWER, "pb": OLD})
    assert {paper for _, paper in met.paper_records.rows()} == {"pb"}
    assert met.redirects.rows() == [("pa", "pb")]


def test_split_paper_keeps_its_id_where_its_founder_is() -> None:
    split = assign([("a", 1, "pa"), ("b", 2, "pa")], {1: 0, 2: 1}, {"pa": OLD})
    assert split.paper_records.rows() == [("a", "pa"), ("b", "pb")]
    assert split.minted.to_list() == ["pb"]
    assert split.redirects.is_empty()


def test_id_returns_to_the_records_that_part_again() -> None:
    parted = assign(
        [("a", 1, "pb"), ("b", 2, "pb"), ("c", 1, "pb")], {1: 0, 2: 1}, {"pa": NEWER, "pb": OLD, "pc": NEWER}
    )
    assert parted.paper_records.rows() == [("a", "pa"), ("b", "pb"), ("c", "pa")]
    assert (parted.minted.to_list(), parted.redirects.rows()) == ([], [("pc", "pa")])
