from __future__ import annotations

import datetime as dt
import html
import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hf_captures import PAPERS, saved_page
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import DamagedDumpError, DumpError, HostileDumpError
from transforms.readers import recognise
from transforms.readers.base import HEAD_BYTES, DumpInfo, Head
from transforms.readers.hf_papers_html import READER

if TYPE_CHECKING:
    from pathlib import Path

INFO = DumpInfo("page.html", dt.datetime(2031, 3, 20, 8, tzinfo=dt.UTC))
EXPECTED = [(paper.title, paper.abstract, paper.paper_id) for paper in PAPERS]


def read(text: str | bytes) -> tuple[list[dict[str, Any]], list[tuple[Any, ...]]]:
    data = text if isinstance(text, bytes) else text.encode()
    batches = list(READER.read(io.BytesIO(data), INFO))
    rows = [row for batch in batches for row in batch.records.iter_rows(named=True)]
    return rows, [row for batch in batches for row in batch.rejects.rows()]


def shown(rows: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(" ".join(row["title"].split()), row["abstract"], row["arxiv_id"]) for row in rows]


def with_props(props: object, *, quote: str = '"') -> str:
    value = html.escape(json.dumps(props), quote=True)
    return f"<!doctype html><html><title>Paper page - T</title><body><div data-props={quote}{value}{quote}></div></body></html>"


def test_page_gives_what_its_attribute_says() -> None:
    rows, rejects = read(saved_page())
    assert (shown(rows), rejects) == (EXPECTED, [])
    assert {row["line"] for row in rows} == {4}
    assert {(row["seen_date"], row["is_seen_date_inferred"]) for row in rows} == {(dt.date(2031, 3, 12), False)}
    assert {(row["published_date"], row["authors"][0], row["source"]) for row in rows} == {
        ("2031-03-09T00:00:00.000Z", "Ada Beispiel", "huggingface")
    }
    assert json.loads(rows[0]["extra"]) == {
        "authors": [{"_id": "a", "hidden": False}],
        "upvotes": 7,
        "ai_summary": "A machine read it.",
        "listing": {"numComments": 2},
    }
    assert json.loads(rows[1]["raw"])["paper"]["title"] == PAPERS[1].title


def test_page_without_the_attribute_gives_what_is_visible() -> None:
    page = saved_page(has_props=False)
    rows, rejects = read(page)
    assert (shown(rows), rejects) == (EXPECTED, [])
    assert [row["url"] for row in rows] == [f"https://huggingface.co/papers/{paper.paper_id}" for paper in PAPERS]
    assert [json.loads(row["extra"])["upvotes"] for row in rows] == [101, 0, 1200]
    assert [(found["numComments"], found["numAuthors"]) for row in rows if (found := json.loads(row["extra"]))] == [
        (5, 8)
    ] * 3
    lines = page.split("\n")
    assert all("<div>Submitted by" in lines[row["line"] - 1] or "<article>" in lines[row["line"] - 1] for row in rows)


def test_visible_page_without_abstracts() -> None:
    rows, _ = read(re.sub(r"<p>.*?</p>", "", saved_page(has_props=False), flags=re.DOTALL))
    assert shown(rows) == [(title, None, paper) for title, _, paper in EXPECTED]


@pytest.mark.parametrize("text", [r"T \textbf{b} \_ &amp;lt; 1", "a_b_c *d* `e` \\"])
def test_visible_text_is_not_read_as_markdown(text: str) -> None:
    page = saved_page(PAPERS[:1], has_props=False).replace(html.escape(PAPERS[0].title), text)
    (row,), _ = read(page)
    assert row["title"].rstrip(" \\") == html.unescape(text).rstrip(" \\")


PAPER = {"id": "3103.00017", "title": "T", "summary": "S.", "upvotes": 1}


@pytest.mark.parametrize(
    ("page", "titles"),
    [
        pytest.param(with_props({"paper": PAPER, "date": "x"}), ["T"], id="page of one paper"),
        pytest.param(with_props({"paper": {"id": "3103.00017"}}) + "</html>", [], id="a mention of a paper"),
        pytest.param(with_props({"dailyPapers": []}), [], id="day without papers"),
        pytest.param(with_props({"papers": [{"paper": PAPER}]}), ["T"], id="list by another name"),
        pytest.param(with_props({"papers": [{"paper": PAPER}]}) * 2, ["T"], id="the same list twice"),
        pytest.param(with_props({"papers": [{"paper": PAPER}]}, quote="'"), ["T"], id="single quotes"),
    ],
)
def test_other_pages(page: str, titles: list[str]) -> None:
    rows, rejects = read(page)
    assert ([row["title"] for row in rows], rejects) == (titles, [])


def test_wrong_byte_costs_its_own_entry() -> None:
    rows, rejects = read(saved_page().encode().replace(b"Custard has", b"Custard h\xe9s", 1))
    assert [row["arxiv_id"] for row in rows] == [PAPERS[0].paper_id, PAPERS[2].paper_id]
    assert [(position, "h\\xe9s" in raw) for position, _, raw, _ in rejects] == [(2, True)]


