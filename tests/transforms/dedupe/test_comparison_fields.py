from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from transforms.dedupe.authors import author_key, author_letters, author_words
from transforms.dedupe.places import first_number, first_page, last_page, venue_key, venue_kind
from transforms.dedupe.substitution import is_same_word, substitutions
from transforms.dedupe.titles import is_generic, notice, title_numbers
from transforms.dedupe.venues import venue_similarity


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
        ("215 p", None, None),
        ("xii, 215 pages", "215", None),
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


@pytest.mark.parametrize(
    ("venue", "expected"),
    [
        ("Journal of Odd Results", "journal"),
        ("Odd Conf.", "meeting"),
        ("Tech. Rep. 12, Odd Laboratory", "report"),
        ("Nature", None),
        ("Proc. J. Odd", None),
        (None, None),
    ],
)
def test_venue_kind(venue: str | None, expected: str | None) -> None:
    assert apply(venue_kind, venue) == expected


@pytest.mark.parametrize(
    ("first", "second", "least", "most"),
    [
        pytest.param("vodb", "very odd data banks", 0.95, 0.95, id="acronym"),
        pytest.param("odd vodb", "very odd data banks", 0.95, 0.95, id="acronym beside other words"),
        pytest.param("vodb", "very odd", 0.8, 0.8, id="acronym of a name cut short"),
        pytest.param("j invent res", "journal invented results", 0.95, 0.95, id="abbreviated word by word"),
        pytest.param("odd results", "odd results", 1.0, 1.0, id="equal"),
        pytest.param("odd results letters", "odd results", 1.0, 1.0, id="more words"),
        pytest.param("odd results", "quaint kilns", 0.0, 0.5, id="another venue"),
        pytest.param("vo", "very odd", 0.0, 0.95, id="two letters"),
    ],
)
def test_venue_similarity(first: str, second: str, least: float, most: float) -> None:
    assert least <= venue_similarity(first, second) <= most
    assert venue_similarity(second, first) == venue_similarity(first, second)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        pytest.param("ischaemic", "ischemic", True, id="spelling"),
        pytest.param("algo", "algorithms", True, id="shortened"),
        pytest.param("computing", "computation", True, id="inflected"),
        pytest.param("balance", "strength", False, id="another word"),
        pytest.param("hearing", "breathing", False, id="another word with like letters"),
        pytest.param("hyperthermia", "hypothermia", False, id="opposites"),
        pytest.param("female", "male", False, id="opposite words"),
    ],
)
def test_forms_of_one_word(first: str, second: str, same: bool) -> None:
    assert is_same_word(first, second) is same
    assert is_same_word(second, first) is same


@pytest.mark.parametrize(
    ("first", "second", "names", "differs", "parts"),
    [
        pytest.param("walks for balance", "walks for strength", "", True, False, id="another content word"),
        pytest.param("walks for balance", "walks for balnace", "", False, False, id="typing error"),
        pytest.param("walks for balance", "walks forbalance", "", False, False, id="glued words"),
        pytest.param("walks for balance", "walks for balance in kilns", "", False, False, id="more words"),
        pytest.param("lanewood walks for balance", "walks in balance", "lanewood", False, False, id="an author's name"),
        pytest.param("dataset a for kilns", "dataset b for kilns", "", False, True, id="lettered parts"),
        pytest.param(
            "loomnet for kilns", "loomnet4d for kilns in motion", "", False, False, id="successor, more words"
        ),
        pytest.param("loomnet for kilns", "loomnet2 for kilns", "", False, True, id="successor"),
    ],
)
def test_substitutions(first: str, second: str, names: str, differs: bool, parts: bool) -> None:
    texts = np.array([first, second], dtype=object)
    found = substitutions(texts, np.array([names, ""], dtype=object), np.array([0, 1]), np.array([1, 0]), np.arange(2))
    assert (found.weight >= 5).tolist() == [differs] * 2
    assert found.other_part.tolist() == [parts] * 2


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
        ("odd results vol 39 pg 2 2009", "erratum"),
        ("odd results vol 16 e0272477 2021", "erratum"),
        ("odd results of vol 16 in 2021", ""),
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
