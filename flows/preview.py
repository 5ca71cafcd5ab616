"""Shows readers, and what a file would give: `paperlake readers` and `paperlake read`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from flows.output import write_parts
from flows.show import SHOWN_CHARS, out, say, shorten, table
from transforms.errors import DumpError
from warehouse.preview import preview
from warehouse.reader_packages import list_readers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SHOWN_REJECT: Final = SHOWN_CHARS // 2


def write_readers(form: str) -> None:
    """Write the list of readers, ours and those of other packages."""
    rows = [
        {
            "reader": installed.reader.name,
            "reads": installed.reader.description,
            "usual names": " ".join(installed.reader.extensions),
            "package": installed.package,
        }
        for installed in list_readers()
    ]
    write_parts(iter([pl.DataFrame(rows)]), form)


class Reading:
    """Writes the records of one file to standard output, and all else to standard error."""

    def __init__(self, path: Path, form: str, limit: int | None) -> None:
        self._path = path
        self._form = form
        self._limit = limit
        self.record_count = 0
        self.reject_count = 0
        self.error: DumpError | None = None

    def write(self) -> None:
        """Read and write; a file that cannot be read to its end leaves its `error`, where records were shown before."""
        with preview(self._path, self._limit) as found:
            packed = f", unpacked from {found.compression}" if found.compression else ""
            reader = found.reader
            say(f"reader {reader.name} ({reader.description}), {found.sureness:.0%} sure{packed}")
            records = self._records(found.parts)
            if self._form == "table":
                for part in records:
                    _show_records(part)
            else:
                write_parts(records, self._form)
            counts = f"{self.record_count:,} records, {self.reject_count:,} rejects"
            total = self.record_count + self.reject_count
            end = f", stopped at {self._limit:,} entries" if self._limit is not None and total >= self._limit else ""
            say(f"{counts}; encoding {found.encoding or 'none, the format is binary'}{end}")

    def _records(self, parts: Iterator[tuple[pl.DataFrame, pl.DataFrame]]) -> Iterator[pl.DataFrame]:
        try:
            for records, rejects in parts:
                self.record_count += records.height
                self.reject_count += rejects.height
                for reject in rejects.iter_rows(named=True):
                    say(_told(reject))
                yield records
        except DumpError as error:
            if not self.record_count:
                raise
            self.error = error


def _told(reject: dict[str, Any]) -> str:
    where = f"entry {reject['position']:,}" + (f", line {reject['line']:,}" if reject["line"] is not None else "")
    return f"rejected: {where}: {reject['reason']}: {shorten(reject['raw'], _SHOWN_REJECT)}"


def _show_records(records: pl.DataFrame) -> None:
    for record in records.iter_rows(named=True):
        position = record.pop("position")
        filled = [[name, shorten(value)] for name, value in record.items() if value is not None]
        out().print(table([f"entry {position:,}", ""], filled))
