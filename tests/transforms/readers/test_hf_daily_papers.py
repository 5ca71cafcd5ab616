from __future__ import annotations

import datetime as dt
import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import DamagedDumpError, DumpError, HostileDumpError
from transforms.readers import recognise, whole
from transforms.readers.base import Broken, DumpInfo, Head
from transforms.readers.hf_daily_papers import READER
from transforms.readers.hf_json import cut_documents

if TYPE_CHECKING:
    from pathlib import Path

INFO = DumpInfo("daily_papers.json", dt.datetime(2031, 3, 20, 8, tzinfo=dt.UTC))

PAPER: dict[str, Any] = {
    "id": "3103.00017",
    "authors": [
        {"_id": "a1", "name": "Ada Beispiel", "hidden": False},
        {"_id": "a2", "name": "Ben Muster", "hidden": True, "user": {"user": "bm"}},
    ],
    "publishedAt": "2031-03-11T00:00:00.000Z",
    "submittedOnDailyAt": "2031-03-12T00:00:00.000Z",
    "title": "Tea Leaves as Priors",
    "summary": "We read leaves.\nThey say little.",
    "upvotes": 0,
    "ai_summary": "Leaves are read.",
}
ITEM: dict[str, Any] = {
    "paper": PAPER,
    "publishedAt": "2031-03-10T20:00:00.000Z",
    "title": PAPER["title"],
    "summary": PAPER["summary"],
    "numComments": 3,
}


def read(data: object) -> tuple[list[dict[str, Any]], list[tuple[Any, ...]]]:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    batches = list(READER.read(io.BytesIO(raw), INFO))
    rows = [row for batch in batches for row in batch.records.iter_rows(named=True)]
    return rows, [row for batch in batches for row in batch.rejects.rows()]


def one(item: object) -> dict[str, Any]:
    (row,), rejects = read([item])
    assert rejects == []
    return {name: value for name, value in row.items() if value is not None and name not in {"position", "line", "raw"}}


def without(part: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in part.items() if key not in keys}


def test_every_column_and_all_the_rest_in_extra() -> None:
    found = one(ITEM)
    assert json.loads(found.pop("extra")) == {
        "authors": [{"_id": "a1", "hidden": False}, {"_id": "a2", "hidden": True, "user": {"user": "bm"}}],
        "submittedOnDailyAt": "2031-03-12T00:00:00.000Z",
        "upvotes": 0,
        "ai_summary": "Leaves are read.",
        "listing": {"publishedAt": "2031-03-10T20:00:00.000Z", "numComments": 3},
    }
    assert found == {
        "source": "huggingface",
        "source_record_id": "3103.00017",
        "arxiv_id": "3103.00017",
        "url": "https://huggingface.co/papers/3103.00017",
        "title": "Tea Leaves as Priors",
        "abstract": "We read leaves.\nThey say little.",
        "authors": ["Ada Beispiel", "Ben Muster"],
        "published_date": "2031-03-11T00:00:00.000Z",
        "seen_date": dt.date(2031, 3, 12),
        "is_seen_date_inferred": False,
    }


@pytest.mark.parametrize(
    ("item", "column", "expected"),
    [
        pytest.param(ITEM | {"paper": without(PAPER, "title")}, "title", PAPER["title"], id="title outside only"),
        pytest.param({"paper": PAPER}, "abstract", PAPER["summary"], id="texts inside only"),
        pytest.param(ITEM | {"title": "Another"}, "title", PAPER["title"], id="the paper's own title first"),
        pytest.param({"paper": PAPER | {"summary": " "}}, "abstract", None, id="an AI summary is no abstract"),
        pytest.param({"paper": PAPER | {"authors": []}}, "authors", None, id="no authors"),
        pytest.param(
            {"paper": PAPER | {"authors": ["A B", {"name": ""}]}}, "authors", ["A B"], id="author without name"
        ),
        pytest.param({"paper": PAPER | {"id": "hep-th/0101001"}}, "arxiv_id", "hep-th/0101001", id="old id"),
        pytest.param({"paper": PAPER | {"id": "in-house-7"}}, "arxiv_id", None, id="id that is not arXiv's"),
        pytest.param({"paper": without(PAPER, "submittedOnDailyAt")}, "seen_date", None, id="no day of a list"),
        pytest.param({"paper": PAPER | {"submittedOnDailyAt": "2031-02-30"}}, "seen_date", None, id="no such day"),
        pytest.param(PAPER, "source_record_id", "3103.00017", id="a paper alone"),
    ],
)
def test_where_a_column_comes_from(item: object, column: str, expected: object) -> None:
    assert one(item).get(column) == expected


