from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xml_samples import INFO

from transforms.readers.xml_pieces import Pieces

Cut = list[tuple[str, int, str, bool]]


def cut(data: bytes, size: int = 1_000_000) -> Cut:
    """Cut <r> elements and <open> tags out of data that arrives in chunks of `size`."""
    chunks = (data[i : i + size] for i in range(0, len(data), size))
    pieces = Pieces(chunks, INFO, ("r", "rec"), ("open",)).cut()
    return [(piece.name, piece.line, piece.data.decode("latin-1"), piece.fault is None) for piece in pieces]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param("", [], id="empty"),
        pytest.param("<x><rx/><open_/></x>", [], id="other names"),
        pytest.param("<x><r>1</r>\n<r>2</r></x>", [("r", 1, "<r>1</r>", True), ("r", 2, "<r>2</r>", True)], id="two"),
        pytest.param("<r/><r a='/>'/>", [("r", 1, "<r/>", True), ("r", 1, "<r a='/>'/>", True)], id="empty elements"),
        pytest.param("<r\n a='>'\n>1</r\n >", [("r", 1, "<r\n a='>'\n>1</r\n >", True)], id="white space in tags"),
        pytest.param("<rec><r2/></rec>", [("rec", 1, "<rec><r2/></rec>", True)], id="longer name"),
        pytest.param("<r><!-- </r><r> --></r>", [("r", 1, "<r><!-- </r><r> --></r>", True)], id="comment"),
        pytest.param("<r><![CDATA[</r>]]></r>", [("r", 1, "<r><![CDATA[</r>]]></r>", True)], id="CDATA"),
        pytest.param("<!--<r>-->\n<r/>", [("r", 2, "<r/>", True)], id="comment outside"),
        pytest.param("<r>1<r>2</r>", [("r", 1, "<r>1", False), ("r", 1, "<r>2</r>", True)], id="not closed"),
        pytest.param("<r>1<open>", [("r", 1, "<r>1", False), ("open", 1, "<open/>", True)], id="not closed before tag"),
        pytest.param("<r><!-- 1</r><r/>", [("r", 1, "<r><!-- 1</r>", True), ("r", 1, "<r/>", True)], id="open comment"),
        pytest.param("<r>\n1</", [("r", 1, "<r>\n1</", False)], id="cut off"),
        pytest.param("<r a='1", [("r", 1, "<r a='1", False)], id="cut off in its tag"),
        pytest.param("<r a='<r/>", [("r", 1, "<r a='", False), ("r", 1, "<r/>", True)], id="quote without end"),
        pytest.param(
            "<open a='>'><open b=''/>", [("open", 1, "<open a='>'/>", True), ("open", 1, "<open b=''/>", True)]
        ),
    ],
)
def test_pieces(data: str, expected: Cut) -> None:
    assert cut(data.encode()) == expected


TOKENS = st.sampled_from(
    [
        *(
            "<r>",
            "</r>",
            "</r >",
            "<r/>",
            "<r a='>'>",
            "<rec>",
            "</rec>",
            "<open>",
            "<open/>",
            "<b>",
            "</b>",
            "\n",
            "x",
        ),
        *("<!--", "-->", "<![CDATA[", "]]>", "<!DOCTYPE a [", "]>", '"', "'", "<", ">", "&", "é"),
    ]
)


@given(tokens=st.lists(TOKENS, max_size=30), size=st.integers(1, 40))
def test_chunks_make_no_difference_and_lines_are_right(tokens: list[str], size: int) -> None:
    data = "".join(tokens).encode()
    pieces = cut(data)
    if b"<!DOCTYPE" not in data:  # one that is split between chunks is not passed over
        assert cut(data, size) == pieces
    rest = data.decode("latin-1")
    line = 1
    for name, at, text, _ in pieces:
        given = text if name != "open" else text.removesuffix("/>")
        before, _, rest = rest.partition(given)
        assert at == line + before.count("\n")
        line = at + given.count("\n")


@given(contents=st.lists(st.text(st.sampled_from("ab \n<é"), max_size=8).map(lambda text: text.replace("<", "&lt;"))))
def test_every_well_formed_element_comes_whole(contents: list[str]) -> None:
    data = "<x>" + "\n".join(f"<r>{content}</r>" for content in contents) + "</x>"
    assert [text for _, _, text, _ in cut(data.encode("latin-1"), 7)] == re.findall("(?s)<r>.*?</r>", data)


@pytest.mark.parametrize("before", ["", "<r>", "<r a='", "<!--", "<![CDATA["])
@pytest.mark.parametrize(
    "token",
    [
        "<!--",
        "<![CDATA[",
        "<!DOCTYPE x[",
        '<!DOCTYPE x["',
        "<!DOCTYPE x[<!--",
        "<r",
        "<r ",
        "<r>",
        "</r",
        "</r ",
        "<",
        "'",
        " ",
    ],
)
def test_long_run_of_what_never_ends_takes_linear_time(token: str, before: str) -> None:
    """Quadratic, each of these would take minutes."""
    assert all(name == "r" for name, *_ in cut((before + token * (200_000 // len(token))).encode()))
