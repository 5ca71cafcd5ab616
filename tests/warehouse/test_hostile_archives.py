"""Archives that are damaged or hostile: nothing in them harms, and what stands before goes through."""

from __future__ import annotations

import datetime as dt
import io
import os
import stat
import tarfile
import zipfile
from typing import TYPE_CHECKING, Final

import pytest
from archives import ONE, PACKED, each_kind, header, ingest, tar_of, tarred, unpack, zipped
from hypothesis import given
from hypothesis import strategies as st

from warehouse import archive as archive_module
from warehouse import members
from warehouse.archive import archive_kind
from warehouse.ledger import NewDump
from warehouse.members import ArchiveLimits, unpack_archive
from warehouse.unpack import Limits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline import Pipeline


@pytest.mark.parametrize(
    ("info", "said"),
    [
        pytest.param(header("../out.jsonl"), "papers!/../out.jsonl: has a name that leads out", id="parent"),
        pytest.param(header("a/../../out.jsonl"), "leads out of the archive", id="parent further in"),
        pytest.param(header("/etc/passwd"), "leads out of the archive", id="absolute"),
        pytest.param(header("C:\\papers.csv"), "leads out of the archive", id="drive"),
        pytest.param(header("..\\out.csv"), "leads out of the archive", id="parent of Windows"),
        pytest.param(header("link", kind=tarfile.SYMTYPE, link="/etc/passwd"), "is a link", id="link"),
        pytest.param(header("hard", kind=tarfile.LNKTYPE, link="good.jsonl"), "is a link", id="hard link"),
        pytest.param(header("dev", kind=tarfile.CHRTYPE), "is not a regular file", id="device"),
        pytest.param(header("pipe", kind=tarfile.FIFOTYPE), "is not a regular file", id="pipe"),
    ],
)
def test_member_of_tar_that_must_not_be_read_is_refused_and_the_others_go_through(
    tmp_path: Path, info: tarfile.TarInfo, said: str
) -> None:
    found = unpack(tmp_path, tar_of(info))
    assert [dump.member for dump in found.members] == ["good.jsonl"]
    (problem,) = found.problems
    assert said in str(problem)
    assert problem.hint
    assert not (tmp_path.parent / "out.jsonl").exists()


def zip_info(name: str, mode: int = 0) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def zip_with(info: zipfile.ZipInfo, data: bytes, change: Callable[[bytes], bytes] = bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr(info, data)
        packed.writestr("good.jsonl", ONE)
    return change(stream.getvalue())


def encrypted(data: bytes) -> bytes:
    """Set the flag of encryption of the first member, in its header and in the directory."""
    changed = bytearray(data)
    changed[6] |= 1
    changed[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(zip_with(zip_info("../x.csv"), b"a"), "has a name that leads out of the archive", id="parent"),
        pytest.param(zip_with(zip_info(""), b"a"), "has no name", id="no name"),
        pytest.param(zip_with(zip_info("l", stat.S_IFLNK | 0o777), b"/etc/passwd"), "is a link", id="link"),
        pytest.param(zip_with(zip_info("p", stat.S_IFIFO), b""), "is not a regular file", id="pipe"),
        pytest.param(zip_with(zip_info("x.csv"), b"a,b", encrypted), "is encrypted", id="encrypted"),
        pytest.param(zip_with(zip_info("x.csv"), b"abcdef", lambda d: d.replace(b"abcdef", b"abcxef")), "is damaged: Bad CRC", id="damaged"),
        pytest.param(zip_with(zip_info("in.zip"), PACKED["zip"]), "is an archive inside of an archive", id="zip in zip"),
        pytest.param(zip_with(zip_info("in.tgz"), PACKED["tar.gz"]), "is an archive inside of an archive", id="tar in zip"),
    ],
)  # fmt: skip
def test_member_of_zip_that_must_not_be_read_is_refused_and_the_others_go_through(
    tmp_path: Path, data: bytes, said: str
) -> None:
    found = unpack(tmp_path, data)
    assert [dump.member for dump in found.members] == ["good.jsonl"]
    (problem,) = found.problems
    assert said in problem.what
    assert problem.where.startswith("papers!/")
    assert problem.hint


def test_ways_of_packing_without_bounds_are_refused(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_LZMA) as packed:
        packed.writestr("a.csv", ONE)
    (problem,) = unpack(tmp_path, stream.getvalue()).problems[:1]
    assert "packed in a way that is not read" in problem.what


def test_hidden_files_and_folders_are_no_members(tmp_path: Path) -> None:
    files = {"a/": b"", ".DS_Store": b"x", "__MACOSX/a/._x.csv": b"x", "a/.git/config": b"x", "a/x.jsonl": ONE}
    found = unpack(tmp_path, zipped(files))
    assert ([dump.member for dump in found.members], found.problems) == (["a/x.jsonl"], ())


@each_kind
def test_archive_without_files_is_refused(tmp_path: Path, kind: str) -> None:
    empty = zipped({".hidden": b""}) if kind == "zip" else tarred({".hidden": b""}, kind)
    (problem,) = unpack(tmp_path, empty).problems
    assert str(problem).startswith("papers: holds no files")


