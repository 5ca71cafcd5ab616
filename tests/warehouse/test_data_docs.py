"""Data Docs: what stands on the pages, and what the folder holds after many runs."""

from __future__ import annotations

import datetime as dt
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import duckdb
import pytest

from transforms.contract_rules import Rule
from transforms.errors import LakeError
from warehouse.expectations import Outcome, Suite, validate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DATABASE = ":memory:docs"
SUITE = Suite(
    "birds",
    "sightings",
    (
        Rule("species_present", "species IS NOT NULL", ("species",), "species is there"),
        Rule("count_in_range", "number > 0", ("number",), "number is more than 0 & <less> than infinite"),
    ),
)


class Page(HTMLParser):
    """The text of a page, the addresses it names, and the elements it has."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.text = ""
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.text += data + " "


@pytest.fixture(autouse=True)
def sightings() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(DATABASE) as connection:
        connection.execute(
            "CREATE TABLE sightings AS SELECT * FROM (VALUES ('mallard', 3), ('teal', 0), ('teal', NULL)) AS t(species, number)"
        )
        yield connection


def publish(docs: Path, run_id: str = "run-1") -> None:
    outcomes = validate(DATABASE, [SUITE], run_id=run_id, docs=docs)
    assert outcomes == {"birds": {"species_present": Outcome(3, 0), "count_in_range": Outcome(3, 2)}}


def outcome_pages(docs: Path) -> list[Path]:
    return sorted((docs / "validations").rglob("*.html"))


def test_index_leads_to_a_page_with_every_rule_and_its_outcome(tmp_path: Path) -> None:
    publish(tmp_path)

    index = Page(tmp_path / "index.html")
    assert "run-1" in index.text
    assert "Failed" in index.text
    pages = {link for link in index.links if link.startswith("validations/")}
    assert len(pages) == 1
    page = Page(tmp_path / pages.pop())
    words = " ".join(page.text.split())
    assert "species_present: species is there holds for all 3 rows" in words
    assert "count_in_range: number is more than 0 & <less> than infinite 2 of 3 rows break it" in words


def test_all_links_of_all_pages_lead_to_files_of_the_folder(tmp_path: Path) -> None:
    publish(tmp_path)
    for file in tmp_path.rglob("*.html"):
        for link in Page(file).links:
            assert (file.parent / link).is_file(), f"{file.name} -> {link}"


def test_pages_load_nothing_and_run_nothing(tmp_path: Path) -> None:
    publish(tmp_path)
    for file in tmp_path.rglob("*.html"):
        page = Page(file)
        assert not page.tags & {"script", "img", "link", "iframe"}
        assert "http" not in file.read_text(encoding="utf-8")


def test_only_the_last_runs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.data_docs.RUNS_SHOWN", 3)
    for number in range(5):
        publish(tmp_path, f"run-{number}")

    shown = {page.parts[-3] for page in outcome_pages(tmp_path)}
    assert shown == {"run-2", "run-3", "run-4"}
    assert {path.parts[-3] for path in (tmp_path / "outcomes").rglob("*.json")} == shown
    index = Page(tmp_path / "index.html")
    assert [word for word in index.text.split() if word.startswith("run-")] == ["run-4", "run-3", "run-2"]


def test_what_a_killed_run_left_half_written_stops_nobody(tmp_path: Path) -> None:
    publish(tmp_path, "killed")
    for file in (*(tmp_path / "outcomes").rglob("*.json"), tmp_path / "index.html"):
        file.write_text('{"half', encoding="utf-8")

    publish(tmp_path, "next")

    assert "next" in Page(tmp_path / "index.html").text


def test_docs_take_any_folder_and_run(tmp_path: Path) -> None:
    docs = tmp_path / 'it\'s [a] "lake"' / "docs"
    publish(docs, "3f1c-2026")
    assert len(outcome_pages(docs)) == 1


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "docs").write_text("a file stands in the way", encoding="utf-8")
    with pytest.raises(LakeError, match=r"docs.*cannot be written.*may be written to"):
        publish(tmp_path / "docs")


def test_page_that_was_not_rendered_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Great Expectations logs an error of rendering and goes on."""

    def fail(*_: object, **__: object) -> str:
        raise ValueError("no ink")

    monkeypatch.setattr("warehouse.data_docs.OfflinePage.render", fail)
    with pytest.raises(LakeError, match=r"did not render .*made anew"):
        publish(tmp_path)


def test_docs_of_one_run_are_small(tmp_path: Path) -> None:
    publish(tmp_path)
    assert sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file()) < 100_000


def test_time_of_the_run_is_now(tmp_path: Path) -> None:
    publish(tmp_path)
    (page,) = outcome_pages(tmp_path)
    stamp = dt.datetime.strptime(page.parent.name, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=dt.UTC)
    assert dt.timedelta(0) <= dt.datetime.now(dt.UTC) - stamp < dt.timedelta(minutes=5)
