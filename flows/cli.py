"""The command line: `paperlake ingest | serve | sql | status | explain | readers | read`, and those of people's decisions.

Data goes to standard output, everything else to standard error.
Exit codes: 0 all done, 1 some dumps were refused and the others are in, 2 wrong usage,
3 nothing could be done.
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003  # typer reads the annotations
from typing import Annotated, NoReturn

import typer

from flows.cli_decisions import COMMANDS as DECISIONS
from flows.cli_upkeep import COMMANDS as UPKEEP
from flows.options import Format, LakeOption, WaitOption  # typer reads the annotations
from flows.settings import DEFAULT_LAKE, DEFAULT_WAIT_SECONDS, VERSION, be_private, be_quiet
from transforms.dedupe.weights import Level  # noqa: TC001  # typer reads the annotations
from transforms.errors import PaperlakeError, UsageError

PARTLY_DONE = 1
WRONG_USAGE = 2
NOTHING_DONE = 3

app = typer.Typer(
    name="paperlake",
    help="Turn a folder of research-paper dumps into one clean, deduplicated lake that answers SQL.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Run the command line; what paperlake refuses on purpose ends in one line, not in a traceback."""
    be_private()
    try:
        app()
    except PaperlakeError as error:
        fail(error)


def fail(error: PaperlakeError) -> NoReturn:
    """Say what went wrong and leave."""
    from flows.show import say  # noqa: PLC0415  # rich is imported when something is shown
    from warehouse.secrets import masked  # noqa: PLC0415  # imports duckdb

    say(f"error: {masked(error)}")
    raise SystemExit(WRONG_USAGE if isinstance(error, UsageError) else NOTHING_DONE)


@app.callback(invoke_without_command=True)
def version(*, version: Annotated[bool, typer.Option("--version", help="Show the version and leave.")] = False) -> None:
    """Show the version where it is asked for."""
    if version:
        print(f"paperlake {VERSION}")  # noqa: T201  # this is the command line
        raise typer.Exit


@app.command()
def ingest(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...", help="Dump files, folders of them, globs, or addresses: https://, http://, s3://."
        ),
    ],
    lake: LakeOption = DEFAULT_LAKE,
    wait: WaitOption = DEFAULT_WAIT_SECONDS,
    level: Annotated[
        Level | None,
        typer.Option(
            help="For a new lake: whether preprint, talk and article are one paper (work) or each its own (publication).",
            show_default="work",
        ),
    ] = None,
) -> None:
    """Ingest the new dumps into the lake; dumps that are in it already are passed over.

    An address is that of a file, of a folder whose files the web server lists, or of a prefix in a
    bucket. Keys for S3 come from the environment (AWS_...), passwords of web servers from ~/.netrc.

    Example: `paperlake ingest landing/ extra/2025-03-18.jsonl.gz --lake lake`

    Example: `paperlake ingest https://example.org/dumps/ s3://bucket/dumps --lake lake`
    """
    be_quiet()
    from flows.runs import run_ingest  # noqa: PLC0415  # prefect takes a second to import

    report = run_ingest(paths, lake, wait, level)
    from flows.show import say, show_report  # noqa: PLC0415

    show_report(report)
    for path in report.left_for_later:
        say(f"left for later, its upload is under way: {path}")
    for problem in report.problems:
        say(f"refused: {problem}")
    if report.problems:
        is_some_done = report.published or report.known_dumps
        raise SystemExit(PARTLY_DONE if is_some_done else NOTHING_DONE)


