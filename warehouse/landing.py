"""Finds dump files: folders, globs, single files and addresses go in, whole files ready to be read come out.

    PATH ...  -->  every file below  -->  settled files | left for later | problems

An upload that is still under way is left for the next run: its name says so (`.part`, `.tmp`), or
the file still changes, or it lies elsewhere and is empty.
"""

from __future__ import annotations

import glob
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from transforms.errors import DumpError, PaperlakeError, UnreadableDumpError, UsageError
from warehouse.address import is_address
from warehouse.fetch import has_grown, list_remote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from warehouse.remote import RemoteFile

PARTIAL_SUFFIXES: Final = (".part", ".partial", ".tmp", ".temp", ".crdownload", ".download", ".filepart", "~")
"""How browsers, rsync, sftp and editors name what they have not finished."""

SETTLED_AFTER_SECONDS: Final = 2.0
"""A file whose last change is older than this is not watched: file systems count in up to 2 s."""

WATCH_SECONDS: Final = 0.5
"""How long a young file is watched for growth."""


@dataclass
class Landing:
    """What was found: files to read, files that lie elsewhere, uploads under way, and paths that cannot be used."""

    files: list[Path] = field(default_factory=list)
    remote: list[RemoteFile] = field(default_factory=list)
    left_for_later: list[Path | RemoteFile] = field(default_factory=list)
    problems: list[PaperlakeError] = field(default_factory=list)


def find_dumps(
    paths: Sequence[str], *, outside: Path, outside_address: str = "", may_be_empty: bool = False
) -> Landing:
    """Find every dump file that `paths` name: files, folders (with all below them), globs and addresses.

    The lake's own folder, `outside`, is never searched, nor what it keeps below `outside_address`. A
    folder without files is a problem unless it `may_be_empty`. The files come in the order of their
    names, each once, whatever the order of `paths`.
    """
    landing = Landing()
    found: set[Path] = set()
    elsewhere: set[RemoteFile] = set()
    for path in paths:
        below: set[Path] | set[RemoteFile]
        try:
            if is_address(path):
                below = _listed(path, outside_address, landing.problems)
                elsewhere |= below
            else:
                below = set(_expand(path, outside.resolve(), landing.problems))
                found |= below
        except PaperlakeError as error:
            landing.problems.append(error)
            continue
        if not below and not may_be_empty:
            hint = "put dump files into it"
            landing.problems.append(UsageError("there are no dumps in this folder", where=path, hint=hint))
    _divide(found, landing)
    _divide_remote(elsewhere, landing)
    return landing


def _listed(address: str, outside: str, problems: list[PaperlakeError]) -> set[RemoteFile]:
    listing = list_remote(address)
    problems += listing.problems
    return {file for file in listing.files if not outside or not file.address.startswith(f"{outside}/")}


def _divide(found: Iterable[Path], landing: Landing) -> None:
    """Tell whole files from uploads that are under way."""
    young = _signatures(path for path in found if _is_young(path))
    if young:
        time.sleep(WATCH_SECONDS)
    growing = {path for path, before in young.items() if _signature(path) != before}
    for file in sorted(found):
        is_partial = file in growing or file.name.endswith(PARTIAL_SUFFIXES)
        (landing.left_for_later if is_partial else landing.files).append(file)


def _divide_remote(found: Iterable[RemoteFile], landing: Landing) -> None:
    """Tell whole files elsewhere from uploads that are under way."""
    young = [file for file in found if file.is_young]
    if young:
        time.sleep(WATCH_SECONDS)
    growing = {file for file in young if has_grown(file)}
    for file in sorted(found):
        is_partial = file in growing or file.version.size == 0 or file.name.endswith(PARTIAL_SUFFIXES)
        (landing.left_for_later if is_partial else landing.remote).append(file)


def _expand(path: str, outside: Path, problems: list[PaperlakeError]) -> Iterator[Path]:
    if os.path.lexists(path):
        yield from _below(Path(path), outside, problems)
        return
    matches = sorted(glob.glob(path, recursive=True)) if glob.has_magic(path) else []
    if not matches:
        raise UsageError("there is no such file or folder", where=path, hint="check the path")
    for match in matches:
        yield from _below(Path(match), outside, problems)


def _below(path: Path, outside: Path, problems: list[PaperlakeError]) -> Iterator[Path]:
    if path.is_dir():
        yield from _walk(path, outside, problems)
    else:
        yield path


def _walk(folder: Path, outside: Path, problems: list[PaperlakeError]) -> Iterator[Path]:
    """Walk a folder, following links but entering each real folder once."""
    entered: set[Path] = set()
    for where, folders, names in os.walk(folder, followlinks=True, onerror=lambda e: problems.append(_unreadable(e))):
        real = Path(where).resolve()
        if real in entered or real == outside:
            folders.clear()
            continue
        entered.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(where, name) for name in names if not name.startswith("."))


def _unreadable(error: OSError) -> DumpError:
    return UnreadableDumpError(
        f"the folder cannot be read: {error.strerror}", where=str(error.filename), hint="check its permissions"
    )


def _is_young(path: Path) -> bool:
    signature = _signature(path)
    return signature is not None and time.time() - signature[1] / 1e9 < SETTLED_AFTER_SECONDS


def _signatures(paths: Iterable[Path]) -> dict[Path, tuple[int, int] | None]:
    return {path: _signature(path) for path in paths}


def _signature(path: Path) -> tuple[int, int] | None:
    """Size and time of last change (ns); None where the file cannot be reached: reading it will say why."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
