"""Addresses of dumps that lie elsewhere, and what of them may be told: https://host/folder/, s3://bucket/prefix.

A query may hold a signature, so none is ever shown or kept; a name or a password in an address is refused.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from transforms.errors import UsageError
from warehouse.secrets import MASK, remember

SCHEMES: Final = ("https", "http", "s3")

SEPARATOR: Final = "!/"
"""Between the place of an archive and the name of its member: papers.zip!/2025/a.json."""

_ADDRESS: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")

_CONCEALED: Final[dict[str, str]] = {}
"""What this process was told by addresses with a query: the whole of each, by what is shown of it."""


def is_address(path: str) -> bool:
    """Tell an address from a path of this machine."""
    return _ADDRESS.match(path) is not None


def scheme_of(address: str) -> str:
    """Give http, https or s3. Raises UsageError where it is another one, or the address cannot or must not be used."""
    try:
        parts = urlsplit(address)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        has_host = False
    if not has_host:
        raise UsageError("is no address", where=without_query(address), hint="check how it is written")
    if parts.scheme not in SCHEMES:
        hint = f"an address begins with {', '.join(f'{scheme}://' for scheme in SCHEMES)}"
        raise UsageError("is no address that can be read", where=without_query(address), hint=hint)
    if "@" in parts.netloc:
        hint = "put them into ~/.netrc" if parts.scheme != "s3" else "put them into the environment: AWS_ACCESS_KEY_ID"
        where = without_query(parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl())
        raise UsageError("holds a name or a password", where=where, hint=hint)
    return parts.scheme


def without_query(address: str) -> str:
    """Give what of an address may be shown and kept. Of an object in a bucket that is all: its name may hold a `?`."""
    if address.startswith("s3://"):
        return address
    before, mark, _ = address.partition("#")[0].partition("?")
    return f"{before}?{MASK}" if mark else before


def concealed(path: str) -> str:
    """Give what may be kept of a path or an address, and remember the rest while this process runs.

    Raises UsageError for an address that holds a name or a password, or cannot be used.
    """
    if not is_address(path):
        return path
    scheme_of(path)
    shown = without_query(path)
    if shown.endswith(f"?{MASK}"):
        remember(path.partition("#")[0].partition("?")[2])
        while _CONCEALED.setdefault(shown, path) != path:
            shown += "#"
    return shown


def revealed(path: str) -> str:
    """Give the whole of what was concealed; any other path as it is."""
    return _CONCEALED.get(path, path)


def name_of(uri: str) -> str:
    """Give the file name of a dump from its place: the last part, in an archive that of its member."""
    archive, _, member = uri.partition(SEPARATOR)
    if member:
        return re.split(r"[/\\]", member)[-1]
    if archive.startswith(("http://", "https://")):
        path = urlsplit(archive).path.rstrip("/").rpartition("/")[2]
        return re.split(r"[/\\]", unquote(path))[-1] or archive
    return PurePosixPath(archive).name
