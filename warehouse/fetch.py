"""Fetches dumps that lie elsewhere into staging, where they are read as any file of this machine.

    RemoteFile --bytes--> STAGING/fetched/<hash of its address> --sha256--> a dump, under its own name and place

A file is asked about before, while and after it is fetched: one that changed meanwhile, or ended early,
is not taken.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from transforms.errors import DumpError, PaperlakeError, UnreadableDumpError
from warehouse import objects, web, web_walk
from warehouse.address import revealed, scheme_of
from warehouse.ledger import NewDump
from warehouse.staging import is_passing

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from warehouse.remote import Answer, Listing, RemoteFile, Version


class _Ways(NamedTuple):
    """How the files of one scheme are listed, asked about, and fetched."""

    list: Callable[[str], Listing]
    look_again: Callable[[RemoteFile], RemoteFile]
    open: Callable[[RemoteFile], AbstractContextManager[Answer]]


_WEB: Final = _Ways(web_walk.list_web, web.look_again, web.open_web)
_WAYS: Final = {
    "http": _WEB,
    "https": _WEB,
    "s3": _Ways(objects.list_objects, objects.look_again, objects.open_object),
}


@dataclass(frozen=True)
class Fetched:
    """What became of a file elsewhere: a dump, or the reason why it is none."""

    file: RemoteFile
    dump: NewDump | None = None
    problem: DumpError | None = None


def list_remote(address: str) -> Listing:
    """List the files at an address, without hidden ones. Raises PaperlakeError where nothing can be listed."""
    whole = revealed(address)
    return _WAYS[scheme_of(whole)].list(whole)


def has_grown(file: RemoteFile) -> bool:
    """Tell whether a file has changed since it was listed; one that cannot be asked has not: fetching it will say why."""
    try:
        return _look_again(file).differs_from(file.version)
    except PaperlakeError:
        return False


def fetch(file: RemoteFile, staging: Path) -> Fetched:
    """Fetch one file into `staging`. OSError is raised where the disk or the network failed, so that it can be tried again."""
    target = staging / "fetched" / hashlib.sha256(file.address.encode()).hexdigest()
    target.parent.mkdir(exist_ok=True)
    try:
        return Fetched(file, _fetch(file, target))
    except DumpError as error:
        target.unlink(missing_ok=True)
        if is_passing(error):
            raise OSError(f"{error.what}") from error
        return Fetched(file, problem=error)


def give_up(file: RemoteFile, error: Exception, _staging: Path) -> Fetched:
    """Make the outcome of a file that could not be fetched, however often it was tried."""
    hint = "check the network and the server, then run again"
    return Fetched(file, problem=UnreadableDumpError(f"cannot be fetched: {error}", where=file.uri, hint=hint))


def _fetch(file: RemoteFile, target: Path) -> NewDump:
    with _WAYS[scheme_of(file.address)].open(file) as answer:
        _refuse_changed(file.version, answer.version, file.uri)
        dump_id, size = _copy(answer, target, file.uri)
        told = answer.version
    if told.size is not None and told.size != size:
        raise _short(told.size, size, file.uri)
    _refuse_changed(told, _look_again(file), file.uri)
    modified_at = told.modified_at or dt.datetime.now(dt.UTC).replace(microsecond=0)
    return NewDump(target, dump_id, size, modified_at, found_at=file.uri)


def _look_again(file: RemoteFile) -> Version:
    return _WAYS[scheme_of(file.address)].look_again(file).version


def _copy(answer: Answer, target: Path, where: str) -> tuple[str, int]:
    """Write the bytes to a file; return their SHA-256 and their number."""
    sha256, size = hashlib.sha256(), 0
    try:
        with target.open("wb") as kept:
            for part in answer.parts:
                sha256.update(part)
                size += len(part)
                kept.write(part)
    except OSError as error:
        hint = "make room on the disk of the lake, then run again"
        raise UnreadableDumpError(f"cannot be kept: {error.strerror}", where=where, hint=hint) from error
    return sha256.hexdigest(), size


def _short(told: int, size: int, where: str) -> DumpError:
    hint = "run again; if it stays so, see to the server"
    return UnreadableDumpError(f"ends early: {size:,} bytes came, {told:,} were announced", where=where, hint=hint)


def _refuse_changed(before: Version, after: Version, where: str) -> None:
    if after.differs_from(before):
        hint = "the next run fetches it again"
        raise UnreadableDumpError("the file changed while it was fetched", where=where, hint=hint)
