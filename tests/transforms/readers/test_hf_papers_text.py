from __future__ import annotations

import datetime as dt
import io
import json
import re
import textwrap
from typing import TYPE_CHECKING

import pytest

from transforms.errors import DamagedDumpError
from transforms.readers import recognise
from transforms.readers.base import DumpInfo, Head
from transforms.readers.hf_papers_text import READER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Pair = tuple[str, str | None]

PAPERS: list[Pair] = [
    (
        "Gardening by Gradient: Learned Schedules for Watering Tomatoes",
        (
            "Tomatoes need water, but how much of it is rarely known to those who pour it. We collect 4,000 summers of "
            "balcony diaries and learn a schedule that keeps nine plants out of ten alive. An ablation shows that the "
            "weather matters more than the songs that are sung to them. Code is available at https://example.org/tomato"
        ),
    ),
    (
        "xRhubarb: Do Stalks Dream of Custard?",
        (
            "Custard has long been suspected to be what rhubarb is for. This paper gives the first formal treatment of "
            "the question, with $n^2$ stalks and a single jug. Our bound is tight up to a logarithmic spoon, which "
            "settles a conjecture that was open since breakfast. Experiments on three kitchens agree with the theory."
        ),
    ),
    (
        "Über die Faltung von Landkarten",
        (
            "Maps are folded by everybody and unfolded by few. We prove that the number of ways to fold a map back grows "
            "faster than the patience of its owner, and give an algorithm that runs in time linear in the number of "
            "creases. On a set of 213 road maps it is right 99.1% of the time, against 3.4% for drivers. Tears are rare."
        ),
    ),
    (
        "A Short Note on Long Notes",
        (
            "Long notes are seldom read to their end, and short ones seldom have one. We measure both effects in a "
            "corpus of letters to the editor. Readers stop at the first semicolon; writers do not. The practical "
            "consequences are discussed in an appendix that we left out, so that the note would be read to its end."
        ),
    ),
]
GLUED_TOP = "Get trending papers in your email inbox once a day!\nGet trending papers in your email inbox!\nSubscribe"
SPACED_TOP = (
    "new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nbyAK and the research community\n\nMar 11\n\n"
)
INFO = DumpInfo("page.txt", dt.datetime(2025, 3, 20, 8, tzinfo=dt.UTC))


def lines_of(pairs: list[Pair]) -> list[str]:
    return [text for pair in pairs for text in pair if text is not None]


def glued(lines: list[str]) -> str:
    return GLUED_TOP + "\n".join(lines)


def spaced(lines: list[str]) -> str:
    return SPACED_TOP + "\n\n".join(lines)


each_layout = pytest.mark.parametrize("layout", [glued, spaced])


def read(text: str | bytes, info: DumpInfo = INFO) -> list[dict[str, object]]:
    data = text if isinstance(text, bytes) else text.encode()
    batches = list(READER.read(io.BytesIO(data), info))
    assert not any(batch.rejects.height for batch in batches)
    return [row for batch in batches for row in batch.records.iter_rows(named=True)]


def fold(text: object) -> str | None:
    return None if text is None else " ".join(str(text).split())


def pairs_of(text: str | bytes) -> list[Pair]:
    return [(str(row["title"]), fold(row["abstract"])) for row in read(text)]


def break_sentences(text: str) -> str:
    return re.sub(r"(?<=[.]) (?=[A-Z])", "\n", text)


def wrap(text: str) -> str:
    return textwrap.fill(text, 72, break_long_words=False, break_on_hyphens=False)


@each_layout
def test_titles_and_abstracts_in_the_order_of_the_page(layout: Callable[[list[str]], str]) -> None:
    rows = read(layout(lines_of(PAPERS)))
    assert [(row["title"], row["abstract"]) for row in rows] == PAPERS
    assert [row["position"] for row in rows] == [1, 2, 3, 4]
    assert {row["source"] for row in rows} == {"huggingface"}


@pytest.mark.parametrize(("layout", "lines"), [(glued, [3, 5, 7, 9]), (spaced, [11, 15, 19, 23])])
def test_entries_know_their_line_and_their_raw_text(layout: Callable[[list[str]], str], lines: list[int]) -> None:
    rows = read(layout(lines_of(PAPERS)))
    assert [row["line"] for row in rows] == lines
    assert [row["raw"] for row in rows] == [f"{title}\n{abstract}" for title, abstract in PAPERS]


