"""The registry of dump formats: one reader per format, recognised by its content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from transforms.readers import delimited, hf_papers_text, jsonl, parquet
from transforms.readers.sniff import refuse_non_text, unknown_format

if TYPE_CHECKING:
    from transforms.readers.base import Head, Reader

READERS: Final[tuple[Reader, ...]] = (
    hf_papers_text.READER,
    parquet.READER,
    jsonl.READER,
    delimited.CSV_READER,
    delimited.TSV_READER,
)
"""Every format that paperlake reads; where two are equally sure, the first wins."""


def recognise(head: Head) -> Reader:
    """Return the reader that is surest of a dump, from the dump's name and first bytes.

    Raises DamagedDumpError for an empty or binary dump, UnknownFormatError where no reader is sure.
    """
    confidence, reader = max(((reader.sniff(head), reader) for reader in READERS), key=lambda found: found[0])
    if confidence < 1:
        refuse_non_text(head)
    if confidence == 0:
        raise unknown_format(head, READERS)
    return reader
