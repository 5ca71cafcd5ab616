from __future__ import annotations

import datetime as dt
import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from effort import IS_THOROUGH, tried
from hf_captures import HABITS, PAPERS, WITHOUT_IDS, firecrawl, heading_links_twice, headings_without_links, plain_cards
from hf_markdown import INFO, extra, read
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import DumpError
from transforms.readers import recognise
from transforms.readers.base import Head
from transforms.readers.hf_papers_markdown import READER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

each_habit = pytest.mark.parametrize("habit", HABITS)
SUMMARY = "Leaves are read by a model that improves on coins in four kitchens, e.g. in the first one."


def fold(text: str | None) -> str | None:
    return None if text is None else " ".join(text.split())


def shown(rows: list[dict[str, Any]]) -> list[tuple[str | None, str | None]]:
    return [(fold(row["title"]), fold(row["abstract"])) for row in rows]


EXPECTED = [(paper.title, paper.abstract) for paper in PAPERS]


@each_habit
def test_papers_in_the_habit_of_every_program(habit: Callable[[], str]) -> None:
    assert recognise(Head("capture", habit().encode())) is READER
    rows = read(habit())
    assert shown(rows) == EXPECTED
    ids = [None if habit.__name__ in WITHOUT_IDS else paper.paper_id for paper in PAPERS]
    assert [(row["arxiv_id"], row["source_record_id"]) for row in rows] == [(paper, paper) for paper in ids]
    assert [row["url"] for row in rows] == [paper and f"https://huggingface.co/papers/{paper}" for paper in ids]
    assert {row["source"] for row in rows} == {"huggingface"}


@each_habit
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda page: page.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(lambda page: page + "\n\nPrevious\n\nNext\n\nCompany\n\nTOS\n\n© Hugging Face\n", id="foot"),
        pytest.param(lambda page: page.rstrip(), id="no line end"),
    ],
)
def test_what_a_capture_may_do_to_a_page(habit: Callable[[], str], change: Callable[[str], str]) -> None:
    assert shown(read(change(habit()))) == EXPECTED


@each_habit
def test_entries_know_their_lines_and_raw_text(habit: Callable[[], str]) -> None:
    page = habit()
    lines = page.split("\n")
    for row, paper in zip(read(page), PAPERS, strict=True):
        assert row["raw"] in page or habit in {headings_without_links, heading_links_twice}
        assert row["raw"].strip().startswith(lines[row["line"] - 1].strip()[:20])
        assert paper.abstract[:8] in row["raw"]


def test_days_votes_and_comments_come_along() -> None:
    rows = read(firecrawl())
    assert [row["published_date"] for row in rows] == ["2031-03-09", "2031-02-27", "2030-11-05"]
    assert {(row["seen_date"], row["is_seen_date_inferred"]) for row in rows} == {(dt.date(2031, 3, 12), True)}
    assert [extra(row) for row in rows] == [
        {
            "upvotes": 101,
            "organization": {"name": "lab", "fullname": "Institute of Crockery"},
            "published_as_shown": "Mar 9",
            "numComments": 6,
        },
        {"upvotes": 0, "numAuthors": 3, "published_as_shown": "Feb 27"},
        {"upvotes": 1200, "organization": {"name": "lab", "fullname": "Garden_Lab"}, "numComments": 1},
    ]


def test_comments_glued_to_the_day_in_plain_text() -> None:
    rows = read(plain_cards())
    assert [extra(row).get("numComments") for row in rows] == [6, None, 1]
    assert [row["published_date"] for row in rows] == ["2031-03-09", "2031-02-27", "2030-11-05"]


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        pytest.param("retrieved: 2032-10-02\n", (dt.date(2032, 3, 12), True), id="year of the capture"),
        pytest.param("- Captured (UTC): 2030-01-02T16:31\n", (dt.date(2029, 3, 12), True), id="captured before March"),
        pytest.param("", (dt.date(2031, 3, 12), True), id="year of the file"),
    ],
)
def test_day_of_the_page(top: str, expected: tuple[dt.date, bool]) -> None:
    rows = read(f"---\n{top}---\n" + firecrawl())
    assert {(row["seen_date"], row["is_seen_date_inferred"]) for row in rows} == {expected}


def test_page_without_a_day_takes_that_of_the_capture() -> None:
    rows = read("---\nretrieved: 2031-03-15\n---\n" + firecrawl().replace("Mar 12\n\n", ""))
    assert {(row["seen_date"], row["is_seen_date_inferred"]) for row in rows} == {(dt.date(2031, 3, 15), False)}


def trends(page: str) -> str:
    return page.replace(PAPERS[0].abstract, SUMMARY)


