"""Asks servers behind http:// and https:// about files, and fetches them.

    address --HEAD--> a file and its version, or a folder        --GET--> bytes

What was found in the listing of a folder may lead to its own host alone. Names and passwords come from
~/.netrc (or the file that NETRC names), which is asked for each host apart.
"""

from __future__ import annotations

import datetime as dt
import errno
import netrc
import os
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import httpx

from transforms.errors import UnreadableDumpError, UsageError
from warehouse.address import without_query
from warehouse.remote import CHUNK_BYTES, Answer, RemoteFile, Version, patiently
from warehouse.secrets import masked

if TYPE_CHECKING:
    from collections.abc import Iterator

_TIMEOUT: Final = httpx.Timeout(60.0, connect=10.0)

_REDIRECTS: Final = 10

_NO_HEAD: Final = frozenset({400, 403, 405, 501})
"""How servers answer that do not know HEAD, or whose signature is for GET alone."""

_HINTS: Final = {
    401: "put the name and password for this host into ~/.netrc",
    403: "put the name and password for this host into ~/.netrc, or ask its owner for access",
    404: "check the address",
    410: "check the address",
}

_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})

_YOUNG_SECONDS: Final = 2.0
"""A file whose last change is older than this, by the clock of its server, is not watched."""

_NOT_BELOW: Final = "name the folder or file itself that is meant"


def is_folder(address: str) -> bool:
    """Tell the address of a folder by the slash at its end."""
    return "?" not in address and address.endswith("/")


def look_again(file: RemoteFile) -> RemoteFile:
    """Ask what the server says of a file by now."""
    found = look(file.address, file.within)
    if isinstance(found, str):
        raise UnreadableDumpError("has become a folder", where=file.uri, hint="the next run looks into it")
    return found


@contextmanager
def open_web(file: RemoteFile) -> Iterator[Answer]:
    """Fetch a file; its bytes are those that the server sends. Raises DumpError, also while they are read."""
    with _asked("GET", file.address, file.within) as response:
        _refuse_failure(response, file.uri)
        yield Answer(_version(response), _parts(response, file.uri))


def _parts(response: httpx.Response, where: str) -> Iterator[bytes]:
    with _translated(where):
        yield from response.iter_raw(CHUNK_BYTES)


def look(address: str, within: str = "") -> RemoteFile | str:
    """Ask about an address: the file there, or the address of the folder that it is."""
    return patiently(partial(_look_once, address, within))


def _look_once(address: str, within: str) -> RemoteFile | str:
    for method in ("HEAD", "GET"):
        with _asked(method, address, within) as response:
            if method == "HEAD" and (response.status_code in _NO_HEAD or _version(response).size == 0):
                continue
            if response.url.path == httpx.URL(address).path + "/":
                return str(response.url)
            if response.status_code == httpx.codes.NOT_FOUND and _has_listing(address, within):
                return f"{address}/"
            _refuse_failure(response, without_query(address))
            return RemoteFile(without_query(address), address, _version(response), within, is_young=_is_young(response))
    raise AssertionError("GET was answered")


def _has_listing(address: str, within: str) -> bool:
    """Tell whether there is a folder where there is no file: some servers do not lead on to it."""
    if within or "?" in address:
        return False
    with _asked("HEAD", f"{address}/") as response:
        return response.is_success


def read_page(folder: str, limit: int) -> bytes:
    """Fetch the page of a folder, of at most `limit` bytes; one that stands elsewhere is refused."""
    with _asked("GET", folder, folder) as response:
        if response.url.path != httpx.URL(folder).path:
            raise UnreadableDumpError(f"leads to {_bare(response.url)}", where=folder, hint=_NOT_BELOW)
        _refuse_failure(response, folder)
        page = bytearray()
        with _translated(folder):
            for part in response.iter_bytes(CHUNK_BYTES):
                page += part
                if len(page) > limit:
                    hint = "name the folders below one by one"
                    raise UnreadableDumpError(f"the listing has more than {limit:,} bytes", where=folder, hint=hint)
        return bytes(page)


@contextmanager
def _asked(method: str, address: str, within: str = "") -> Iterator[httpx.Response]:
    """Ask, following redirects; those of what a listing names stay on its host."""
    where = without_query(address)
    with _translated(where):
        client = _client(_netrc_file())
        request = client.build_request(method, address)
        for _ in range(_REDIRECTS):
            response = client.send(request, stream=True)
            if response.next_request is None:
                break
            response.close()
            _refuse_to_leave(request.url, response.next_request.url, within, where)
            request = response.next_request
        else:
            raise UnreadableDumpError("leads on and on, from redirect to redirect", where=where, hint=_NOT_BELOW)
    try:
        yield response
    finally:
        response.close()


