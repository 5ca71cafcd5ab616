"""What the tags of nbib, EndNote and Web of Science mean, and how each form is recognised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from reader_entries import entries_of

from transforms.readers import endnote_tagged, nbib, recognise, wos
from transforms.readers.base import Head

if TYPE_CHECKING:
    from transforms.readers.base import Reader

PUBMED = """PMID- 0123
PMC - PMC77
TI  - [A title that
      is wrapped].
LID - S0000-1 [pii]
LID - 10.1234/a [doi]
AB  - One
      two.
FAU - Doe, Jane
AU  - Doe J
FAU - Roe, R
AU  - Roe R
CN  - A Group
JT  - Journal of tests
TA  - J Test
VI  - 3
IP  - 4
PG  - 5-6
DP  - 2018 Nov 25
MH  - *Boats
MH  - Water
SO  - J Test. 2018
"""
PUBMED_COLUMNS = {
    "position": 1,
    "line": 1,
    "source": "pubmed",
    "source_record_id": "0123",
    "title": "[A title that is wrapped].",
    "abstract": "One two.",
    "authors": ["Doe, Jane", "Roe, R", "A Group"],
    "venue": "Journal of tests",
    "volume": "3",
    "number": "4",
    "pages": "5-6",
    "year": "2018 Nov 25",
    "published_date": "2018 Nov 25",
    "doi": "10.1234/a [doi]",
    "pmid": "0123",
    "extra": {
        "PMC": "PMC77",
        "LID": "S0000-1 [pii]",
        "AU": ["Doe J", "Roe R"],
        "TA": "J Test",
        "MH": ["*Boats", "Water"],
        "SO": "J Test. 2018",
    },
}

ENDNOTE = """%0 Conference Proceedings
%T A title
%A Doe, Jane
%A Roe, R
%B Proceedings
%J Journal
%D 2018
%8 November 25
%V 3
%N 4
%P 5-6
%R 10.1234/a
%U http://a.x
%U http://b.x
%X One

% of two
%K boats
water
%@ 1234-5678
%M M1
"""
ENDNOTE_COLUMNS = {
    "position": 1,
    "line": 1,
    "source": "endnote",
    "source_record_id": "M1",
    "title": "A title",
    "abstract": "One\n% of two",
    "authors": ["Doe, Jane", "Roe, R"],
    "venue": "Proceedings",
    "volume": "3",
    "number": "4",
    "pages": "5-6",
    "year": "2018",
    "published_date": "November 25 2018",
    "doi": "10.1234/a",
    "url": "http://a.x",
    "extra": {
        "%0": "Conference Proceedings",
        "%J": "Journal",
        "%U": "http://b.x",
        "%K": ["boats", "water"],
        "%@": "1234-5678",
    },
}

WOS = """FN Invented Index
VR 1.0
PT J
AU Doe, J
   Roe, R
AF Doe, Jane
   Roe, Richard
CA A Group
TI A title that
   is wrapped
SO JOURNAL OF TESTS
DE boats; water
AB One
   two.
C1 [Doe, J] Univ A.
   [Roe, R] Univ B.
PD NOV 25
PY 2018
VL 3
IS 4
BP 5
EP 6
DI 10.1234/a
UT WOS:0001
PM 123
ER

