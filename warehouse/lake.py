"""The lake: where its parts lie. How it is opened is in `warehouse.opening`.

LAKE/catalog.sqlite   the DuckLake catalog: tables, snapshots, which Parquet files are valid
LAKE/data/            the Parquet files
LAKE/raw/             every dump as it was captured, by its SHA-256
LAKE/index/           what finds rows of large Parquet files without scanning them: derived, see `warehouse.index`
LAKE/docs/            Data Docs of the contract, HTML
LAKE/sums/            SHA-256 of the Parquet files, for `sha256sum -c` in data/ and for `paperlake verify`
LAKE/fetched.sqlite   what lay at an address when it was fetched (warehouse.seen); may be lost
LAKE/staging/         what a run prepares before it publishes; emptied by the next run
LAKE/writer.lock      held by the one process that publishes
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from transforms.errors import LakeError
from warehouse.durable import flush

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

    from transforms.dedupe.weights import Level
    from warehouse.place import Place
    from warehouse.postgres import Catalog

UNBORN: Final = "unborn"
"""Name of a lake that is being made."""


@dataclass(frozen=True)
class Lake:
    """A lake folder and the places in it; `level` is the one that is asked for, where one is."""

    root: Path
    level: Level | None = None

    @property
    def name(self) -> str:
        """What messages call the lake."""
        return str(self.root)

    @property
    def address(self) -> str:
        """Where its files are in object storage, s3://bucket/prefix; empty where they are in the folder."""
        return ""

    @property
    def catalog(self) -> Path:
        """The catalog of the lake, a SQLite file."""
        return self.root / "catalog.sqlite"

    @property
    def catalog_name(self) -> str:
        """What messages call the catalog."""
        return str(self.catalog)

    @property
    def data(self) -> Place:
        """The folder of the Parquet files."""
        return self.root / "data"

    @property
    def raw(self) -> Place:
        """The folder of the dumps as they were captured."""
        return self.root / "raw"

    @property
    def sums(self) -> Place:
        """The folder of the SHA-256 of the Parquet files."""
        return self.root / "sums"

    @property
    def index(self) -> Path:
        """The folder of what finds rows of large Parquet files."""
        return self.root / "index"

    @property
    def docs(self) -> Path:
        """The folder of the Data Docs."""
        return self.root / "docs"

    @property
    def staging(self) -> Path:
        """The folder of what runs prepare."""
        return self.root / "staging"

    @property
    def lock(self) -> Path | Catalog:
        """The file that the one writer locks."""
        return self.root / "writer.lock"

    @property
    def exists(self) -> bool:
        """Whether anything was ever published here."""
        return self.catalog.exists()

    @property
    def attach_target(self) -> str:
        """What DuckDB attaches."""
        return f"ducklake:sqlite:{self.catalog}"

    @property
    def attach_options(self) -> list[str]:
        """What DuckDB must know to attach it, beside the folder of the Parquet files."""
        return []

    @property
    def data_url(self) -> str:
        """The folder of the Parquet files, for DuckDB."""
        return f"{self.root.resolve() / 'data'}/"

    @property
    def metadata_schema(self) -> str:
        """The schema of DuckLake's own tables."""
        return "main"

    @contextmanager
    def being_made(self) -> Iterator[Lake]:
        """Make the catalog under another name, then rename it: it is there whole or not at all."""
        unborn = Lake(self.staging / UNBORN)
        shutil.rmtree(unborn.root, ignore_errors=True)
        unborn.root.mkdir()
        yield unborn
        _let_readers_and_writer_meet(unborn.catalog)
        flush(self.root)  # the names of the folders, before the catalog speaks of what is in them
        unborn.catalog.replace(self.catalog)
        flush(self.root)
        with suppress(PermissionError):  # a folder that may be entered but not listed
            flush(self.root.parent)
        unborn.root.rmdir()

    @contextmanager
    def docs_at_work(self) -> Iterator[Path]:
        """Give the folder of the Data Docs, to be written to in the block."""
        yield self.docs

    def tidy_catalog(self) -> None:
        """Shorten the log of the catalog, and have it look at its statistics."""
        with closing(sqlite3.connect(self.catalog)) as connection:
            connection.execute("PRAGMA optimize")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Have DuckDB ready to attach it."""

    def refuse_lost_lock(self) -> None:
        """Raise LakeError where this process is no longer the one writer: the kernel sees to that in a folder."""


def _let_readers_and_writer_meet(catalog: Path) -> None:
    """Have SQLite keep a write-ahead log: readers then do not wait for the writer, nor it for them."""
    with closing(sqlite3.connect(catalog)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


def lake_at(place: str | Path, level: Level | None = None) -> Lake:
    """Name the lake in a folder, or the shared lake that a TOML file or an address tells of.

    Raises UsageError where that says too little, or something unknown.
    """
    if "://" in str(place) or (str(place).endswith(".toml") and not Path(place).is_dir()):
        from warehouse.shared import shared_lake  # noqa: PLC0415  # an ordinary lake needs nothing of it

        return shared_lake(str(place), level)
    return Lake(Path(place).absolute(), level)


def make_folders(lake: Lake) -> None:
    """Make the folders of the lake where they are missing; raise LakeError where they cannot be made."""
    try:
        for folder in (lake.data, lake.raw, lake.staging):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "choose a folder that you may write to with --lake"
        raise LakeError(f"cannot make the lake's folders: {error.strerror}", where=lake.name, hint=hint) from error


def refuse_missing(lake: Lake) -> None:
    """Raise LakeError where there is no lake."""
    if not lake.exists:
        hint = "make one with: paperlake ingest PATH --lake DIR"
        raise LakeError("there is no lake here", where=lake.name, hint=hint)
