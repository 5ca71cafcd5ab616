"""The statements that make the tables of a lake and explain them, from `transforms.schema`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.sqltext import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transforms.schema import Table


def table_ddl(table: Table) -> Iterator[str]:
    """Yield the statements that create one table with its partitions and comments."""
    columns = ", ".join(
        f"{identifier(column.name)} {column.sql_type}{' NOT NULL' if column.is_required else ''}"
        for column in table.columns
    )
    yield f"CREATE TABLE {table.name} ({columns})"
    if table.partition_by:
        yield f"ALTER TABLE {table.name} SET PARTITIONED BY ({', '.join(table.partition_by)})"
    yield from comments_ddl(table)


def comments_ddl(table: Table) -> Iterator[str]:
    """Yield the statements that explain one table and its columns."""
    yield f"COMMENT ON TABLE {table.name} IS {literal(table.comment)}"
    for column in table.columns:
        yield f"COMMENT ON COLUMN {table.name}.{identifier(column.name)} IS {literal(column.comment)}"
