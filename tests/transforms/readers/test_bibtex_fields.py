"""What becomes of the fields of an entry: columns, names of persons, identifiers, and `extra` for the rest."""

from __future__ import annotations

from typing import Any

import pytest
from bibtex_reading import one, read
from hypothesis import given
from hypothesis import strategies as st

from transforms.readers.bibtex_fields import split_names


def test_whole_entry() -> None:
    found = one(r"""@Article{boats2020,
  title = {On {DNA} of {\"U}ber-{Boats}: 5\% of $H_2O$},
  author = {Bell, {\'A}da and {Guild of Boats and Ships} and others},
  journal = "Journal of the {Sea}", volume = 12, number = {3}, pages = {1--22},
  year = 2020, month = mar, day = 4,
  doi = {10.1234/AB\_c}, pmid = {123}, url = {https://x.org/a\%20b~c?d={1}},
  abstract = {One
    line.}, keywords = {a, {B}}, file = {:C\:\\x.pdf:PDF}, Keywords = {again}
}""")
    raw = found.pop("raw")
    assert raw.startswith("@Article{boats2020,")
    assert raw.endswith("{again}\n}")
    assert found == {
        "position": 1,
        "line": 1,
        "source": "bibtex",
        "source_record_id": "boats2020",
        "title": "On DNA of Über-Boats: 5% of $H_2O$",
        "abstract": "One\n    line.",
        "authors": ["Bell, Áda", "Guild of Boats and Ships", "et al."],
        "venue": "Journal of the Sea",
        "volume": "12",
        "number": "3",
        "pages": "1-22",
        "year": "2020",
        "published_date": "2020-mar-4",
        "doi": "10.1234/AB_c",
        "pmid": "123",
        "url": "https://x.org/a%20b~c?d=1",
        "extra": {
            "entry_type": "article",
            "month": "mar",
            "day": "4",
            "keywords": ["a, {B}", "again"],
            "file": r":C\:\\x.pdf:PDF",
        },
    }


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param("title={A}, subtitle={B}", {"title": "A: B"}, id="subtitle"),
        pytest.param("title={A?}, subtitle={B}", {"title": "A? B"}, id="subtitle behind a question"),
        pytest.param("journaltitle={A}, booktitle={B}", {"venue": "B"}, id="two venues"),
        pytest.param("issue={2}", {"number": "2"}, id="issue"),
        pytest.param("date={2019-02-03}", {"published_date": "2019-02-03"}, id="date"),
        pytest.param("date={2019-02-03/2019-02-05}", {"published_date": "2019-02-03"}, id="range of dates"),
        pytest.param('year=2000, month=aug # "~10"', {"year": "2000", "published_date": "2000-aug 10"}, id="aug 10"),
        pytest.param("year=2000, month=aug", {"year": "2000"}, id="no day"),
        pytest.param("year=2000, month=8", {"year": "2000"}, id="number of the month"),
        pytest.param("year={{2001}}", {"year": "2001"}, id="braces twice"),
        pytest.param("eprint={2401.01234v2}", {"arxiv_id": "2401.01234v2"}, id="arXiv by its form"),
        pytest.param("eprint={hep-th/9901001}, archivePrefix={arXiv}", {"arxiv_id": "hep-th/9901001"}, id="arXiv"),
        pytest.param("eprint={arXiv:1902.07120}, eprinttype={arxiv}", {"arxiv_id": "arXiv:1902.07120"}, id="labelled"),
        pytest.param("arxivId={2401.01234}", {"arxiv_id": "2401.01234"}, id="Mendeley's arxivId"),
        pytest.param("note={arXiv:2401.01234 [cs.CL]}", {"arxiv_id": "2401.01234"}, id="arXiv in a note of its own"),
        pytest.param("note={see arXiv:2401.01234}", {}, id="arXiv of another work"),
        pytest.param("eprint={https://x.org/a.pdf}", {}, id="eprint of somebody else"),
        pytest.param("eprint={999}, eprinttype={pubmed}", {"pmid": "999"}, id="PubMed as eprint"),
        pytest.param("doi={10.1/(SICI)4:4{$<$}3{\\textgreater}1{\\_}x}", {"doi": "10.1/(SICI)4:4<3>1_x"}, id="DOI"),
        pytest.param("url={\\url{http://x.org/\\~{}y}}", {"url": "http://x.org/~y"}, id="address in a command"),
        pytest.param("howpublished={\\url{http://x.org}}", {"url": "http://x.org"}, id="address where it is published"),
        pytest.param("howpublished={In print}", {}, id="published on paper"),
        pytest.param("link={http://x.org}", {"url": "http://x.org"}, id="link"),
        pytest.param("title={ }, author={}", {}, id="blank fields"),
    ],
)
def test_columns(fields: str, expected: dict[str, Any]) -> None:
    found = one(f"@inproceedings{{k, {fields}}}")
    extra = found.pop("extra")
    assert {name: found[name] for name in found if name not in {"position", "line", "raw"}} == {
        "source": "bibtex",
        "source_record_id": "k",
        **expected,
    }
    assert extra.pop("entry_type") == "inproceedings"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param("@proceedings{p, booktitle={Proc. of X}}", ("Proc. of X", None, None), id="volume without title"),
        pytest.param("@book{p, title={A}, booktitle={A}}", ("A", None, None), id="a book is not in itself"),
        pytest.param("@techreport{p, title={A}, number={TR-1}}", ("A", None, None), id="number of a report"),
        pytest.param("@article{p, journal={J}, number=1}", (None, "J", "1"), id="article"),
        pytest.param("@misc{p, journal={J}, booktitle={B}}", (None, "J", None), id="journal first"),
    ],
)
def test_columns_by_type(entry: str, expected: tuple[str | None, ...]) -> None:
    found = one(entry)
    assert tuple(found.get(name) for name in ("title", "venue", "number")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Bell, Ada", ["Bell, Ada"], id="one"),
        pytest.param("Ada Bell AND  Cy de la Dee\nand\tE, F", ["Ada Bell", "Cy de la Dee", "E, F"], id="three"),
        pytest.param("von Last, Jr, First and others", ["von Last, Jr, First", "et al."], id="and others"),
        pytest.param("{Bell and Sons} and {Dee}", ["Bell and Sons", "Dee"], id="organisations"),
        pytest.param("{{World Boat Association}}", ["World Boat Association"], id="braces twice"),
        pytest.param(r"Andersen, H. and {\'E}mile B{\"o}ll", ["Andersen, H.", "Émile Böll"], id="and in a name"),
        pytest.param("and Bell, A. and and Dee, B. and", ["Bell, A.", "Dee, B."], id="and without names"),
        pytest.param("Bell, A.; Dee, B.", ["Bell, A.", "Dee, B."], id="semicolons, against the rules"),
        pytest.param("A. Bell, B. Dee, C. Eff, D. Gee", ["A. Bell", "B. Dee", "C. Eff", "D. Gee"], id="commas, too"),
        pytest.param(
            "family=Bell, given=Ada and given=Jan, prefix=van der, family=Dee",
            ["Bell, Ada", "van der Dee, Jan"],
            id="BibLaTeX by parts",
        ),
        pytest.param("A} and {B and C", ["A", "B and C"], id="braces that do not pair"),
        pytest.param("", [], id="empty"),
    ],
)
def test_split_names(text: str, expected: list[str]) -> None:
    assert split_names(text) == expected


