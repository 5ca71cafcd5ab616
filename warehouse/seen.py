"""Remembers what lay at an address when it was fetched, so that only what is new there is fetched.

LAKE/fetched.sqlite   address, size, mark, time --> SHA-256

The ledger decides whether a dump is in the lake; this says only which bytes an address gave. Where it is
lost, everything is fetched once more and nothing else happens. The ledger itself knows one place of each
dump, and not the mark of its version.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from warehouse.remote import Version

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from warehouse.fetch import Fetched
    from warehouse.lake import Lake

_TABLE: Final = """
    CREATE TABLE IF NOT EXISTS fetched (
        uri TEXT PRIMARY KEY, byte_count INTEGER, etag TEXT, modified_at TEXT, dump_id TEXT NOT NULL
    )
"""

_WAIT_SECONDS: Final = 60.0


def read_seen(lake: Lake) -> dict[str, tuple[Version, str]]:
    """Give the version that each address had, and the SHA-256 of its bytes; nothing where nothing is remembered."""
    file = _file(lake)
    if not file.exists():
        return {}
    try:
        with closing(sqlite3.connect(file, timeout=_WAIT_SECONDS)) as memory:
            rows = memory.execute("SELECT uri, byte_count, etag, modified_at, dump_id FROM fetched").fetchall()
    except sqlite3.DatabaseError:
        return {}
    return {uri: (Version(size, etag, _instant(changed)), dump_id) for uri, size, etag, changed, dump_id in rows}


def note_seen(lake: Lake, fetched: Iterable[Fetched]) -> None:
    """Remember what was fetched; a memory that is broken is begun anew."""
    rows = [
        _row(one.file.uri, one.file.version, one.dump.dump_id) for one in fetched if one.dump and one.file.is_told_apart
    ]
    if not rows:
        return
    try:
        _note(_file(lake), rows)
    except sqlite3.OperationalError:
        return  # held by others for long, or a full disk: it is only a memory
    except sqlite3.DatabaseError:
        _file(lake).unlink(missing_ok=True)
        _note(_file(lake), rows)


def _note(file: Path, rows: list[tuple[object, ...]]) -> None:
    with closing(sqlite3.connect(file, timeout=_WAIT_SECONDS)) as memory, memory:
        memory.execute(_TABLE)
        memory.executemany("INSERT OR REPLACE INTO fetched VALUES (?, ?, ?, ?, ?)", rows)


def _row(uri: str, version: Version, dump_id: str) -> tuple[object, ...]:
    changed = version.modified_at and version.modified_at.isoformat()
    return uri, version.size, version.etag, changed, dump_id


def _instant(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def _file(lake: Lake) -> Path:
    return lake.root / "fetched.sqlite"
