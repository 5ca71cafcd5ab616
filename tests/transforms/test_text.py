"""Published text is mended, never rewritten; keys make spellings of one text equal."""

# ruff: noqa: RUF001 - letters that look like others are what is tested here

from __future__ import annotations

import re
import string
import unicodedata
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from transforms.text import abstract_key, fold_space, published_text, repair_text, text_words, title_key

if TYPE_CHECKING:
    from collections.abc import Callable

    Rule = Callable[[str], pl.Expr]


def apply(rule: Rule, *texts: str | None) -> list[str | None]:
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    return frame.select(rule("text")).to_series().to_list()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(None, None, id="missing"),
        pytest.param("", None, id="empty"),
        pytest.param(" \t\r\n\u00a0\u3000", None, id="nothing but white space"),
        pytest.param("\u200b\ufeff", None, id="nothing but zero-width"),
        pytest.param("\u200d", None, id="a joiner alone"),
        pytest.param("deep\u200blearning", "deeplearning", id="zero-width within a word"),
        pytest.param("deep \u200b learning", "deep learning", id="zero-width within white space"),
        pytest.param("infor\u00admation", "information", id="soft hyphen"),
        pytest.param("a\u00a0b\u2009c\u3000d\u2028e", "a b c d e", id="every kind of space"),
        pytest.param("a\x0bb\x0cc\x1cd\x85e", "a b c d e", id="separators that are control characters"),
        pytest.param("Calculation of cross\n  sections at\r\nTevatron ", "Calculation of cross sections at Tevatron", id="wrapped"),
        pytest.param("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", id="non-joiner of Persian stays"),
        pytest.param("  ends  ", "ends", id="ends"),
    ],
)  # fmt: skip
def test_fold_space(raw: str | None, expected: str | None) -> None:
    assert apply(fold_space, raw) == [expected]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param("caf\u00c3\u00a9 \u00c3\u00a0 la carte", "café à la carte", id="UTF-8 read as Latin-1"),
        pytest.param("don\u00e2\u20ac\u2122t", "don\u2019t", id="UTF-8 read as Windows-1252"),
        pytest.param("the tool\x92s \x93name\x94", "the tool\u2019s \u201cname\u201d", id="Windows-1252 read as Latin-1"),
        pytest.param("\u0432\u0402\u2122s", "\u2019s", id="UTF-8 read as Windows-1251"),
        pytest.param("Erd\u0151s & R\u00e9nyi in S\u00c3O PAULO", "Erd\u0151s & R\u00e9nyi in S\u00c3O PAULO", id="sound text stays"),
        pytest.param("rez-verd\u00e3\u00ba , x", "rez-verd\u00e3\u00ba , x", id="mojibake in lower case cannot be undone"),
        pytest.param("3\u00e2\u00aa edi", "3\u00e2\u00aa edi", id="nor this"),
        pytest.param("R&amp;D at Alzheimer&#39;s &amp;lt; 5", "R&D at Alzheimer's < 5", id="entities, escaped twice"),
        pytest.param("AT&T; R&D, &c", "AT&T; R&D, &c", id="ampersands that are no entity"),
        pytest.param("\x1b[31mred\x1b[0m \x1b]0;pwned\x07tail", "red tail", id="terminal escapes"),
        pytest.param("a\x00b\x07c\x7fd", "abcd", id="control characters"),
        pytest.param("abc\u202etxt.exe", "abctxt.exe", id="direction override"),
        pytest.param("e\u0301tude", "\u00e9tude", id="composed"),
        pytest.param("\ufb01ne \uff26\uff35\uff2c\uff2c", "\ufb01ne \uff26\uff35\uff2c\uff2c", id="ligature and width stay as written"),
        pytest.param("\u201cquoted\u201d \u2013 dash", "\u201cquoted\u201d \u2013 dash", id="typography stays"),
        pytest.param("{\\'e}tude of $\\alpha$", "{\\'e}tude of $\\alpha$", id="LaTeX stays"),
        pytest.param("深度学习 в России", "深度学习 в России", id="other scripts stay"),
    ],
)  # fmt: skip
def test_repair_text(raw: str, expected: str) -> None:
    assert apply(repair_text, raw) == [expected]
    assert apply(published_text, raw) == [expected]


def test_repair_looks_at_damaged_rows_only() -> None:
    damaged = apply(repair_text, "plain", None, "caf\u00c3\u00a9", "naïve")
    assert damaged == ["plain", None, "café", "naïve"]


