from __future__ import annotations

import io
import json
import tracemalloc

from xml_samples import DBLP, INFO, given, read_xml

from transforms.readers.dblp_xml import READER


def test_article() -> None:
    first = given(read_xml(DBLP)[0][0])
    extra = json.loads(first.pop("extra"))
    assert first == {
        "source": "dblp",
        "source_record_id": "journals/eng/Muller99",
        "title": "On H<sub>2</sub>O & N<P.",
        "authors": ["J\u00fcrgen M\u00fcller", "C. Dee"],
        "venue": "J. Eng.",
        "volume": "12",
        "number": "3",
        "pages": "1-22",
        "year": "1999",
        "doi": "10.1000/eng",
        "url": "https://doi.org/10.1000/eng",
    }
    assert extra == {
        "@mdate": "2020-01-02",
        "@publtype": "informal",
        "type": "article",
        "title_markup": "On H<sub>2</sub>O &amp; <i>N&lt;P</i>.",
        "author": [{"@orcid": "0000-0001", "#text": "J\u00fcrgen M\u00fcller 0002"}, "C. Dee"],
        "ee": [{"@type": "oa", "#text": "https://doi.org/10.1000/eng"}, "https://example.org/eng"],
        "url": "db/journals/eng/eng12.html",
    }


def test_other_kinds() -> None:
    rows, _ = read_xml(DBLP)
    assert [(row["venue"], row["authors"], json.loads(row["extra"])["type"]) for row in rows[1:]] == [
        ("ENG", ["C. Dee"], "inproceedings"),
        (None, ["Ed Itor"], "proceedings"),
        ("Here", ["A. Bee"], "phdthesis"),
        (None, None, "www"),
    ]


def test_records_that_begin_on_the_line_where_another_ends() -> None:
    rows, _ = read_xml(DBLP)
    assert [row["line"] for row in rows] == [4, 9, 11, 12, 14]


def test_person_is_a_reject() -> None:
    _, rejects = read_xml(DBLP)
    assert [(reject["position"], reject["reason"]) for reject in rejects] == [
        (5, "is what DBLP keeps about a person, not a paper")
    ]
    assert "J&uuml;rgen" in rejects[0]["raw"]


class _Endless(io.RawIOBase):
    """A dump of 50 MB that is made while it is read."""

    def __init__(self) -> None:
        self._left = [b"<dblp>", *[b"<article key='a'><title>Some title of a paper</title></article>\n" * 5_000] * 150]

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:  # noqa: ARG002  # a chunk of its own size
        return self._left.pop(0) if self._left else b""


def test_memory_is_bounded() -> None:
    tracemalloc.start()
    count = 0
    for batch in READER.read(_Endless(), INFO):  # type: ignore[arg-type]  # all that a reader asks of a stream
        count += batch.records.height
        if count > 20_000:
            break
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count > 20_000
    assert peak < 40_000_000
