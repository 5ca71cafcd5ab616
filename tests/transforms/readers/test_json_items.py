from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import DamagedDumpError, HostileDumpError
from transforms.readers.base import MAX_LINE_BYTES, Broken, DumpInfo
from transforms.readers.json_items import read_items
from transforms.readers.json_values import Item, read_lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator

INFO = DumpInfo("dump", dt.datetime(2025, 3, 20, tzinfo=dt.UTC))
PATHS = ("results", "message.items")


def chunked(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def cut(data: bytes, size: int = 1 << 20) -> list[Item | Broken]:
    return list(read_items(chunked(data, size), PATHS, INFO))


def shown(found: list[Item | Broken]) -> list[Any]:
    """Values of the items, raw texts of what is broken."""
    return [one.raw if isinstance(one, Broken) else json.loads(one.data) for one in found]


@pytest.mark.parametrize("size", [1, 3, 1 << 20])
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param('{"a":1}\n{"a":2}', [{"a": 1}, {"a": 2}], id="objects"),
        pytest.param('{"a":1}{"a":2}', [{"a": 1}, {"a": 2}], id="objects without anything between"),
        pytest.param('[{"a":1},{"a":2}]', [{"a": 1}, {"a": 2}], id="array"),
        pytest.param('[{"a":1}][{"a":2}]', [{"a": 1}, {"a": 2}], id="arrays"),
        pytest.param('{"results":[{"a":1}, {"a":[{"a":3}]}]}', [{"a": 1}, {"a": [{"a": 3}]}], id="page"),
        pytest.param('{"message":{"items":[{"a":1}]}}', [{"a": 1}], id="list further in"),
        pytest.param('{"items":[{"a":1}]}', [{"items": [{"a": 1}]}], id="list in the wrong place is no list"),
        pytest.param('{"x":{"items":[1]},"results":[{"a":1}]}', [{"a": 1}], id="the same name elsewhere"),
        pytest.param('{"i":{"results":[1]},"a":1}', [{"i": {"results": [1]}, "a": 1}], id="word of an abstract"),
        pytest.param('{"results":[{"a":1}]}\n{"results":[{"a":2}]}', [{"a": 1}, {"a": 2}], id="pages"),
        pytest.param('{"results":[],"a":1}', [], id="empty page"),
        pytest.param("[]", [], id="empty array"),
        pytest.param('[null, {"a":1},null , 3, "x, y"]', ["null", {"a": 1}, "null", "3", '"x, y"'], id="no objects"),
        pytest.param('[[1,{"b":2}],{"a":1}]', ['[1,{"b":2}]', {"a": 1}], id="array in an array"),
        pytest.param('{"a":"\\\\"}{"a":"\\"}{"}', [{"a": "\\"}, {"a": '"}{'}], id="backslashes"),
        pytest.param('{"a":NaN}{"a":1}', [{"a": float("nan")}, {"a": 1}], id="NaN"),
        pytest.param(
            '{"results":[{"a":"x"b"},{"a":2},{"a":3}]}', ['{"a":"x"b"}', {"a": 2}, {"a": 3}], id="quote too many"
        ),
        pytest.param(
            '{"results":[{"a":1},{"a":2,"b":"x},{"a":3}]}', [{"a": 1}, '{"a":2,"b":"x}', {"a": 3}], id="too few"
        ),
        pytest.param(
            '[{"a":1,"b":{"c":1},{"a":2},{"a":3}]', ['{"a":1,"b":{"c":1}', {"a": 2}, {"a": 3}], id="brace too few"
        ),
        pytest.param(
            '[{"a":{"b":{"c":1},{"a":2},{"a":3}]', ['{"a":{"b":{"c":1}', {"a": 2}, {"a": 3}], id="two too few"
        ),
        pytest.param(
            '[{"a":1}},{"a":2}]', [{"a": 1}, {"a": 2}, "]"], id="brace too many, taken for the end of the list"
        ),
        pytest.param('[{"a":01},{"a":2}]', ['{"a":01}', {"a": 2}], id="number that is none"),
        pytest.param('[{"a":1},{"a":2', [{"a": 1}, '{"a":2'], id="cut off in an item"),
        pytest.param('[{"a":1},{"a":2},', [{"a": 1}, {"a": 2}, ""], id="cut off after an item"),
        pytest.param('{"results":[{"a":1}]', [{"a": 1}], id="cut off after the list"),
        pytest.param(
            '{"results":[{"a":1},{"a":[{"a":2},{"a":', [{"a": 1}, '{"a":[{"a":2},{"a":'], id="cut off deep inside"
        ),
        pytest.param(
            '{"results":[{"a":1},{"a":2\n{"results":[{"a":3}]}', [{"a": 1}, '{"a":2', {"a": 3}], id="cut off, next"
        ),
        pytest.param("}{}}", ["}", {}, "}"], id="braces of nothing"),
        pytest.param("abc", ["abc"], id="no JSON"),
        pytest.param('{"a":"\\ud800"}{"a":1}', ['{"a":"\\ud800"}', {"a": 1}], id="half a surrogate pair"),
    ],
)
def test_items(data: str, expected: list[Any], size: int) -> None:
    assert str(shown(cut(data.encode(), size))) == str(expected)  # as text: NaN is not itself