def _refuse_to_leave(here: httpx.URL, there: httpx.URL, within: str, where: str) -> None:
    if there.scheme not in ("http", "https") or (here.scheme == "https" and there.scheme == "http"):
        what = "leads from https to an address that is not safe"
    elif within and not _is_same_server(httpx.URL(within), there):
        what = "leads to another host"
    else:
        return
    raise UnreadableDumpError(f"{what}: {_bare(there)}", where=where, hint=_NOT_BELOW)


def _is_same_server(here: httpx.URL, there: httpx.URL) -> bool:
    return here.host == there.host and (here.port == there.port or here.scheme != there.scheme)


def _bare(url: httpx.URL) -> str:
    return without_query(str(url.copy_with(userinfo=b"")))


@contextmanager
def _translated(where: str) -> Iterator[None]:
    """Raise UnreadableDumpError for what the network fails at; such an error may pass."""
    try:
        yield
    except httpx.TransportError as error:
        what, hint = _what_failed(error)
        raise UnreadableDumpError(what, where=where, hint=hint) from OSError(errno.ECONNRESET, str(error))
    except (httpx.InvalidURL, httpx.DecodingError, httpx.StreamError) as error:
        raise UnreadableDumpError(masked(error), where=where, hint="check the address") from error


def _what_failed(error: httpx.TransportError) -> tuple[str, str]:
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        reason = masked(error) or "it does not answer"
        return f"the server cannot be reached: {reason}", "check the address and the network, then run again"
    if isinstance(error, httpx.RemoteProtocolError):
        return f"the server ends early: {masked(error)}", "run again; if it stays so, see to the server"
    reason = masked(error) or "it has fallen silent"
    return f"the connection fails: {reason}", "check the network, then run again"


def _refuse_failure(response: httpx.Response, where: str) -> None:
    """Raise UnreadableDumpError where the server refuses; such a refusal may pass when it is busy."""
    status = response.status_code
    if response.is_success:
        return
    said = f"{status} {response.reason_phrase}".strip()
    if status in _PASSING:
        hint = "run again later"
        raise UnreadableDumpError(f"the server fails: {said}", where=where, hint=hint) from OSError(errno.EAGAIN, said)
    what = "there is no such file or folder" if status in (404, 410) else f"the server refuses: {said}"
    raise UnreadableDumpError(what, where=where, hint=_HINTS.get(status, "check the address"))


def _version(response: httpx.Response) -> Version:
    size = response.headers.get("content-length", "")
    return Version(
        int(size) if size.isdecimal() else None,
        response.headers.get("etag"),
        _time(response, "last-modified"),
    )


def _time(response: httpx.Response, header: str) -> dt.datetime | None:
    with suppress(ValueError):
        told = parsedate_to_datetime(response.headers.get(header, ""))
        return told.replace(tzinfo=dt.UTC) if told.tzinfo is None else told.astimezone(dt.UTC)
    return None


def _is_young(response: httpx.Response) -> bool:
    changed, now = _time(response, "last-modified"), _time(response, "date")
    return changed is not None and now is not None and (now - changed).total_seconds() < _YOUNG_SECONDS


def _netrc_file() -> Path:
    return Path(os.environ.get("NETRC") or Path.home() / ".netrc")


@cache
def _client(netrc_file: Path) -> httpx.Client:
    """Make what asks, once per process; making it reads the certificates."""
    headers = {"Accept-Encoding": "identity", "User-Agent": "paperlake"}  # the bytes of the file, not packed on the way
    return httpx.Client(timeout=_TIMEOUT, headers=headers, auth=_auth(netrc_file))


def _auth(file: Path) -> httpx.Auth | None:
    try:
        return httpx.NetRCAuth(str(file)) if file.is_file() else None
    except (netrc.NetrcParseError, OSError, UnicodeDecodeError) as error:
        reason = f"line {error.lineno} makes no sense" if isinstance(error, netrc.NetrcParseError) else "see its rights"
        raise UsageError(
            f"cannot be read: {reason}", where=str(file), hint="mend it, or name another in NETRC"
        ) from None