@each_kind
def test_cut_archive_gives_what_stands_before_and_says_so(tmp_path: Path, kind: str) -> None:
    many = {f"{number}.jsonl": os.urandom(300_000) for number in range(5)}
    whole = zipped(many) if kind == "zip" else tarred(many, kind)
    found = unpack(tmp_path, whole[: len(whole) * 2 // 3])
    assert found.problems
    assert len(found.members) == (
        0 if kind == "zip" else 2 if kind == "tar.bz2" else 3
    )  # a zip has its list at the end
    for dump in found.members:
        assert dump.path.read_bytes() == many[dump.member]


def test_tar_that_ends_between_two_members_is_told(tmp_path: Path) -> None:
    whole = tarred({"a.jsonl": b"x" * 512, "b.jsonl": b"y" * 512})
    found = unpack(tmp_path, whole[:1024])
    assert [dump.member for dump in found.members] == ["a.jsonl"]
    assert "ends early: the mark of its end is missing" in found.problems[0].what


def test_damaged_header_of_tar_is_told(tmp_path: Path) -> None:
    whole = bytearray(tarred({"a.jsonl": b"x" * 512, "b.jsonl": b"y" * 512}))
    whole[1024 + 5] ^= 0xFF
    found = unpack(tmp_path, bytes(whole))
    assert [dump.member for dump in found.members] == ["a.jsonl"]
    assert str(found.problems[0]).startswith("papers: holds a damaged header")


SMALL: Final = ArchiveLimits(max_members=3, max_bytes=2_000_000, unpacking=Limits(max_ratio=10, free_bytes=100_000))


TOO_MANY = {f"{n}.csv": b"x" for n in range(5)}, "holds more than 3 files", 3
TOO_LARGE = {"a.csv": b"a", "b.csv": os.urandom(2_000_001)}, "more than 2,000,000 bytes", 1
TOO_PACKED = {"a.csv": b"a", "b.csv": bytes(1_900_000)}, "more than 10 times its size", 1


@pytest.mark.parametrize(
    ("kind", "beyond"),
    [
        *(pytest.param(kind, TOO_MANY, id=f"{kind}-number") for kind in ("zip", "tar", "tar.gz")),
        *(pytest.param(kind, TOO_LARGE, id=f"{kind}-size") for kind in ("zip", "tar", "tar.gz")),
        *(pytest.param(kind, TOO_PACKED, id=f"{kind}-ratio") for kind in ("zip", "tar.gz")),  # a tar is not packed
    ],
)
def test_limits_stop_an_archive_and_keep_what_stands_before(
    tmp_path: Path, kind: str, beyond: tuple[dict[str, bytes], str, int]
) -> None:
    files, said, members_in = beyond
    found = unpack(tmp_path, zipped(files) if kind == "zip" else tarred(files, kind), SMALL)
    assert len(found.members) == members_in
    assert any(said in problem.what or "more than 200 times" in problem.what for problem in found.problems)
    assert len(list((tmp_path / "members" / found.archive.dump_id).iterdir())) == members_in


def test_list_of_members_that_fills_the_memory_is_hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_module, "_LARGEST_DIRECTORY", 1_000)
    found = unpack(tmp_path, zipped({f"{n}.csv": b"x" for n in range(50)}))
    assert "has a list of members of" in found.problems[0].what


def test_header_of_tar_that_fills_the_memory_is_hostile(tmp_path: Path) -> None:
    found = unpack(tmp_path, tar_of(header("x" * 50, size=2_000_000_000, kind=tarfile.GNUTYPE_LONGNAME)))
    assert "has a header of 2,000,000,000 bytes" in found.problems[0].what


@pytest.mark.parametrize(
    "files",
    [{"[Content_Types].xml": b"<x/>", "xl/sheet.xml": b"<x/>"}, {"mimetype": b"application/epub+zip"}],
    ids=["spreadsheet", "e-book"],
)
def test_office_documents_are_no_archives(tmp_path: Path, pipeline: Pipeline, files: dict[str, bytes]) -> None:
    (tmp_path / "book.zip").write_bytes(zipped(files))
    assert archive_kind(tmp_path / "book.zip") is None
    assert "or an Office document" in ingest(pipeline, tmp_path / "book.zip").errors["book.zip"]


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz"])
@given(data=st.data())
def test_archive_with_anything_in_it_gives_dumps_or_problems(
    tmp_path_factory: pytest.TempPathFactory, kind: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(PACKED[kind])))
    changed = PACKED[kind][:start] + data.draw(st.binary(max_size=8)) + PACKED[kind][start + 4 :]
    path = tmp_path_factory.mktemp("any") / "papers"
    path.write_bytes(changed)
    if archive_kind(path) is None:
        return
    found = unpack_archive(NewDump(path, "0" * 64, len(changed), dt.datetime(2026, 1, 1, tzinfo=dt.UTC)), path.parent)
    assert found.members or found.problems
    assert all(problem.where.lstrip("'").startswith("papers") and problem.hint for problem in found.problems)


def test_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(members._Unpacking, "_copy", full)  # noqa: SLF001  # stands for the disk
    found = unpack(tmp_path, PACKED["zip"])
    assert [problem.what for problem in found.problems] == ["cannot be unpacked: No space left on device"] * 2
