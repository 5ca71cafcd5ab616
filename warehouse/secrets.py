"""Where the secrets of a shared lake come from, and how they stay out of everything that people see.

    environment (AWS_*, PG*) --else--> DuckDB's secret manager --else--> the profiles and roles of AWS

No secret is ever part of an address, of a setting or of a row. What is read is remembered for as
long as the process runs, so that a message of a library that repeats it can be masked.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Final

import duckdb

from warehouse.engine import extension_file
from warehouse.sqltext import literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MASK: Final = "***"

_IN_ENVIRONMENT: Final = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PGPASSWORD")

_READ: Final[set[str]] = set()
"""Secrets that this process has read from elsewhere."""

_IN_ADDRESS: Final = re.compile(
    r"(?P<before>://[^/\s:@]*:)[^/\s@]+@|(?P<key>password\s*=\s*)('[^']*'|\S+)", re.IGNORECASE
)


_COMMON: Final = ("name", "type", "provider", "serializable", "scope")

_PARAMETERS: Final = {
    "s3": (
        *("key_id", "secret", "session_token", "region", "endpoint", "url_style", "use_ssl", "verify_ssl"),
        *("url_compatibility_mode", "kms_key_id", "requester_pays", "refresh", "refresh_info", "extra_http_headers"),
        *("http_proxy", "http_proxy_username", "http_proxy_password"),
    ),
    "postgres": (
        *("host", "hostaddr", "port", "dbname", "user", "password", "passfile", "sslmode"),
        *("connect_timeout", "options"),
    ),
}
"""What a secret of DuckDB may hold, by its kind: a value goes on until the next of these."""


def masked(text: object) -> str:
    """Give a text without the secrets that this process knows, nor passwords in addresses."""
    shown = str(text)
    known = _READ | {value for name in _IN_ENVIRONMENT if (value := os.environ.get(name))}
    for secret in sorted(known, key=len, reverse=True):
        shown = shown.replace(secret, MASK)
    return _IN_ADDRESS.sub(
        lambda found: f"{found['before']}{MASK}@" if found["before"] else f"{found['key']}{MASK}", shown
    )


def holds_secret(address: str) -> bool:
    """Tell whether a password stands in an address."""
    return _IN_ADDRESS.search(address) is not None


def remember(*secrets: str | None) -> None:
    """Have these secrets masked from now on."""
    _READ.update(secret for secret in secrets if secret)


@contextmanager
def _manager(kind: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB that tells what it keeps of one kind for this user: s3 or postgres."""
    with duckdb.connect(
        config={"allow_unredacted_secrets": "true", "autoload_known_extensions": "false"}
    ) as connection:
        connection.execute(f"LOAD {literal(extension_file({'s3': 'httpfs', 'postgres': 'postgres_scanner'}[kind]))}")
        yield connection


@cache
def stored_scopes(kind: str) -> tuple[str, ...]:
    """List the beginnings of the addresses that the secrets of a kind are for, the longest first."""
    with _manager(kind) as connection:
        rows = connection.execute("SELECT unnest(scope) FROM duckdb_secrets() WHERE type = ?", [kind]).fetchall()
    return tuple(sorted({scope for (scope,) in rows}, key=lambda scope: (-len(scope), scope)))


def stored_secret(kind: str, *, name: str | None = None, url: str = "") -> Mapping[str, str]:
    """Read a secret that DuckDB keeps for this user: by its name, else the one whose scope fits `url` best.

    `kind` is s3 or postgres. Gives its parameters by name; nothing where there is none.
    """
    with _manager(kind) as connection:
        if name is None:
            found = connection.execute("SELECT name FROM which_secret(?, ?)", [url, kind]).fetchone()
            name = found[0] if found else None
        row = connection.execute(
            "SELECT secret_string FROM duckdb_secrets(redact = false) WHERE name = ? AND type = ?", [name, kind]
        ).fetchone()
    parts = _parts(kind, row[0]) if row else {}
    remember(parts.get("secret"), parts.get("session_token"), parts.get("password"))
    return parts


def _parts(kind: str, said: str) -> dict[str, str]:
    """Take `name=papers;type=s3;...` apart, as DuckDB shows a secret; a value may hold any character."""
    names = "|".join((*_COMMON, *_PARAMETERS[kind]))
    return dict(re.findall(rf"(?:^|;)({names})=(.*?)(?=;(?:{names})(?:=|;|$)|$)", said, re.DOTALL))
