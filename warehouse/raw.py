"""The raw dumps of a lake, taken up again as they were captured.

LAKE/raw/<dump_id>.zst, .gz, .parquet ...  --sha256 = dump_id?--> a dump to be read, under its old name and place
"""

from __future__ import annotations

import hashlib
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import zstandard

from transforms.errors import LakeError
from warehouse.address import SEPARATOR
from warehouse.ledger import NewDump

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from warehouse.lake import Lake
    from warehouse.place import Place

SHOWN: Final = 3
"""How many raw dumps a message names."""

_OTHER_BYTES: Final = "has other bytes than were captured"

_CHUNK_BYTES: Final = 1024 * 1024


@dataclass(frozen=True)
class LedgerLine:
    """What the ledger says of a dump that was published: what does not follow from its bytes."""

    dump_id: str
    uri: str
    compression: str | None
    byte_count: int
    modified_at: dt.datetime


def find_raw(lake: Lake, dump_id: str) -> Place | None:
    """Find the raw file of a dump, None where there is none."""
    return next(iter(sorted((lake.raw / dump_id[:2]).glob(f"{dump_id}.*"))), None)


def refuse_lost_raw(lake: Lake, lines: Sequence[LedgerLine]) -> None:
    """Read all raw dumps; raise LakeError, naming them, where some are missing or have other bytes than were captured."""
    faults = [f"{line.dump_id} ({line.uri}) {wrong}" for line in lines if (wrong := wrong_with_raw(lake, line))]
    if faults:
        more = f" and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
        hint = "nothing was changed; put them back from a copy of the lake, or capture and ingest them again into a new lake"
        what = f"of {len(lines)} raw dumps {len(faults)} cannot be used: {'; '.join(faults[:SHOWN])}{more}"
        raise LakeError(what, where=str(lake.raw), hint=hint)


def wrong_with_raw(lake: Lake, line: LedgerLine, *, deep: bool = True) -> str | None:
    """Say what is wrong with the raw file of a dump, None where nothing is; with `deep` every byte is read."""
    file = find_raw(lake, line.dump_id)
    if file is None:
        return "is not there"
    if not deep:
        return None
    try:
        with open_captured(file, line) as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # IO lacks readinto
    except OSError as error:
        return f"cannot be read: {error}"
    except zstandard.ZstdError:
        return _OTHER_BYTES
    return None if found == line.dump_id else _OTHER_BYTES


@contextmanager
def open_captured(file: Place, line: LedgerLine) -> Iterator[IO[bytes]]:
    """Open a raw file so that it gives the bytes that were captured: a plain dump was packed by us."""
    with file.open("rb") as raw:
        if _is_packed(file, line):
            with zstandard.ZstdDecompressor().stream_reader(raw) as plain:
                yield plain
        else:
            yield raw


def _is_packed(file: Place, line: LedgerLine) -> bool:
    return file.suffix == ".zst" and line.compression is None


@contextmanager
def restored(lake: Lake, line: LedgerLine, folder: Path) -> Iterator[NewDump]:
    """Give the dump as it was captured; one that we packed, or that lies elsewhere, is in `folder` during the block."""
    file = find_raw(lake, line.dump_id)
    if file is None:
        raise LakeError("the raw dump went away", where=f"{lake.raw}: {line.dump_id}", hint="nothing was changed")
    unpacked = folder / f"{line.dump_id}.raw"
    if isinstance(file, Path) and not _is_packed(file, line):
        yield _kept(line, file)
        return
    try:
        with open_captured(file, line) as stream, unpacked.open("wb") as plain:
            shutil.copyfileobj(stream, plain, _CHUNK_BYTES)
        yield _kept(line, unpacked)
    finally:
        unpacked.unlink(missing_ok=True)


def _kept(line: LedgerLine, path: Path) -> NewDump:
    archive, _, member = line.uri.partition(SEPARATOR)
    found = {"archive": archive, "member": member} if member else {"found_at": line.uri}
    return NewDump(path, line.dump_id, line.byte_count, line.modified_at, **found)
