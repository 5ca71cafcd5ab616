"""Staged dumps of invented records, for the contract to be asked of."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import TYPE_CHECKING, Any

import polars as pl

from transforms.schema import RAW_REJECT, RECORDS
from warehouse.contract import CheckedDump, check_dumps
from warehouse.staged import StagedBatch, StagedDump

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TODAY = dt.date(2026, 3, 14)
KINDS = ("entries", "records", "rejects")
ENTRY_SCHEMA = {"dump_id": pl.String(), "position": pl.Int64(), "line": pl.Int64(), "raw": pl.String()}
REJECT_SCHEMA = {"dump_id": pl.String(), **RAW_REJECT}
SUBJECTS = (
    "granite lichens",
    "harbour seals",
    "copper alloys",
    "desert beetles",
    "violin varnish",
    "tidal turbines",
    "medieval ledgers",
    "sourdough cultures",
)

Row = dict[str, Any]


def record(position: int, **values: object) -> Row:
    """Make the values of a good record whose abstract speaks of its title."""
    subject = SUBJECTS[position % len(SUBJECTS)]
    return {
        "position": position,
        "line": 3 * position,
        "raw": f"raw text of entry {position}",
        "source": "invented",
        "seen_date": dt.date(2026, 3, 1),
        "is_seen_date_inferred": False,
        "title": f"Observing {subject}, volume {position}",
        "abstract": f"Observing is slow work. This volume is about {subject}. " * 5,
        "authors": ["Ada Beispiel"],
        **values,
    }


def many(bad: int, of: int) -> list[Row]:
    """Make so many records, the first `bad` of which break a rule."""
    return [record(position, **({"title": "null"} if position <= bad else {})) for position in range(1, of + 1)]


def reject(position: int, reason: str = "the line ends within a quote") -> Row:
    return {"position": position, "line": 3 * position, "raw": f"broken entry {position}", "reason": reason}


def stage(
    folder: Path, name: str, records: Sequence[Row], rejects: Sequence[Row] = (), *, parts: int = 1, **values: Any
) -> StagedDump:
    """Write what staging would have written for a dump of these entries."""
    dump_id = hashlib.sha256(name.encode()).hexdigest()
    place = folder / dump_id
    place.mkdir(parents=True)
    rows = [{"dump_id": dump_id, "record_id": f"{dump_id[:16]}-{one['position']}", **one} for one in records]
    size = -(-len(rows) // parts) or 1
    for number in range(0, len(rows), size):
        part, file = rows[number : number + size], f"{number // size + 1:06d}.parquet"
        write(part, RECORDS.polars_schema, place / f"records-{file}")
        write(part, ENTRY_SCHEMA, place / f"entries-{file}")
    if rejects:
        write([{"dump_id": dump_id, **one} for one in rejects], REJECT_SCHEMA, place / "rejects-000001.parquet")
    return StagedDump(
        **{
            "dump_id": dump_id,
            "uri": f"/landing/{name}",
            "byte_count": 1,
            "modified_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
            "folder": place,
            "records_read": len(rows),
            "rejects_read": len(rejects),
            **values,
        }
    )


def write(rows: Sequence[Row], schema: Mapping[str, pl.DataType], file: Path) -> None:
    pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema).write_parquet(file)


def batch(*dumps: StagedDump) -> StagedBatch:
    """Bring staged dumps together as a run does."""
    kinds = [[file for dump in dumps for file in sorted(dump.folder.glob(f"{kind}-*"))] for kind in KINDS]
    return StagedBatch(dumps[0].folder.parent, dumps, *map(tuple, kinds))


def good(folder: Path, name: str = "good.txt", size: int = 12) -> StagedDump:
    return stage(folder, name, [record(position) for position in range(1, size + 1)])


def read(files: Sequence[Path]) -> pl.DataFrame:
    return (
        pl.concat([pl.read_parquet(file, glob=False) for file in files]) if files else pl.DataFrame(schema=ENTRY_SCHEMA)
    )


def check_one(dump: StagedDump) -> CheckedDump:
    return check_dumps(batch(dump), run_id="run", today=TODAY).dumps[0]
