"""The DuckDB of this process, and its extensions: each from a package of DuckDB's own version, none fetched at run time."""

from __future__ import annotations

import importlib.util
import os
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import Final

import duckdb

from transforms.errors import LakeError
from warehouse.sqltext import literal

EXTENSIONS: Final = ("sqlite_scanner", "ducklake")
"""DuckDB extensions that every lake needs."""

SHARED_EXTENSIONS: Final = ("postgres_scanner", "httpfs")
"""DuckDB extensions that a shared lake needs as well."""

_ENGINE_LOCK: Final = threading.RLock()


def warm_up() -> None:
    """Load DuckDB's extensions in a thread, beside what the caller does next: it takes half a second."""
    threading.Thread(target=engine, name="duckdb").start()


def engine() -> duckdb.DuckDBPyConnection:
    """Give the DuckDB of this process, its extensions loaded: loading them takes a quarter of a second."""
    with _ENGINE_LOCK:
        return _shared_engine()


@cache
def _shared_engine() -> duckdb.DuckDBPyConnection:
    return connect_extensions()


def connect_extensions() -> duckdb.DuckDBPyConnection:
    """Make an in-memory DuckDB with the lake's extensions loaded from their packages."""
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "temp_directory": str(Path(tempfile.gettempdir()) / f"paperlake-{os.getpid()}"),
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    load(connection, EXTENSIONS)
    return connection


def load(connection: duckdb.DuckDBPyConnection, extensions: tuple[str, ...]) -> None:
    """Load extensions; those that are loaded already cost nothing."""
    for name in extensions:
        connection.execute(f"LOAD {literal(extension_file(name))}")


def extension_file(name: str) -> str:
    """Find the file of a DuckDB extension in its package; raise LakeError where it is not installed."""
    spec = importlib.util.find_spec(f"duckdb_extension_{name}")
    if spec is None or not spec.submodule_search_locations:
        hint = "install paperlake from its lock: make setup"
        raise LakeError(f"the DuckDB extension {name} is not installed", hint=hint)
    folder = Path(next(iter(spec.submodule_search_locations)))
    return str(folder / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension")
