"""A shared lake: its catalog in PostgreSQL, its files on S3, and only what a run prepares on this machine.

    [catalog]                                              postgresql://papers@db.example.org/lakes
    postgres = "host=db.example.org dbname=lakes"    or      ?schema=papers&data=s3://bucket/papers
    schema = "papers"

    [data]
    url = "s3://bucket/papers"

Neither form may hold a secret: those come from the environment or from DuckDB's secret manager.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from transforms.errors import UsageError
from warehouse import mirror
from warehouse.bucket import Bucket, ObjectPath, credentials
from warehouse.engine import SHARED_EXTENSIONS, load
from warehouse.lake import Lake
from warehouse.postgres import Catalog
from warehouse.secrets import holds_secret
from warehouse.sqltext import identifier, literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import duckdb

    from transforms.dedupe.weights import Level

_CATALOG_KEYS: Final = ("postgres", "schema", "secret")
_DATA_KEYS: Final = ("url", "endpoint", "region", "url_style", "secret")

_IN_HTTPFS: Final = ("s3_access_key_id", "s3_secret_access_key", "s3_session_token")
"""Settings that the extension fills from the environment, where any query could read them."""

DOCS_WAIT_SECONDS: Final = 600.0
"""How long a run waits while others write Data Docs: each takes seconds."""

_HINT: Final = "see docs/shared-lakes.md"


@dataclass(frozen=True)
class SharedLake(Lake):
    """A lake whose catalog and files lie elsewhere; `root` is the folder on this machine where runs prepare."""

    called: str = field(kw_only=True)
    tables: Catalog = field(kw_only=True)
    files: ObjectPath = field(kw_only=True)

    @property
    def name(self) -> str:
        """What the lake was called by: a TOML file or an address."""
        return self.called

    @property
    def catalog_name(self) -> str:
        """What messages call the catalog."""
        return self.tables.place

    @property
    def address(self) -> str:
        """Where its files are in object storage."""
        return self.files.url

    @property
    def data(self) -> ObjectPath:
        """Where the Parquet files are."""
        return self.files / "data"

    @property
    def raw(self) -> ObjectPath:
        """Where the dumps are as they were captured."""
        return self.files / "raw"

    @property
    def sums(self) -> ObjectPath:
        """Where the SHA-256 of the Parquet files are."""
        return self.files / "sums"

    @property
    def published_docs(self) -> ObjectPath:
        """Where the Data Docs are; `docs` is where this machine makes them."""
        return self.files / "docs"

    @property
    def lock(self) -> Catalog:
        """What the one writer locks."""
        return self.tables

    @property
    def data_url(self) -> str:
        """The folder of the Parquet files, for DuckDB."""
        return f"{self.data}/"

    @property
    def exists(self) -> bool:
        """Whether anything was ever published here."""
        return self.tables.exists

    @property
    def attach_target(self) -> str:
        """What DuckDB attaches."""
        return self.tables.ducklake

    @property
    def attach_options(self) -> list[str]:
        """What DuckDB must know to attach it, beside the folder of the Parquet files."""
        secret = [f"META_SECRET {literal(self.tables.secret)}"] if self.tables.secret else []
        return [f"METADATA_SCHEMA {literal(self.tables.schema)}", *secret]

    @property
    def metadata_schema(self) -> str:
        """The schema of DuckLake's own tables."""
        return identifier(self.tables.schema)

    @contextmanager
    def being_made(self) -> Iterator[Lake]:
        """Make the catalog in its place: what is not committed, nobody sees."""
        yield self

    @contextmanager
    def docs_at_work(self) -> Iterator[Path]:
        """Give the folder where this machine makes the Data Docs, as all have them; what is made there is published."""
        with replace(self.tables, purpose="docs").locked(owner="Data Docs", wait_seconds=DOCS_WAIT_SECONDS):
            before = mirror.fetch(self.published_docs, self.docs)
            yield self.docs
            mirror.publish(self.docs, self.published_docs, before)

    def tidy_catalog(self) -> None:
        """Do nothing: PostgreSQL tidies up by itself."""

    def prepare(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Load what DuckDB needs to reach it, and give it the secret of the object storage for this prefix alone."""
        load(connection, SHARED_EXTENSIONS)
        for name in _IN_HTTPFS:
            connection.execute(f"SET GLOBAL {name} = ''")
        connection.execute(_secret_sql(self.files))

    def refuse_lost_lock(self) -> None:
        """Raise LakeError where this process is no longer the one writer."""
        self.tables.refuse_lost_lock()


def _secret_sql(files: ObjectPath) -> str:
    bucket = files.bucket
    address = urlsplit(bucket.address or "")
    options = {
        **credentials(bucket, files.url),
        "region": bucket.area,
        "url_style": bucket.style,
        "endpoint": address.netloc,
        "scope": f"{files.url}/",
    }
    given = ", ".join(f"{name} {literal(value)}" for name, value in options.items() if value)
    name = identifier(f"paperlake_{hashlib.sha256(files.url.encode()).hexdigest()[:16]}")
    return f"CREATE OR REPLACE TEMPORARY SECRET {name} (TYPE s3, {given}, USE_SSL {address.scheme != 'http'})"


def shared_lake(place: str, level: Level | None = None) -> SharedLake:
    """Open what a TOML file, or an address that begins with postgresql://, says of a shared lake.

    Raises UsageError where it says nothing, too little, something unknown, or a secret.
    """
    said = _from_address(place) if "://" in place else _from_file(Path(place))
    refuse = _Refusal(place)
    unknown = [f"[{table}] {key}" for table, key, _ in _keys(said) if key not in _known(table)]
    if unknown:
        raise refuse(f"says what is not known: {', '.join(unknown)}")
    texts = {f"[{table}] {key}": value for table, key, value in _keys(said)}
    if not all(isinstance(value, str) for value in texts.values()):
        raise refuse(f"is no text: {', '.join(key for key, value in texts.items() if not isinstance(value, str))}")
    catalog, data = said.get("catalog", {}), said.get("data", {})
    address, schema, url = catalog.get("postgres", ""), catalog.get("schema", "paperlake"), data.get("url", "")
    if holds_secret(address) or holds_secret(url) or "@" in url:
        raise UsageError(
            "holds a secret", where=_shown(place), hint="put it into the environment: PGPASSWORD, AWS_SECRET_ACCESS_KEY"
        )
    if not (address or catalog.get("secret")):
        raise refuse("does not say where the catalog is: [catalog] postgres")
    if not re.fullmatch(r"s3://[^/?#\s]+(/[^?#\s]*)?", url):
        raise refuse('does not say where the data is: [data] url = "s3://bucket/prefix"')
    bucket = Bucket(*(data.get(key) for key in ("endpoint", "region", "url_style", "secret")))
    tables, files = Catalog(address, schema, catalog.get("secret")), ObjectPath(url.rstrip("/"), bucket)
    called = place if "://" in place else str(Path(place).absolute())
    return SharedLake(_scratch(tables, files), level, called=called, tables=tables, files=files)


@dataclass(frozen=True)
class _Refusal:
    place: str

    def __call__(self, what: str) -> UsageError:
        return UsageError(what, where=_shown(self.place), hint=_HINT)


def _shown(place: str) -> str:
    """Name the place without what may be a secret."""
    if "://" not in place:
        return place
    parts = urlsplit(place)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


def _from_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"cannot be read: {reason}", where=str(file), hint=_HINT) from error


def _from_address(place: str) -> dict[str, Any]:
    parts = urlsplit(place)
    if parts.scheme not in ("postgresql", "postgres"):
        hint = "a lake is a folder, a TOML file, or postgresql://HOST/DATABASE?schema=NAME&data=s3://BUCKET/PREFIX"
        raise UsageError("is no address of a lake", where=_shown(place), hint=hint)
    asked = dict(parse_qsl(parts.query))
    data = {key: asked.pop(key) for key in ("endpoint", "region", "url_style") if key in asked}
    schema = {"schema": asked.pop("schema")} if "schema" in asked else {}
    url = asked.pop("data", "")
    postgres = parts._replace(query=urlencode(asked)).geturl()
    return {"catalog": {"postgres": postgres, **schema}, "data": {"url": url, **data}}


def _keys(said: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for table, keys in said.items():
        for key, value in keys.items() if isinstance(keys, dict) else [(str(keys), keys)]:
            yield table, key, value


def _known(table: str) -> tuple[str, ...]:
    return {"catalog": _CATALOG_KEYS, "data": _DATA_KEYS}.get(table, ())


def _scratch(tables: Catalog, files: ObjectPath) -> Path:
    """Name the folder of this machine and user for a lake: the same one every time, so that the next run tidies up."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    told = "\0".join([tables.address, tables.schema, tables.secret or "", files.url])
    return Path(cache) / "paperlake" / hashlib.sha256(told.encode()).hexdigest()[:16]