@each_layout
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda page: page.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(lambda page: page + "\n", id="final newline"),
        pytest.param(lambda page: page + "\n\n \n", id="blank lines at the end"),
        pytest.param(lambda page: page.replace("\n\n", "\n\n\n\n"), id="blank lines doubled"),
        pytest.param(lambda page: page.replace("\n\n", "\n \t\n"), id="blank lines with spaces"),
        pytest.param(lambda page: page.replace("\n\n", "\n"), id="blank lines missing"),
        pytest.param(lambda page: page.replace("\n\nCustard", "\nCustard"), id="one blank line missing"),
        pytest.param(lambda page: page.replace("\n\nxRhubarb", "\nxRhubarb"), id="another blank line missing"),
        pytest.param(lambda page: page.removeprefix("new\n\n"), id="without the line new"),
        pytest.param(lambda page: "\ufeff" + page, id="byte order mark"),
        pytest.param(lambda page: page.encode("utf-16"), id="UTF-16"),
        pytest.param(lambda page: "Hugging Face\nModels\nA banner that nobody knows\n\n" + page, id="menu above"),
        pytest.param(lambda page: page + "\n\nPrevious\nNext\nCompany\nTOS\n© Hugging Face", id="foot of the page"),
        pytest.param(lambda page: page.replace("byAK", "by AK"), id="by AK apart"),
    ],
)
def test_what_a_capture_may_do_to_a_page(
    layout: Callable[[list[str]], str], change: Callable[[str], str | bytes]
) -> None:
    assert pairs_of(change(layout(lines_of(PAPERS)))) == PAPERS


@each_layout
@pytest.mark.parametrize("cut", [break_sentences, wrap])
@pytest.mark.parametrize("which", [(0,), (3,), (0, 1, 2, 3)], ids=["the first", "the last", "all"])
def test_abstract_of_several_lines(
    layout: Callable[[list[str]], str], cut: Callable[[str], str], which: tuple[int, ...]
) -> None:
    pairs = [(title, cut(str(text)) if place in which else text) for place, (title, text) in enumerate(PAPERS)]
    assert pairs_of(layout(lines_of(pairs))) == PAPERS


@each_layout
def test_title_without_an_abstract_at_the_end(layout: Callable[[list[str]], str]) -> None:
    pairs = [*PAPERS[:3], (PAPERS[3][0], None)]
    assert pairs_of(layout(lines_of(pairs))) == pairs


@each_layout
def test_page_of_one_title(layout: Callable[[list[str]], str]) -> None:
    assert pairs_of(layout(["Alone"])) == [("Alone", None)]


@each_layout
def test_page_of_short_texts(layout: Callable[[list[str]], str]) -> None:
    pairs: list[Pair] = [("Paper A", "We study A. It works."), ("Paper B", "We study B."), ("On C", "C, at last.")]
    assert pairs_of(layout(lines_of(pairs))) == pairs


def test_page_without_papers() -> None:
    assert read(SPACED_TOP) == []


@pytest.mark.parametrize(
    "chrome",
    ["12", "1.2k", "·", "7 authors", "· 7 authors", "Submitted by somebody", "Upvote 12", "May 29", "May 29, 2024"],
)
def test_what_stands_between_papers_on_other_views(chrome: str) -> None:
    lines = [text for pair in PAPERS for text in (chrome, *lines_of([pair]), chrome)]
    assert pairs_of(spaced(lines)) == PAPERS


def test_first_title_may_begin_like_the_button() -> None:
    title = "Subscribers and Where They Went"
    assert pairs_of(spaced([title, str(PAPERS[0][1])])) == [(title, PAPERS[0][1])]


@pytest.mark.parametrize(
    ("shown", "modified", "expected", "is_inferred"),
    [
        pytest.param("Feb 29", "2025-03-20", "2024-02-29", True, id="leap day"),
        pytest.param("Feb 29", "2103-01-01", "2096-02-29", True, id="leap day around a year that has none"),
        pytest.param("Dec 31", "2025-01-01", "2024-12-31", True, id="last year"),
        pytest.param("Mar 20", "2025-03-20", "2025-03-20", True, id="the same day"),
        pytest.param("Mar 21", "2025-03-20", "2024-03-21", True, id="the day after"),
        pytest.param("Mar 11", "2025-03-20", "2025-03-11", True, id="this year"),
        pytest.param("March 5", "2025-03-20", "2025-03-05", True, id="whole month"),
        pytest.param("Mar 11, 2023", "2025-03-20", "2023-03-11", False, id="with a year"),
    ],
)
def test_date_of_the_page(shown: str, modified: str, expected: str, is_inferred: bool) -> None:
    info = DumpInfo("page.txt", dt.datetime.fromisoformat(modified).replace(tzinfo=dt.UTC))
    rows = read(spaced(lines_of(PAPERS)).replace("Mar 11", shown), info)
    assert {(row["seen_date"], row["is_seen_date_inferred"]) for row in rows} == {
        (dt.date.fromisoformat(expected), is_inferred)
    }


def test_page_without_a_date_leaves_it_to_the_file() -> None:
    assert {(row["seen_date"], row["is_seen_date_inferred"]) for row in read(glued(lines_of(PAPERS)))} == {(None, None)}