EF
"""
WOS_COLUMNS = {
    "position": 1,
    "line": 1,
    "source": "wos",
    "source_record_id": "WOS:0001",
    "title": "A title that is wrapped",
    "abstract": "One two.",
    "authors": ["Doe, Jane", "Roe, Richard", "A Group"],
    "venue": "JOURNAL OF TESTS",
    "volume": "3",
    "number": "4",
    "pages": "5-6",
    "year": "2018",
    "published_date": "NOV 25 2018",
    "doi": "10.1234/a",
    "pmid": "123",
    "extra": {
        "FN": "Invented Index",
        "VR": "1.0",
        "PT": "J",
        "AU": ["Doe, J", "Roe, R"],
        "DE": "boats; water",
        "C1": ["[Doe, J] Univ A.", "[Roe, R] Univ B."],
    },
}


@pytest.mark.parametrize(
    ("reader", "text", "expected"),
    [
        pytest.param(nbib.READER, PUBMED, PUBMED_COLUMNS, id="nbib"),
        pytest.param(endnote_tagged.READER, ENDNOTE, ENDNOTE_COLUMNS, id="EndNote"),
        pytest.param(wos.READER, WOS, WOS_COLUMNS, id="Web of Science"),
    ],
)
def test_columns(reader: Reader, text: str, expected: dict[str, Any]) -> None:
    [record] = entries_of(reader, text).records
    assert record.pop("raw") == text.rstrip()
    assert record == expected


@pytest.mark.parametrize(
    ("reader", "text", "titles"),
    [
        pytest.param(
            nbib.READER, "PMC - PMC1\nPMID- 1\nTI  - A\n\nPMC - PMC2\nPMID- 2\nTI  - B\n", ["A", "B"], id="PMC"
        ),
        pytest.param(nbib.READER, "PMID- 1\nTI  - A\nPMID- 2\nTI  - B\n", ["A", "B"], id="nbib without blank lines"),
        pytest.param(nbib.READER, "PMID- 1\n\nTI  - A\n\nPMID- 2\n\nTI  - B\n", ["A", "B"], id="nbib double-spaced"),
        pytest.param(
            nbib.READER, "OWN - x\nTI  - A\nJT  - y\n\nOWN - x\nTI  - B\n", ["A", "B"], id="nbib without PMID"
        ),
        pytest.param(endnote_tagged.READER, "%A X\n%T A\n\n%A Y\n%T B\n", ["A", "B"], id="refer"),
        pytest.param(endnote_tagged.READER, "%0 Book\n%T A\n%0 Book\n%T B\n", ["A", "B"], id="EndNote in one piece"),
        pytest.param(endnote_tagged.READER, "%0 Book\n%T A\n%X a\n\nb\n\n%K k\n", ["A"], id="blank line within"),
        pytest.param(wos.READER, "PT J\nTI A\nPT J\nTI B\nER\nEF\n", ["A", "B"], id="Web of Science without ER"),
        pytest.param(wos.READER, "PT J\nTI A\nER\n\nAU X\nTI B\nER\nEF\n", ["A", "B"], id="Web of Science without PT"),
        pytest.param(wos.READER, WOS + "\ufeff" + WOS, ["A title that is wrapped"] * 2, id="two exports glued"),
        pytest.param(wos.READER, "FN Invented Index\nVR 1.0\nEF\n", [], id="empty export"),
    ],
)
def test_entries_are_told_apart(reader: Reader, text: str, titles: list[str]) -> None:
    found = entries_of(reader, text)
    assert (found.titles, found.rejects) == (titles, [])


def test_entry_cut_off_before_the_last_tag_of_the_others_is_a_reject() -> None:
    found = entries_of(nbib.READER, f"{PUBMED}\nPMID- 2\nTI  - B\nAB  - begi")
    assert [reject["reason"] for reject in found.rejects] == [
        "breaks off: the dump ends in it, before the SO that the other entries have"
    ]
    assert len(found.records) == 1


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (PUBMED, "nbib"),
        ("\r\n\r\nPMID- 1\r\nOWN - NLM\r\n", "nbib"),
        ("OWN - NLM\nTI  - A\nFAU - X\nJT  - y\n", "nbib"),
        (ENDNOTE, "endnote_tagged"),
        ("%A X\n%T A\n", "endnote_tagged"),
        (WOS, "wos"),
        ("PT J\nAU Doe, J\nTI A\nER\n", "wos"),
        ("PT\tAU\tBA\tTI\tSO\nJ\tDoe, J\t\tA\tJ TEST\t\n", "wos_tab"),
    ],
)
def test_recognised_under_any_name(head: str, name: str) -> None:
    assert recognise(Head("export.ris", head.encode())).name == name


@pytest.mark.parametrize(
    "text", ["% a comment\n% of TeX\n", "%PDF-1.7\n", "PT J is short for\nPart J", "PMID- 1", "%T A\n"]
)
def test_recognised_by_none(text: str) -> None:
    assert {reader.sniff(Head("x", text.encode())) for reader in (nbib.READER, endnote_tagged.READER, wos.READER)} == {
        0
    }
