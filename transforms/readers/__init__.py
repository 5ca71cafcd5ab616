"""The registry of dump formats: one reader per format, recognised by its content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from transforms.readers import (
    acl_anthology,
    arxiv_atom,
    arxiv_snapshot,
    bibtex,
    crossref,
    csl_json,
    dblp_xml,
    delimited,
    endnote_tagged,
    endnote_xml,
    hf_daily_papers,
    hf_papers_html,
    hf_papers_markdown,
    hf_papers_text,
    jsonl,
    nbib,
    oai_pmh,
    openalex,
    openreview,
    parquet,
    pubmed_xml,
    ris,
    scopus_csv,
    semantic_scholar,
    wos,
    zotero_csv,
)
from transforms.readers.sniff import refuse_non_text, unknown_format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transforms.readers.base import Head, Reader

READERS: Final[tuple[Reader, ...]] = (
    hf_papers_text.READER,
    hf_daily_papers.READER,
    hf_papers_html.READER,
    hf_papers_markdown.READER,
    parquet.READER,
    ris.READER,
    nbib.READER,
    endnote_tagged.READER,
    wos.READER,
    wos.TAB_READER,
    scopus_csv.READER,
    zotero_csv.READER,
    bibtex.READER,
    arxiv_atom.READER,
    oai_pmh.READER,
    pubmed_xml.READER,
    acl_anthology.READER,
    dblp_xml.READER,
    endnote_xml.READER,
    arxiv_snapshot.READER,
    openalex.READER,
    crossref.READER,
    semantic_scholar.READER,
    csl_json.READER,
    openreview.READER,
    jsonl.READER,
    delimited.CSV_READER,
    delimited.TSV_READER,
)
"""Every format that paperlake reads; where two are equally sure, the first wins."""


def recognise(head: Head, readers: Sequence[Reader] = READERS) -> Reader:
    """Return the reader that is surest of a dump, from the dump's name and first bytes.

    Raises DamagedDumpError for an empty or binary dump, UnknownFormatError where no reader is sure.
    """
    return recognise_with_sureness(head, readers)[0]


def recognise_with_sureness(head: Head, readers: Sequence[Reader] = READERS) -> tuple[Reader, float]:
    """Return the reader that is surest of a dump, and how sure it is, from 0 to 1; raises as `recognise`."""
    confidence, reader = max(((reader.sniff(head), reader) for reader in readers), key=lambda found: found[0])
    if confidence < 1:
        refuse_non_text(head)
    if confidence == 0:
        raise unknown_format(head, readers)
    return reader, confidence
