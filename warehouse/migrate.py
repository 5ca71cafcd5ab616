"""Brings the tables of an older lake to the version that this paperlake knows, in one transaction.

    version 1 --sql/migrate_1.sql--> version 2 --sql/migrate_2.sql--> ...

Whoever opens a lake to write migrates it. A reader does not: another paperlake, an older one, may
still write to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import duckdb

from transforms.errors import LakeError
from transforms.schema import SCHEMA_VERSION, TABLES
from warehouse.ddl import comments_ddl
from warehouse.durable import flush_new, read_sums
from warehouse.settings import schema_version
from warehouse.sqltext import literal, script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from warehouse.place import Place

OLDEST: Final = 1
"""The oldest version that can be migrated: there is a script for each from here on."""


def migrate(connection: duckdb.DuckDBPyConnection, data: Place, sums: Place, settings: dict[str, str]) -> bool:
    """Migrate the lake that is the current database, where its `settings` say that its tables are older; say whether.

    The caller holds the writer's lock. The files of `data` whose SHA-256 is not noted in `sums` are flushed and noted too. Raises
    LakeError, with the lake as it was, where that fails.
    """
    was = schema_version(settings)
    if was is None or not OLDEST <= was < SCHEMA_VERSION:
        return False
    try:
        connection.execute("BEGIN")
        for statement in _statements(was):
            connection.execute(statement)
        (name,) = connection.execute("SELECT current_database()").fetchone() or ("",)
        what = f"tables brought from version {was} to {SCHEMA_VERSION}"
        connection.execute(f"CALL {name}.set_commit_message('paperlake', {literal(what)})")
        flush_new(data, sums, before={data / place for place in read_sums(sums)})
        connection.execute("COMMIT")
    except duckdb.Error as error:
        hint = "nothing was changed; use the version of paperlake that made it, and report this"
        raise LakeError(
            f"its tables cannot be brought from version {was} to {SCHEMA_VERSION}: {error}",
            where=str(data),
            hint=hint,
        ) from error
    return True


def _statements(was: int) -> Iterator[str]:
    for version in range(was, SCHEMA_VERSION):
        yield script(f"migrate_{version}")
    for table in TABLES.values():
        yield from comments_ddl(table)
    yield f"UPDATE settings SET value = '{SCHEMA_VERSION}' WHERE name = 'schema_version'"
