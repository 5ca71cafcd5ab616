"""Ingest every form of the captures, each into a lake of its own and all into one, and count.

    .venv/bin/python benchmarks/corpus.py [../shared/corpus]

Prints a Markdown table: per form files, entries read, kept and rejected, dumps refused, papers, and
seconds from file to published lake without the start-up. `truth.json` and `counts.json` are not dumps.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

import orjson

PAPERLAKE: Final = Path(sys.executable).parent / "paperlake"
NOT_DUMPS: Final = {"truth.json", "counts.json"}
COUNTS: Final = """
    SELECT
        count(*) AS files,
        sum(entries_read)::BIGINT AS read,
        sum(records_kept)::BIGINT AS kept,
        sum(entries_rejected)::BIGINT AS rejected,
        count(*) FILTER (status = 'failed') AS refused,
        (SELECT count(*) FROM papers) AS papers
    FROM dumps
"""


def main() -> None:
    """Print the table."""
    shared = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/corpus")
    print("| form | files | read | kept | rejected | refused | papers | s |\n|---|---:|---:|---:|---:|---:|---:|---:|")
    forms = {folder.name: dumps(folder) for folder in sorted(shared.iterdir()) if folder.is_dir()}
    with tempfile.TemporaryDirectory() as place:
        for name, files in forms.items():
            measure(name, files, Path(place) / name)
        measure("all of them", [file for files in forms.values() for file in files], Path(place) / "all")


def dumps(folder: Path) -> list[Path]:
    """List the dumps of one form."""
    return sorted(file for file in folder.rglob("*") if file.is_file() and file.name not in NOT_DUMPS)


def measure(name: str, files: list[Path], lake: Path) -> None:
    """Ingest files into a new lake and print its row."""
    environment = {**os.environ, "PAPERLAKE_LAKE": str(lake)}
    done = subprocess.run(
        [PAPERLAKE, "ingest", *map(str, files)], env=environment, check=False, capture_output=True, text=True
    )
    seconds = sum(map(float, re.findall(r"^\w+\s+in\s.*?([\d.]+) s$", done.stderr, re.MULTILINE)))
    asked = subprocess.run(
        [PAPERLAKE, "sql", COUNTS, "--format", "json"], env=environment, check=True, capture_output=True
    )
    counts = orjson.loads(asked.stdout)[0]
    print(f"| {name} | {' | '.join(f'{count or 0:,}' for count in counts.values())} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