SAME_TITLE = [
    pytest.param(["pre-training", "pre training", "Pretraining", "PRE\u2010TRAINING", "pre\u00adtraining"], id="hyphens"),
    pytest.param(["étude", "e\u0301tude", "{\\'e}tude", "\\'{e}tude", "\\'etude", "\\\\'etude", "ETUDE"], id="acute"),
    pytest.param(["Gödel", 'G{\\"o}del', 'G\\"{o}del', 'G\\"odel', "G&ouml;del", "G&#246;del", "godel"], id="umlaut"),
    pytest.param(["Erdős", "Erd\\H{o}s", "Erd{\\H o}s", "Erdos"], id="double acute"),
    pytest.param(["Ça", "\\c{C}a", "\\c Ca"], id="cedilla"),
    pytest.param(["naïve", 'na{\\"\\i}ve', 'na\\"{\\i}ve'], id="dotless i"),
    pytest.param(["Łódź Øre straße æon", "\\L{}\\'od\\'z \\O re stra\\ss e \\ae on", "Lodz Ore strasse aeon"], id="letters with a stroke"),
    pytest.param(["α-stable", "$\\alpha$-stable", "alpha stable", "\U0001d6fc-stable", "&alpha;-stable"], id="Greek"),
    pytest.param(["ε", "ϵ", "$\\varepsilon$", "\\epsilon", "Epsilon"], id="Greek variants"),
    pytest.param(["ΔE", "$\\Delta E$", "Delta E"], id="Greek capital"),
    pytest.param(["$\\mathcal{O}(n \\log n)$", "O(n log n)", "\\mathcal O (n\\log n)"], id="math alphabet"),
    pytest.param(["\\textbf{Fast} {BERT}", "Fast BERT", "{\\bf Fast} BERT", "<b>Fast</b> BERT", "\\emph{Fast} {B}{E}{R}{T}"], id="styles"),
    pytest.param(["H$_2$O", "H<sub>2</sub>O", "H₂O", "H2O", "H<SUB>2</SUB>O", "H<jats:sub>2</jats:sub>O"], id="subscript"),
    pytest.param(["ℓ1 norm", "$\\ell_1$-norm", "L1-Norm"], id="script l"),
    pytest.param(["3×3", "$3\\times 3$", "3x3", "3&times;3"], id="times"),
    pytest.param(["n ≤ ∞", "$n \\leq \\infty$", "$n\\le\\infty$"], id="comparison and infinity"),
    pytest.param(["Sim → Real", "Sim $\\to$ Real", "Sim $\\rightarrow$ Real"], id="arrow"),
    pytest.param(["R&D", "R&amp;D", "R\\&D", "R and D", "R &amp;amp; D"], id="ampersand"),
    pytest.param(["10,000 steps", "10000 steps", "10{,}000 steps"], id="thousands"),
    pytest.param(["1,234,567", "1234567"], id="millions"),
    pytest.param(["½", "1/2", "$\\frac{1}{2}$", "\\nicefrac{1}{2}"], id="fraction"),
    pytest.param(["ﬁne ﬂow", "fine flow", "ＦＩＮＥ　ｆｌｏｗ"], id="ligature and width"),
    pytest.param(["don't", "don’t", "dont", "don`t", "donʼt"], id="apostrophe"),
    pytest.param(["``Attention''", "“Attention”", '"Attention"', "Attention™", "Attention."], id="quotes and marks"),
    pytest.param(["ё й", "е и"], id="Cyrillic accents"),
    pytest.param(["한국어", unicodedata.normalize("NFD", "한국어")], id="Hangul"),
    pytest.param(["p < 0.05", "p &lt; 0.05", "p $<$ 0.05"], id="a less-than that is no tag"),
    pytest.param(["Caching\\\\ at the edge", "Caching at the edge"], id="line break of LaTeX"),
    pytest.param(["On X\\thanks{Funded by Y} and Z \\cite{z}", "On X and Z"], id="footnote and citation"),
    pytest.param(["İstanbul", "istanbul"], id="dotted capital I"),
]  # fmt: skip


