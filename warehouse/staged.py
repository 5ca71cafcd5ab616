"""What became of dumps that were read into staging: counts and places, never rows.

Apart from `warehouse.staging`, so that who is told of it need not import every reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.address import name_of

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path


@dataclass(frozen=True)
class StagedDump:
    """What became of one dump so far: counts and places, never rows.

    `error` says why the dump is refused; then nothing of it is staged.
    """

    dump_id: str
    uri: str
    byte_count: int
    modified_at: dt.datetime
    folder: Path
    reader: str | None = None
    compression: str | None = None
    encoding: str | None = None
    text_byte_count: int | None = None
    captured_date: dt.date | None = None
    records_read: int = 0
    rejects_read: int = 0
    error: str | None = None

    @property
    def name(self) -> str:
        """The dump's file name, for people."""
        return name_of(self.uri)

    @property
    def reject_files(self) -> list[Path]:
        """Staged Parquet of the entries that could not be read."""
        return sorted(self.folder.glob("rejects-*.parquet"))


@dataclass(frozen=True)
class StagedBatch:
    """The readable dumps of a run, and where the records of all of them are: places and counts, never rows.

    All are files of Parquet in `folder`, in the order of the dumps and of their positions: `records`
    with the columns of RECORDS, `entries` of RAW_RECORD and `rejects` of RAW_REJECT with the `dump_id`.
    """

    folder: Path
    dumps: tuple[StagedDump, ...] = ()
    entries: tuple[Path, ...] = ()
    records: tuple[Path, ...] = ()
    rejects: tuple[Path, ...] = ()
