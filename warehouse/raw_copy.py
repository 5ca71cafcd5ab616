"""Keep a copy of a dump as it was captured, while it is read.

    dump --reader (Python)--> batches
     '----copy, zstd (C)----> raw.zst, or raw.gz, raw.parquet ... as captured

Reading is Python, which one processor does at a time; packing is not.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import IO, TYPE_CHECKING, Final

import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LEVEL: Final = 3
"""zstd level of kept dumps: level 9 takes four times as long, for a file an eighth smaller."""

_CHUNK_BYTES: Final = 1024 * 1024


@contextmanager
def kept_beside(dump: Path, folder: Path, suffix: str | None) -> Iterator[None]:
    """Copy `dump` into `folder` during the block: as raw.`suffix`, or packed by zstd where it has none.

    At the end of the block the copy is whole; where the block fails, it is given up. Raises OSError.
    """
    is_over = Event()
    with ThreadPoolExecutor(1, thread_name_prefix="keep") as beside:
        copied = beside.submit(_copy, dump, folder, suffix, is_over)
        try:
            yield
        except BaseException:
            is_over.set()
            raise
        copied.result()


def _copy(dump: Path, folder: Path, suffix: str | None, is_over: Event) -> None:
    with dump.open("rb") as source, _target(folder, suffix) as target:
        while not is_over.is_set() and (chunk := source.read(_CHUNK_BYTES)):
            target.write(chunk)


def _target(folder: Path, suffix: str | None) -> IO[bytes]:
    kept = (folder / f"raw.{suffix or 'zst'}").open("wb")
    return kept if suffix else zstandard.ZstdCompressor(level=LEVEL).stream_writer(kept)  # which closes the file
