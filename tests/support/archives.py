"""Archives of two dumps, of every kind, and what the tests do with them."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from typing import TYPE_CHECKING, Final

import pytest
import zstandard
from bad_dumps import lines
from pipeline import Ingested, Pipeline, without_expectations

from warehouse.lake import Lake
from warehouse.ledger import find_new
from warehouse.members import ArchiveLimits, UnpackedArchive, unpack_archive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

JUNE: Final = 1_750_000_000
ONE, TWO = lines(3, "kites"), lines(4, "tides")
FILES: Final = {"2025/2025-03-18.jsonl": ONE, "b.jsonl.gz": gzip.compress(TWO, mtime=0)}
PACKERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "tar": bytes,
    "tar.gz": gzip.compress,
    "tar.zst": zstandard.ZstdCompressor().compress,
    "tar.bz2": bz2.compress,
    "tar.xz": lzma.compress,
}


def zipped(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return stream.getvalue()


def tarred(files: Mapping[str, bytes], kind: str = "tar") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as packed:
        for name, data in files.items():
            packed.addfile(header(name, len(data)), io.BytesIO(data))
    return PACKERS[kind](stream.getvalue())


def header(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mtime, info.type, info.linkname = size, JUNE, kind, link
    return info


def tar_of(*headers: tarfile.TarInfo) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as packed:
        for info in headers:
            packed.addfile(info)
        packed.addfile(header("good.jsonl", len(ONE)), io.BytesIO(ONE))
    return stream.getvalue()


PACKED: Final = {"zip": zipped(FILES)} | {kind: tarred(FILES, kind) for kind in PACKERS}
each_kind = pytest.mark.parametrize("kind", PACKED)


def unpack(tmp_path: Path, data: bytes, limits: ArchiveLimits | None = None, name: str = "papers") -> UnpackedArchive:
    (tmp_path / name).write_bytes(data)
    (found,) = find_new([tmp_path / name], Lake(tmp_path / "lake"), retry_failed=True).archives
    return unpack_archive(found, tmp_path, limits) if limits else unpack_archive(found, tmp_path)


def ingest(pipeline: Pipeline, *paths: object) -> Ingested:
    with without_expectations():
        return pipeline.ingest(*paths)
