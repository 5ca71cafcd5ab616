r"""TeX as people write it in bibliographies, read as what it prints: ``Sch{\"o}n`` is Schön.

    text --hide math and references--> --accents--> --commands--> --braces, dashes, quotes--> --put back--> text

Formulas stay as LaTeX, and so does what prints nothing of its own (``\cite``), for the match keys
know LaTeX. What a single command prints is asked of pylatexenc, once each: to let it parse whole
texts takes about a hundred times as long, and loses the arguments of commands it does not know.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from pylatexenc.latex2text import LatexNodes2Text

_IS_TEX: Final = re.compile(r"[\\{}$~]|--|``|''").search

_KEPT: Final = re.compile(
    r"[$\\](?:"  # one set of signs to begin with: what search skips to quickly
    r"(?<=\$)(?<!\\\$)(\$?)((?:[^$\\]++|\\.)++)\1\$"
    r"|(?<=\\)(?:\((?:[^\\]++|\\[^()])*+\\\)|\[(?:[^\\]++|\\[^\[\]])*+\\\]"
    r"|begin\{(equation|align|eqnarray|multline|gather|displaymath|math)(\*?)\}"
    r"(?:[^\\]++|\\(?!begin\{|end\{))*+\\end\{\3\4\}"
    r"|(?:cite[a-z]*+|ref|eqref|autoref|label|begin|end)\*?\s*+(?:\[[^\[\]]*+\])?\{[^{}]*+\}))",
    re.DOTALL,
)
_SIGN_AS_FORMULA: Final = {r"\slash": "/", "<": "<", ">": ">", "|": "|", "-": "-", "+": "+", "=": "="}
"""Formulas of one sign, which programs write for that sign in running text."""

_HIDDEN: Final = re.compile("\x00(\\d+)\x00")

_DOUBLED: Final = re.compile(r"""\\(?=\\['`"^~=.&%_#$])""")
"""A backslash that an export escaped; a line break stands before a word."""

_ACCENT: Final = re.compile(
    r"\\(?:(['`^\"~=.])|([cvuHrtkdb])(?![^\W\d_]))\s*+"
    r"(?:\{\s*+(\\[ij]|[^\W_]{1,2})?\s*+(?:\{\})?\}|(\\[ij])(?![^\W\d_])\s*+|([^\W_]))"
)
_COMMAND: Final = re.compile(r"\\(?:([A-Za-z]+)\*?(\{\}|\s*+)(?=(\{?))|([\s\S]))")

_PRINTED: Final = {
    "LaTeX": "LaTeX", "TeX": "TeX", "BibTeX": "BibTeX", "hyphen": "-", "slash": "/", "copyright": "\u00a9",
    "today": "\\today", "newline": " ", "linebreak": " ", "par": "\n\n", "quad": " ", "qquad": " ", "space": " ", "item": " ",
    "textless": "<", "textgreater": ">", "textbar": "|", "textunderscore": "_", "textdollar": "$", "textpm": "\u00b1",
    "textquotesingle": "'", "textasciitilde": "\x03", "textasciicircum": "^", "textbackslash": "\\",
    "textbraceleft": "\x01", "textbraceright": "\x02", "lbrace": "\x01", "rbrace": "\x02", "psqq": " sqq.", "psq": " sq.",
}  # fmt: skip
"""What pylatexenc does not know, or lays out."""

_DECLARATIONS: Final = (
    "it bf em rm sc tt sl sf cal up md upshape itshape slshape scshape bfseries mdseries rmfamily sffamily ttfamily"
    " tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge noindent relax protect newblock"
    " vphantom hphantom phantom boldmath unboldmath ignorespaces xspace allowbreak nobreak break sloppy"
    " raggedright selectfont"
)
_SILENT: Final = frozenset(_DECLARATIONS.split())
"""Commands that change how the rest of a group looks."""

_ESCAPES: Final = {
    **dict.fromkeys("&%_#$@", None), "{": "\x01", "}": "\x02", "\\": " ", "/": "", "-": "", "!": "",
    **dict.fromkeys(" ,;:>\n\t~", " "),
}  # fmt: skip
"""What a backslash and another character print; None: the character itself."""

_LIGATURES: Final = (
    ("---", "\u2014"), ("--", "\u2013"), ("``", "\u201c"), ("''", "\u201d"), ("~", " "), ("{", ""), ("}", ""),
)  # fmt: skip

_LATEX: Final = LatexNodes2Text(math_mode="verbatim")
_MAX_ACCENTS: Final = 3
"""Accents on one letter: Vietnamese has two."""


def plain_text(text: str) -> str:
    r"""Return TeX as the text it prints, formulas and references left as LaTeX.

    >>> plain_text(r"Sch{\"o}n's {RNA}: 5\% of $\alpha_{1}$")
    "Schön's RNA: 5% of $\\alpha_{1}$"
    """
    if not _IS_TEX(text):
        return text
    kept: list[str] = []
    text = text.replace("\x00", "")
    if "\\" in text or "$" in text:
        text = _KEPT.sub(lambda found: _hidden(found, kept), text)
    if "\\" in text:
        text = _DOUBLED.sub("", text).replace("\\\\", " ")
        text = _COMMAND.sub(_command, _accented(text))
    for tex, printed in _LIGATURES:
        text = text.replace(tex, printed)
    text = text.replace("\x01", "{").replace("\x02", "}").replace("\x03", "~")
    return _HIDDEN.sub(lambda found: kept[int(found[1])], text) if kept else text


def _hidden(found: re.Match[str], kept: list[str]) -> str:
    if found[2] and (sign := _SIGN_AS_FORMULA.get(found[2].strip())):
        return sign
    kept.append(found[0])
    return f"\x00{len(kept) - 1}\x00"


def _accented(text: str) -> str:
    """Put accents on their letters, from the inside out."""
    for _ in range(_MAX_ACCENTS):
        better = _ACCENT.sub(_letter, text)
        if better == text:
            break
        text = better
    return text


def _letter(found: re.Match[str]) -> str:
    letter = found[3] or found[4] or found[5]
    if letter is None:
        return {"~": "\x03", "^": "^"}.get(found[1], "{}")  # an outer accent stays before braces
    return _printed(f"\\{found[1] or found[2]}{{{letter}}}")


def _command(found: re.Match[str]) -> str:
    name, space, brace, other = found.groups()
    if other is not None:
        printed = _ESCAPES.get(other, found[0])
        return other if printed is None else printed
    if name in _SILENT:
        return ""
    printed = _PRINTED.get(name) or _symbol(name)
    if printed or brace:
        return printed
    return f"\\{name}{space}"


@lru_cache(maxsize=10_000)
def _printed(accent: str) -> str:
    return str(_LATEX.latex_to_text(accent))


@lru_cache(maxsize=10_000)
def _symbol(name: str) -> str:
    """Return the sign that a command stands for; empty where it is none, but works on what follows."""
    spec = _LATEX.latex_context.get_macro_spec(name)
    sign = spec.simplify_repl if spec else None
    return sign if isinstance(sign, str) and "%" not in sign else ""
