from __future__ import annotations

import polars as pl
import pytest

from transforms.dedupe.authors import author_key, author_letters, author_words
from transforms.dedupe.places import first_number, first_page, initials, is_journal, last_page, venue_key
from transforms.dedupe.titles import is_generic, notice, title_numbers


def apply(rule: object, value: object, dtype: pl.DataType | None = None) -> object:
    frame = pl.DataFrame({"x": [value]}, schema={"x": dtype or pl.String()})
    return frame.select(rule(pl.col("x"))).item()  # type: ignore[operator] # each rule is a function of a column


@pytest.mark.parametrize(
    ("authors", "words"),
    [
        pytest.param(["Lane K.Moss G. F."], "lane moss", id="names run together"),
        pytest.param(["ja lane , p moss"], "lane moss", id="lower case, initials together"),
        pytest.param(["Lane JAB", "Wu X"], "lane wu", id="capitals are initials, a short name stays"),
        pytest.param(["O'Lane-Moss, T. and Vane, M."], "olane moss vane", id="apostrophe and hyphen"),
        pytest.param(["Ada van der Lane et al."], "ada lane", id="particles and et al."),
        pytest.param(["Özgür Länê"], "ozgur lane", id="accents"),
        pytest.param(None, "", id="missing"),
    ],
)
def test_words_of_authors(authors: list[str] | None, words: str) -> None:
    key = apply(author_key, authors, pl.List(pl.String()))
    assert author_words(pl.Series([key])).to_list() == [words]


def test_a_name_in_full_and_in_initials_begin_with_the_same_letters() -> None:
    keys = pl.DataFrame({"x": [["Ada B. Lane"], ["Lane AB"], ["ab lane"]]}).select(author_key(pl.col("x")))["x"]
    letters = author_letters(keys)
    assert (letters == letters[0]).all()
    assert letters[0].sum() == 3


@pytest.mark.parametrize(
    ("pages", "first", "last"),
    [
        ("pp. 322-331.", "322", "331"),
        ("277-9", "277", "279"),
        ("S376-S387", "s376", "387"),
        ("e001", "e1", None),
        ("0123", "123", None),
        ("in press", None, None),
        (None, None, None),
    ],
)
def test_pages(pages: str | None, first: str | None, last: str | None) -> None:
    assert (apply(first_page, pages), apply(last_page, pages)) == (first, last)


@pytest.mark.parametrize(("volume", "number"), [("vol. 07(4)", "7"), ("000", "0"), ("Suppl", None), (None, None)])
def test_first_number(volume: str | None, number: str | None) -> None:
    assert apply(first_number, volume) == number


def test_venue_keeps_what_tells_it_apart() -> None:
    assert apply(venue_key, "Proceedings of the 31st Annual Symposium on Invented Results, 1999") == "invented results"
    assert apply(initials, "very odd data banks") == "vodb"


@pytest.mark.parametrize(
    ("venue", "expected"),
    [("Journal of Odd Results", True), ("Odd Conf.", False), ("Nature", None), ("Proc. J. Odd", None)],
)
def test_is_journal(venue: str, expected: bool | None) -> None:
    assert apply(is_journal, venue) is expected


@pytest.mark.parametrize(
    ("title", "numbers"),
    [
        ("odd results part ii", "2"),
        ("odd results part two", "2"),
        ("odd results ii", "2"),
        ("p16 ink4a in mice", "16 4"),
        ("p16ink4a in mice", "16 4"),
        ("evenmap4d", "4"),
        ("odd results", ""),
        ("i see a tree", ""),
    ],
)
def test_title_numbers(title: str, numbers: str) -> None:
    assert apply(title_numbers, title) == numbers


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("erratum to odd results", "erratum"),
        ("corrigendum odd results", "erratum"),
        ("correction to odd results", "erratum"),
        ("error correction codes", ""),
        ("comment on odd results", "comment"),
        ("in reply to odd results", "reply"),
        ("retraction odd results", "retraction"),
        ("book review odd results", "review"),
        ("odd results", ""),
    ],
)
def test_notice(title: str, kind: str) -> None:
    assert apply(notice, title) == kind


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("editorial", True),
        ("guest editors introduction", True),
        ("book reviews", True),
        ("in this issue", True),
        ("", True),
        ("introduction to odd results in trees", False),
        ("the editorial process in odd journals and its many results", False),
    ],
)
def test_generic_titles(title: str, expected: bool) -> None:
    assert apply(is_generic, title) is expected
