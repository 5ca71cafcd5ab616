"""How SQL text is put together, in one place: quoting, and the scripts of the folder sql/."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def literal(text: str) -> str:
    """Quote `text` as a string of SQL."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Quote `name` as a name of SQL."""
    return '"' + name.replace('"', '""') + '"'


def parquet(files: Iterable[Path]) -> str:
    """Make the SQL that reads these Parquet files as one table.

    The files share one schema. A file's name is taken as it is: brackets and stars in it, which
    DuckDB would read as a pattern, are bracketed.
    """
    listed = ", ".join(literal(no_pattern(str(file))) for file in files)
    return f"read_parquet([{listed}], hive_partitioning = false)"


def no_pattern(path: str) -> str:
    """Spell a path so that DuckDB, which takes it for a pattern, finds this one file and no other."""
    return "".join(f"[{char}]" if char in "*?[" else char for char in path)


@cache
def script(name: str) -> str:
    """Read the SQL script `name` of this package."""
    return (resources.files("warehouse.sql") / f"{name}.sql").read_text(encoding="utf-8")
