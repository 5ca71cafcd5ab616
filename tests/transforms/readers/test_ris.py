from __future__ import annotations

from typing import Any

import pytest
from reader_entries import entries_of

from transforms.readers import recognise
from transforms.readers.base import Head
from transforms.readers.ris import READER


def record(*lines: str, kind: str = "JOUR") -> dict[str, Any]:
    [found] = entries_of(READER, "\n".join([f"TY  - {kind}", *lines, "ER  - "])).records
    return found


@pytest.mark.parametrize(
    ("kind", "lines", "expected"),
    [
        pytest.param("JOUR", ["T1  - One", "TI  - Two"], {"title": "Two"}, id="TI before T1"),
        pytest.param("JOUR", ["ST  - Short"], {}, id="a short title is no title"),
        pytest.param("BOOK", ["BT  - Boats"], {"title": "Boats"}, id="BT is the title of a book"),
        pytest.param("CHAP", ["TI  - A", "BT  - Boats"], {"title": "A", "venue": "Boats"}, id="BT is the book"),
        pytest.param("CHAP", ["TI  - A", "T2  - Boats", "T3  - S"], {"title": "A", "venue": "Boats"}, id="T2 of CHAP"),
        pytest.param("CONF", ["C3  - Proc", "T2  - Conf"], {"venue": "Conf"}, id="T2 of CONF"),
        pytest.param("CONF", ["C3  - Proc"], {"venue": "Proc"}, id="C3 of Zotero"),
        pytest.param("JOUR", ["JA  - J Te", "JO  - J. Test", "JF  - Journal"], {"venue": "Journal"}, id="JF first"),
        pytest.param("JOUR", ["JA  - J Te", "JO  - J. Test"], {"venue": "J. Test"}, id="JO before JA"),
        pytest.param("JOUR", ["J2  - J Te", "T2  - Journal"], {"venue": "Journal"}, id="T2 before J2"),
        pytest.param("GEN", ["N2  - n", "AB  - a"], {"abstract": "a"}, id="AB before N2"),
        pytest.param("GEN", ["N2  - n"], {"abstract": "n"}, id="N2"),
        pytest.param("GEN", ["AB  - a", "AB  - b", "AB  - a"], {"abstract": "a\nb"}, id="AB twice"),
        pytest.param("GEN", ["N1  - a note"], {}, id="N1 is a note"),
        pytest.param("GEN", ["N1  - x", "N1  - Abstract: a"], {"abstract": "Abstract: a"}, id="N1 with a label"),
        pytest.param("GEN", ["AU  - A, B; C, D", "A1  - E, F"], {"authors": ["A, B", "C, D", "E, F"]}, id="semicolons"),
        pytest.param("GEN", ["AU  - A, B", "      C, D"], {"authors": ["A, B", "C, D"]}, id="a line per author"),
        pytest.param("GEN", ["AU  - A, B", "A1  - A, B"], {"authors": ["A, B"]}, id="each under both tags"),
        pytest.param("GEN", ["A2  - Editor, E"], {}, id="editors are no authors"),
        pytest.param("GEN", ["SP  - 1", "EP  - 9"], {"pages": "1-9"}, id="pages"),
        pytest.param("GEN", ["SP  - 1535-41"], {"pages": "1535-41"}, id="a range in SP"),
        pytest.param("GEN", ["SP  - 15-41", "EP  - 41"], {"pages": "15-41"}, id="a range in SP, and EP"),
        pytest.param("GEN", ["SP  - 7", "EP  - 7"], {"pages": "7"}, id="one page"),
        pytest.param("GEN", ["EP  - 7"], {"pages": "7"}, id="EP alone"),
        pytest.param("GEN", ["SP  - No", "EP  - Specified"], {}, id="Ovid's no pages"),
        pytest.param("GEN", ["C7  - e12"], {"pages": "e12"}, id="number of an article"),
        pytest.param("GEN", ["Y1  - 2014//"], {"year": "2014//"}, id="Y1"),
        pytest.param("GEN", ["PY  - 10 15", "DA  - 2011"], {"year": "2011"}, id="PY without a year"),
        pytest.param("GEN", ["PY  - 10 15"], {"year": "10 15"}, id="no year at all"),
        pytest.param(
            "GEN", ["PY  - 2014", "DA  - 2014/05/06/"], {"year": "2014", "published_date": "2014/05/06/"}, id="DA"
        ),
        pytest.param("GEN", ["PY  - 2014", "DA  - 2014/05//"], {"year": "2014"}, id="DA without a day"),
        pytest.param(
            "GEN", ["PY  - 2014", "DA  - Aug 15"], {"year": "2014", "published_date": "Aug 15 2014"}, id="day"
        ),
        pytest.param(
            "GEN", ["PY  - 2014/05/06/"], {"year": "2014/05/06/", "published_date": "2014/05/06/"}, id="a day in PY"
        ),
        pytest.param("GEN", ["DO  - https://doi.org/10.1234/a"], {"doi": "https://doi.org/10.1234/a"}, id="resolver"),
        pytest.param("GEN", ["DO  - none", "M3  - 10.1234/a"], {"doi": "10.1234/a"}, id="DOI elsewhere"),
        pytest.param("GEN", ["M3  - Article"], {}, id="M3 is a type"),
        pytest.param("GEN", ["UR  - http://a.x; http://b.x"], {"url": "http://a.x"}, id="a line of addresses"),
        pytest.param("GEN", ["UR  - http://a.x", "UR  - http://b.x"], {"url": "http://a.x"}, id="two addresses"),
        pytest.param("GEN", ["VL  - 3", "IS  - 4"], {"volume": "3", "number": "4"}, id="volume and number"),
        pytest.param("GEN", ["AN  - 123", "DP  - NLM"], {"source_record_id": None, "pmid": "123"}, id="MEDLINE"),
        pytest.param("GEN", ["AN  - 123", "DB  - X"], {"source_record_id": "123"}, id="accession number"),
        pytest.param("GEN", ["C2  - 123", "DB  - Scopus"], {"pmid": "123"}, id="C2 of Scopus"),
        pytest.param("GEN", ["C2  - PMC12", "DB  - Scopus"], {}, id="C2 that is none"),
    ],
)
def test_columns(kind: str, lines: list[str], expected: dict[str, Any]) -> None:
    found = record(*lines, kind=kind)
    expected = {name: value for name, value in expected.items() if value is not None}
    assert {name: value for name, value in found.items() if name not in LEFT_OUT} == expected