@app.command()
def serve(
    landing: Annotated[
        str,
        typer.Argument(
            metavar="LANDING", help="The folder that dumps are put into, or its address: https://, http://, s3://."
        ),
    ],
    lake: LakeOption = DEFAULT_LAKE,
    every: Annotated[str, typer.Option(help="How often to look: 30s, 15m, 2h, 1d.")] = "15m",
    cron: Annotated[str | None, typer.Option(help="When to look, as a cron expression, instead of --every.")] = None,
) -> None:
    """Pull what is new in LANDING into the lake, on a schedule, one run at a time.

    Serves the flow as a Prefect deployment until it is stopped; with PREFECT_API_URL set, on that server.

    Example: `paperlake serve landing/ --every 15m --lake lake`
    """
    be_quiet()
    from flows.serve import serve_landing  # noqa: PLC0415  # prefect takes a second to import

    serve_landing(landing, lake, every=every, cron=cron)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One reading query.")],
    lake: LakeOption = DEFAULT_LAKE,
    as_: Annotated[Format, typer.Option("--format", help="How to write the result.")] = Format.TABLE,
    at: Annotated[
        str | None, typer.Option(metavar="N|TIME", help="Ask what the lake held at a snapshot, or at a time.")
    ] = None,
) -> None:
    """Ask the lake in SQL (DuckDB's). A query can not write, nor read anything but the lake.

    Example: `paperlake sql "SELECT title, year FROM papers LIMIT 5" --format json`

    Example: `paperlake sql "SELECT count(*) FROM papers" --at 2026-03-11T09:30`
    """
    from flows.output import write_result  # noqa: PLC0415  # duckdb and polars are imported when they are asked for

    write_result(lake, query, as_.value, at=at)


@app.command()
def readers(
    as_: Annotated[Format, typer.Option("--format", help="How to write the list.")] = Format.TABLE,
) -> None:
    """List the formats that can be read: paperlake's own, and those of installed packages.

    Example: `paperlake readers --format json`
    """
    from flows.preview import write_readers  # noqa: PLC0415  # polars is imported when it is asked for

    write_readers(as_.value)


@app.command()
def read(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One dump file, plain or compressed.")],
    limit: Annotated[int, typer.Option(min=0, help="How many entries to read; 0 for all.")] = 10,
    as_: Annotated[Format, typer.Option("--format", help="How to write the records.")] = Format.TABLE,
) -> None:
    """Show what FILE would give, without a lake: its reader, its encoding, its records and rejects.

    Records go to standard output, with the columns of the lake; rejects, with line and reason, to
    standard error. The contract of the lake is not asked.

    Example: `paperlake read dump.bib --limit 5 --format json`
    """
    from flows.preview import Reading  # noqa: PLC0415  # polars is imported when it is asked for

    reading = Reading(file, as_.value, limit or None)
    reading.write()
    if reading.error:
        from flows.show import say  # noqa: PLC0415

        say(f"error: {reading.error}")
        raise SystemExit(PARTLY_DONE)


@app.command()
def status(lake: LakeOption = DEFAULT_LAKE) -> None:
    """Show what is in the lake, the last runs, and the dumps that were refused.

    Example: `paperlake status --lake lake`
    """
    from flows.show import show_status  # noqa: PLC0415
    from warehouse import overview  # noqa: PLC0415
    from warehouse.lake import lake_at  # noqa: PLC0415

    show_status(overview.status(lake_at(lake)), lake)


@app.command()
def explain(
    paper: Annotated[str, typer.Argument(metavar="PAPER", help="A paper_id, record_id, DOI or arXiv id.")],
    other: Annotated[
        str | None,
        typer.Argument(metavar="OTHER", help="Another record or paper to compare it with.", show_default=False),
    ] = None,
    lake: LakeOption = DEFAULT_LAKE,
) -> None:
    """Show the records of a paper side by side, and why they are one; or how two records compare.

    Of a paper that is compared, its founding record is.

    Example: `paperlake explain 2503.11731 --lake lake`

    Example: `paperlake explain 5d41402abc4b2a76-0000003 7d793037a0760186-0000012`
    """
    from warehouse.lake import lake_at  # noqa: PLC0415

    if other is None:
        from flows.show import show_explanation  # noqa: PLC0415
        from warehouse import overview  # noqa: PLC0415

        show_explanation(overview.explain(lake_at(lake), paper))
    else:
        from flows.side_by_side import show_compared  # noqa: PLC0415
        from warehouse.pairs import compare  # noqa: PLC0415

        show_compared(compare(lake_at(lake), paper, other))


for command in (*DECISIONS, *UPKEEP):
    app.command()(command)
