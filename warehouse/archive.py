"""What is in an archive: the members of .zip and .tar (plain or compressed), one after the other.

    file --first bytes--> zip | tar | no archive --> Member, Member, Member ...

Nothing here writes, and no name of a member is ever used as a path. A member that must not be read
(a link, a device, a name that leads out of the archive, an encrypted one) comes with the reason.
"""

from __future__ import annotations

import datetime as dt
import io
import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, BinaryIO, Final, Self

from transforms.errors import DamagedDumpError, DumpError, HostileDumpError, UnreadableDumpError
from transforms.readers.base import shown
from warehouse.streams import open_dump

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from warehouse.streams import OpenDump

FAULTS: Final = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    OSError,
    NotImplementedError,
    RuntimeError,
)
"""What the libraries raise for members that are broken, or packed in a way that they do not know."""

_ZIP_MAGICS: Final = (b"PK\x03\x04", b"PK\x05\x06")
_OFFICE: Final = re.compile(
    rb"PK\x03\x04.{26}(\[Content_Types\]\.xml|mimetype|_rels/|docProps/|xl/|word/|META-INF/)", re.DOTALL
)
"""Office documents, e-books and programs are ZIP files too; their members are no dumps."""

_BUFFER_BYTES: Final = 64 * 1024
_TAR_BLOCK: Final = 512
_TAR_SUM: Final = slice(148, 156)
_LARGEST_HEADER: Final = 1024 * 1024
_LARGEST_DIRECTORY: Final = 64 * 1024 * 1024
"""Bytes that a list of members may have: some 600,000 of them."""

_LEADS_OUT: Final = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|\0")
_HIDDEN: Final = re.compile(r"(^|[/\\])(\.(?!\.[/\\])[^/\\]|__MACOSX[/\\])")
_ENCRYPTED: Final = 0x1


@dataclass(frozen=True)
class Member:
    """A file in an archive: its name there, its time (UTC), why it is refused, and how to open it.

    What `open` gives is to be read before the next member is asked for.
    """

    name: str
    modified_at: dt.datetime | None
    fault: str | None
    open: Callable[[], IO[bytes]]


def archive_kind(path: Path) -> str | None:
    """Tell from the content what archive a file is: zip or tar, None where it is none or cannot be read."""
    try:
        with open_dump(path, ahead=_TAR_BLOCK) as opened:
            first = _first_block(opened.stream)
    except DumpError:
        return None
    if opened.compression is None and first.startswith(_ZIP_MAGICS):
        return None if _OFFICE.match(first) else "zip"
    return "tar" if _is_tar(first) else None


def members_of(path: Path, kind: str) -> Iterator[Member]:
    """Yield the files in an archive, in its order; folders and hidden files are no files.

    Raises a DumpError where the archive is broken, when it comes to that place.
    """
    members = _zip_members(path) if kind == "zip" else _tar_members(path)
    return (member for member in members if not _HIDDEN.search(member.name))


def _first_block(stream: BinaryIO) -> bytes:
    return stream.read(_TAR_BLOCK)


def _is_tar(block: bytes) -> bool:
    """Tell a header of tar by its checksum: all of its bytes, its own eight counted as spaces."""
    if len(block) < _TAR_BLOCK or not block[_TAR_SUM].strip(b" \0").isdigit():
        return False
    try:
        return int(block[_TAR_SUM].strip(b" \0"), 8) == sum(block) - sum(block[_TAR_SUM]) + 8 * ord(" ")
    except ValueError:
        return False


def _name_fault(name: str) -> str | None:
    if not name:
        return "has no name"
    return "has a name that leads out of the archive" if _LEADS_OUT.search(name) else None


def _zip_members(path: Path) -> Iterator[Member]:
    with open_dump(path) as opened:
        _check_directory(opened.stream, path)
        try:
            archive = zipfile.ZipFile(opened.stream)
        except FAULTS as error:
            raise _damaged(path, "is a damaged ZIP archive", error) from error
        for info in archive.infolist():
            if not info.filename.endswith("/"):
                yield Member(info.filename, _zip_time(info), _zip_fault(info), partial(archive.open, info))


