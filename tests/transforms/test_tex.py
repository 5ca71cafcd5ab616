from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from transforms.tex import plain_text


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        pytest.param(r"\"Uber {\'e}t\'{e} \`a gar\c{c}on \c cedille", "Über été à garçon çedille", id="accents"),
        pytest.param(r"{\v R}eh{\r u}{\v r}ek, Krej{\v{c}}{\'{\i}}, \'\i x", "Řehůřek, Krejčí, íx", id="in groups"),
        pytest.param(r"Vi\d{\^e}t {\'{\^e}}", "Việt ế", id="two on one letter"),
        pytest.param(r"na\"\i ve \u{\i} {\H o} \~n \.z \=a \k{a}", "naïve ĭ ő ñ ż ā ą", id="rare accents"),
        pytest.param(r"(11\=22)", "(112\u03042)", id="on a digit"),
        pytest.param(r"\aa \AA{} {\ss} \o re {\O}re \L{}od\'z \ae{}on", "åÅ ß øre Øre Łodź æon", id="letters"),
        pytest.param(
            r"\$5 \& 10\% of \#1 a\_b \{c\} x\textasciitilde{}y \~{}", "$5 & 10% of #1 a_b {c} x~y ~", id="signs"
        ),
        pytest.param(r"5% & a_b #1 x^2", "5% & a_b #1 x^2", id="signs without a backslash"),
        pytest.param("{T}itle of {{DNA}} {a{b{c}}}", "Title of DNA abc", id="protected case"),
        pytest.param(r"\textit{a \emph{b}} {\it c} {\bfseries d} \textsuperscript{3}", "a b c d 3", id="styles"),
        pytest.param(r"\mkbibquote{A} \foo{B}", "A B", id="unknown commands keep what they are given"),
        pytest.param(r"\ie this, \eg{}that", r"\ie this, \egthat", id="unknown commands alone stay"),
        pytest.param("1--2 --- ``x'' a~b", "1\u20132 \u2014 \u201cx\u201d a b", id="dashes, quotes, ties"),
        pytest.param(r"a\,b\ c\\d pre\-fix x\/y\quad z", "a b c d prefix xy z", id="spaces and hints"),
        pytest.param(
            r"$\alpha_{1}$ and $$x$$ \(y\) \[z_{2}\]", r"$\alpha_{1}$ and $$x$$ \(y\) \[z_{2}\]", id="formulas"
        ),
        pytest.param(r"{Cu$_2$O} {${\rm GaN}$}", r"Cu$_2$O ${\rm GaN}$", id="formulas in groups"),
        pytest.param(r"\begin{align*}x &= {y}\end{align*}", r"\begin{align*}x &= {y}\end{align*}", id="displayed"),
        pytest.param(r"{$<$}i{$>$} In{$\slash$}Ga {$-$}5", "<i> In/Ga -5", id="one sign as a formula"),
        pytest.param(r"from $5 to $10 for \$5", r"from $5 to $10 for $5", id="prices"),
        pytest.param(r"one $ alone, \'e", "one $ alone, é", id="one dollar"),
        pytest.param(r"as \cite[p. 3]{a,b} says", r"as \cite[p. 3]{a,b} says", id="references"),
        pytest.param(r"\url{http://a.b/c\_d} \LaTeX{} \today", r"http://a.b/c_d LaTeX \today", id="address"),
        pytest.param(r"Caf\\'e \\& x", "Caf\u00e9 & x", id="backslashes that an export doubled"),
        pytest.param("\\", "\\", id="lone backslash"),
        pytest.param("{a", "a", id="lone brace"),
        pytest.param("\x000\x00 $x$", "0 $x$", id="NUL"),
        pytest.param("", "", id="empty"),
    ],
)
def test_plain_text(tex: str, expected: str) -> None:
    assert plain_text(tex) == expected


@given(st.text())
def test_any_text_has_a_reading(text: str) -> None:
    assert plain_text(text).count("\0") <= text.count("\0")


@given(st.text(st.characters(exclude_characters="\\{}$~-`'\0")))
def test_text_without_tex_stays(text: str) -> None:
    assert plain_text(text) == text


@example(["\\'", "\\'"])
@given(st.lists(st.sampled_from([*"\\{}$~ae'%^[]()\n", "\\'", "\\begin{math}", "\\[", "$$", "--"]), max_size=30))
def test_letters_are_never_lost(parts: list[str]) -> None:
    """Commands are read, never the words beside them."""
    tex = "".join(parts) + "{} word"
    assert plain_text(tex).endswith("word")
    assert re.sub(r"\s+", "", plain_text("Word" + tex)).startswith("Word")
