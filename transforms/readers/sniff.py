"""Say what a file is that no reader can read: empty, compressed twice, a picture, binary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from transforms.errors import DamagedDumpError, DumpError, UnknownFormatError
from transforms.readers.base import Head, head_text, shown
from transforms.readers.encoding import encoding_of, marked_encoding

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
    """Raise DamagedDumpError for a dump that is empty or binary, UnknownFormatError for another known format."""
    is_text = marked_encoding(head.data) is not None or encoding_of(head.data).startswith("utf-16")
    text = head_text(head) if is_text else head.data
    if not text.strip():
        what = "is empty but for white space" if head.data else "is empty"
        raise DamagedDumpError(what, where=shown(head.name), hint="capture it again")
    if is_text:
        return
    control_count = len(head.data) - len(head.data.translate(None, _CONTROLS))
    if control_count > _BINARY_SHARE * len(head.data):
        raise _other_format(head) or DamagedDumpError(
            "is binary, not text", where=shown(head.name), hint="only Parquet is read among binary formats"
        )


def _other_format(head: Head) -> DumpError | None:
    name = next((name for magic, name in _MAGICS.items() if head.data.startswith(magic)), None)
    if name is None:
        return None
    return UnknownFormatError(f"is {name}", where=shown(head.name), hint="unpack it or export the papers as a table")


def unknown_format(head: Head, readers: Iterable[Reader]) -> DumpError:
    """Return the error for text that no reader recognises."""
    known = ", ".join(reader.name for reader in readers)
    start = " ".join(head_text(head)[:400].split())
    return _other_format(head) or UnknownFormatError(
        f"is in no known format; it begins with {shown(start, 60)}",
        where=shown(head.name),
        hint=f"known formats, listed by `paperlake readers`: {known}",
    )
