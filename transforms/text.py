"""Published text and its match keys.

What an author wrote stays as it is: only damage done on the way is mended (white space, mojibake,
escaped entities, control characters). Beside it stands a key, in which two spellings of one title
are equal.

    published  --fold_space, repair_text-->  text of the lake  --text_words-->  words  --title_key-->  key

A key holds letters and digits only. Hyphens and spaces are gone from it, because "pre-training",
"pre training" and "pretraining" are one word in three spellings; only between two digits a space
stays, because "Llama 3.1" and "Llama 31" are two things. `text_words` keeps every space, for
whoever needs tokens.

Everything here is idempotent: doing it twice is doing it once.
"""

from __future__ import annotations

import html
import re
from typing import Final

import ftfy
import polars as pl

from transforms.markup import without_markup
from transforms.rows import kept_where, named, only_where
from transforms.spelling import plain_letters

_INVISIBLE: Final = "\u00ad\u180e\u200b\u2060-\u2064\ufeff"
"""Hints for line breaking; the joiners U+200C and U+200D are part of the spelling of Persian and Hindi."""

_DIRECTION: Final = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Marks that can turn a line of a terminal around."""

_ESCAPE_SEQUENCE: Final = (
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC, DCS, SOS, PM, APC: titles, links
    r"|\x1b[ -/]*[0-~]"
)
_CONTROL: Final = rf"[\x00-\x08\x0e-\x1b\x7f{_DIRECTION}]"

_BYTES_AS_CP1252: Final = (
    "\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013\u2014\u2018-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122"
)
_SUSPECT: Final = (
    rf"[\u00c2-\u00f4][{_BYTES_AS_CP1252}]"  # UTF-8 read as Latin-1 or Windows-1252
    r"|[\u0080-\u009f]"  # Windows-1252 read as Latin-1
    r"|\u201a\u00c4|\u221a[\u00a0-\u00ff\u2020-\u2265]"  # UTF-8 read as Mac Roman
    r"|[\u0420\u0421\u0432][\u0080-\u00bf\u0400-\u040f\u0450-\u045f\u2018-\u203a\u20ac\u2122]"  # ... as Windows-1251
    r"|&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);"
)
"""Text that may be damaged: few rows, on which it is worth calling ftfy, which is Python."""

_ENTITY: Final = re.compile(r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);")
_DROPPED: Final = re.compile(f"{_CONTROL[:-1]}{_INVISIBLE}\u0080-\u009f]")
_RARE: Final = re.compile("[\u2980-\u2aff\u2e80-\u2fdf\u3400-\u4dbf]")
"""Chinese characters and operators that hardly any text uses: what mojibake in lower case is mistaken for."""

_MAX_ROUNDS: Final = 8
"""Text mangled more often than this is left as it is."""

_ENCODING_ONLY: Final = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    remove_control_chars=False,
    normalization="NFC",
    explain=False,
)


def fold_space(col: pl.Expr | str) -> pl.Expr:
    """Every run of white space becomes one space, none at the ends; empty text becomes null.

    Newlines, tabs and no-break spaces are white space. Zero-width characters vanish: they stand
    within words, where a space would split them.
    """
    return only_where(_one_line(col), lambda text: _is_uneven(text, "[^ -~]"), _folded)


def repair_text(col: pl.Expr | str) -> pl.Expr:
    """Mend what transport broke, in Unicode NFC: mojibake, entities, control characters, terminal escapes.

    Mojibake is repaired with ftfy's heuristic (https://ftfy.readthedocs.io); white space is folded
    in the repaired rows, because a no-break space there may be half of a letter.
    """
    return only_where(named(col), lambda text: text.str.contains(r"[^\n -%'-~]"), _repaired)


def published_text(col: pl.Expr | str) -> pl.Expr:
    """Give the text as the lake keeps it: repaired, white space folded, null when empty.

    The same as `fold_space` after `repair_text`, with one look at each text instead of two.
    """
    repaired = only_where(
        _one_line(col), lambda text: text.str.contains("[^ -%'-~]"), lambda text: _folded(_repaired(text))
    )
    return only_where(repaired, _is_loose, _tightened)  # most texts that are uneven have odd spaces, and nothing else


def text_words(col: pl.Expr | str) -> pl.Expr:
    r"""Words of a text for matching: no case, accents, markup or punctuation, one space between words.

    LaTeX and HTML are read as what they print: ``{\'e}`` is e, ``$\alpha$`` and the Greek letter
    are alpha, ``H<sub>2</sub>O`` is h2o. Scripts other than Latin and Greek stay. Null where there
    is neither letter nor digit.
    """
    plain = plain_letters(without_markup(named(col).str.to_lowercase()))
    # spaces one at a time, then runs of them: half the time of both in one pattern
    words = plain.str.replace_all(r"[^\p{L}\p{M}\p{N} ]+", " ").str.replace_all(" {2,}", " ").str.strip_chars(" ")
    return kept_where(words, lambda text: text.str.contains(r"[\p{L}\p{N}]"))


def title_key(col: pl.Expr | str) -> pl.Expr:
    """Key under which two spellings of one title are equal: the words without spaces.

    A space stays between two digits. Null where there is neither letter nor digit.
    """
    return words_key(text_words(col))


def abstract_key(col: pl.Expr | str) -> pl.Expr:
    """Key under which two spellings of one abstract are equal, a leading "Abstract:" left out."""
    label = r"(?i)^\s*(?:<[^<>]*>\s*)*abstract(?:\s*</[^<>]*>|\s*[:.\u2013\u2014-])\s*"
    return words_key(text_words(named(col).str.replace(label, "")))


def words_key(words: pl.Expr | str) -> pl.Expr:
    """Key of what `text_words` gave: the words without spaces, but for those between two digits."""
    kept = only_where(
        named(words),
        lambda text: text.str.contains(r"\d \d"),
        # twice, because neighbouring matches share a digit: "1 2 3"
        lambda text: text.str.replace_all(r"(\d) (\d)", "$1|$2").str.replace_all(r"(\d) (\d)", "$1|$2"),
    )
    return kept.str.replace_all(" ", "", literal=True).str.replace_all("|", " ", literal=True)


def _one_line(col: pl.Expr | str) -> pl.Expr:
    return named(col).str.replace_all("\n", " ", literal=True)


def _is_uneven(text: pl.Expr, unusual: str) -> pl.Expr:
    """Find the texts that are not plain already: printable ASCII, single spaces, none at the ends."""
    return text.str.contains(unusual) | _is_loose(text)


def _is_loose(text: pl.Expr) -> pl.Expr:
    """Find the texts with spaces at an end, several in a row, or nothing at all."""
    at_an_end = text.str.starts_with(" ") | text.str.ends_with(" ")
    return at_an_end | text.str.contains("  ", literal=True) | (text.str.len_bytes() == 0)


def _tightened(text: pl.Expr) -> pl.Expr:
    """Do what `_folded` does, in a tenth of the time, where spaces are the only white space."""
    even = only_where(
        text.str.strip_chars(" "),
        lambda text: text.str.contains("  ", literal=True),
        lambda text: text.str.replace_all(" {2,}", " "),
    )
    return even.replace("", None)


def _folded(text: pl.Expr) -> pl.Expr:
    even = text.str.replace_all(f"[{_INVISIBLE}]+", "").str.replace_all(r"[\s\x1c-\x1f]+", " ")
    return even.str.strip_chars(" \u200c\u200d").replace("", None)


def _repaired(text: pl.Expr) -> pl.Expr:
    clean = (
        text.str.replace_all(_ESCAPE_SEQUENCE, "")
        .str.replace_all(f"[{_INVISIBLE}{_CONTROL[1:-1]}]+", "")
        .str.normalize("NFC")
    )
    return only_where(
        clean,
        lambda repaired: repaired.str.contains(_SUSPECT),
        lambda damaged: damaged.map_elements(_mended, return_dtype=pl.String),
    )


def _mended(text: str) -> str:
    for _ in range(_MAX_ROUNDS):
        decoded = _ENTITY.sub(lambda entity: html.unescape(entity[0]), _decoded(text))
        better = " ".join(_decoded(_DROPPED.sub("", decoded)).split())
        if better == text:
            break
        text = better
    return text


def _decoded(text: str) -> str:
    better = ftfy.fix_text(text, _ENCODING_ONLY)
    return text if len(_RARE.findall(better)) > len(_RARE.findall(text)) else better
