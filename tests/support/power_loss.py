"""What a disk holds after the power went: of what a process wrote, that which it had flushed, and perhaps more.

journal of shim.c --> writes since the last flush of each file, new names since the last flush of each folder
--> all of them are taken back, or some, as if they had never reached the disk
"""

from __future__ import annotations

import os
import shutil
import struct
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

HEAD: Final = struct.Struct("c7x5Q2I")
"""`struct note` of shim.c."""

IN_FILE, IN_FOLDER = "wt", "cdru"
"""Kinds of operations on the bytes of a file, and on the names in a folder."""


@dataclass(frozen=True)
class Operation:
    """One change, as shim.c notes it: `old` bytes at `offset` of a file of `size_before` bytes became `new`."""

    kind: str
    inode: int
    offset: int
    size_before: int
    path: Path
    old: bytes
    new: bytes

    @property
    def folder(self) -> str:
        """The folder whose names it changes."""
        return os.path.dirname(os.fsdecode(self.old) if self.kind == "r" else self.path)  # noqa: PTH120

    @property
    def kept(self) -> Path | None:
        """A link to the file that it removed or replaced, where there was one."""
        return Path(os.fsdecode(self.new)) if self.new else None


def read_journal(file: Path) -> list[Operation]:
    """Read the operations that shim.c noted, in their order."""
    return list(_parse(file.read_bytes()))


def _parse(noted: bytes) -> Iterator[Operation]:
    at = 0
    while at + HEAD.size <= len(noted):
        kind, inode, offset, size, *lengths = HEAD.unpack_from(noted, at)
        old_length, new_length, path_length, other_length = lengths
        parts, at = [], at + HEAD.size
        for length in (path_length, other_length, old_length, new_length):
            parts.append(noted[at : at + length])
            at += length
        yield Operation(kind.decode(), inode, offset, size, Path(os.fsdecode(parts[0])), parts[2], parts[3])


def lose_power(journal: Path, lake: Path, chance: random.Random | None) -> int:
    """Take back what was never flushed: all of it, or, with a `chance`, a part; return how many operations."""
    operations = read_journal(journal)
    lost = sum(_lose_writes(file, writes, chance) for file, writes in _unflushed_writes(operations, journal, lake))
    return lost + _lose_names(operations, chance)


def _unflushed_writes(
    operations: Sequence[Operation], journal: Path, lake: Path
) -> Iterator[tuple[Path, list[Operation]]]:
    """Yield the files that have writes since their last flush, with these."""
    pending: dict[int, list[Operation]] = defaultdict(list)
    for operation in operations:
        if operation.kind == "s":
            pending.pop(operation.inode, None)
        elif operation.kind in IN_FILE:
            pending[operation.inode].append(operation)
    files = [*lake.rglob("*"), *journal.parent.glob(f"{journal.name}.*")]
    places = {file.stat().st_ino: file for file in files if file.is_file()}
    for inode, writes in pending.items():
        if inode in places:
            yield places[inode], writes


def _lose_writes(file: Path, writes: Sequence[Operation], chance: random.Random | None) -> int:
    with file.open("r+b") as opened:
        for write in reversed(writes):
            opened.seek(write.offset)
            opened.write(write.old)
            opened.truncate(write.size_before)
        kept = [write for write in writes if chance and chance.random() < 1 / 2]
        for write in kept:
            if write.kind == "t":
                opened.truncate(write.offset)
            opened.seek(write.offset)
            opened.write(write.new)
    return len(writes) - len(kept)


def _lose_names(operations: Sequence[Operation], chance: random.Random | None) -> int:
    """Take back the last changes of names in each folder: a disk keeps the order of those of one folder."""
    pending: dict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        if operation.kind == "s":
            pending.pop(str(operation.path), None)
        elif operation.kind in IN_FOLDER:
            pending[operation.folder].append(operation)
    lost = {id(op) for ops in pending.values() for op in ops[chance.randint(0, len(ops)) if chance else 0 :]}
    for operation in reversed(operations):
        if id(operation) in lost:
            _take_back(operation)
    return len(lost)


def _take_back(operation: Operation) -> None:
    path = operation.path
    if operation.kind == "d":
        shutil.rmtree(path, ignore_errors=True)
    elif operation.kind == "c":
        path.unlink(missing_ok=True)
    elif path.parent.is_dir():
        if operation.kind == "r":
            _name_back(Path(os.fsdecode(operation.old)), path)
            path = Path(os.fsdecode(operation.old))
        if operation.kept and not path.exists() and path.parent.is_dir():
            os.link(operation.kept, path)


def _name_back(new: Path, old: Path) -> None:
    if new.exists() and not old.exists():
        new.rename(old)