@pytest.mark.parametrize(
    ("item", "kept"),
    [
        (ITEM | {"title": "Another"}, '"title":"Another"'),
        ({"paper": PAPER | {"authors": ["A B", {"name": "", "x": 1}]}}, '"authors":["A B",{"name":"","x":1}]'),
        ({"paper": PAPER | {"submittedOnDailyAt": "2031-02-30"}}, "2031-02-30"),
        ({"paper": PAPER | {"n": 2**70}}, str(2**70)),
        ({"paper": PAPER | {"id": 7}}, '"id":7'),
    ],
)
def test_what_does_not_fit_its_column_is_kept(item: object, kept: str) -> None:
    assert kept in one(item)["extra"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        pytest.param(json.dumps([ITEM, ITEM]), [1, 1], id="in one line"),
        pytest.param("[" + ",\n".join([json.dumps(ITEM)] * 3) + "\n]\n", [1, 2, 3], id="a line each"),
        pytest.param("\n[\n" + json.dumps(ITEM) + "]", [3], id="blank line above"),
        pytest.param("\n".join([json.dumps(ITEM)] * 2), [1, 2], id="JSON lines"),
        pytest.param(json.dumps(PAPER, indent=1), [1], id="one paper"),
        pytest.param(json.dumps([ITEM]) + "\n" + json.dumps([ITEM, ITEM]), [1, 2, 2], id="two answers"),
        pytest.param(json.dumps([ITEM]).replace("0,", "NaN,", 1), [1], id="not a number"),
        pytest.param("[]", [], id="a day without papers"),
    ],
)
def test_layouts(text: str, lines: list[int]) -> None:
    rows, rejects = read(text.encode())
    assert ([row["line"] for row in rows], rejects) == (lines, [])
    assert [json.loads(row["raw"].replace("NaN", "0")).get("id", PAPER["id"]) for row in rows] == [PAPER["id"]] * len(
        rows
    )


@pytest.mark.parametrize(
    ("text", "kept", "reason"),
    [
        pytest.param('[{I}, {"paper": nothing}, {I}]', 2, "is not JSON: Expecting value at character 11", id="damage"),
        pytest.param("[{I}, 7, {I}]", 2, "is JSON but not an object", id="a number"),
        pytest.param('[{I}, {"paper": {"id": "1"}}, {I}]', 2, "has no title", id="no title"),
        pytest.param("[{I}, {I", 1, "is cut off", id="cut inside of an entry"),
        pytest.param("[{I},", 1, "the dump ends within a list", id="cut between entries"),
        pytest.param("[{I}", 1, "the dump ends within a list", id="cut before the bracket"),
        pytest.param(
            '[{I}, {"paper": {"id": "\\ud800", "title": "T"}}, {I}]', 2, "half of a character", id="half a pair"
        ),
        pytest.param('[{I}, {"paper": ' + "[" * 100_000 + ", {I}]", 2, "nested too deeply", id="deep"),
        pytest.param('[{I}, {"paper": {"id": ' + "9" * 5_000 + "}}]", 1, "a number that is too long", id="long number"),
        pytest.param("[{I}] what", 1, "is not JSON", id="text behind"),
    ],
)
def test_damage_costs_one_entry(text: str, kept: int, reason: str) -> None:
    whole_item = json.dumps(ITEM)
    rows, rejects = read(text.replace("{I}", whole_item).replace("{I", whole_item[:90]).encode())
    assert len(rows) == kept
    assert [reason in reject[3] for reject in rejects] == [True]


