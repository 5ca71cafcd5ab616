"""Ingest all captures into one lake with one command, and count what became of each form.

    .venv/bin/python benchmarks/corpus.py [../shared/corpus] [--apart]

Prints Markdown tables: per form (a folder of the captures) the files, the entries read, kept and
rejected, the dumps refused, and the papers that its records speak of; then the seconds of each stage
and each refusal with its reason. `--apart` ingests each form into a lake of its own as well, for its
seconds. `truth.json` and `counts.json` are not dumps.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import orjson

PAPERLAKE: Final = Path(sys.executable).parent / "paperlake"
NOT_DUMPS: Final = {"truth.json", "counts.json"}

_COUNTED: Final = """
    count(*) AS files,
    sum(entries_read)::BIGINT AS read,
    sum(records_kept)::BIGINT AS kept,
    sum(entries_rejected)::BIGINT AS rejected,
    count(*) FILTER (status = 'failed') AS refused
"""
COUNTS: Final = f"""
    WITH named AS (SELECT regexp_extract(uri, '([^/]+)/[^/]+$', 1) AS form, * FROM dumps),
    known AS (
        SELECT form, count(DISTINCT paper_id) AS papers
        FROM named JOIN records USING (dump_id) JOIN paper_records USING (record_id)
        GROUP BY form
    )
    SELECT form, {_COUNTED}, coalesce(any_value(papers), 0) AS papers
    FROM named LEFT JOIN known USING (form)
    GROUP BY form ORDER BY form
"""
TOTAL: Final = f"SELECT 'all of them' AS form, {_COUNTED}, (SELECT count(*) FROM papers) AS papers FROM dumps"
REFUSED: Final = "SELECT uri, error FROM dumps WHERE status = 'failed' ORDER BY uri"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("captures", nargs="?", type=Path, default=Path("../shared/corpus"))
    parser.add_argument("--apart", action="store_true", help="ingest each form into a lake of its own as well")
    asked = parser.parse_args()
    files = dumps(asked.captures)
    with tempfile.TemporaryDirectory() as place:
        lake = Path(place) / "all"
        stages = ingest(files, lake)
        print("| form | files | read | kept | rejected | refused | papers |\n|---|---:|---:|---:|---:|---:|---:|")
        for form in [*ask(lake, COUNTS), *ask(lake, TOTAL)]:
            name, *counts = form.values()
            print(f"| {name} | {' | '.join(f'{count:,}' for count in counts)} |")
        print("\n| stage | s |\n|---|---:|")
        for stage, seconds in stages.items():
            print(f"| {stage} | {seconds:.1f} |")
        for refused in ask(lake, REFUSED):
            print(f"\nrefused: {refused['uri']}: {refused['error']}")
        if asked.apart:
            measure_apart(files, Path(place))


def measure_apart(files: list[Path], place: Path) -> None:
    """Ingest each form into a lake of its own; print the seconds without the start-up."""
    print("\n| form alone | papers | s |\n|---|---:|---:|", flush=True)
    for form in sorted({file.parent.name for file in files}):
        stages = ingest([file for file in files if file.parent.name == form], place / form)
        papers = ask(place / form, TOTAL)[0]["papers"]
        print(f"| {form} | {papers:,} | {sum(stages.values()):.1f} |", flush=True)


def dumps(captures: Path) -> list[Path]:
    """List the dumps among the captures."""
    return sorted(file for file in captures.glob("*/*") if file.is_file() and file.name not in NOT_DUMPS)


def ingest(files: list[Path], lake: Path) -> dict[str, float]:
    """Ingest files into a new lake; return the seconds of each stage."""
    done = subprocess.run(
        [PAPERLAKE, "ingest", *map(str, files), "--lake", str(lake)], check=False, capture_output=True, text=True
    )
    if done.returncode > 1 or not lake.exists():
        raise SystemExit(done.stderr)
    found = re.findall(r"^(\w+)\s+in\s.*?([\d.]+) s$", done.stderr, re.MULTILINE)
    return {stage: float(seconds) for stage, seconds in found}


def ask(lake: Path, query: str) -> list[dict[str, Any]]:
    """Return the rows that a query gives."""
    environment = {**os.environ, "PAPERLAKE_LAKE": str(lake)}
    command = [PAPERLAKE, "sql", query, "--format", "json"]
    done = subprocess.run(command, env=environment, check=False, capture_output=True)
    if done.returncode:
        raise SystemExit(done.stderr.decode())
    rows: list[dict[str, Any]] = orjson.loads(done.stdout)
    return rows


if __name__ == "__main__":
    main()
