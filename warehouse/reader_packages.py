"""The readers that there are: our own, and those that installed packages bring.

    entry points of the group paperlake.readers  --load, check, guard-->  readers beside our own

A package that is broken stops the run with its name, before anything is read: without its reader,
its dumps would be refused, or taken by a reader that knows them less well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.errors import DamagedDumpError, DumpError, PaperlakeError, ReaderPackageError
from transforms.readers import READERS
from transforms.readers.base import Batch, DumpInfo, Head, Reader, place, shown
from transforms.schema import RAW_RECORD, RAW_REJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUP: Final = "paperlake.readers"
"""The group of entry points; each one names a `Reader`."""

OWN: Final = "paperlake"

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class InstalledReader:
    """A reader and the package that brings it."""

    reader: Reader
    package: str


def installed_readers() -> tuple[Reader, ...]:
    """Return every reader, our own first. Raises ReaderPackageError where a package's reader cannot be used."""
    return tuple(installed.reader for installed in list_readers())


@cache
def list_readers() -> tuple[InstalledReader, ...]:
    """Return every reader with its package, our own first and the others by name; errors as above."""
    found = [InstalledReader(reader, OWN) for reader in READERS]
    for point in sorted(metadata.entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
        package = f"{point.dist.name} {point.dist.version}" if point.dist else "a package without a name"
        reader = _load(point, package)
        taken = next((other.package for other in found if other.reader.name == reader.name), None)
        if taken:
            raise _unusable(package, f"its reader {reader.name!r} has the name of a reader of {taken}")
        guard = _Guard(reader, package)
        found.append(InstalledReader(replace(reader, sniff=guard.sniff, read=guard.read), package))
    return tuple(found)


def _load(point: metadata.EntryPoint, package: str) -> Reader:
    try:
        reader = point.load()
    except Exception as error:
        what = f"its entry point {point.name} = {point.value} cannot be loaded: {_said(error)}"
        raise _unusable(package, what) from error
    if not isinstance(reader, Reader):
        raise _unusable(
            package, f"its entry point {point.name} = {point.value} is no Reader but {type(reader).__name__}"
        )
    if not _NAME.fullmatch(reader.name):
        raise _unusable(package, f"its reader's name, {shown(reader.name)}, is not in lower case with underscores")
    return reader


@dataclass(frozen=True)
class _Guard:
    """Has whatever goes wrong in a reader of another package refuse the dump, and name the package."""

    reader: Reader
    package: str

    def sniff(self, head: Head) -> float:
        """Ask the reader how sure it is."""
        try:
            sureness = self.reader.sniff(head)
        except Exception as error:
            raise self._failed(f"failed to look at it: {_said(error)}", shown(head.name)) from error
        if not 0 <= sureness <= 1:
            raise self._failed(f"is {sureness} sure, where 0 to 1 is asked", shown(head.name))
        return sureness

    def read(self, stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
        """Have the reader read; errors that are meant for people, and those of the disk, go on as they are."""
        try:
            for batch in self.reader.read(stream, info):
                yield self._checked(batch, info)
        except (PaperlakeError, OSError):
            raise
        except Exception as error:
            raise self._failed(f"failed to read it: {_said(error)}", place(info)) from error

    def _checked(self, batch: Batch, info: DumpInfo) -> Batch:
        if batch.records.schema != RAW_RECORD or batch.rejects.schema != RAW_REJECT:
            raise self._failed("gave batches with other columns than asked", place(info))
        return batch

    def _failed(self, what: str, where: str) -> DumpError:
        hint = f"report it to the makers of {self.package}, or remove the package"
        return DamagedDumpError(f"the reader {self.reader.name} of {self.package} {what}", where=where, hint=hint)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _unusable(package: str, what: str) -> ReaderPackageError:
    return ReaderPackageError(what, where=package, hint="mend or remove the package")
