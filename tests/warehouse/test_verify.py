"""A sound lake is found sound, and each kind of damage is found and named."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

import pytest
from pipeline import Pipeline, content, without_expectations

from transforms.errors import LakeError
from warehouse.history import rollback, snapshots
from warehouse.maintain import maintain
from warehouse.opening import transaction
from warehouse.verify import LET_GO, MAINTAIN, PUT_BACK, REBUILD, REMAKE, ROLLBACK, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with without_expectations():
        yield


@pytest.fixture
def lake(sample_lake: Pipeline, tmp_path: Path) -> Pipeline:
    """A copy of the lake of the samples, to be damaged."""
    return Pipeline(shutil.copytree(sample_lake.lake.root, tmp_path / "lake"))


def test_sound_lake_has_no_findings(lake: Pipeline) -> None:
    assert verify(lake.lake) == []
    assert verify(lake.lake, deep=True) == []


def data_file(lake: Pipeline, table: str) -> Path:
    return max((lake.lake.data / "main" / table).rglob("*.parquet"), key=lambda file: file.stat().st_size)


def raw_file(lake: Pipeline) -> Path:
    return max(lake.lake.raw.glob("*/*.zst"), key=lambda file: file.stat().st_size)


def flip(file: Path) -> None:
    """Change one bit in the middle of a file."""
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def sql(lake: Pipeline, *statements: str) -> None:
    with transaction(lake.lake, made_by="damage") as connection:
        for statement in statements:
            connection.execute(statement)


def forget_file(lake: Pipeline) -> None:
    """Take one file of the records out of the catalog, as if it had never been registered."""
    with closing(sqlite3.connect(lake.lake.catalog)) as catalog, catalog:
        catalog.execute("DELETE FROM ducklake_data_file WHERE path LIKE ?", [f"%{data_file(lake, 'records').name}"])


REDIRECT = """
    INSERT INTO paper_redirects
    SELECT {old} AS old_paper_id, {new} AS paper_id, run_id, created_at, run_id, created_at FROM papers LIMIT 1