def test_byte_that_is_not_utf8_costs_one_entry() -> None:
    good = json.dumps(ITEM).encode()
    rows, rejects = read(b"[" + good + b"," + good.replace(b"Leaves", b"L\xe9aves") + b"," + good + b"]")
    assert len(rows) == 2
    assert "L\\xe9aves" in rejects[0][2]


def test_nul_is_damage() -> None:
    with pytest.raises(DamagedDumpError, match=r"daily_papers.json, line 2: holds a NUL byte at byte 2"):
        read(b"[\n\0]")


def test_answer_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "MAX_PAGE_BYTES", 100)
    with pytest.raises(HostileDumpError, match="more than 100 bytes"):
        read([ITEM])


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([ITEM]),
        json.dumps([ITEM], indent=2),
        json.dumps(PAPER),
        json.dumps(ITEM) + "\n" + json.dumps(ITEM),
        json.dumps([{"title": "T", "paper": PAPER}]),
    ],
)
def test_answers_are_recognised(text: str) -> None:
    assert recognise(Head("x.json", text.encode())) is READER


@pytest.mark.parametrize(
    "text",
    [
        '{"title": "A", "summary": "B", "upvotes": 1}',
        '{"title": "A", "text": "discussionId"}',
        '[{"paper": "T"}]',
        "paper",
    ],
)
def test_other_json_is_not(text: str) -> None:
    assert READER.sniff(Head("x.json", text.encode())) == 0


@given(st.binary(max_size=300) | st.text(alphabet='[]{}",:\\ \nuapeitld019', max_size=200).map(str.encode))
def test_any_bytes_give_rows_rejects_or_a_clear_error(data: bytes) -> None:
    try:
        rows, rejects = read(data)
    except DumpError:
        return
    assert sorted([*(row["position"] for row in rows), *(reject[0] for reject in rejects)]) == [
        *range(1, len(rows) + len(rejects) + 1)
    ]


@given(st.data())
def test_entries_before_a_cut_survive_it(data: st.DataObject) -> None:
    texts = [json.dumps(ITEM | {"numComments": number}) for number in range(4)]
    text = "[" + ", ".join(texts) + "]"
    cut = data.draw(st.integers(1, len(text) - 1))
    before = sum(text.index(each) + len(each) <= cut for each in texts)
    found = [cut.value for cut in cut_documents(text[:cut])]
    assert sum(not isinstance(value, Broken) for value in found) == before
    assert isinstance(found[-1], Broken)


@pytest.mark.corpus
def test_captured_answer_agrees_with_the_truth(shared: Path) -> None:
    folder = shared / "corpus" / "hf_daily_papers_api"
    for name, expected in json.loads((folder / "truth.json").read_text(encoding="utf-8")).items():
        data = (folder / name).read_bytes()
        rows, rejects = read(data)
        assert rejects == []
        assert len(rows) == data.count(b'"isAuthorParticipating"') == 30
        assert [(row["title"], row["abstract"], row["source_record_id"]) for row in rows] == [
            (paper["title"], paper["abstract"], paper["id"]) for paper in expected
        ]


@pytest.mark.corpus
def test_captured_answer_cut_at_fifty_places(shared: Path) -> None:
    data = (shared / "corpus" / "hf_daily_papers_api" / "daily_papers.json").read_bytes()
    for cut in range(len(data) // 51, len(data), len(data) // 51):
        rows, rejects = read(data[:cut])
        assert len(rows) == len(re.findall(rb'"isAuthorParticipating":(true|false)\}', data[:cut]))
        assert len(rejects) == 1
