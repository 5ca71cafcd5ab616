"""The table of faults that a test run ends with: noted by its processes, a line each, and added up."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

import polars as pl
from server import RUN_FOLDER

TABLE: Final = "faults.jsonl"
"""The file of the test run's folder where the rows are noted."""

SCHEMA: Final = {
    "fault": pl.String,
    "work": pl.String,
    "runs": pl.Int64,
    "stopped the work": pl.Int64,
    "violations": pl.Int64,
}


def note_row(kind: str, work: str, runs: int, struck: int, violations: int) -> None:
    """Note what came of the faults of one kind in one work, for the table at the end of the test run."""
    with (Path(os.environ[RUN_FOLDER]) / TABLE).open("a", encoding="utf-8") as noted:
        noted.write(json.dumps([kind, work, runs, struck, violations]) + "\n")


def table(folder: Path) -> list[str]:
    """Make the lines of a Markdown table of what was noted, added up; none where nothing was."""
    noted = folder / TABLE
    rows = pl.DataFrame(
        [json.loads(line) for line in noted.read_text().splitlines()] if noted.exists() else [],
        schema=SCHEMA,
        orient="row",
    )
    added = rows.group_by("fault", "work").sum().sort("fault", "work")
    lines = [f"| {' | '.join(str(value) for value in row)} |" for row in added.iter_rows()]
    return [f"| {' | '.join(added.columns)} |", "|---|---|---:|---:|---:|", *lines] if lines else []