def _zip_fault(info: zipfile.ZipInfo) -> str | None:
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:  # the others unpack without bounds
        return "is packed in a way that is not read"
    mode = info.external_attr >> 16
    if stat.S_IFMT(mode) and not stat.S_ISREG(mode):
        return "is a link" if stat.S_ISLNK(mode) else "is not a regular file"
    return _name_fault(info.filename)


def _zip_time(info: zipfile.ZipInfo) -> dt.datetime | None:
    try:
        return dt.datetime(*info.date_time, tzinfo=dt.UTC)
    except ValueError:
        return None


def _check_directory(stream: BinaryIO, path: Path) -> None:
    """Raise HostileDumpError for a list of members that would fill the memory: zipfile reads it whole."""
    stream.seek(0, io.SEEK_END)
    stream.seek(-min(stream.tell(), 65_557 + 76), io.SEEK_END)
    tail = stream.read()
    stream.seek(0)
    end, end64 = tail.rfind(b"PK\x05\x06"), tail.rfind(b"PK\x06\x06")
    sizes = [int.from_bytes(tail[end + 12 : end + 16], "little")] if end >= 0 else []
    is_64 = sizes == [0xFFFFFFFF] and end64 >= 0
    size = int.from_bytes(tail[end64 + 40 : end64 + 48], "little") if is_64 else sum(sizes)
    if size > _LARGEST_DIRECTORY:
        raise HostileDumpError(
            f"has a list of members of {size:,} bytes", where=shown(path.name), hint="unpack it, if it is genuine"
        )


class _TarHeader(tarfile.TarInfo):
    """A header of tar that says so when it is damaged: tarfile would take that for the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            header = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if len(buf) == _TAR_BLOCK and not any(buf):
                raise  # the end of the archive
            what = "holds a damaged header" if buf else "ends early: the mark of its end is missing"
            raise DamagedDumpError(what, hint="copy or capture the whole file again") from error
        if header.size > _LARGEST_HEADER and not header.isreg() and not header.issparse():
            raise HostileDumpError(f"has a header of {header.size:,} bytes", hint="unpack it, if it is genuine")
        return header


def _tar_members(path: Path) -> Iterator[Member]:
    with open_dump(path) as opened:
        try:
            with tarfile.open(fileobj=opened.stream, mode="r|", bufsize=_BUFFER_BYTES, tarinfo=_TarHeader) as archive:
                while info := archive.next():
                    archive.members = []  # type: ignore[attr-defined]  # or it would remember every one
                    if not info.isdir():
                        yield Member(info.name, _tar_time(info), _tar_fault(info), partial(_tar_open, archive, info))
            _read_on(opened)
        except DumpError as error:
            error.where = error.where or shown(path.name)
            raise
        except FAULTS as error:
            raise _damaged(path, "is a damaged tar archive", error) from error


def _read_on(opened: OpenDump) -> None:
    """Read to the end: compressed data says only there whether it is whole."""
    while opened.stream.read(_LARGEST_HEADER):
        pass


def _tar_open(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    return archive.extractfile(info) or io.BytesIO()


def _tar_fault(info: tarfile.TarInfo) -> str | None:
    if info.issym() or info.islnk():
        return "is a link"
    return _name_fault(info.name) if info.isreg() else "is not a regular file"


def _tar_time(info: tarfile.TarInfo) -> dt.datetime | None:
    try:
        return dt.datetime.fromtimestamp(info.mtime, dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _damaged(path: Path, what: str, error: Exception) -> DumpError:
    if isinstance(error, OSError) and error.errno:
        return UnreadableDumpError(f"cannot be read: {error.strerror}", where=shown(path.name), hint="check the disk")
    return DamagedDumpError(f"{what}: {error}", where=shown(path.name), hint="copy or capture the whole file again")
