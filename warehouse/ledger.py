"""Which of the files found are new: known by their bytes, asked of the lake's ledger of dumps.

A file whose place, size and time of last change stand in the ledger is taken as the one that was
ingested, as rsync and make do; any other is read whole for its SHA-256.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from transforms.errors import DumpError, PaperlakeError, UnreadableDumpError
from warehouse.lake import Lake, attached
from warehouse.streams import sha256_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


@dataclass(frozen=True)
class NewDump:
    """A dump file that the lake does not hold yet."""

    path: Path
    dump_id: str
    byte_count: int
    modified_at: dt.datetime


@dataclass
class NewDumps:
    """The new ones, how many were known, and the ones that cannot be read, with their reasons."""

    dumps: list[NewDump] = field(default_factory=list)
    known: int = 0
    problems: list[PaperlakeError] = field(default_factory=list)


@dataclass(frozen=True)
class _Entry:
    """What the ledger knows of a dump."""

    dump_id: str
    is_settled: bool


def find_new(files: Sequence[Path], lake: Lake, *, retry_failed: bool) -> NewDumps:
    """Tell the new dumps among `files`; the same bytes under two names are one dump.

    Dumps that failed before are new again where `retry_failed` says so.
    """
    ledger = _read_ledger(lake, retry_failed=retry_failed)
    settled = {entry.dump_id for entry in ledger.values() if entry.is_settled}
    seen: set[str] = set()
    new = NewDumps()
    for path in files:
        try:
            dump = _identify(path, ledger)
        except DumpError as error:
            new.problems.append(error)
            continue
        if dump.dump_id in settled or dump.dump_id in seen:
            new.known += 1
        else:
            new.dumps.append(dump)
        seen.add(dump.dump_id)
    return new


def published_ids(lake: Lake, among: Iterable[str]) -> set[str]:
    """Tell which of these dumps the lake holds by now."""
    with attached(lake, read_only=True) as connection:
        rows = connection.execute(
            "SELECT dump_id FROM dumps WHERE status = 'published' AND list_contains(?, dump_id)", [sorted(among)]
        ).fetchall()
    return {row[0] for row in rows}


def _read_ledger(lake: Lake, *, retry_failed: bool) -> dict[tuple[str, int, dt.datetime], _Entry]:
    if not lake.exists:
        return {}
    with attached(lake, read_only=True) as connection:
        rows = connection.execute("SELECT uri, byte_count, modified_at, dump_id, status FROM dumps").fetchall()
    return {
        (uri, size, modified_at): _Entry(dump_id, status == "published" or not retry_failed)
        for uri, size, modified_at, dump_id, status in rows
    }


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
    return str(path.absolute()).encode("utf-8", "backslashreplace").decode("utf-8")


def _instant(nanoseconds: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=nanoseconds // 1000)
