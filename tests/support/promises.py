"""What must hold of a lake whatever befell it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pipeline import content

from warehouse.history import snapshots
from warehouse.large_files import KINDS, large_files
from warehouse.opening import attached
from warehouse.pages import UnusableError
from warehouse.verify import MAINTAIN, verify

if TYPE_CHECKING:
    from warehouse.lake import Lake
    from warehouse.large_files import LargeFile

Held = dict[str, list[tuple[Any, ...]]]


def held(lake: Lake) -> Held:
    """Give every row that the lake holds, but for who wrote it and when, by table; nothing where there is no lake."""
    return {
        name: [tuple(value for value in row if not isinstance(value, dt.datetime)) for row in rows]
        for name, rows in content(lake).items()
    }


def broken_promises(lake: Lake, *, is_tidy: bool = False) -> list[str]:
    """Say what a lake promises and does not keep, every byte read; nothing where there is no lake.

    Files that died runs left are no fault until the lake is said to be tidy.
    """
    if not lake.exists:
        return []
    return [str(one) for one in verify(lake, deep=True) if is_tidy or one.cure != MAINTAIN] + (
        left_over(lake) + not_indexed(lake) if is_tidy else []
    )


def left_over(lake: Lake) -> list[str]:
    """Name the files that no running process and no snapshot needs."""
    staged = [str(file) for file in lake.staging.rglob("*") if file.is_file()]
    with attached(lake, read_only=True) as connection:
        known = {dump_id for (dump_id,) in connection.execute("SELECT dump_id FROM dumps").fetchall()} | {
            dump_id
            for one in snapshots(lake)
            for (dump_id,) in connection.execute(
                f"SELECT dump_id FROM dumps AT (VERSION => {one['snapshot']})"
            ).fetchall()
        }
    return staged + [str(file) for file in lake.raw.glob("*/*") if file.name.partition(".")[0] not in known]


def not_indexed(lake: Lake) -> list[str]:
    """Name the parts of the index that are missing, or are not what they should be."""
    with attached(lake, read_only=True) as connection:
        parts = [(file, kind) for file in large_files(connection, lake) for kind in KINDS[file.table]]
    return [f"{file.part(kind)} cannot be used" for file, kind in parts if not _is_usable(file, kind)]


def _is_usable(file: LargeFile, kind: str) -> bool:
    try:
        file.check(kind, deep=True)
    except UnusableError:
        return False
    return True


def assert_promises(lake: Lake) -> None:
    """Assert that a lake keeps all its promises, and that nobody left anything in it."""
    assert broken_promises(lake, is_tidy=True) == []