NAMES = st.text(st.characters(categories=["L"]), min_size=2, max_size=10).filter(
    lambda name: name.casefold() not in {"and", "others", "al", "jr", "sr"}
)


@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=8))
def test_every_name_comes_back(names: list[tuple[str, str]]) -> None:
    written = [f"{last}, {first}" for last, first in names]
    assert split_names(" and ".join(written)) == written


FIELD_NAMES = st.from_regex(r"x-[a-z]{1,8}", fullmatch=True)
VALUES = st.text(st.characters(codec="utf-8", exclude_characters='{}"\\\0\r\n%@'), min_size=1, max_size=20).filter(
    str.strip
)


@given(st.dictionaries(FIELD_NAMES, VALUES, max_size=6))
def test_every_field_comes_back(fields: dict[str, str]) -> None:
    text = "".join(f",\n  {name} = {{{value}}}" for name, value in fields.items())
    assert one(f"@misc{{key{text}}}")["extra"] == {"entry_type": "misc", **fields}


def test_a_thousand_entries_make_a_thousand_records() -> None:
    records, rejects = read("".join(f"@misc{{k{number}, title = {{T {number}}}}}\n" for number in range(1_000)))
    assert [row["title"] for row in records] == [f"T {number}" for number in range(1_000)]
    assert rejects == []
