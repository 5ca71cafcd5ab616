"""Which of the files found are new: known by their bytes, asked of the lake's ledger of dumps.

A file whose place, size and time of last change stand in the ledger is taken as the one that was
ingested, as rsync and make do; any other is read whole for its SHA-256. Of files that lie elsewhere the
same is asked, and of what was fetched before (warehouse.seen); the others are to be fetched.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from transforms.errors import DumpError, PaperlakeError, UnreadableDumpError
from warehouse.address import SEPARATOR, name_of
from warehouse.archive import archive_kind
from warehouse.opening import attached
from warehouse.seen import read_seen
from warehouse.settings import refuse_other_rules
from warehouse.sqltext import literal
from warehouse.streams import sha256_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from warehouse.fetch import Fetched
    from warehouse.lake import Lake
    from warehouse.members import UnpackedArchive
    from warehouse.remote import RemoteFile, Version


@dataclass(frozen=True)
class NewDump:
    """A dump file that the lake does not hold yet.

    `found_at` is where it lay, if not at `path`: one that was fetched, or is kept by the lake, lies under
    a name that says nothing. So does the member of an archive, which has the place of the archive and
    its name there.
    """

    path: Path
    dump_id: str
    byte_count: int
    modified_at: dt.datetime
    archive: str = ""
    member: str = ""
    found_at: str = ""

    @property
    def name(self) -> str:
        """The name of the file, without its folder."""
        if self.archive or self.found_at:
            return name_of(self.uri)
        return self.path.name

    @property
    def uri(self) -> str:
        """Where the dump lies: papers.zip!/2025/a.json in an archive."""
        if self.archive:
            return f"{self.archive}{SEPARATOR}{_as_text(self.member)}"
        return self.found_at or uri_of(self.path)

    @property
    def place(self) -> str:
        """What a message calls the dump: its name, in an archive with that of the archive before it."""
        return f"{name_of(self.archive)}{SEPARATOR}{self.member}" if self.archive else self.name


@dataclass
class NewDumps:
    """The new ones, archives apart; those to fetch; how many were known; and what cannot be read, with the reasons.

    `settled` holds the dump_ids that are not new any more: in the lake, or listed here.
    """

    dumps: list[NewDump] = field(default_factory=list)
    archives: list[NewDump] = field(default_factory=list)
    remote: list[RemoteFile] = field(default_factory=list)
    known: int = 0
    problems: list[PaperlakeError] = field(default_factory=list)
    settled: set[str] = field(default_factory=set)

    def add(self, dump: NewDump, to: list[NewDump]) -> None:
        """Add a dump to one of the lists, or count it as known."""
        if dump.dump_id in self.settled:
            self.known += 1
        else:
            to.append(dump)
        self.settled.add(dump.dump_id)


@dataclass(frozen=True)
class _Entry:
    """What the ledger knows of a dump."""

    dump_id: str
    is_settled: bool


def find_new(files: Sequence[Path], lake: Lake, *, retry_failed: bool, remote: Sequence[RemoteFile] = ()) -> NewDumps:
    """Tell the new dumps among `files` and those that are to be fetched; the same bytes under two names are one dump.

    Dumps that failed before are new again where `retry_failed` says so, and so are archives of
    which anything was refused.
    """
    ledger = _read_ledger(lake, retry_failed=retry_failed)
    new = NewDumps(settled={entry.dump_id for entry in ledger.values() if entry.is_settled})
    for path in files:
        try:
            dump = _identify(path, ledger)
            is_archive = dump.dump_id not in new.settled and archive_kind(path) is not None
        except DumpError as error:
            new.problems.append(error)
        else:
            new.add(dump, new.archives if is_archive else new.dumps)
    seen = read_seen(lake) if remote else {}
    for file in remote:
        if _known_id(file, seen, ledger) in new.settled:
            new.known += 1
        else:
            new.remote.append(file)
    return new


def add_fetched(new: NewDumps, fetched: Sequence[Fetched]) -> None:
    """Add what was fetched to `new`: those that the lake holds under another place are known, as any dump."""
    for one in fetched:
        if one.problem is not None:
            new.problems.append(one.problem)
        elif one.dump is not None:
            new.add(one.dump, new.archives if archive_kind(one.dump.path) else new.dumps)


def add_members(new: NewDumps, unpacked: Sequence[UnpackedArchive]) -> None:
    """Add the members of the new archives to `new`: those that the lake holds already are known, as any dump."""
    for archive in unpacked:
        new.problems += archive.problems
        for member in archive.members:
            new.add(member, new.dumps)


def published_ids(lake: Lake, among: Iterable[str]) -> set[str]:
    """Tell which of these dumps the lake holds by now."""
    if not lake.exists:
        return set()
    with attached(lake, read_only=True) as connection:
        ids = ", ".join(map(literal, sorted(among)))
        rows = connection.execute(
            f"SELECT dump_id FROM dumps WHERE status = 'published' AND list_contains([{ids}], dump_id)"
        ).fetchall()
    return {row[0] for row in rows}


def _read_ledger(lake: Lake, *, retry_failed: bool) -> dict[tuple[str, int, dt.datetime], _Entry]:
    if not lake.exists:
        return {}
    with attached(lake, read_only=True) as connection:
        refuse_other_rules(connection, lake.name)  # now, rather than when everything is read
        rows = connection.execute("SELECT uri, byte_count, modified_at, dump_id, error FROM dumps").fetchall()
    in_parts = {uri.partition(SEPARATOR)[0] for uri, *_, error in rows if error is not None and SEPARATOR in uri}
    return {
        (uri, size, modified_at): _Entry(dump_id, not retry_failed or (error is None and uri not in in_parts))
        for uri, size, modified_at, dump_id, error in rows
    }


def _known_id(
    file: RemoteFile, seen: dict[str, tuple[Version, str]], ledger: dict[tuple[str, int, dt.datetime], _Entry]
) -> str | None:
    """Tell the dump that a file elsewhere is, by its place and version; None where that is not known."""
    version = file.version
    if not file.is_told_apart or version.size is None:
        return None
    if file.uri in seen:
        before, dump_id = seen[file.uri]
        return dump_id if version.is_surely(before) else None
    entry = version.modified_at and ledger.get((file.uri, version.size, version.modified_at))
    return entry.dump_id if entry else None


def _identify(path: Path, ledger: dict[tuple[str, int, dt.datetime], _Entry]) -> NewDump:
    try:
        status = path.stat()
    except OSError as error:
        hint = "check the link and its target" if path.is_symlink() else "check its permissions"
        raise UnreadableDumpError(f"cannot be reached: {error.strerror}", where=str(path), hint=hint) from error
    if not path.is_file():
        raise UnreadableDumpError("is not a regular file", where=str(path), hint="take it out of the landing folder")
    modified_at = _instant(status.st_mtime_ns)
    entry = ledger.get((uri_of(path), status.st_size, modified_at))
    dump_id = entry.dump_id if entry else sha256_file(path)
    return NewDump(path, dump_id, status.st_size, modified_at)


def uri_of(path: Path) -> str:
    """Name the place of a dump; bytes of a name that are no text are shown escaped."""
    return _as_text(str(path.absolute()))


def _as_text(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _instant(nanoseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=nanoseconds // 1000)
