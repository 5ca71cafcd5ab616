"""Writes docs/data-dictionary.md from the schema: `python -m transforms.dictionary`, or `make docs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transforms.schema import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transforms.schema import Column, Table

HEAD = """# Data dictionary

Every table of the lake and every column, as the lake itself tells them (`paperlake sql "DESCRIBE papers"`,
and the comments in `duckdb_columns()`). Made from `transforms/schema.py` by `make docs`; a test holds the two together.
"""


def data_dictionary() -> str:
    """Give the whole page, in Markdown."""
    return "\n".join([HEAD, *(line for table in TABLES.values() for line in _table(table))])


def _table(table: Table) -> Iterator[str]:
    yield f"## {table.name}\n"
    parts = f" Partitioned by {', '.join(f'`{part}`' for part in table.partition_by)}." if table.partition_by else ""
    yield f"{table.comment}{parts}\n"
    yield "| column | type | required | meaning | asked of each value |"
    yield "|---|---|---|---|---|"
    for column in table.columns:
        required = "yes" if column.is_required else ""
        yield f"| `{column.name}` | {column.sql_type} | {required} | {_cell(column.comment)} | {_cell(_asked(column))} |"
    yield ""


def _asked(column: Column) -> str:
    asked = [
        f"matches `{column.pattern}`" if column.pattern else "",
        f"{column.shortest or 0} to {column.longest:,} characters" if column.longest else "",
        f"{column.lowest} to {column.highest}" if column.highest is not None else "",
        f"at least {column.lowest}" if column.lowest is not None and column.highest is None else "",
    ]
    return "; ".join(part for part in asked if part)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(data_dictionary())  # noqa: T201  # the command of `make docs`