@pytest.mark.parametrize("spellings", SAME_TITLE)
def test_title_key_of_one_title(spellings: list[str]) -> None:
    keys = apply(title_key, *spellings)
    assert keys[0]
    assert set(keys) == {keys[0]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Llama 3.1", "Llama 31", id="a point between digits"),
        pytest.param("Part 1 2", "Part 12", id="a space between digits"),
        pytest.param("Part I", "Part II", id="roman numbers"),
        pytest.param("Programming in C", "Programming in C++", id="plus signs"),
        pytest.param("Programming in C", "Programming in C#", id="sharp"),
        pytest.param("α", "β", id="Greek letters"),
        pytest.param("か", "が", id="voiced kana"),
        pytest.param("हिन्दी", "हन्द", id="vowel signs"),
        pytest.param("深度学习", "强化学习", id="Chinese"),
        pytest.param("a ≤ b", "a ≥ b", id="comparisons"),
    ],
)
def test_title_key_of_different_titles(one: str, other: str) -> None:
    first, second = apply(title_key, one, other)
    assert first
    assert second
    assert first != second


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        pytest.param(None, None, id="missing"),
        pytest.param("", None, id="empty"),
        pytest.param("--- !", None, id="punctuation alone"),
        pytest.param("🤗 ❤️", None, id="pictures alone"),
        pytest.param("\u0301\u093f", None, id="marks alone"),
        pytest.param("7", "7", id="a digit"),
        pytest.param("Ω", "omega", id="a Greek letter"),
        pytest.param("Pre-training: A (short) Survey", "pre training a short survey", id="words"),
        pytest.param("a<b and c>d", "a b and c d", id="comparison that looks like a tag"),
        pytest.param("<p>One</p><p>Two</p>", "one two", id="blocks"),
        pytest.param("$x^2 + y_{max}$ in $5 range", "x2 ymax in 5 range", id="math and money"),
        pytest.param("\\documentclass[12pt]{minimal} \\begin{document}$$x$$\\end{document} ray", "x ray", id="a document within"),
        pytest.param("Нейронные сети — обзор", "неиронные сети обзор", id="Cyrillic"),
        pytest.param("深度学习：综述", "深度学习 综述", id="Chinese"),
    ],
)  # fmt: skip
def test_text_words(raw: str | None, words: str | None) -> None:
    assert apply(text_words, raw) == [words]


def test_abstract_key_leaves_the_label_out() -> None:
    labelled = ["Abstract: We show it.", "ABSTRACT \u2014 We show it", "<jats:title>Abstract</jats:title><jats:p>We show it.</jats:p>"]  # fmt: skip
    assert set(apply(abstract_key, *labelled, "We show it")) == {"weshowit"}
    assert apply(abstract_key, "Abstract interpretation is sound") == ["abstractinterpretationissound"]


pieces = st.one_of(
    st.text(),
    st.text(alphabet=string.printable),
    st.sampled_from(
        [
            "\\",
            "{",
            "}",
            "$",
            "&amp;",
            "&",
            "<b>",
            "</p>",
            "\\'",
            "\\c",
            "\\textbf",
            "\\alpha",
            " ",
            "\n",
            "\u200b",
            "\x1b[",
            "1",
            ",",
            "000",
            "\u00c3",
            "\u00a9",
            "\u00e2\u20ac\u2122",
            "\x93",
            "\u0301",
            "\u0130",
            "\u1e9e",
            "\u03a3",
            "\ufeff",
            "c++",
            "|",
        ]
    ),
)
any_text = st.lists(pieces, max_size=8).map("".join)


@pytest.mark.parametrize("rule", [fold_space, repair_text, published_text, text_words, title_key, abstract_key])
@settings(max_examples=60)
@given(texts=st.lists(any_text, min_size=1, max_size=12))
@example(texts=["A\u0303\u00a9", "\u00c3\x00\u00a9", "&am\u200bp;lt;", "\x1b\x1b[0m[0m", "1 2 3|4"])
def test_twice_is_once(rule: Rule, texts: list[str]) -> None:
    once = apply(rule, *texts)
    assert apply(rule, *once) == once


@settings(max_examples=60)
@given(texts=st.lists(any_text | st.text(" ab\n&", max_size=8), min_size=1, max_size=12))
@example(texts=["  A wrapped\n  line\n", " ", "", "a  \u00e9 ", "Ã  la"])
def test_published_text_is_repaired_and_then_folded(texts: list[str]) -> None:
    assert apply(published_text, *texts) == apply(fold_space, *apply(repair_text, *texts))


@settings(max_examples=60)
@given(texts=st.lists(any_text, min_size=1, max_size=12))
def test_a_letter_or_digit_is_never_lost(texts: list[str]) -> None:
    plain = [re.sub(r"[\\<&]", "", text) for text in texts]
    for text, words in zip(plain, apply(text_words, *plain), strict=True):
        assert words or not re.search("[a-zA-Z0-9]", text)


@settings(max_examples=60)
@given(texts=st.lists(st.one_of(st.none(), any_text), max_size=6))
def test_each_row_is_keyed_by_itself(texts: list[str | None]) -> None:
    assert apply(title_key, *texts) == [apply(title_key, text)[0] for text in texts]
