from __future__ import annotations

from pathlib import Path

from transforms.dictionary import data_dictionary
from transforms.schema import TABLES

PAGE = Path(__file__).parents[2] / "docs" / "data-dictionary.md"


def test_page_is_what_the_schema_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == data_dictionary() + "\n", "run: make docs"


def test_every_table_and_column_is_explained() -> None:
    for table in TABLES.values():
        assert table.comment.endswith(".")
        assert all(column.comment.endswith(".") or "..." in column.comment for column in table.columns), table.name
