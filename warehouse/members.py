"""Unpacks an archive into staging: each member that can be a dump becomes one, known by its bytes.

    papers.zip  --members-->  STAGING/members/<dump_id of the archive>/000001, 000002 ...
                         '->  members that are refused, each with its reason

The files are numbered: no name from an archive is ever a path of ours. What the members may cost
is bounded in number, size and ratio; archives inside of archives are refused, as nobody sends them
but to harm.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Final

from transforms.errors import DamagedDumpError, DumpError, HostileDumpError, UnreadableDumpError
from transforms.readers.base import shown
from warehouse.address import SEPARATOR
from warehouse.archive import FAULTS, Member, archive_kind, members_of
from warehouse.ledger import NewDump
from warehouse.staging import is_passing
from warehouse.unpack import DEFAULT_LIMITS

if TYPE_CHECKING:
    from pathlib import Path

    from warehouse.unpack import Limits

_CHUNK_BYTES: Final = 1024 * 1024

_HINTS: Final = {
    "is encrypted": "unpack the archive with its password",
    "is packed in a way that is not read": "pack it anew, as any ZIP program does by default",
    "is a link": "put the file itself into the archive",
}
_HINT: Final = "unpack the archive, if it is genuine"


@dataclass(frozen=True)
class ArchiveLimits:
    """What an archive may hold: members, bytes in all; beside the limits of unpacking anything.

    The largest archives known that hold dumps (a baseline of PubMed, a release of OpenAlex) have some
    thousand members, and a snapshot of arXiv 5 GB; 64 GB is what a staging folder may be expected to hold.
    """

    max_members: int = 100_000
    max_bytes: int = 64 * 1024**3
    unpacking: Limits = DEFAULT_LIMITS


DEFAULT_ARCHIVE_LIMITS: Final = ArchiveLimits()


@dataclass(frozen=True)
class UnpackedArchive:
    """What came out of an archive: dumps, and what was refused. No problem: all of it came out."""

    archive: NewDump
    members: tuple[NewDump, ...]
    problems: tuple[DumpError, ...]

    @property
    def error(self) -> str | None:
        """What was refused, for the ledger."""
        return "\n".join(map(str, self.problems)) or None


def unpack_archive(archive: NewDump, staging: Path, limits: ArchiveLimits = DEFAULT_ARCHIVE_LIMITS) -> UnpackedArchive:
    """Unpack the members of an archive into `staging`, below a folder of its own.

    A member that cannot be had is a problem and the others go on; where the archive breaks off or
    passes its limits, what stands before goes in. OSError is raised where the disk or the network
    failed, so that the caller can try again.
    """
    folder = staging / "members" / archive.dump_id
    shutil.rmtree(folder, ignore_errors=True)  # of an earlier try
    folder.mkdir(parents=True)
    work = _Unpacking(archive, folder, limits)
    try:
        for member in members_of(archive.path, archive_kind(archive.path) or "tar"):
            work.take(member)
        if not work.found:
            raise DamagedDumpError("holds no files", where=shown(archive.name), hint="see what it should hold")
    except DumpError as error:
        if is_passing(error):
            raise OSError(str(error)) from error
        if error.where == shown(archive.path.name):
            error.where = shown(archive.name)
        work.problems.append(error)
    return UnpackedArchive(archive, tuple(work.dumps), tuple(work.problems))


def give_up(archive: NewDump, error: Exception, _staging: Path) -> UnpackedArchive:
    """Make the outcome of an archive that could not even be tried to the end."""
    hint = "check the disk or the network, then run again"
    where = shown(archive.name)
    return UnpackedArchive(archive, (), (UnreadableDumpError(f"unpacking failed: {error}", where=where, hint=hint),))


@dataclass
class _Unpacking:
    """An archive that is being unpacked: what has come out of it so far."""

    archive: NewDump
    folder: Path
    limits: ArchiveLimits
    found: int = 0
    byte_count: int = 0
    dumps: list[NewDump] = field(default_factory=list)
    problems: list[DumpError] = field(default_factory=list)

    def take(self, member: Member) -> None:
        """Unpack one member. Raises HostileDumpError where the archive as a whole passes its limits."""
        self.found += 1
        if self.found > self.limits.max_members:
            raise self._hostile(f"holds more than {self.limits.max_members:,} files")
        where = shown(f"{self.archive.name}{SEPARATOR}{member.name}")
        if member.fault:
            self.problems.append(UnreadableDumpError(member.fault, where=where, hint=_HINTS.get(member.fault, _HINT)))
            return
        target = self.folder / f"{self.found:06d}"
        try:
            self._unpack(member, target, where)
        except DumpError as error:
            target.unlink(missing_ok=True)
            if error.where != where or is_passing(error):  # the archive itself, or the disk
                raise
            self.problems.append(error)

    def _unpack(self, member: Member, target: Path, where: str) -> None:
        try:
            with member.open() as packed:
                dump_id, size = self._copy(packed, target)
        except FAULTS as error:
            raise _fault_of_member(error, where) from error
        if archive_kind(target):
            raise HostileDumpError("is an archive inside of an archive", where=where, hint="unpack the outer one")
        own = self.archive.modified_at
        modified_at = min(member.modified_at or own, own)
        self.dumps.append(NewDump(target, dump_id, size, modified_at, self.archive.uri, member.name))

    def _copy(self, packed: IO[bytes], target: Path) -> tuple[str, int]:
        sha256, size = hashlib.sha256(), 0
        with target.open("wb") as unpacked:
            while chunk := packed.read(_CHUNK_BYTES):
                size += len(chunk)
                self.byte_count += len(chunk)
                self._check_size()
                sha256.update(chunk)
                unpacked.write(chunk)
        return sha256.hexdigest(), size

    def _check_size(self) -> None:
        limits = self.limits.unpacking
        if self.byte_count > self.limits.max_bytes:
            raise self._hostile(f"unpacks to more than {self.limits.max_bytes:,} bytes")
        if self.byte_count > max(limits.free_bytes, limits.max_ratio * self.archive.byte_count):
            raise self._hostile(f"unpacks to more than {limits.max_ratio} times its size")

    def _hostile(self, what: str) -> HostileDumpError:
        return HostileDumpError(what, where=shown(self.archive.name), hint=_HINT)


def _fault_of_member(error: Exception, where: str) -> DumpError:
    if isinstance(error, OSError) and error.errno:
        return UnreadableDumpError(f"cannot be unpacked: {error.strerror}", where=where, hint="make room on the disk")
    if isinstance(error, NotImplementedError | RuntimeError):
        return UnreadableDumpError(f"cannot be unpacked: {error}", where=where, hint="pack it in the usual way")
    return DamagedDumpError(f"is damaged: {error or 'it breaks off'}", where=where, hint="copy the archive again")
