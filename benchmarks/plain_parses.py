"""The plain parse of a dump by the library alone, without any mapping: the floor that a reader is measured against.

A reader that parses in a way of its own puts its parse into PLAIN; all others are found by what
their dumps begin with.
"""

from __future__ import annotations

import csv
import io
import sys
import xml.etree.ElementTree as ET
from collections import deque
from typing import TYPE_CHECKING, Final

import orjson
from lxml import html
from pyarrow import parquet as pq

from transforms.readers import endnote_tagged, nbib, ris, wos
from transforms.readers.bibtex_chunks import read_chunks
from transforms.readers.bibtex_entries import read_entries
from transforms.readers.lines import read_lines
from transforms.readers.tagged import cut_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from transforms.readers.base import DumpInfo
    from transforms.readers.tagged import TagForm

    Parse = Callable[[bytes, DumpInfo], object]

csv.field_size_limit(sys.maxsize)


def plain_parse(name: str, data: bytes) -> tuple[str, Parse]:
    """Return the plain parse for the dumps of a reader, and what to call it."""
    if name in PLAIN:
        return PLAIN[name]
    first = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if first in (b"{", b"["):
        return "orjson", _json
    if first == b"<":
        return "expat, as ElementTree", _xml
    return "lines of text", _lines


def _json(data: bytes, _info: DumpInfo) -> object:
    try:
        return orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return _exhaust(orjson.loads(line) for line in data.splitlines() if line.startswith(b"{"))


def _xml(data: bytes, _info: DumpInfo) -> object:
    for _, element in ET.iterparse(io.BytesIO(data)):  # noqa: S314  # captures that we know
        if len(element) > 5:
            element.clear()
    return None


def _html(data: bytes, _info: DumpInfo) -> object:
    return html.document_fromstring(data)


def _csv(delimiter: str) -> Parse:
    def parse(data: bytes, _info: DumpInfo) -> object:
        text = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", "replace", newline="")
        return _exhaust(csv.reader(text, delimiter=delimiter))

    return parse


def _parquet(data: bytes, _info: DumpInfo) -> object:
    return pq.read_table(io.BytesIO(data), use_threads=False).to_pylist()


def _lines(data: bytes, info: DumpInfo) -> object:
    return _exhaust(line.data.decode(errors="replace") for line in read_lines(io.BytesIO(data), info))


def _bibtex(data: bytes, info: DumpInfo) -> object:
    return _exhaust(read_entries(read_chunks(read_lines(io.BytesIO(data), info), info)))


def _tagged(form: TagForm) -> tuple[str, Parse]:
    def parse(data: bytes, info: DumpInfo) -> object:
        return _exhaust(cut_entries(io.BytesIO(data), info, form))

    return "our parse, without the mapping", parse


def _exhaust(values: Iterable[object]) -> None:
    deque(values, maxlen=0)


PLAIN: Final[dict[str, tuple[str, Parse]]] = {
    "parquet": ("pyarrow", _parquet),
    "hf_papers_html": ("lxml", _html),
    "csv": ("csv", _csv(",")),
    "scopus_csv": ("csv", _csv(",")),
    "zotero_csv": ("csv", _csv(",")),
    "tsv": ("csv", _csv("\t")),
    "wos_tab": ("csv", _csv("\t")),
    "ris": _tagged(ris.FORM),
    "nbib": _tagged(nbib.FORM),
    "endnote_tagged": _tagged(endnote_tagged.FORM),
    "wos": _tagged(wos.FORM),
    "bibtex": ("our parse, without the mapping", _bibtex),
}
"""Readers whose dumps do not show by their first sign how they are parsed, with the name of the parse."""
