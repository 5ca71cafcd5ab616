"""A lake's catalog in PostgreSQL: how it is reached, whether a lake is there, and the lock of its one writer.

writer --session--> pg_advisory_lock(schema)      dropped by the server when the session ends, however it ends
              '---> paperlake_writer              says who holds it, for the message to those that wait
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from transforms.errors import LakeBusyError, LakeError
from warehouse.secrets import masked, stored_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg import Connection

POLL_SECONDS: Final = 0.2
"""How often a waiting writer asks again."""

CONNECT_SECONDS: Final = 15

_ALIVE: Final = "-c tcp_keepalives_idle=20 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"
"""The server takes a session for dead that was silent for 50 s: a machine that lost its power holds no lock."""

_TRY: Final = b"SELECT pg_try_advisory_lock(hashtextextended('paperlake ' || %s || ' ' || %s, 0))"

_ALONE: Final = b"SELECT pg_advisory_xact_lock(hashtextextended('paperlake signs in ' || %s, 0))"

_OURS: Final[dict[Catalog, Connection[Any]]] = {}
"""The sessions that hold the locks of this process."""


_OF_SECRET: Final = ("host", "hostaddr", "port", "dbname", "user", "password", "passfile", "sslmode")
"""What libpq is told of a secret of DuckDB."""

_HINT: Final = "see whether the server runs, and whether PGPASSWORD or ~/.pgpass holds the password; then run again"


@dataclass(frozen=True)
class Catalog:
    """A schema of a PostgreSQL database; `address` is what libpq takes, without a password.

    `purpose` is what is locked: the lake as a whole, unless it says otherwise.
    """

    address: str
    schema: str
    secret: str | None = None
    purpose: str = "lake"

    @property
    def ducklake(self) -> str:
        """The catalog as DuckLake is told of it; with a secret, DuckDB knows the address."""
        return f"ducklake:postgres:{'' if self.secret else self.address}"

    @property
    def exists(self) -> bool:
        """Whether a lake was published here."""
        with self.connected() as session, self._translated("the catalog cannot be read"):
            there = session.execute("SELECT to_regclass(%s) IS NOT NULL", [self._name("ducklake_table")]).fetchone()
            if not there or not there[0]:
                return False
            sql = f"SELECT 1 FROM {self._name('ducklake_table')} WHERE table_name = 'settings' AND end_snapshot IS NULL"
            return session.execute(sql.encode()).fetchone() is not None

    def _name(self, table: str) -> str:
        schema = self.schema.replace('"', '""')
        return f'"{schema}".{table}'

    @property
    def place(self) -> str:
        """What messages call it."""
        return f"{masked(self.address or self.secret)} schema {self.schema}"

    @contextmanager
    def connected(self) -> Iterator[Connection[Any]]:
        """Open a session of its own; each statement is a transaction. Raises LakeError where that fails."""
        import psycopg  # noqa: PLC0415  # most lakes need none

        known = stored_secret("postgres", name=self.secret) if self.secret else {}
        parts = {name: known[name] for name in _OF_SECRET if known.get(name)}
        if self.secret and not parts:
            hint = f"make it in DuckDB: CREATE PERSISTENT SECRET {self.secret} (TYPE postgres, ...)"
            raise LakeError(f"DuckDB keeps no PostgreSQL secret named {self.secret}", hint=hint)
        with self._translated("the catalog cannot be reached"):
            session = psycopg.connect(
                "" if self.secret else self.address,
                autocommit=True,
                connect_timeout=CONNECT_SECONDS,
                application_name="paperlake",
                options=_ALIVE,
                **parts,  # type: ignore[arg-type]  # all are texts of libpq
            )
        with session:
            yield session

    @contextmanager
    def locked(self, *, owner: str, wait_seconds: float) -> Iterator[None]:
        """Be the one writer, waiting at most `wait_seconds` for that.

        Raises LakeBusyError, naming the holder, when the lock does not come free in time.
        """
        with self.connected() as session:
            with self._translated("the writers' lock cannot be had"):
                self._wait(session, wait_seconds)
                self._sign(session, owner)
            _OURS[self] = session
            try:
                yield
            finally:
                del _OURS[self]

    def refuse_lost_lock(self) -> None:
        """Raise LakeError where this process is no longer the one writer: its session broke."""
        if self in _OURS:
            with self._translated("the session that held the lake broke, and nothing of this batch is in the lake"):
                _OURS[self].execute("SELECT 1")

    @contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        """Raise LakeError, without any secret, for what PostgreSQL refuses."""
        import psycopg  # noqa: PLC0415  # most lakes need none

        try:
            yield
        except psycopg.Error as error:
            raise LakeError(f"{what}: {_one_line(error)}", where=self.place, hint=_HINT) from None

    def _wait(self, session: Connection[Any], wait_seconds: float) -> None:
        give_up_at = time.monotonic() + wait_seconds
        while not self._is_taken(session):
            if time.monotonic() >= give_up_at:
                raise LakeBusyError(
                    f"{self._holder(session)} holds the lake; waited {wait_seconds:g} s",
                    where=self.place,
                    hint="run again when it is done, or wait longer with --wait SECONDS",
                )
            time.sleep(POLL_SECONDS)

    def _is_taken(self, session: Connection[Any]) -> bool:
        row = session.execute(_TRY, [self.purpose, self.schema]).fetchone()
        return bool(row and row[0])

    def _sign(self, session: Connection[Any], owner: str) -> None:
        table = self._name("paperlake_writer")
        schema = table.removesuffix(".paperlake_writer")
        columns = "purpose text PRIMARY KEY, owner text, pid int, host text, since text"
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        with session.transaction():
            session.execute(_ALONE, [self.schema])  # two that make the same table at once would collide
            session.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}".encode())
            session.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns})".encode())
            session.execute(f"DELETE FROM {table} WHERE purpose = %s".encode(), [self.purpose])
            row = [self.purpose, owner, os.getpid(), socket.gethostname(), now]
            session.execute(f"INSERT INTO {table} VALUES (%s, %s, %s, %s, %s)".encode(), row)

    def _holder(self, session: Connection[Any]) -> str:
        import psycopg  # noqa: PLC0415

        try:
            sql = f"SELECT owner, pid, host, since FROM {self._name('paperlake_writer')} WHERE purpose = %s"
            row = session.execute(sql.encode(), [self.purpose]).fetchone()
        except psycopg.Error:  # the first writer of all has not signed yet
            row = None
        return "{} (process {} on {}, since {})".format(*row) if row else "another process"


def _one_line(error: Exception) -> str:
    return masked(" ".join(str(error).split()) or type(error).__name__)
