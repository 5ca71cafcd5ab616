"""What holds for a whole lake: the version of its tables, the level of its papers, the rules that made it.

The table `settings` keeps them from the lake's first batch on. Whoever opens the lake is held to
them: another version of the tables cannot read it, another level or other rules cannot add to it.
"""

from __future__ import annotations

from typing import Final, get_args

import duckdb

from transforms.dedupe.fingerprint import rules_fingerprint
from transforms.dedupe.weights import Level
from transforms.errors import LakeError, UsageError
from transforms.schema import SCHEMA_VERSION
from warehouse.sqltext import literal

LEVELS: Final[tuple[Level, ...]] = get_args(Level)

DEFAULT_LEVEL: Final[Level] = "work"

_ANEW: Final = "make it anew from its raw dumps with: paperlake rebuild"


def write_settings(connection: duckdb.DuckDBPyConnection, level: Level | None) -> None:
    """Write the settings of a new lake."""
    values = {"schema_version": str(SCHEMA_VERSION), "level": level or DEFAULT_LEVEL, "rules": rules_fingerprint()}
    rows = ", ".join(f"({literal(name)}, {literal(value)})" for name, value in values.items())
    connection.execute(f"INSERT INTO settings VALUES {rows}")


def read_settings(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Read all settings; none where there is no such table."""
    try:
        return dict(connection.execute("SELECT name, value FROM settings").fetchall())
    except duckdb.CatalogException:
        return {}


def level_of(connection: duckdb.DuckDBPyConnection) -> Level:
    """Read the level at which the records of this lake are one paper."""
    return _known_level(read_settings(connection).get("level")) or DEFAULT_LEVEL


def level_named(name: str | None) -> Level | None:
    """Return the level of this name, none for none; raise UsageError where there is no such level."""
    found = _known_level(name)
    if name is not None and found is None:
        raise UsageError(f"there is no level {name}", hint=f"choose {' or '.join(LEVELS)}")
    return found


def _known_level(name: str | None) -> Level | None:
    return next((level for level in LEVELS if level == name), None)


def schema_version(settings: dict[str, str]) -> int | None:
    """Return the version of the lake's tables, None where it says none."""
    found = settings.get("schema_version", "")
    return int(found) if found.isdecimal() else None


def refuse_other_schema(settings: dict[str, str], lake: str, *, older_too: bool) -> None:
    """Raise LakeError where the tables are newer than this version, or older unless `older_too` are wanted."""
    was = schema_version(settings)
    if was is None:
        hint = "see whether an earlier state says it: paperlake snapshots"
        raise LakeError("it does not say of which version its tables are", where=lake, hint=hint)
    if was > SCHEMA_VERSION:
        what = f"its tables are of version {was}, newer than this paperlake knows ({SCHEMA_VERSION})"
        raise LakeError(what, where=lake, hint="use the newer paperlake that wrote it")
    if was < SCHEMA_VERSION and not older_too:
        hint = "bring them up to date with: paperlake maintain; until then paperlake sql reads them as they are"
        raise LakeError(f"its tables are of version {was}, this is {SCHEMA_VERSION}", where=lake, hint=hint)


def refuse_other_level(settings: dict[str, str], lake: str, wanted: Level | None) -> None:
    """Raise LakeError where another level is asked for than the lake has."""
    has = settings.get("level")
    if wanted is not None and wanted != has:
        hint = f"a level holds for all papers of a lake; for the other, {_ANEW} --level {wanted}"
        raise LakeError(f"its level is {has}, not {wanted}", where=lake, hint=hint)


def refuse_other_rules(connection: duckdb.DuckDBPyConnection, lake: str) -> None:
    """Raise LakeError where the stored keys and matches of the lake were made by other rules than these."""
    made_by, ours = read_settings(connection).get("rules", "none"), rules_fingerprint()
    if made_by != ours:
        what = (
            f"other rules decided here what is one paper ({made_by}, these are {ours}), and their keys would not meet"
        )
        hint = f"{_ANEW}; until then it can be read"
        raise LakeError(what, where=lake, hint=hint)
