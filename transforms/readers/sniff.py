"""Say what a file is that no reader can read: empty, compressed twice, a picture, binary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from transforms.errors import DamagedDumpError, DumpError, UnknownFormatError
from transforms.readers.base import MARKS, Head, head_text, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from transforms.readers.base import Reader

PARQUET_MAGIC: Final = b"PAR1"

_MAGICS: Final = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive (or an Office document)",
    b"\x1f\x8b": "gzip inside of another compression",
    b"\x28\xb5\x2f\xfd": "Zstandard inside of another compression",
    b"BZh": "bzip2 inside of another compression",
    b"\xfd7zXZ\x00": "xz inside of another compression",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"SQLite format 3\x00": "an SQLite database",
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"GIF8": "a picture (GIF)",
    b"\x7fELF": "a program",
    b"ARROW1": "an Arrow file",
    b"ORC": "an ORC file",
    b"Obj\x01": "an Avro file",
    b"\x89HDF": "an HDF5 file",
}

_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))
_BINARY_SHARE: Final = 0.02
"""Share of control characters from which bytes are no text; damaged text has a run of NULs at most."""


def refuse_non_text(head: Head) -> None:
    """Raise DamagedDumpError for a dump that is empty or binary, UnknownFormatError for a known other format."""
    where = shown(head.name)
    if not head.data:
        raise DamagedDumpError("is empty", where=where, hint="capture it again")
    for magic, name in _MAGICS.items():
        if head.data.startswith(magic):
            raise UnknownFormatError(f"is {name}", where=where, hint="unpack it or export the papers as a table")
    if any(head.data.startswith(mark) for mark in MARKS):
        if not head_text(head).strip():
            raise DamagedDumpError("is empty but for white space", where=where, hint="capture it again")
        return
    if not head.data.strip():
        raise DamagedDumpError("is empty but for white space", where=where, hint="capture it again")
    _refuse_binary(head)


def _refuse_binary(head: Head) -> None:
    nul_count = head.data.count(0)
    if 2 * max(head.data[0::2].count(0), head.data[1::2].count(0)) > 0.4 * len(head.data) > 0.4 * nul_count:
        what, hint = "looks like UTF-16 without its mark", "save the dump as UTF-8"
    elif len(head.data) - len(head.data.translate(None, _CONTROLS)) > _BINARY_SHARE * len(head.data):
        what, hint = "is binary, not text", "only Parquet is read among binary formats"
    else:
        return
    raise DamagedDumpError(what, where=shown(head.name), hint=hint)


def unknown_format(head: Head, readers: Iterable[Reader]) -> DumpError:
    """Return the error for text that no reader recognises."""
    known = "; ".join(f"{reader.name} ({reader.description})" for reader in readers)
    start = " ".join(head_text(head)[:400].split())
    return UnknownFormatError(
        f"is in no known format; it begins with {shown(start, 60)}",
        where=shown(head.name),
        hint=f"known formats: {known}",
    )
