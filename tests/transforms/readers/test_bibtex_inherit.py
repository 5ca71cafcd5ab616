"""What entries take over from others, and what they must not."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from bibtex_reading import read

from transforms.readers import bibtex_inherit

PROCEEDINGS = "@proceedings{p, title={Boats}, year=2001, editor={E}, doi={10.1/p}, pages={1--900}, abstract={All}}"
PAPER = "@inproceedings{c, title={A}, pages={3}, crossref={P}}"


def titles_and_venues(text: str) -> dict[str, tuple[str | None, str | None, str | None]]:
    records, rejects = read(text)
    assert rejects == []
    return {row["source_record_id"]: (row["title"], row["venue"], row["year"]) for row in records}


@pytest.mark.parametrize("order", [(PAPER, PROCEEDINGS), (PROCEEDINGS, PAPER)], ids=["parent behind", "parent before"])
def test_paper_takes_the_volume_but_not_its_identifiers(order: tuple[str, str]) -> None:
    records, _ = read("\n".join(order))
    [paper] = [row for row in records if row["source_record_id"] == "c"]
    assert [row["line"] for row in records] == [1, 2]
    assert (paper["title"], paper["venue"], paper["year"], paper["pages"]) == ("A", "Boats", "2001", "3")
    assert (paper["doi"], paper["abstract"]) == (None, None)
    assert paper["extra"] == '{"entry_type":"inproceedings","crossref":"P","editor":"E"}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "@incollection{c, title={A}, crossref={b}} @book{b, title={B}, subtitle={S}, booktitle={BT}, year=1}",
            ("A", "BT", "1"),
            id="booktitle of the parent before its title",
        ),
        pytest.param(
            "@inbook{c, title={A}, crossref={b}} @book{b, title={B}, subtitle={S}}", ("A", "B: S", None), id="subtitle"
        ),
        pytest.param(
            "@article{c, title={A}, crossref={b}} @periodical{b, title={J}, year=7}", ("A", "J", "7"), id="periodical"
        ),
        pytest.param(
            "@book{c, volume=2, crossref={b}} @mvbook{b, title={B}, year=7}", ("B", None, "7"), id="book takes a title"
        ),
        pytest.param("@inbook{c, crossref={b}} @book{b, title={B}}", (None, "B", None), id="a part never does"),
        pytest.param(
            "@inbook{c, title={A}, crossref={d}} @book{b, title={B}, year=1, ids={x, d}}", ("A", "B", "1"), id="alias"
        ),
        pytest.param(
            "@inbook{c, title={A}, year=5, crossref={b}} @book{b, title={B}, date={1999}}",
            ("A", "B", "5"),
            id="own year",
        ),
        pytest.param(
            "@inbook{c, title={A}, crossref={b}} @book{b, title={B}, crossref={m}} @mvbook{m, title={M}, year=3}",
            ("A", "B", "3"),
            id="two generations",
        ),
        pytest.param(
            "@book{b, title={B}} @book{b, title={Other}} @inbook{c, title={A}, crossref={b}}",
            ("A", "B", None),
            id="of two with one key the first",
        ),
        pytest.param("@inbook{c, title={A}, crossref={c}}", ("A", None, None), id="its own parent"),
        pytest.param(
            "@inbook{c, title={A}, crossref={d}} @inbook{d, crossref={c}, year=4}", ("A", None, "4"), id="a circle"
        ),
        pytest.param("@inbook{c, title={A}, crossref={nobody}}", ("A", None, None), id="no parent"),
        pytest.param(
            "@inbook{c, title={A}, xref={b}} @book{b, title={B}}", ("A", None, None), id="xref hands down nothing"
        ),
        pytest.param(
            "@set{c, crossref={b}} @article{b, title={B}}", (None, None, None), id="a set is not its first member"
        ),
        pytest.param(
            "@article{c, title={A}, xdata={x, y}} @xdata{x, journal={J}, year=1} @xdata{y, year=2}",
            ("A", "J", "1"),
            id="xdata",
        ),
        pytest.param(
            "@xdata{x, xdata={y}} @xdata{y, journal={J}} @article{c, title={A}, xdata={x}}",
            ("A", "J", None),
            id="xdata of xdata",
        ),
    ],
)
def test_inherited(text: str, expected: tuple[str | None, ...]) -> None:
    assert titles_and_venues(text)["c"] == expected


def test_containers_are_no_entries() -> None:
    assert titles_and_venues("@xdata{x, journal={J}}\n@misc{a, title={A}}") == {"a": ("A", None, None)}


def test_order_and_positions_stay_while_one_waits() -> None:
    records, rejects = read(f"{PAPER}\n@misc{{a}}\n@misc{{broken\n@misc{{b}}\n{PROCEEDINGS}\n@misc{{d}}")
    assert [(row["position"], row["source_record_id"]) for row in records] == [
        (1, "c"), (2, "a"), (4, "b"), (5, "p"), (6, "d"),
    ]  # fmt: skip
    assert [row["position"] for row in rejects] == [3]


def test_who_waits_too_long_goes_on_without() -> None:
    far = "\n".join(f"@misc{{k{number}}}" for number in range(20))
    with patch.object(bibtex_inherit, "_MAX_WAITING", 100):
        found = titles_and_venues(f"{PAPER}\n{far}\n{PROCEEDINGS}")
    assert list(found) == ["c", *(f"k{number}" for number in range(20)), "p"]
    assert found["c"] == ("A", None, None)


def test_parents_too_far_back_are_forgotten() -> None:
    far = "\n".join(f"@misc{{k{number}, year={number}}}" for number in range(20))
    with patch.object(bibtex_inherit, "_MAX_KNOWN", 1_000):
        assert titles_and_venues(f"{PROCEEDINGS}\n{far}\n{PAPER}")["c"] == ("A", None, None)


def test_many_containers_are_followed_in_bounded_time() -> None:
    names = [f"x{number}" for number in range(400)]
    web = "".join(f"@xdata{{{name}, xdata={{{','.join(names)}}}}}\n" for name in names)
    records, _ = read(web + "@misc{a, title={A}, xdata={x0}}\n")
    assert len(records) == 1
