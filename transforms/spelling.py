"""Letters as a plain keyboard has them, for match keys only.

Accents go, ligatures and full-width letters fall apart, Greek letters and common symbols take the
names that LaTeX gives them. Scripts that are neither Latin nor Greek keep their letters.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

from transforms.rows import only_where

if TYPE_CHECKING:
    import polars as pl

_SYMBOLS: Final = {
    "\N{INFINITY}": "infty",
    "\N{MULTIPLICATION SIGN}": "x",
    "\N{LESS-THAN OR EQUAL TO}": "leq",
    "\N{LESS-THAN OR SLANTED EQUAL TO}": "leq",
    "\N{GREATER-THAN OR EQUAL TO}": "geq",
    "\N{GREATER-THAN OR SLANTED EQUAL TO}": "geq",
    "\N{NOT EQUAL TO}": "neq",
    "\N{ALMOST EQUAL TO}": "approx",
    "\N{PLUS-MINUS SIGN}": "pm",
    "\N{ELEMENT OF}": "in",
    "\N{PARTIAL DIFFERENTIAL}": "partial",
    "\N{NABLA}": "nabla",
    "\N{N-ARY SUMMATION}": "sum",
    "\N{N-ARY PRODUCT}": "prod",
    "\N{INTEGRAL}": "int",
    "\N{SQUARE ROOT}": "sqrt",
    "\N{CIRCLED PLUS}": "oplus",
    "\N{CIRCLED TIMES}": "otimes",
    "\N{UNION}": "cup",
    "\N{INTERSECTION}": "cap",
    "\N{SUBSET OF}": "subset",
    "\N{FOR ALL}": "forall",
    "\N{THERE EXISTS}": "exists",
    "\N{RIGHTWARDS ARROW}": " to ",
    "\N{LONG RIGHTWARDS ARROW}": " to ",
    "\N{TRADE MARK SIGN}": "",
    "\N{SERVICE MARK}": "",
}

_LETTERS: Final = {
    "\N{LATIN SMALL LETTER SHARP S}": "ss",
    "\N{LATIN SMALL LETTER AE}": "ae",
    "\N{LATIN SMALL LIGATURE OE}": "oe",
    "\N{LATIN SMALL LETTER THORN}": "th",
    "\N{LATIN SMALL LETTER ETH}": "d",
    "\N{LATIN SMALL LETTER ENG}": "ng",
    "\N{LATIN SMALL LETTER DOTLESS I}": "i",
    "\N{LATIN SMALL LETTER DOTLESS J}": "j",
    "\N{LATIN SMALL LETTER KRA}": "k",
}

_APOSTROPHES: Final = "'`\u00b4\u2018\u2019\u201b\u2032\u02b9-\u02df\uff07"
_INVISIBLE: Final = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"

_ACCENTS: Final = (
    r"[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"  # Latin, Greek, Cyrillic
    r"\u0483-\u0487"  # old Cyrillic
    r"\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # Hebrew points
    r"\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0640"  # Arabic vowels
    r"\ufe00-\ufe0f]+"  # which picture of an emoji
)
"""Marks that spellings leave out; in Indian scripts and in kana they are letters, and stay."""


def plain_letters(text: pl.Expr) -> pl.Expr:
    """Lower-case text in plain letters."""
    bare = text.str.replace_all(f"[{_APOSTROPHES}{_INVISIBLE}]", "")
    return only_where(bare, lambda all_rows: all_rows.str.len_bytes() != all_rows.str.len_chars(), _spelled_out)


def _spelled_out(text: pl.Expr) -> pl.Expr:
    return (
        text.str.replace_many(_SYMBOLS)
        .str.normalize("NFKD")
        .str.replace_all(_ACCENTS, "")
        .str.to_lowercase()
        .str.replace_all(f"[{_APOSTROPHES}{_INVISIBLE}]", "")
        .str.replace_many(_SPELLING)
    )


def _greek() -> dict[str, str]:
    names = {chr(code): unicodedata.name(chr(code), "").lower() for code in range(0x3B1, 0x3CA)}
    return {letter: name.split()[-1].replace("lamda", "lambda") for letter, name in names.items()}


def _stroked() -> dict[str, str]:
    """Latin letters that Unicode does not take apart: o with stroke, l with stroke ..."""
    letters = (chr(code) for code in range(0xDF, 0x250))
    named = ((letter, re.match(r"LATIN SMALL LETTER ([A-Z]) WITH ", unicodedata.name(letter))) for letter in letters)
    return {letter: name[1].lower() for letter, name in named if name and not unicodedata.decomposition(letter)}


_SPELLING: Final = _LETTERS | _stroked() | _greek()
