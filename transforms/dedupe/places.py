"""Where a paper stands in print: the numbers of volume, issue and pages, and the name of the venue."""

from __future__ import annotations

from typing import Final

import polars as pl

from transforms.dedupe.fold import fold

_NOISE: Final = (
    "a an and at der des die et for in la of on the to und proceedings proc pre preproceedings advances conference conf "
    "international intl national european annual symposium symp workshop meeting congress acm ieee siam usenix aaai "
    "appear press vol volume no issue pages pp edition ed supplement suppl abstracts abstract online electronic "
    "resource print first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty thirty thirtieth table contents "
    "january february march april may june july august september october november december"
)
"""Words that venues carry or leave out at will."""


def first_number(col: pl.Expr) -> pl.Expr:
    """Give the first run of digits, without leading zeros ("vol. 07(4)" -> "7"); null where there is none."""
    return col.str.extract(r"(\d+)").str.strip_chars_start("0").replace("", "0")


def first_page(pages: pl.Expr) -> pl.Expr:
    """Give the first page with its letter, if any ("S376-S387" -> "s376"); null where there is none."""
    bare = pages.str.to_lowercase().str.replace_all(r"\bpp?\b\.?|\bpages?\b|\bart(?:icle)?\b|\bno\b\.?|\s", "")
    return bare.str.extract(r"([a-z]{0,2}\d+)").str.replace(r"^([a-z]*)0+(\d)", "$1$2")


def last_page(pages: pl.Expr) -> pl.Expr:
    """Give the last page, completed from the first ("277-9" -> "279"); null where there is none."""
    first = pages.str.extract(r"(\d+)")
    last = pages.str.extract(r"\d+\D+(\d+)\D*$")
    short = last.str.len_chars() < first.str.len_chars()
    head = first.str.slice(0, first.str.len_chars() - last.str.len_chars())
    return pl.when(short).then(pl.concat_str(head, last)).otherwise(last).str.strip_chars_start("0")


def venue_key(venue: pl.Expr) -> pl.Expr:
    """Fold the name of a venue and drop what is left out at will; "" where missing."""
    words = _NOISE.replace(" ", "|")
    bare = fold(venue).str.replace_all(rf"\b(?:{words}|\d+(?:st|nd|rd|th)?)\b", "")
    return bare.str.replace_all(r" +", " ").str.strip_chars(" ")


def initials(key: pl.Expr) -> pl.Expr:
    """Give the first letters of the words ("very large data bases" -> "vldb")."""
    return key.str.replace_all(r"(\p{L})\p{L}*", "$1").str.replace_all(" ", "")


_JOURNAL: Final = r"\b(?:j|jour|journal|trans|transactions|letters|lett|magazine|review|reviews|record|annals|archives|bulletin|quarterly)\b"
_MEETING: Final = r"\b(?:proc|proceedings|conf|conference|symposium|symp|workshop|meeting|congress|colloquium)\b"


def is_journal(venue: pl.Expr) -> pl.Expr:
    """Whether the name of a venue says journal (true) or meeting (false); null where it says neither or both."""
    folded = fold(venue)
    journal, meeting = folded.str.contains(_JOURNAL), folded.str.contains(_MEETING)
    return pl.when(journal != meeting).then(journal)
