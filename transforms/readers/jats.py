"""Read an abstract in JATS, the markup of journal articles, as the words that it prints.

    <jats:sec><jats:title>Aim</jats:title><jats:p>To see H<jats:sub>2</jats:sub>O ...   ->   Aim To see H2O ...

No word is added or left out, headings included; of a formula in two notations the one in TeX stays.
"""

from __future__ import annotations

import re
from typing import Final

_ALTERNATIVES: Final = re.compile(
    r"<(?:jats:)?alternatives(?:\s[^<>]*)?>(.*?)</(?:jats:)?alternatives>", re.DOTALL | re.IGNORECASE
)
_TEX: Final = re.compile(r"<(?:jats:)?tex-math(?:\s[^<>]*)?>(.*?)</(?:jats:)?tex-math>", re.DOTALL | re.IGNORECASE)
_BLOCK: Final = re.compile(
    r"</?(?:jats:)?(?:p|sec|title|abstract|list|list-item|disp-formula|disp-quote|break|label|table|tr|td|th|br|div"
    r"|ul|ol|li|h[1-6])(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_INLINE: Final = re.compile(
    r"</?(?:jats:[a-z][a-z-]*|mml:[a-z]+|(?:su[bp]|i|b|u|em|strong|bold|italic|monospace|underline|sc|small|span|font|a"
    r"|tt|code|xref|ext-link|uri|email|styled-content|inline-formula|inline-graphic|named-content|roman|overline))"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
"""Known tags only: "a<b and c>d" is no tag."""


def plain_abstract(text: str | None) -> str | None:
    """Return an abstract without its tags; blocks are parted by line ends."""
    if text is None or "<" not in text:
        return text
    text = _ALTERNATIVES.sub(_one_notation, text)
    return _INLINE.sub("", _BLOCK.sub("\n", text)).strip() or None


def _one_notation(found: re.Match[str]) -> str:
    tex = _TEX.search(found[1])
    return tex[1] if tex else found[1]