@pytest.mark.parametrize("habit", [headings_without_links, heading_links_twice])
def test_sentence_of_a_machine_is_no_abstract(habit: Callable[[], str]) -> None:
    first, *others = read(trends(habit()))
    assert (first["abstract"], extra(first)["ai_summary"]) == (None, SUMMARY)
    assert shown(others) == EXPECTED[1:]


def test_papers_printed_twice_are_one_entry_each_with_all_that_either_says() -> None:
    page = heading_links_twice().replace("GitHub 131", "GitHub 132", 1)
    rows = read(page)
    assert [row["title"] for row in rows] == [paper.title for paper in PAPERS]
    assert extra(rows[0])["githubStars"] == 132
    assert rows[0]["raw"].count("### [") == 2


@pytest.mark.parametrize(
    "page",
    [
        "[{t}](/papers/3103.00017)\n{t}\n\n[{a}](/papers/3103.00017)",
        "### {t}\n\n[{a}](/papers/3103.00017)\n\n· Mar 9",
        "### [\n\n{t}\n\n](/papers/3103.00017)\n\n{a}",
        "[### {t}](/papers/3103.00017)\n\n{a}",
        "### **[{t}](https://hf.co/papers/3103.00017)**\n\n{a}",
        "### [**{t}**](/papers/3103.00017?utm=x)\n{a}",
        "<h3><a href='x'>[{t}](/papers/3103.00017)</a></h3>\n\n<p>{a}</p>",
        "> ### [{t}](/papers/3103.00017)\n>\n> {a}",
        "### [{t}](/papers/3103.00017 'why')\n\n{a}\n\n[{a}](/papers/3103.00017)",
        "### [{t}](/papers/3103.00017v2)\n\n* somebody\n* 8 authors\n\n{a}",
        '### [{t}][p]\n\n{a}\n\n[p]: https://huggingface.co/papers/3103.00017 "a title"',
        "{t}\n---------------------------------------------\n\n[9](/login?next=%2Fpapers%2F3103.00017)\n\n{a}",
    ],
)
def test_other_ways_to_write_a_title(page: str) -> None:
    title, abstract = "Tea & Leaves: [Re] Read", "Tea leaves are read by many. We collect cups."
    top = "Get trending papers in your email inbox!\n\nby AK and the research community\n\n"
    (row,) = read(top + page.format(t=title.replace("[Re]", "\\[Re\\]"), a=abstract))
    assert (fold(row["title"]), fold(row["abstract"]), row["arxiv_id"]) == (title, abstract, "3103.00017")


def test_links_inside_of_an_abstract_do_not_cut_it() -> None:
    abstract = "We read a lot of old [tea leaves](/papers?q=tea) with a [model](/papers?q=model) of [cups](https://example.org/cups) and win."
    page = firecrawl(PAPERS[:1])
    page = re.sub(r"\[Tea leaves are.*?\]\([^)]*\)", lambda _: abstract, page, flags=re.DOTALL)
    (row,) = read(page)
    assert row["abstract"] == "We read a lot of old tea leaves with a model of cups and win."
    assert "https://example.org/cups" in extra(row)["links"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("# Reading\n\n- [A paper](https://huggingface.co/papers/3103.00017)\n", id="one link"),
        pytest.param("<!DOCTYPE html><p>and the research community</p> /papers/3103.00017", id="HTML"),
        pytest.param(
            '{"title": "Daily Papers - Hugging Face", "url": "https://huggingface.co/papers/3103.00017"}', id="JSON"
        ),
        pytest.param("@article{x, url={https://huggingface.co/papers/3103.00017}}", id="BibTeX"),
        pytest.param(
            "title,url\nA,https://huggingface.co/papers/3103.00017\nB,https://huggingface.co/papers/3103.00018\n",
            id="CSV",
        ),
        pytest.param("A letter to the research community", id="letter"),
    ],
)
def test_other_text_is_not_the_page(text: str) -> None:
    assert READER.sniff(Head("x", text.encode())) == 0


def test_wrong_byte_costs_its_own_entry() -> None:
    data = firecrawl().encode().replace(b"Custard has", b"Custard h\xe9s")
    batches = list(READER.read(io.BytesIO(data), INFO))
    assert [batch.records["title"].to_list() for batch in batches] == [
        [fold_hard(PAPERS[0].title), fold_hard(PAPERS[2].title)]
    ]
    ((position, _, raw, reason),) = batches[0].rejects.rows()
    assert (position, reason) == (2, "holds bytes that are not UTF-8")
    assert "Custard h\\xe9s" in raw


