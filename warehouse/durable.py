"""Makes sure that what a transaction wrote is on the disk, whole, before the catalog names it.

    Parquet files written --check ends--> --flush--> --sums/<id>.sha256--> COMMIT

DuckLake takes a file as written when the system call returns; after a power cut the catalog may
then name a file that is empty or half there. So every new file is checked for its end mark, flushed
together with its folder, and its SHA-256 is noted beside the lake, in the form that `sha256sum -c`
reads. The notes are what `paperlake verify --deep` compares with.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from transforms.errors import LakeError
from warehouse.bucket import ObjectPath

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from warehouse.place import Place

DISK: Final = "nothing of this batch is in the lake; see whether the disk is full, then run again"

PART: Final = "sums.part"
"""A file of sums that is being written; the next one overwrites what a run that died left of it."""

READS_AT_ONCE: Final = 8
"""Files that are hashed at the same time: those in object storage are mostly waited for."""

SMALL_BYTES: Final = 4 * 1024 * 1024
"""Size of a frame in memory that is not worth the time to pack it."""

MOVES_AT_ONCE: Final = 8
"""Files that are moved in at the same time."""

END_MARK: Final = b"PAR1"
"""The last four bytes of every Parquet file (https://parquet.apache.org/docs/file-format/)."""


def data_files(data: Place) -> set[Place]:
    """List the Parquet files below the folder of the data, registered or not: on a disk some 3 us each."""
    if not isinstance(data, Path):
        return set(data.rglob("*.parquet"))
    return {Path(file) for file in _parquet_below(str(data))} if data.is_dir() else set()


def _parquet_below(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:  # ten times as fast as Path.rglob
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _parquet_below(entry.path)
            elif entry.name.endswith(".parquet"):
                yield entry.path


def flush_new(data: Place, sums: Place, *, before: AbstractSet[Place]) -> None:
    """Check, flush and note the Parquet files below `data` that were not there `before`.

    Raises LakeError where one of them is not whole.
    """
    files = sorted(data_files(data) - before)
    if not files:
        return
    with ThreadPoolExecutor(1 if isinstance(data, Path) else READS_AT_ONCE) as pool:
        digests = list(pool.map(_whole_sha256, files))
    for file in files:
        flush(file)
    for folder in {parent for file in files for parent in _folders(file, data)}:
        flush(folder)
    _write(((str(file.relative_to(data)), digest) for file, digest in zip(files, digests, strict=True)), sums)


@contextmanager
def told(file: Path) -> Iterator[None]:
    """Raise LakeError where the disk does not take `file`, which is written in the block."""
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:  # on a full disk Polars speaks of Thrift
        raise LakeError(f"cannot write {file.name}: {error}", where=str(file.parent), hint=DISK) from error


def write_whole(frame: pl.DataFrame, file: Path) -> None:
    """Write a frame as Parquet, for this run alone: a large one packed (lz4).

    Raises LakeError where the disk does not take all of it.
    """
    with told(file):
        frame.write_parquet(file, compression="lz4" if frame.estimated_size() > SMALL_BYTES else "uncompressed")
    _refuse_cut(file)


def flush(place: Place) -> None:
    """Have the system write a file, or the names in a folder, to the disk now; object storage keeps what it took."""
    if not isinstance(place, Path):
        return
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def move_in(moves: Iterable[tuple[Path, Place]]) -> None:
    """Move files of this machine to their places in the lake, where each is whole and for good, or not at all.

    Several at a time, and each folder is flushed once: on disk as in object storage, this is waiting.
    """
    with ThreadPoolExecutor(MOVES_AT_ONCE) as pool:
        folders = {folder for changed in pool.map(lambda move: _move(*move), moves) for folder in changed}
        list(pool.map(flush, folders))


def _move(staged: Path, kept: Place) -> Sequence[Path]:
    """Move one file; return the folders of which the names are not flushed yet."""
    if isinstance(kept, Path):
        kept.parent.mkdir(parents=True, exist_ok=True)
        flush(staged)
        staged.replace(kept)
        return kept.parent, kept.parent.parent
    if isinstance(kept, ObjectPath):
        kept.upload(staged)
        staged.unlink()
    return ()


def read_sums(sums: Place) -> dict[str, str]:
    """Read the noted SHA-256 of every file, by its place below the folder of the data."""
    lines = (line for file in sorted(sums.glob("*.sha256")) for line in file.read_text(encoding="utf-8").splitlines())
    return {place: digest for digest, place in (line.split("  ", 1) for line in lines)}


def keep_sums(sums: Place, places: Iterable[str]) -> None:
    """Write the notes anew, in one file, with the files at `places` alone."""
    wanted = set(places)
    kept = {place: digest for place, digest in read_sums(sums).items() if place in wanted}
    before = list(sums.glob("*.sha256"))
    _write(kept.items(), sums)
    for file in before:
        file.unlink()


def _refuse_cut(file: Place) -> None:
    with file.open("rb") as written:
        size = written.seek(0, os.SEEK_END)
        written.seek(max(0, size - len(END_MARK)))
        if written.read() != END_MARK:
            what = f"cannot write {file.name}: it ends after {size:,} bytes"
            raise LakeError(what, where=str(file).removesuffix(f"/{file.name}"), hint=DISK)


def _whole_sha256(file: Place) -> str:
    _refuse_cut(file)
    return sha256(file)


def _folders(file: Place, root: Place) -> Iterator[Path]:
    """Yield the folders from that of `file` up to `root`; a bucket has none."""
    if isinstance(file, Path) and isinstance(root, Path):
        yield from (folder for folder in file.parents if folder.is_relative_to(root))


def sha256(file: Place) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write(noted: Iterable[tuple[str, str]], sums: Place) -> None:
    said = "".join(f"{digest}  {place}\n" for place, digest in noted)
    target = sums / f"{uuid.uuid4().hex}.sha256"
    if not isinstance(sums, Path) or not isinstance(target, Path):
        target.write_text(said, encoding="utf-8")
        return
    sums.mkdir(exist_ok=True)
    part = sums / PART
    part.write_text(said, encoding="utf-8")
    flush(part)
    part.replace(target)
    flush(sums)
    flush(sums.parent)
