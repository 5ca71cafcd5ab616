"""What a title says beside its words: numbers, parts, kinds of notice, and whether it is generic."""

from __future__ import annotations

from typing import Final

import polars as pl

_PART_WORDS: Final = (
    "part|volume|vol|chapter|section|phase|study|paper|report|stage|supplement|edition|session|type|grade"
)
_NUMERALS: Final = "[ivx]+|[a-e]|one|two|three|four|five|six|first|second|third|fourth|fifth"

NUMBERS: Final = (
    rf"\b(?:[\p{{L}}]*\d[\p{{L}}\d]*|ii|iii|iv|vi|vii|viii|ix|xi|xii)\b|\b(?:{_PART_WORDS}) (?:{_NUMERALS})\b|\b[ivx]$"
)
"""What tells numbered parts apart: words with digits, Roman numerals, "part one"."""

_NOTICES: Final = {
    "erratum": r"^(?:an? )?(?:author )?(?:erratum|errata|corrigend\w+|corrections?(?: to| for| of)?\b|addend\w+|publishers? (?:note|correction))"
    r"|(?:erratum|corrigendum|addendum)$|\bvol \d+ (?:pgs? \w+|(?:artn? )?\w*\d\w*) \d{4}$",  # the last as Web of Science writes "(vol 39, pg 2, 2009)", "(vol 16, e0272477, 2021)"
    "retraction": r"^(?:notice of )?(?:retraction|withdrawal|expression of concern)\b",
    "comment": r"^(?:(?:a |invited |editorial )?comment(?:s|ary)?(?: on| to)\b|discussion of\b|remarks? on\b|letter (?:to|by|regarding)\b|in response)|\bcomment(?:ary)? on\b",
    "reply": r"^(?:(?:the )?authors? )?(?:(?:in )?reply to|repl(?:y|ies) (?:to|by)|response to|rejoinder|authors response)\b|\b(?:reply|rejoinder)$",
    "review": r"^(?:book review|review of|reviews? )\b",
}
"""Writings about an article, by what their titles begin or end with; none of them is the article."""

_FEWEST_CHARS: Final = 3

GENERIC: Final = (
    r"^(?:(?:guest )?editors?(?: in chief)?s? (?:introduction|note|notes|foreword|message|letter|comments?|page|corner|choice)"
    r"|(?:guest )?editorials?(?: .{0,25})?|introduction(?: to (?:the|this) .{0,40})?|preface|foreword|afterword|prologue"
    r"|epilogue|conclusions?|summary|abstracts?(?: .{0,30})?|contents|table of contents|in (?:this|the next) issue.{0,20}"
    r"|from the editors?.{0,20}|letters?(?: to the editors?)?|book reviews?|reviews?|news(?: .{0,20})?|announcements?"
    r"|obituar\w+.{0,30}|in memoriam.{0,30}|discussion|commentary|comment|reply|response|authors? repl(?:y|ies)"
    r"|erratum|errata|corrigend\w+|corrections?|retraction|acknowledge?ments?|dedication|message from .{0,40}|welcome.{0,30}"
    r"|keynote.{0,20}|panel.{0,20}|poster.{0,20}|front ?matter|back ?matter|title page|copyright.{0,20}|author index"
    r"|subject index|index|list of .{0,30}|call for papers.{0,20}|research directions|overview|background|methods?|results"
    r"|untitled|no title|case reports?|letter from .{0,30}|reminiscences on influential papers|chairs? (?:message|welcome).{0,20}"
    r"|committees?|sponsors?|program(?:me)?(?: committee)?|workshop .{0,20}|special issue.{0,40})$"
)
"""Titles that thousands of different papers carry."""


_ARABIC: Final = (
    ("i|one|first|a", "1"),
    ("ii|two|second|b", "2"),
    ("iii|three|third|c", "3"),
    ("iv|four|fourth|d", "4"),
    ("v|five|fifth|e", "5"),
    ("vi|six|sixth", "6"),
    ("vii", "7"),
    ("viii", "8"),
    ("ix", "9"),
    ("x", "10"),
)


def title_numbers(title_key: pl.Expr) -> pl.Expr:
    """Join the numbers of a folded title with spaces, in Arabic digits; "" where there are none."""
    found = title_key.str.extract_all(NUMBERS).list.join(" ")
    bare = found.str.replace_all(rf"\b(?:{_PART_WORDS}) ", "")
    for words, digit in _ARABIC:
        bare = bare.str.replace_all(rf"\b(?:{words})\b", digit)
    # Digits alone: sources disagree on where a word ends ("p16 ink4a", "p16ink4a").
    return bare.str.extract_all(r"\d+").list.join(" ")


def notice(title_key: pl.Expr) -> pl.Expr:
    """Name the kind of notice ("erratum", "reply" ...) that the title announces; "" for an article."""
    found = pl.lit("")
    for name, pattern in reversed(_NOTICES.items()):
        found = pl.when(title_key.str.contains(pattern)).then(pl.lit(name)).otherwise(found)
    return found


def is_generic(title_key: pl.Expr) -> pl.Expr:
    """Whether the folded title says nothing of its own: "editorial", "book review", or nothing at all."""
    return title_key.str.contains(GENERIC) | (title_key.str.len_chars() < _FEWEST_CHARS)