def test_raw_text_of_a_page_of_plain_text_has_all_lines_of_a_wrapped_title() -> None:
    page = b"Get trending papers in your email inbox\n\n7\n\nA Study of Leaves\nand of c\xe9ins\n"
    (batch,) = READER.read(io.BytesIO(page), INFO)
    assert batch.records.is_empty()
    assert batch.rejects["raw"].item() == "7\n\nA Study of Leaves\nand of c\\xe9ins"


def test_wrong_byte_in_an_address_far_below_is_quoted_as_addresses_do() -> None:
    page = (
        b"# Daily Papers\n\nGet trending papers in your email inbox\n\n### [A Study of Leaves][paper]\n\n[code][here]\n\n"
        b"[paper]: https://huggingface.co/papers/3101.00001\n[here]: https://github.com/oak/leaf\xe9\n"
    )
    (batch,) = READER.read(io.BytesIO(page), INFO)
    assert batch.rejects.is_empty()
    assert json.loads(batch.records["extra"].item())["githubRepo"] == "https://github.com/oak/leaf%E9"


def test_an_image_over_several_lines_does_not_shift_the_lines_below_it() -> None:
    page = (
        b"# Daily Papers\n\nGet trending papers in your email inbox\n\n![a\nboat\nof](https://a.org/b.png)\n\n"
        b"### [A Study of Leaves](https://huggingface.co/papers/3101.00001)\n\nLeaves are count\xe9d by many people.\n"
    )
    (batch,) = READER.read(io.BytesIO(page), INFO)
    assert batch.rejects["line"].item() == 9
    assert batch.rejects["raw"].item().endswith("Leaves are count\\xe9d by many people.")


def fold_hard(title: str) -> str:
    return title.replace(": ", ":  ")


@each_habit
@tried
@given(data=st.data())
def test_papers_before_a_cut_survive_it(habit: Callable[[], str], data: st.DataObject) -> None:
    page = habit()
    cut = data.draw(st.integers(len(page) // 3, len(page)))
    begins = [page.index(paper.title.split(":")[0]) for paper in PAPERS]
    try:
        found = [title for title, _ in shown(read(page[:cut]))]
    except DumpError:
        assert habit.__name__ in WITHOUT_IDS | {"lynx"}  # nothing is left to tell titles by but their order
        return
    before = sum(begin < cut for begin in begins[1:])
    if habit.__name__ != "lynx":  # its addresses stand at the end
        assert found[:before] == [paper.title for paper in PAPERS[:before]]


@given(st.text(alphabet="[](){}#*-_`|<>!\\ \n1·A.:/", max_size=300))
def test_any_marks_give_rows_or_a_clear_error(text: str) -> None:
    page = "Get trending papers in your email inbox!\n\n" + text + "\n### [T](/papers/3103.00017)\n" + text
    try:
        rows = read(page)
    except DumpError:
        return
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))


@pytest.mark.corpus
def test_capture_agrees_with_the_truth(shared: Path) -> None:
    folder = shared / "corpus" / "hf_papers_markdown"
    for name, expected in json.loads((folder / "truth.json").read_text(encoding="utf-8")).items():
        data = (folder / name).read_bytes()
        rows = read(data)
        assert [fold(row["title"]) for row in rows] == [fold(paper["title"]) for paper in expected]
        assert [row["arxiv_id"].encode() for row in rows] == re.findall(rb"### .*/papers/([\d.]+)\)", data)
        for row in rows:  # the truth has titles alone; what stands in the link below is the abstract
            linked = re.search(
                rb"\n\[([A-Z](?:[^\]]|\\\])+)\]\([^)]*" + row["arxiv_id"].encode(),
                data[data.index(row["raw"].encode()[:200]) :],
            )
            assert linked
            assert fold(row["abstract"]) == fold(linked[1].decode().replace("\\", ""))
        assert [extra(row)["upvotes"] for row in rows] == [101, 173, 0, 1, 0, 0]
        assert [extra(row).get("numComments") for row in rows] == [6, 9, None, 1, None, None]
        assert [row["published_date"] for row in rows] == [
            *("2026-05-29", "2026-09-09", "2025-02-27", "2026-05-08", "2026-08-30", "2024-03-03")
        ]


@pytest.mark.corpus
def test_capture_cut_at_many_places(shared: Path) -> None:
    data = (shared / "corpus" / "hf_papers_markdown" / "firecrawl.md").read_text(encoding="utf-8")
    whole = shown(read(data))
    step = len(data) // (51 if IS_THOROUGH else 11)
    for cut in range(step, len(data), step):
        found = shown(read(data[:cut]))
        before = len(re.findall(r"### \[[^\]]*\]\(.*?\)\n", data[:cut])) - 1
        assert found[:before] == whole[: max(0, before)]
