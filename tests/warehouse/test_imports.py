from __future__ import annotations

import gc
import subprocess
import sys
from typing import TYPE_CHECKING

import polars as pl

from warehouse.engine import engine
from warehouse.handover import shown
from warehouse.imports import left_out, put_off, without_collecting

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

MODULE = (
    "value = 1\nmarks = __import__('sys').modules['sys'].__dict__.setdefault('paperlake_marks', [])\nmarks.append(1)\n"
)

HANDED_OVER = """
import sys, duckdb, polars as pl
from transforms.readers.base import texts
from warehouse.handover import shown
texts("authors", [["a"], None])
with duckdb.connect() as connection, shown(connection, "made", pl.DataFrame({"a": [1]})):
    connection.execute("FROM made").pl()
sys.exit("pandas" in sys.modules)
"""


def test_module_is_executed_at_the_first_look_into_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "seldom_used.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "paperlake_marks", [], raising=False)
    with put_off(["seldom_used"]):
        import seldom_used  # noqa: PLC0415  # what is tested
    assert sys.paperlake_marks == []
    assert seldom_used.value == 1
    assert sys.paperlake_marks == [1]


def test_module_that_is_left_out_is_never_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "never_used.py").write_text("raise AssertionError")
    monkeypatch.syspath_prepend(tmp_path)
    with left_out("never_used"):
        from never_used import Thing  # noqa: PLC0415  # what is tested

    class Other(Thing):  # type: ignore[misc]  # made at run time
        pass

    assert issubclass(Other, Thing)
    assert not vars(Thing).keys() - vars(type("Thing", (), {})).keys()


def test_garbage_is_collected_again_after_the_imports() -> None:
    with without_collecting():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_table_is_seen_in_the_block_alone() -> None:
    with engine().cursor() as connection:
        for values in ([1, 2], [3]):
            with shown(connection, "made", pl.DataFrame({"a": values})):
                assert connection.execute("SELECT list(a) FROM made").fetchall() == [(values,)]
        assert connection.execute("SELECT count(*) FROM duckdb_views() WHERE view_name = 'made'").fetchall() == [(0,)]


def test_tables_are_handed_over_without_pandas() -> None:
    assert subprocess.run([sys.executable, "-c", HANDED_OVER], check=False).returncode == 0
