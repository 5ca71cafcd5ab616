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

_UTF16_SHARE: Final = 0.7
"""Share of NUL among every second byte from which it is UTF-16 of a Western language."""

_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))
_BINARY_SHARE: Final = 0.02
"""Share of control characters from which bytes are no text; damaged text has a run of NULs at most."""


def refuse_non_text(head: Head) -> None:
    """Raise DamagedDumpError for a dump that is empty or binary, UnknownFormatError for another known format."""
    is_marked = any(head.data.startswith(mark) for mark in MARKS)
    text = head_text(head) if is_marked else head.data
    if not text.strip():
        what = "is empty but for white space" if head.data else "is empty"
        raise DamagedDumpError(what, where=shown(head.name), hint="capture it again")
    if is_marked:
        return
    if _is_unmarked_utf16(head.data):
        what = "looks like UTF-16 without its mark"
        raise DamagedDumpError(what, where=shown(head.name), hint="save the dump as UTF-8")
    control_count = len(head.data) - len(head.data.translate(None, _CONTROLS))
    if control_count > _BINARY_SHARE * len(head.data):
        raise _other_format(head) or DamagedDumpError(
            "is binary, not text", where=shown(head.name), hint="only Parquet is read among binary formats"
        )


def _is_unmarked_utf16(data: bytes) -> bool:
    """Tell whether nearly every second byte is NUL, and few of the others."""
    halves = sorted((data[0::2].count(0), data[1::2].count(0)))
    return halves[1] > _UTF16_SHARE * len(data) / 2 > _UTF16_SHARE * halves[0] * 10


def _other_format(head: Head) -> DumpError | None:
    name = next((name for magic, name in _MAGICS.items() if head.data.startswith(magic)), None)
    if name is None:
        return None
    return UnknownFormatError(f"is {name}", where=shown(head.name), hint="unpack it or export the papers as a table")


def unknown_format(head: Head, readers: Iterable[Reader]) -> DumpError:
    """Return the error for text that no reader recognises."""
    known = "; ".join(f"{reader.name} ({reader.description})" for reader in readers)
    start = " ".join(head_text(head)[:400].split())
    return _other_format(head) or UnknownFormatError(
        f"is in no known format; it begins with {shown(start, 60)}",
        where=shown(head.name),
        hint=f"known formats: {known}",
    )