@given(st.data())
def test_papers_before_a_cut_survive_it(data: st.DataObject) -> None:
    page = saved_page()
    first = page.index("{&quot;paper")
    cut = data.draw(st.integers(first + 1, len(page)))
    rows, rejects = read(page[:cut])
    ends = [found.end() for found in re.finditer(r"numComments&quot;: 2}", page)]
    assert len(rows) == sum(end <= cut for end in ends)
    assert len(rejects) == (cut < page.index('">', ends[-1]) - 1)


def test_page_that_breaks_off_before_its_papers_is_damage() -> None:
    with pytest.raises(DamagedDumpError, match="breaks off before its first paper"):
        read(saved_page()[:300])


def test_tag_without_end_is_refused() -> None:
    with pytest.raises(HostileDumpError, match="attributes"):
        read("<title>Daily Papers - Hugging Face</title><a " + " ".join(f"a{n}=1" for n in range(20_000)) + ">")


def test_deep_page_ends() -> None:
    rows, _ = read(saved_page(has_props=False).replace("<main>", "<main>" + "<div>" * 1_000))
    assert shown(rows) == EXPECTED


@pytest.mark.parametrize("change", ["", "<!-- saved from url=(0029)https://huggingface.co/papers -->\n"])
def test_pages_are_recognised(change: str) -> None:
    assert recognise(Head("x", (change + saved_page()).encode()[:HEAD_BYTES])) is READER
    assert recognise(Head("x", (change + saved_page(has_props=False)).encode()[:HEAD_BYTES])) is READER


@pytest.mark.parametrize(
    "page",
    [
        "<html><title>News</title><a href='https://huggingface.co/papers/3103.00017'>T</a></html>",
        "Daily Papers",
        "<x/>",
    ],
)
def test_other_html_is_not(page: str) -> None:
    assert READER.sniff(Head("x", page.encode())) == 0


@given(st.text(alphabet="<>/ap\"'=&;!-h3{}[]:, \n", max_size=300))
def test_any_tags_give_rows_rejects_or_a_clear_error(text: str) -> None:
    try:
        rows, rejects = read("<html><title>Daily Papers - Hugging Face</title>" + text + '<div data-props="' + text)
    except DumpError:
        return
    assert len(rows) + len(rejects) == len({*(row["position"] for row in rows), *(reject[0] for reject in rejects)})


@pytest.mark.corpus
def test_capture_agrees_with_the_truth(shared: Path) -> None:
    folder = shared / "corpus" / "hf_papers_html"
    for name, expected in json.loads((folder / "truth.json").read_text(encoding="utf-8")).items():
        data = (folder / name).read_bytes()
        rows, rejects = read(data)
        assert rejects == []
        assert len(rows) == data.count(b"&quot;numComments&quot;") == 13
        assert shown(rows) == [(" ".join(paper["title"].split()), paper["abstract"], paper["id"]) for paper in expected]
        visible, _ = read(data.replace(b"data-props", b"data-gone"))
        assert [(" ".join(row["title"].split()), row["arxiv_id"], row["abstract"]) for row in visible] == [
            (" ".join(paper["title"].split()), paper["id"], None) for paper in expected
        ]
        votes = [json.loads(row["extra"])["upvotes"] for row in rows]
        assert [json.loads(row["extra"])["upvotes"] for row in visible] == votes


@pytest.mark.corpus
def test_capture_cut_at_fifty_places(shared: Path) -> None:
    data = (shared / "corpus" / "hf_papers_html" / "2024-08-01.html").read_bytes()
    whole = [row["title"] for row in read(data)[0]]
    begin = data.index(b"{&quot;paper&quot;")
    for cut in range(len(data) // 51, len(data), len(data) // 51):
        if cut > begin:
            begun = data[:cut].count(b"{&quot;paper&quot;:{&quot;id")
            found = [row["title"] for row in read(data[:cut])[0]]
            assert found == whole[: len(found)]
            assert len(found) >= begun - 1


@pytest.mark.parametrize("digits", ["9" * 110, "9,99" * 25], ids=["glued", "parted"])
def test_a_long_number_that_is_no_count_does_not_hold_up_the_reading(digits: str) -> None:
    """A pattern that may cut digits in many ways would try all of them: 2 to the 110th."""
    page = f'<!doctype html><a href="/papers/2501.00001">On Hedges in a Dry Year</a><p>{digits} 5</p>'
    rows, rejects = read(page)
    assert ([row["title"] for row in rows], rejects) == (["On Hedges in a Dry Year"], [])


def test_many_comments_before_another_form_do_not_hold_up_the_look_at_it() -> None:
    """A pattern that may take several comments for one would try every way to part them."""
    comments = "<!-- a --> " * 200
    page = '<html><title>Paper page - T</title><a href="/papers/2501.00001">On Hedges</a></html>'
    assert READER.sniff(Head("a.svg", (comments + "<svg>").encode())) == 0
    assert READER.sniff(Head("a.html", (comments + page).encode())) > 0