def test_date_that_no_calendar_has_is_damage() -> None:
    with pytest.raises(DamagedDumpError, match=r"page.txt, line 9: shows a date that does not exist: Feb 30"):
        read(spaced(lines_of(PAPERS)).replace("Mar 11", "Feb 30"))


LINES = lines_of(PAPERS)


@each_layout
@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(LINES[1:], id="first title gone"),
        pytest.param([*LINES[:1], *LINES[2:]], id="first abstract gone"),
        pytest.param([*LINES[:3], *LINES[4:]], id="second abstract gone"),
        pytest.param([*LINES[:2], "What is this?", *LINES[2:]], id="a line more"),
        pytest.param([text for title, abstract in PAPERS for text in (str(abstract), title)], id="swapped"),
        pytest.param([title for title, _ in PAPERS] + [str(text) for _, text in PAPERS], id="titles, then abstracts"),
        pytest.param([str(text) for _, text in PAPERS] * 3, id="abstracts only"),
        pytest.param([f"{title} {n}" for title, _ in PAPERS for n in "abcd"], id="titles only"),
        pytest.param([text for pair in PAPERS for text in (pair[0], "Ada Lovelace", str(pair[1]))], id="authors after"),
        pytest.param([text for pair in PAPERS for text in ("Ada Lovelace", *lines_of([pair]))], id="authors before"),
    ],
)
def test_titles_and_abstracts_out_of_step_are_damage(layout: Callable[[list[str]], str], lines: list[str]) -> None:
    with pytest.raises(DamagedDumpError, match=r"page.txt, line \d+: the layout of the page has changed"):
        read(layout(lines))


@each_layout
def test_half_a_character_at_the_end_is_damage(layout: Callable[[list[str]], str]) -> None:
    data = (layout(lines_of(PAPERS)) + " é").encode()[:-1]
    with pytest.raises(DamagedDumpError, match=rf"ends in the middle of a character, after byte {len(data):,}"):
        read(data)


def test_another_encoding_is_damage_with_its_place() -> None:
    data = glued(lines_of(PAPERS)).encode("cp1252")
    with pytest.raises(DamagedDumpError, match=rf"line 7: is not UTF-8 at byte {data.index(0xDC):,} "):
        read(data)


def test_nul_byte_is_damage_with_its_place() -> None:
    data = glued(lines_of(PAPERS)).encode().replace(b"custard", b"cust\0rd", 1).replace(b"Custard", b"Cust\0rd", 1)
    with pytest.raises(DamagedDumpError, match=rf"line 5: holds a NUL byte at byte {data.index(0):,} "):
        read(data)


def test_both_layouts_are_recognised_and_markup_is_not() -> None:
    page = spaced(lines_of(PAPERS))
    assert recognise(Head("x", page.encode())) is READER
    assert recognise(Head("x.csv", glued(lines_of(PAPERS)).encode())) is READER
    assert READER.sniff(Head("x", f"<!DOCTYPE html><p>{page}".encode())) == 0
    assert READER.sniff(Head("x", page.replace("Subscribe", "[Subscribe](https://example.org)").encode())) == 0
    assert READER.sniff(Head("x", b"An ordinary letter.\n\nSubscribe\n\nDear Sir,\n")) == 0


def test_long_page_is_cut_alike_at_the_seams() -> None:
    pairs = [(f"{title} {n}", text) for n in range(1_050) for title, text in PAPERS[:2]]
    batches = list(READER.read(io.BytesIO(glued(lines_of(pairs)).encode()), INFO))
    assert [
        (title, text) for batch in batches for title, text in batch.records.select("title", "abstract").rows()
    ] == pairs


@pytest.mark.corpus
def test_all_papers_of_the_captures_agree_with_the_truth(shared: Path) -> None:
    folder = shared / "corpus" / "hf_papers_text"
    truth = json.loads((folder / "truth.json").read_text())
    dates = set()
    for name, expected in truth.items():
        rows = read((folder / name).read_bytes())
        assert [(fold(row["title"]), fold(row["abstract"])) for row in rows] == [
            (fold(paper["title"]), fold(paper["abstract"])) for paper in expected
        ]
        dates.add(rows[0]["seen_date"])
    assert sum(map(len, truth.values())) == 648
    assert dates == {None, dt.date(2025, 3, 11), dt.date(2025, 3, 12)}


@pytest.mark.corpus
def test_every_capture_out_of_step_is_refused(shared: Path) -> None:
    folder = shared / "corpus" / "hf_papers_text"
    for name, papers in json.loads((folder / "truth.json").read_text()).items():
        lines = [text for paper in papers for text in (paper["title"], paper["abstract"])]
        middle = 2 * (len(papers) // 2)
        for layout in (glued, spaced):
            for shifted in (lines[1:], [*lines[:middle], "A line more", *lines[middle:]], lines[:1] + lines[2:]):
                with pytest.raises(DamagedDumpError, match="out of step"):
                    read(layout(shifted), DumpInfo(name, INFO.modified_at))
