"""A small dump of each form, invented: what the tests that hold for every reader begin with.

A new reader adds its own here, with three entries that differ, in the order of the registry.
"""

from __future__ import annotations

import io
import json
from typing import Final

import polars as pl
from bad_dumps import page
from hf_captures import firecrawl, saved_page
from xml_samples import xml_examples


def _parquet() -> bytes:
    stream = io.BytesIO()
    pl.DataFrame({"title": ["First Boat", "Second Boat", "Third Boat"], "year": [1, 2, 3]}).write_parquet(stream)
    return stream.getvalue()


def _listed(title: str, number: int) -> bytes:
    paper = f'"id":"3103.0000{number}","title":"{title}","summary":"Of boats.","upvotes":{number}'
    return f'{{"paper":{{{paper}}},"title":"{title}","numComments":{number}}}'.encode()


_LISTED: Final = (_listed("First Boat", 1), _listed("Second Boat", 2), _listed("Third Boat", 3))


def _lines(*rows: object) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def _snapshot(own: str, title: str) -> dict[str, object]:
    versions = [{"version": "v1", "created": "Mon, 4 Jan 2021 10:00:00 GMT"}]
    names = [["Sail", "A. -B.", ""]]
    return {"id": own, "title": title, "categories": "cs.CL", "versions": versions, "authors_parsed": names}


def _work(number: int, title: str) -> dict[str, object]:
    index = {"Of": [0], "boats.": [1]}
    return {"id": f"https://openalex.org/W{number}", "title": title, "abstract_inverted_index": index}


EXAMPLES: Final[dict[str, bytes]] = {
    "hf_papers_text": page(3).encode(),
    "hf_daily_papers": b"[" + b",".join(_LISTED) + b"]",
    "hf_papers_html": saved_page().encode(),
    "hf_papers_markdown": firecrawl().encode(),
    "parquet": _parquet(),
    "ris": (
        b"TY  - JOUR\nTI  - First Boat\nAU  - Doe, Jane\nAB  - one\ntwo\nER  - \n\n"
        b"TY  - CHAP\nT1  - Second Boat\nDO  - 10.1234/b\nER  - \n\nTY  - BOOK\nTI  - Third Boat\nER  - \n"
    ),
    "nbib": (
        b"\nPMID- 11\nTI  - First Boat\nAB  - one\n      two\nFAU - Doe, Jane\nSO  - J. 2018\n\n"
        b"PMID- 12\nTI  - Second Boat\nSO  - J. 2019\n\nPMID- 13\nTI  - Third Boat\nSO  - J. 2020\n"
    ),
    "endnote_tagged": (
        b"%0 Journal Article\n%T First Boat\n%A Doe, Jane\n%X one\n\ntwo\n\n"
        b"%0 Book\n%T Second Boat\n%D 2001\n\n%0 Thesis\n%T Third Boat\n%K sail\nmast\n"
    ),
    "wos": (
        b"FN Invented Index\nVR 1.0\nPT J\nAU Doe, J\n   Roe, R\nTI First\n   Boat\nER\n\n"
        b"PT B\nTI Second Boat\nPY 2004\nER\n\nPT J\nTI Third Boat\nDI 10.1234/c\nER\n\nEF\n"
    ),
    "wos_tab": (
        b"PT\tAU\tTI\tSO\tPY\nJ\tDoe, J; Roe, R\tFirst Boat\tJ TEST\t2001\t\n"
        b'J\tDoe, J\t"Second" Boat\tJ TEST\t2002\nB\tRoe, R\tThird Boat\t\t\n'
    ),
    "scopus_csv": (
        b'"Authors","Title","Year","Source title","Page start","Page end","EID"\n"Doe J.; Roe R.","First Boat","2001",'
        b'"J Test","1","9","2-s2.0-1"\n"Roe R.","Second, Boat","2002","J Test","","","2-s2.0-2"\n'
        b'"Doe J.","Third ""Boat""","2003","J Test","","","2-s2.0-3"\n'
    ),
    "zotero_csv": (
        b'"Key","Item Type","Author","Title","Publication Title","Extra"\n"AB12","journalArticle","Doe, Jane; Roe, R.",'
        b'"First Boat","J Test","PMID: 11"\n"AB13","book","Roe, R.","Second Boat","","two\nlines"\n'
        b'"AB14","book","","Third Boat","",""\n'
    ),
    "bibtex": (
        b"% a library\n@string{sea = {Journal of the Sea}}\n\n"
        b"@article{first,\n  title = {First {Boat}},\n  journal = sea # { (online)},\n  year = 1999\n}\n\n"
        b'@Book(second, title = "Second Boat", author = {Ada Bell and others})\n\n'
        b"@inproceedings{third,\n  title = {Third Boat},\n  crossref = {fleet},\n}\n"
    ),
    **xml_examples(),
    "arxiv_snapshot": _lines(
        _snapshot("2101.00001", "First Boat"),
        _snapshot("2101.00002", "Second Boat"),
        _snapshot("2101.00003", "Third Boat"),
    ),
    "openalex": json.dumps(
        {"meta": {"count": 3}, "results": [_work(1, "First Boat"), _work(2, "Second Boat"), _work(3, "Third Boat")]}
    ).encode(),
    "crossref": json.dumps(
        {
            "status": "ok",
            "message-type": "work-list",
            "message": {"facets": {}, "items": [{"DOI": f"10.1/{n}", "title": [f"Boat {n}"]} for n in range(3)]},
        }
    ).encode(),
    "semantic_scholar": json.dumps(
        {"total": 3, "data": [{"paperId": f"{n:040x}", "title": f"Boat {n}", "year": None} for n in range(3)]}
    ).encode(),
    "csl_json": json.dumps(
        [{"id": n, "type": "article-journal", "title": f"Boat {n}", "author": [{"family": "Sail"}]} for n in range(3)],
        indent=2,
    ).encode(),
    "openreview": b"paper_id\ttitle\tlink\tabstract\n"
    b'a1\tFirst Boat\thttps://openreview.net/forum?id=a1\ta "bare" quote\n'
    b"a2\tSecond Boat\thttps://openreview.net/forum?id=a2\tb\n"
    b'a3\tThird Boat\thttps://openreview.net/forum?id=a3\t"open\n',
    "jsonl": b'{"title": "First Boat", "id": 1}\n{"title": "Second Boat"}\n{"title": "Third Boat", "tags": ["a"]}\n',
    "csv": b'title,abstract\nFirst Boat,"one, two"\nSecond Boat,"three\nfour"\nThird Boat,\n',
    "tsv": b'title\tabstract\nFirst Boat\t"bare" quotes\nSecond Boat\tb\nThird Boat\tc\n',
}
"""Examples by the name of the reader."""