def test_broken_item_that_holds_others_is_one_reject() -> None:
    data = b'[{"a":[{"a":01},{"a":2}]},{"a":3}]'
    assert shown(cut(data)) == ['{"a":[{"a":01},{"a":2}]}', {"a": 3}]


def test_reasons_and_lines() -> None:
    data = b'{"results": [\n  {"a": 1},\n  null,\n  {"a": 1 2},\n  7, {"a": "\xe9"},\n  {"a"'
    found = cut(data)
    assert [(one.line, one.reason if isinstance(one, Broken) else None) for one in found] == [
        (2, None),
        (3, "is null: its source has no paper there"),
        (4, "is not JSON: expected ',' or '}' (byte 8)"),
        (5, "is JSON but not an object"),
        (5, None),  # its bytes are looked at where the text of all entries is put together
        (6, "is cut off: the dump ends within this entry"),
    ]


def test_nul_is_damage() -> None:
    with pytest.raises(DamagedDumpError, match="line 2: holds a NUL byte"):
        cut(b'[{"a":1},\n{"a":"\0"}]')


def test_item_without_end_is_refused() -> None:
    with pytest.raises(HostileDumpError, match="has an entry of more than"):
        cut(b'[{"a":"' + b"x" * (MAX_LINE_BYTES + 100_000))


def test_long_items_and_long_pages_are_cut_in_bounded_memory() -> None:
    item = b'{"a":"' + b"x\\\\" * 60_000 + b'","b":[{"c":{}}]}'
    page = b'{"meta":{"x":[1]},"results":[' + b",".join([item] * 20) + b"]}\n"
    assert [len(one.data) for one in cut(page * 3) if isinstance(one, Item)] == [len(item)] * 60


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=8,
)
ITEMS = st.lists(st.dictionaries(st.text(), JSON, max_size=3), max_size=6)


@given(items=ITEMS, indent=st.sampled_from([None, 0, 2]), is_ascii=st.booleans(), size=st.integers(1, 50))
def test_every_layout_gives_the_items(items: list[Any], indent: int | None, size: int, *, is_ascii: bool) -> None:
    def dumped(value: object) -> bytes:
        return json.dumps(value, indent=indent, ensure_ascii=is_ascii).encode(errors="surrogatepass")

    layouts = [
        dumped(items),
        dumped({"meta": {"results": None}, "results": items}),
        dumped({"status": "ok", "message": {"total": 3, "items": items}}) + b"\n",
        dumped({"results": items[:2]}) + b"\n" + dumped({"results": items[2:]}),
    ]
    for data in layouts:
        assert shown(cut(data, size)) == items


@given(data=st.lists(st.sampled_from(['{"a":', '"', "1", "}", "{", "[", "]", ",", "\n", '{"results":[', "\\", "null"])))
def test_nothing_but_white_space_and_commas_is_left_out(data: list[str]) -> None:
    """Of what is read as objects and broken pieces, no text is lost, save what stands around a list."""
    text = "".join(data).replace('{"results":[', "[")
    pieces = [one.raw if isinstance(one, Broken) else one.data.decode() for one in cut(text.encode())]
    kept = "".join("".join(pieces).split()).replace(",", "")
    assert len(kept) >= len("".join(text.split()).replace(",", "").replace("[", "").replace("]", "")) - text.count("[")


@given(
    lines=st.lists(st.one_of(st.just(b'{"a": 1}'), st.just(b""), st.binary(max_size=9)), max_size=9),
    size=st.integers(1, 20),
)
def test_each_line_that_is_not_blank_is_an_entry(lines: list[bytes], size: int) -> None:
    data = b"\n".join(line.replace(b"\n", b"").replace(b"\0", b"") for line in lines)
    found = list(read_lines_of(chunked(data, size), INFO))
    assert [one.line for one in found] == [n for n, line in enumerate(data.split(b"\n"), 1) if line.strip()]


def test_damage_in_every_item_costs_every_item_and_no_more() -> None:
    good, bad = '{"a":1,"b":"x"}', '{"a":1,"b":"x"y"}'
    found = shown(cut(f"[{','.join([bad, good] * 3_000)}]".encode()))
    assert found == [bad, json.loads(good)] * 3_000
