"""The commands of the lake's upkeep: `paperlake snapshots | changes | rollback | verify | maintain | rebuild`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from flows.options import Format, LakeOption, WaitOption  # typer reads the annotations
from flows.settings import DEFAULT_LAKE, DEFAULT_WAIT_SECONDS
from transforms.dedupe.weights import Level  # noqa: TC001  # typer reads the annotations

if TYPE_CHECKING:
    from collections.abc import Callable

WRONG = 1
"""Exit code of `verify` where something is wrong."""

KEEP_DAYS = 30
"""How long earlier states can be asked and gone back to, unless --keep-days says otherwise."""

SnapshotArgument = Annotated[
    int, typer.Argument(metavar="N", min=1, help="Number of a snapshot, as `paperlake snapshots` lists them.")
]


def snapshots(
    lake: LakeOption = DEFAULT_LAKE,
    as_: Annotated[Format, typer.Option("--format", help="How to write the list.")] = Format.TABLE,
) -> None:
    """List the states that the lake has been in, and what made them; each can be asked with `sql --at`.

    Example: `paperlake snapshots --lake lake`
    """
    from flows.output import write_result  # noqa: PLC0415  # duckdb and polars are imported when they are asked for
    from warehouse.history import SNAPSHOTS_SQL  # noqa: PLC0415

    write_result(lake, SNAPSHOTS_SQL.format(name="lake"), as_.value)


def changes(
    since: Annotated[int, typer.Option("--since", metavar="N", min=1, help="The snapshot that is known already.")],
    lake: LakeOption = DEFAULT_LAKE,
    as_: Annotated[Format, typer.Option("--format", help="How to write the papers.")] = Format.JSONL,
) -> None:
    """Write the papers that were added, changed, merged into another or removed since snapshot N.

    For jobs that take over only what is new: keep the last number of `paperlake snapshots` for the next time.

    Example: `paperlake changes --since 12 --format parquet > changes.parquet`
    """
    from flows.output import write_result  # noqa: PLC0415
    from warehouse.history import changes_sql  # noqa: PLC0415
    from warehouse.lake import lake_at  # noqa: PLC0415

    write_result(lake, changes_sql(lake_at(lake), since), as_.value)


def rollback(
    snapshot: SnapshotArgument,
    lake: LakeOption = DEFAULT_LAKE,
    wait: WaitOption = DEFAULT_WAIT_SECONDS,
) -> None:
    """Put the lake back to what it held at snapshot N, as a new snapshot: nothing of the history is lost.

    Dumps that came after N are new again, and the next ingest takes them in.

    Example: `paperlake rollback 12 --lake lake`
    """
    from flows.upkeep import roll_back  # noqa: PLC0415

    roll_back(lake, snapshot, wait)


def verify(
    lake: LakeOption = DEFAULT_LAKE,
    *,
    deep: Annotated[bool, typer.Option("--deep", help="Read every byte, and make every paper anew.")] = False,
) -> None:
    """Check that the lake keeps its promises; say what is wrong and what mends it. Exit code 1 where something is.

    Example: `paperlake verify --deep --lake lake`
    """
    from flows.upkeep import show_findings  # noqa: PLC0415

    if show_findings(lake, deep=deep):
        raise SystemExit(WRONG)


def maintain(
    lake: LakeOption = DEFAULT_LAKE,
    keep_days: Annotated[int, typer.Option(min=0, help="Days for which earlier states are kept.")] = KEEP_DAYS,
    wait: WaitOption = DEFAULT_WAIT_SECONDS,
) -> None:
    """Merge small files, let old snapshots go, and clear away what died runs left. Readers are not in the way.

    Example: `paperlake maintain --keep-days 90 --lake lake`
    """
    from flows.upkeep import tidy_up  # noqa: PLC0415

    tidy_up(lake, keep_days, wait)


def rebuild(
    lake: LakeOption = DEFAULT_LAKE,
    wait: WaitOption = DEFAULT_WAIT_SECONDS,
    level: Annotated[
        Level | None,
        typer.Option(help="What the papers are from now on: works, or publications.", show_default="as it was"),
    ] = None,
) -> None:
    """Make all papers anew from the raw dumps, with the rules of this version, and say what moved.

    The old tables stay until the new ones take their place in one step; a rebuild that is stopped changes nothing.

    Example: `paperlake rebuild --level publication --lake lake`
    """
    from flows.upkeep import make_anew  # noqa: PLC0415

    make_anew(lake, level, wait)


COMMANDS: Final[tuple[Callable[..., None], ...]] = (snapshots, changes, rollback, verify, maintain, rebuild)
"""The commands of this module, in the order of the help."""
