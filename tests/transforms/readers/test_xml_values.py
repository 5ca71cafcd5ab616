from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from transforms.readers.xml_values import Children, folded, text


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        pytest.param("", None, id="nothing"),
        pytest.param(" \n ", None, id="white space"),
        pytest.param("<i/>", None, id="empty markup"),
        pytest.param("10<sup>5</sup> of H<sub>2</sub>O", "10<sup>5</sup> of H<sub>2</sub>O", id="meaning stays"),
        pytest.param("<i>E. <b>coli</b></i> x", "E. coli x", id="style goes"),
        pytest.param("at <tex-math>x^2</tex-math>", "at $x^2$", id="LaTeX"),
        pytest.param("<p>One.</p><p>Two.</p>", "\nOne.\n\nTwo.\n", id="blocks part words"),
        pytest.param("p &lt; 0.05 &amp; q", "p < 0.05 & q", id="text that looks like markup"),
        pytest.param("a<!-- c -->b", "ab", id="comment"),
    ],
)
def test_text(inner: str, expected: str | None) -> None:
    assert text(ET.fromstring(f"<t>{inner}</t>")) == expected  # noqa: S314


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ("<a/>", ""),
        ("<a>1</a>", "1"),
        ('<a x="1"/>', {"@x": "1"}),
        ('<a x="1">2</a>', {"@x": "1", "#text": "2"}),
        ("<a><b>1</b> <b>2</b><c/><d> </d></a>", {"b": ["1", "2"]}),
        ('<a x="1"><b><c y="2">3</c></b></a>', {"@x": "1", "b": {"c": {"@y": "2", "#text": "3"}}}),
        ('<a>1<i z="&quot;">&lt;2</i></a>', '1<i z="&quot;">&lt;2</i>'),
        ('<a x="1"><i>2</i>3</a>', {"@x": "1", "#text": "<i>2</i>3"}),
    ],
)
def test_folded(element: str, expected: object) -> None:
    assert folded(ET.fromstring(element)) == expected  # noqa: S314


def test_what_nobody_takes_is_the_rest() -> None:
    children = Children(
        ET.fromstring(  # noqa: S314
            '<r id="7" x="y">stray<t>One <i>two</i></t><t>Three</t><u k="v">4</u><w>5</w><w>6</w><n/></r>'
        )
    )
    assert (children.attribute("id"), children.attribute("id")) == ("7", None)
    assert (children.text("t"), children.text("u"), children.text("none")) == ("One two", "4", None)
    assert children.rest() == {
        "@x": "y",
        "#text": "stray",
        "t_markup": "One <i>two</i>",
        "t": "Three",
        "u": {"@k": "v", "#text": "4"},
        "w": ["5", "6"],
    }


def test_nothing_has_no_children() -> None:
    children = Children(None)
    assert (children.text("a"), children.elements("a"), children.rest()) == (None, [], {})
