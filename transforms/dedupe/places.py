"""Where a paper stands in print: the numbers of volume, issue and pages, and the name of the venue."""

from __future__ import annotations

from typing import Final

import polars as pl

from transforms.dedupe.fold import fold

_NOISE: Final = (
    "a an and at der des die et for in la of on the to und proceedings proc pre preproceedings advances conference conf "
    "international intl national european annual symposium symp workshop meeting congress acm ieee siam usenix aaai "
    "appear press vol volume no issue pages pp edition ed supplement suppl abstracts abstract online electronic "
    "resource print hellip amp quot first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty thirty thirtieth table contents "
    "january february march april may june july august september october november december"
)
"""Words that venues carry or leave out at will."""


_PAGE_COUNT: Final = r"(?i)^\s*\d+\s*(?:p|pp|pages?|leaves)\b\.?\s*$"


def first_number(col: pl.Expr) -> pl.Expr:
    """Give the first run of digits, without leading zeros ("vol. 07(4)" -> "7"); null where there is none."""
    return col.str.extract(r"(\d+)").str.strip_chars_start("0").replace("", "0")


def first_page(pages: pl.Expr) -> pl.Expr:
    """Give the first page with its letter, if any ("S376-S387" -> "s376"); null where there is none."""
    # "215 p" is how many pages there are, not which.
    which = pl.when(~pages.str.contains(_PAGE_COUNT)).then(pages)
    bare = which.str.to_lowercase().str.replace_all(r"\bpp?\b\.?|\bpages?\b|\bart(?:icle)?\b|\bno\b\.?|\s", "")
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


_JOURNAL: Final = r"\b(?:j|jour|journal|trans|transactions|letters|lett|magazine|review|reviews|record|annals|archives|bulletin|quarterly)\b"
_MEETING: Final = r"\b(?:proc|proceedings|conf|conference|symposium|symp|workshop|meeting|congress|colloquium)\b"


_REPORT: Final = (
    r"\b(?:tech|technical|report|thesis|dissertation|manuscript|unpublished|preprint|draft|memo|phd|submitted)\b"
)


def venue_kind(venue: pl.Expr) -> pl.Expr:
    """Tell what the name of a venue says it is: journal, meeting or report; null where it says nothing or two of them."""
    folded = fold(venue)
    kinds = {"journal": _JOURNAL, "meeting": _MEETING, "report": _REPORT}
    said = {name: folded.str.contains(pattern) for name, pattern in kinds.items()}
    one = pl.sum_horizontal(said.values()) == 1
    return pl.when(one).then(pl.coalesce(pl.when(held).then(pl.lit(name)) for name, held in said.items()))
