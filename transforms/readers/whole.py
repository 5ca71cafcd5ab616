"""Read a dump whole: pages that people save are a few MB, and what they mean shows only at their end.

More than MAX_PAGE_BYTES is no page, and is refused before it fills the memory.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.errors import DamagedDumpError, HostileDumpError
from transforms.readers.base import place

if TYPE_CHECKING:
    from transforms.readers.base import DumpInfo

MAX_PAGE_BYTES: Final = 64 * 1024 * 1024
"""The largest page that is read whole; the largest known, a paper's page with all its comments, has some 3 MB."""

_WRONG_BYTE: Final = re.compile("[\udc80-\udcff]")
_ESCAPED: Final = 0xDC00
"""What Python adds to a byte that it could not decode."""


def read_whole(stream: BinaryIO, info: DumpInfo) -> str:
    """Return the text of a stream of UTF-8; bytes that are none stand in it as `has_wrong_byte` knows them.

    Raises HostileDumpError beyond MAX_PAGE_BYTES, DamagedDumpError for NUL: no text has one, a copy
    whose blocks were lost has many.
    """
    data = stream.read(MAX_PAGE_BYTES + 1)
    if len(data) > MAX_PAGE_BYTES:
        hint = "a page of the site has a few MB; give larger collections as JSON lines"
        raise HostileDumpError(f"has more than {MAX_PAGE_BYTES:,} bytes", where=place(info), hint=hint)
    if (nul := data.find(b"\0")) >= 0:
        hint = "the copy is damaged, or the file is not text; copy or capture the whole file again"
        line = data.count(b"\n", 0, nul) + 1
        raise DamagedDumpError(f"holds a NUL byte at byte {nul:,}", where=place(info, line), hint=hint)
    return data.decode(errors="surrogateescape")


def has_wrong_byte(text: str) -> bool:
    """Tell whether a part of a dump holds a byte that is not UTF-8, or half a character at its end."""
    return _WRONG_BYTE.search(text) is not None


def with_bytes_shown(text: str) -> str:
    r"""Write bytes that are not UTF-8 as `\xe9`."""
    return text.encode(errors="surrogateescape").decode(errors="backslashreplace")


def with_bytes_quoted(address: str) -> str:
    """Write bytes that are not UTF-8 as an address has them, `%E9`."""
    return _WRONG_BYTE.sub(lambda found: f"%{ord(found[0]) - _ESCAPED:02X}", address)
