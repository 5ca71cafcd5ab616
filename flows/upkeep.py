"""Does the upkeep of a lake from the command line, and says what was done."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from flows.settings import VERSION
from flows.show import out, plain, say
from warehouse.batch import Run
from warehouse.history import rollback
from warehouse.lake import lake_at, refuse_missing
from warehouse.locking import writer_lock
from warehouse.maintain import maintain
from warehouse.opening import held_open
from warehouse.rebuild import rebuild
from warehouse.verify import verify

if TYPE_CHECKING:
    from transforms.dedupe.weights import Level


def roll_back(place: str, snapshot: int, wait_seconds: float) -> None:
    """Roll the lake at `place` back, and say which rows that moved."""
    lake = lake_at(place)
    refuse_missing(lake)
    with writer_lock(lake.lock, owner=f"rollback to snapshot {snapshot}", wait_seconds=wait_seconds), held_open(lake):
        done = rollback(lake, snapshot)
    for what, counts in (("taken out", done.taken_out), ("put back", done.put_back)):
        rows = ", ".join(f"{count:,} of {name}" for name, count in counts.items())
        say(f"{what}: {rows or 'nothing'}")


def show_findings(place: str, *, deep: bool) -> int:
    """Verify the lake at `place`; write each finding on a line, and return their number."""
    findings = verify(lake_at(place), deep=deep)
    for finding in findings:
        out().print(plain(str(finding)), soft_wrap=True)
    how = "every byte" if deep else "catalog, tables and files; every byte with --deep"
    say(f"faults found: {len(findings)} ({how})" if findings else f"the lake is sound ({how})")
    return len(findings)


def tidy_up(place: str, keep_days: int, wait_seconds: float) -> None:
    """Maintain the lake at `place`, and say what was done."""
    lake = lake_at(place)
    refuse_missing(lake)
    with writer_lock(lake.lock, owner="maintenance", wait_seconds=wait_seconds):
        done = maintain(lake, now=dt.datetime.now(dt.UTC), keep_days=keep_days)
    say(f"merged into larger files: {done.merged_files}")
    say(f"snapshots forgotten, older than {keep_days} days: {done.forgotten_snapshots}")
    say(f"files removed: {done.removed_files} of forgotten snapshots, {done.left_files} that no snapshot named")
    say(f"raw dumps removed that no snapshot knew: {done.raw_dumps}")


def make_anew(place: str, level: Level | None, wait_seconds: float) -> None:
    """Make the lake at `place` anew from its raw dumps, and say what moved."""
    lake = lake_at(place)
    refuse_missing(lake)
    name = f"rebuild at level {level}" if level else "rebuild"
    run = Run(str(uuid.uuid4()), name, VERSION, dt.datetime.now(dt.UTC))
    with writer_lock(lake.lock, owner=name, wait_seconds=wait_seconds):
        moved = rebuild(lake, run, say, level=level)
    for line in moved.lines:
        say(line)