LEFT_OUT = {"position", "line", "raw", "source", "extra"}


def test_what_is_not_taken_is_in_extra() -> None:
    found = record(
        "TI  - A", "T1  - B", "UR  - http://a.x", "UR  - http://b.x", "JF  - J", "JO  - K", "SN  - 1", "SN  - 2"
    )
    assert found["extra"] == {"TY": "JOUR", "T1": "B", "UR": "http://b.x", "JO": "K", "SN": ["1", "2"]}


@pytest.mark.parametrize(
    "head",
    [
        "TY  - JOUR\nTI  - A\n",
        "\ufeff\n\n1.\nTY  - JOUR\nER  -\n",
        "ty - jour\nti - A\n",
        "TI  - A\nAU  - B\nER  - \n",
        "Record #1 of 2\nProvider: x\nTY  - JOUR\r\nT1  - A\r\n",
        "TY  - JOUR\rTI  - A\r",
    ],
)
def test_recognised(head: str) -> None:
    assert recognise(Head("export.csv", head.encode())).name == "ris"


@pytest.mark.parametrize("head", ["Ty - hello\nworld", "TY  - JOUR", "title,TY  - JOUR\n", "AU  - someone\nalone"])
def test_not_recognised(head: str) -> None:
    assert READER.sniff(Head("export.ris", head.encode())) == 0
