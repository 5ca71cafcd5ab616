"""Where the secrets of a shared lake come from, and how they stay out of everything that people see.

    environment (AWS_*, PG*) --else--> DuckDB's secret manager --else--> the profiles and roles of AWS

No secret is ever part of an address, of a setting or of a row. What is read is remembered for as
long as the process runs, so that a message of a library that repeats it can be masked.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

import duckdb

from warehouse.engine import extension_file
from warehouse.sqltext import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

MASK: Final = "***"

_IN_ENVIRONMENT: Final = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "PGPASSWORD")

_READ: Final[set[str]] = set()
"""Secrets that this process has read from elsewhere."""

_IN_ADDRESS: Final = re.compile(
    r"(?P<before>://[^/\s:@]*:)[^/\s@]+@|(?P<key>password\s*=\s*)('[^']*'|\S+)", re.IGNORECASE
)


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


def stored_secret(kind: str, *, name: str | None = None, url: str = "") -> Mapping[str, str]:
    """Read a secret that DuckDB keeps for this user: by its name, else the one whose scope fits `url` best.

    `kind` is s3 or postgres. Gives its parameters by name; nothing where there is none.
    """
    with duckdb.connect(
        config={"allow_unredacted_secrets": "true", "autoload_known_extensions": "false"}
    ) as connection:
        connection.execute(f"LOAD {literal(extension_file({'s3': 'httpfs', 'postgres': 'postgres_scanner'}[kind]))}")
        if name is None:
            found = connection.execute("SELECT name FROM which_secret(?, ?)", [url, kind]).fetchone()
            name = found[0] if found else None
        row = connection.execute(
            "SELECT secret_string FROM duckdb_secrets(redact = false) WHERE name = ? AND type = ?", [name, kind]
        ).fetchone()
    parts = dict(part.split("=", 1) for part in (row[0].split(";") if row else ()) if "=" in part)
    remember(parts.get("secret"), parts.get("session_token"), parts.get("password"))
    return parts