"""
LOOP = REDIRECT.format(old="paper_id", new="paper_id")
ROUND = ";".join(REDIRECT.format(old=old, new=new) for old, new in (("'p-1'", "'p-2'"), ("'p-2'", "'p-1'")))
LOST = REDIRECT.format(old="'p-old'", new="'p-nowhere'")

DAMAGE = [
    pytest.param(lambda it: flip(data_file(it, "papers")), "has other bytes than were written", id="a bit flipped"),
    pytest.param(lambda it: flip(data_file(it, "variant_keys")), "has other bytes", id="a bit of a key flipped"),
    pytest.param(lambda it: data_file(it, "records").unlink(), "named by the catalog and is not there", id="file gone"),
    pytest.param(lambda it: cut(data_file(it, "records")), "bytes, the catalog says", id="file cut"),
    pytest.param(lambda it: data_file(it, "papers").write_bytes(b""), "has 0 bytes", id="file emptied"),
    pytest.param(
        lambda it: shutil.copy(data_file(it, "papers"), it.lake.data / "main" / "papers" / "stray.parquet"),
        "the catalog does not name",
        id="file that nobody named",
    ),
    pytest.param(forget_file, "does not name", id="file forgotten by the catalog"),
    pytest.param(lambda it: raw_file(it).unlink(), "raw dump is not there", id="raw dump gone"),
    pytest.param(lambda it: flip(raw_file(it)), "other bytes than were captured", id="raw dump changed"),
    pytest.param(
        lambda it: sql(it, "DELETE FROM dumps WHERE dump_id = (SELECT min(dump_id) FROM records)"),
        "a record of no dump",
        id="row of the ledger gone",
    ),
    pytest.param(lambda it: sql(it, LOOP), "a redirect of a paper that is there", id="redirect to itself"),
    pytest.param(lambda it: sql(it, ROUND), "a redirect to nowhere", id="redirects that lead round"),
    pytest.param(
        lambda it: sql(it, "UPDATE matches SET record_id_b = 'z-nobody'"),
        "a match with no record",
        id="match of nobody",
    ),
    pytest.param(
        lambda it: sql(it, "DELETE FROM rejects"), "a dump that counts its rejects wrongly", id="rejects gone"
    ),
    pytest.param(
        lambda it: sql(
            it,
            "INSERT INTO paper_records SELECT * REPLACE ((SELECT max(paper_id) FROM papers) AS paper_id)"
            " FROM paper_records WHERE paper_id = (SELECT min(paper_id) FROM papers)",
        ),
        "a record without a paper, or with several",
        id="record in two papers",
    ),
    pytest.param(lambda it: sql(it, LOST), "a redirect to nowhere", id="redirect to nowhere"),
    pytest.param(
        lambda it: sql(it, "DELETE FROM paper_records WHERE record_id = (SELECT min(record_id) FROM records)"),
        "a record without a paper",
        id="record without a paper",
    ),
    pytest.param(
        lambda it: sql(it, "INSERT INTO records FROM records WHERE record_id = (SELECT min(record_id) FROM records)"),
        "a record twice",
        id="record twice",
    ),
    pytest.param(
        lambda it: sql(it, "UPDATE papers SET title = 'Another' WHERE paper_id = (SELECT min(paper_id) FROM papers)"),
        "the paper is not what its records say",
        id="paper that does not follow from its records",
    ),
    pytest.param(
        lambda it: sql(it, "UPDATE dumps SET entries_read = entries_read + 1 WHERE status = 'published'"),
        "a dump whose entries were lost",
        id="counts that do not add up",
    ),
]


@pytest.mark.parametrize(("damage", "what"), DAMAGE)
def test_damage_is_found_and_named(lake: Pipeline, damage: Callable[[Pipeline], object], what: str) -> None:
    damage(lake)
    found = verify(lake.lake, deep=True)
    assert any(what in one.what for one in found), [str(one) for one in found]
    assert all(one.cure and one.where for one in found)


FILES: Final = (
    lambda it: data_file(it, "records").unlink(),
    lambda it: flip(data_file(it, "papers")),
    lambda it: cut(data_file(it, "paper_records")),
    lambda it: data_file(it, "rejects").write_bytes(b""),
    lambda it: flip(max((it.lake.data / "main" / "matches").rglob("*.parquet"))),
)

TABLES: Final = (
    LOOP,
    ROUND,
    LOST,
    "UPDATE matches SET record_id_b = 'z-nobody'",
    "DELETE FROM rejects",
    "DELETE FROM paper_records WHERE record_id = (SELECT min(record_id) FROM records)",
    "UPDATE papers SET title = 'Another' WHERE paper_id = (SELECT min(paper_id) FROM papers)",
    "UPDATE dumps SET entries_read = entries_read + 1 WHERE status = 'published'",
)


def test_damaged_files_are_mended_by_what_verify_names(lake: Pipeline) -> None:
    before = content(lake.lake)
    for damage in FILES:
        damage(lake)
    assert {one.cure for one in verify(lake.lake, deep=True)} == {REMAKE}
    lake.rebuild()
    assert content(lake.lake) == before
    assert {one.cure for one in verify(lake.lake, deep=True)} == {LET_GO}
    maintain(lake.lake, now=dt.datetime.now(dt.UTC), keep_days=0)
    assert verify(lake.lake, deep=True) == []
    assert content(lake.lake) == before


def test_damaged_tables_are_mended_by_what_verify_names(lake: Pipeline) -> None:
    before = content(lake.lake)
    forget_file(lake)
    for damage in TABLES:
        sql(lake, damage)
    assert {one.cure for one in verify(lake.lake, deep=True)} == {MAINTAIN, REBUILD}
    maintain(lake.lake, now=dt.datetime.now(dt.UTC), keep_days=30)
    lake.rebuild()
    assert verify(lake.lake, deep=True) == []
    assert content(lake.lake) == before


def test_raw_dump_is_put_back_as_verify_says(lake: Pipeline, tmp_path: Path) -> None:
    lost = raw_file(lake)
    flip(lost)
    (found,) = verify(lake.lake, deep=True)
    (where,) = re.findall("ingest (.+) into a new lake", found.cure)
    other = Pipeline(tmp_path / "new")
    other.ingest(where)
    shutil.copy(other.lake.raw / lost.relative_to(lake.lake.raw), lost)
    assert verify(lake.lake, deep=True) == []


@pytest.mark.parametrize("table", ["dumps", "runs"])
def test_what_raw_dumps_do_not_tell_is_put_back(lake: Pipeline, tmp_path: Path, table: str) -> None:
    file = data_file(lake, table)
    saved = shutil.copy(file, tmp_path)
    flip(file)
    assert {one.cure for one in verify(lake.lake, deep=True)} == {PUT_BACK}
    with pytest.raises(LakeError, match=r"damaged or missing: .*nothing was changed; put them back"):
        lake.rebuild()
    shutil.copy(saved, file)
    assert verify(lake.lake, deep=True) == []


def test_dump_that_the_ledger_lost_is_brought_back_by_rollback(lake: Pipeline) -> None:
    before = snapshots(lake.lake)[-1]["snapshot"]
    sql(lake, "DELETE FROM dumps WHERE dump_id = (SELECT min(dump_id) FROM records)")
    assert {one.cure for one in verify(lake.lake) if "of no dump" in one.what} == {ROLLBACK}  # a rebuild loses records
    rollback(lake.lake, before)
    assert verify(lake.lake) == []
