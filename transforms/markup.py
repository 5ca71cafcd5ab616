r"""Markup read as what it prints: LaTeX, HTML and their entities, for match keys only.

The input is lower case already, so that ``\Delta``, ``\delta`` and their letters meet.
"""

from __future__ import annotations

import html
from typing import Final

import polars as pl

from transforms.rows import only_where

_HAS_MARKUP: Final = r"[\\${}<&~^_]|\d,\d\d\d|c\+\+|[cf]#"
_HAS_ENTITY: Final = r"&(?:#[0-9]+|#x[0-9a-f]+|[a-z][a-z0-9]*);"

_ATTRIBUTES: Final = r"""(?:\s+[\w:-]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s<>"']+))*\s*/?>"""
_PREFIX: Final = r"</?(?:jats:|mml:|m:|html:|xhtml:)?"
_INLINE_TAG: Final = (
    rf"{_PREFIX}(?:su[bp]|inf|i|b|u|em|strong|bold|italic|tt|sc|scp|small-caps|span|font|a|code|q|cite"
    rf"|underline|monospace|styled-content|roman|math|m[a-z]+|inline-formula|tex-math|alternatives){_ATTRIBUTES}"
)
_BLOCK_TAG: Final = (
    rf"{_PREFIX}(?:p|br|div|title|sec|abstract|ul|ol|li|list|list-item|h[1-6]|table|tr|td|th"
    rf"|disp-formula|label|break|hr|blockquote|section){_ATTRIBUTES}"
)
"""Known tags only: "a<b and c>d" is no tag."""

_STYLES: Final = (
    "text[a-z]*|math[a-z]+|emph|em|bf|it|rm|sc|sf|tt|sl|cal|frak|bm|boldsymbol|pmb|left|right|big[a-z]?|mbox|hbox"
    "|ensuremath|operatorname|displaystyle|scriptstyle|textstyle|limits|nolimits|overline|underline|hat|widehat"
    "|tilde|widetilde|bar|vec|dot|ddot|check|acute|grave|breve|mathring|overrightarrow|quad|qquad|ldots|dots|cdots"
    "|cdot|prime|protect|noindent|par|newline|small|large|huge|tiny|normalsize|footnotesize|(?:[dt]|nice|s)?frac|url|href"
    "|xspace|relax|circ|degree|sim|dag|dagger|ast|star|rangle|langle|lvert|rvert|vert|mid|cref|autoref"
)
"""Commands that print nothing of their own, or only a mark that keys leave out."""

_STEPS: Final[tuple[tuple[str, str], ...]] = (
    (_BLOCK_TAG, " "),
    (_INLINE_TAG, ""),
    (r"\\+", r"\\"),  # doubled by an export, or a line break
    (r"(?s)\\documentclass.*?\\begin\{document\}", " "),  # Springer wraps each formula in a document
    (r"\\(?:begin|end)\{[a-z*]*\}", " "),
    (r"\\(?:cite[a-z]*|label|ref|eqref|thanks|footnote|footnotemark)\*?(?:\[[^\]]*\])?\{[^{}]*\}", " "),
    (r"\\(?:[dt]|nice|s)?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", "$1/$2"),
    (r"""\\["'`^~=.]\s*""", ""),  # accents: \'e, \"{o}
    (r"\\[cvuhrtkdb]\s*([{\\])", "$1"),  # accents that are letters: \c{c}, \v{s}
    (r"\\[cvuhrtkdb]\s+", ""),
    (r"\\aa([^a-z]|$)", "a$1"),
    (r"\\(ss|ae|oe|o|l|i|j)(?:\s+|\{\})", "$1"),
    (rf"(?:\\(?:{_STYLES})\*?)+([^a-z]|$)", "$1"),
    (rf"(?:\\(?:{_STYLES})\*?)+([^a-z]|$)", "$1"),  # again, for those whose backslash ended a match
    (r"\\(?:long)?(?:right)?arrow([^a-z]|$)|\\to([^a-z]|$)", " to $1$2"),
    (r"\\times([^a-z]|$)", "x$1"),
    (r"\\(l|g)e(?:qslant)?([^a-z]|$)", "${1}eq$2"),
    (r"\\ne([^a-z]|$)", "neq$1"),
    (r"\\var(epsilon|theta|kappa|rho|pi|phi|sigma)", r"\\$1"),
    (r"\\ell([^a-z]|$)", "l$1"),
    (r"\\hbar([^a-z]|$)", "h$1"),
    (r"\\[,;:!/-]", ""),
    (r"[\\${}^_]", ""),
    (r"&", " and "),
    (r"~", " "),
    (r"\bc\+\+", " cplusplus "),
    (r"\b([cf])#", " ${1}sharp "),
    (r"(\d),(\d\d\d)\b", "$1$2"),  # thousands: 10,000
    (r"(\d),(\d\d\d)\b", "$1$2"),
)


def without_markup(text: pl.Expr) -> pl.Expr:
    """Lower-case text without its markup, symbols spelled as LaTeX names them."""
    return only_where(
        text, lambda all_rows: all_rows.str.contains(_HAS_MARKUP), lambda marked: _stripped(_unescaped(marked))
    )


def _unescaped(text: pl.Expr) -> pl.Expr:
    return only_where(
        text,
        lambda all_rows: all_rows.str.contains(_HAS_ENTITY),
        lambda escaped: escaped.map_elements(_unescaped_twice, return_dtype=pl.String),
    )


def _unescaped_twice(text: str) -> str:
    """Undo what an export escaped, and what it escaped again: &amp;lt;."""
    return html.unescape(html.unescape(text))


def _stripped(text: pl.Expr) -> pl.Expr:
    for pattern, plain in _STEPS:
        text = text.str.replace_all(pattern, plain)
    return text
