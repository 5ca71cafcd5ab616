"""BibTeX in whatever state people keep it: where entries begin and end, and what becomes of damage."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from bibtex_reading import keys, one, read

from transforms.errors import HostileDumpError
from transforms.readers import bibtex_entries, recognise
from transforms.readers.base import Head
from transforms.readers.bibtex_grammar import MAX_EXPANSION

A, B, C = "@misc{a, title = {A}}", "@misc{b,\n  title = {B},\n}", "@misc(c, title = {C})"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("@misc{a,\n title={x}}", id="plain"),
        pytest.param("\ufeff\n% Encoding: UTF-8\n\n   @ARTICLE { a , title={x}}", id="mark, comment, spaces, capitals"),
        pytest.param("@Article\n{a,\n title={x}}", id="brace on the next line"),
        pytest.param('@string{x = "y"}', id="only strings"),
        pytest.param("@misc(a, title={x})", id="parentheses"),
        pytest.param("@my_own_type{key:2020, title={x}}", id="unknown type"),
    ],
)
def test_is_recognised(text: str) -> None:
    assert recognise(Head("notes.txt", text.encode())).name == "bibtex"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param('title,bib\nX,"\n@misc{a, title={b}}\n"\n', "csv", id="BibTeX in a cell"),
        pytest.param('{"title": "@misc{a, title={b}}"}\n', "jsonl", id="BibTeX in JSON"),
    ],
)
def test_is_not_taken_from_another_reader(text: str, name: str) -> None:
    assert recognise(Head("a.bib", text.encode())).name == name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(f"{A}{B}{C}", ["a", "b", "c"], id="nothing between"),
        pytest.param(f"{A} some words {B}, and {C}.", ["a", "b", "c"], id="words between"),
        pytest.param(f"mail a@b{{c}} and\n{A}", ["a"], id="an address of mail is no entry"),
        pytest.param(f"{A}\n% {B}\n{C}", ["a", "c"], id="commented out"),
        pytest.param(f"@comment{{{A}}}\n{B}", ["b"], id="inside of a comment"),
        pytest.param(f"@comment{{\n{A}\n\n{C}\n}}\n{B}", ["b"], id="comment over several entries"),
        pytest.param(f"@comment not closed {{\n{A}", ["a"], id="comment without braces"),
        pytest.param(f"@comment{{not closed\n{A}\n{B}", ["a", "b"], id="comment that is not closed"),
        pytest.param(f'@preamble{{"\\def\\x#1{{\\accent"17 #1}}"}}\n{A}', ["a"], id="preamble with a lone quote"),
        pytest.param(f"{A}\n{A}", ["a", "a"], id="a key twice is two records"),
        pytest.param("@misc{, title = {A}}", [None], id="no key"),
        pytest.param("@misc{title = {A}}", [None], id="neither key nor comma"),
        pytest.param("@misc{\n  key with spaces ,\n title = {A}}", ["key with spaces"], id="key on its own line"),
        pytest.param("@misc{10.1/a=b(c), title = {A}}", ["10.1/a=b(c)"], id="key of signs"),
        pytest.param("@misc{a}", ["a"], id="no fields"),
        pytest.param("@misc(a)", ["a"], id="no fields, in parentheses"),
        pytest.param("@misc{a\n title = {A}\n year = 1999\n}", ["a"], id="no commas at all"),
        pytest.param("@misc{a,, title = {A},,\n , year = 1999,,}", ["a"], id="too many commas"),
        pytest.param("@misc{a, title = , year = 1999}", ["a"], id="no value"),
        pytest.param("@misc{a, title = {me @ home}, note = {\n@home\n}}", ["a"], id="@ in values"),
        pytest.param("@misc{a, note = {\n@misc{x, y}\n@misc{z}\n}}", ["a"], id="entries in a value"),
        pytest.param('@misc{a, title = "x {"} y"}', ["a"], id="quote within braces within quotes"),
        pytest.param(r'@misc{a, title = "G\"odel", note = {\{}}', ["a"], id="escaped quote and a lone escaped brace"),
        pytest.param(r"@misc{a, note = {\{}, title = {A}, x = {y}}, @misc{b}", ["a", "b"], id="and fields behind it"),
        pytest.param("@misc{a, title = {5% of 10%}, % {\n % year = 1,\n url = {x%20y}}", ["a"], id="% here and there"),
        pytest.param(f"{A}\n}}\n{B}", ["a", "b"], id="stray brace"),
        pytest.param(f"{A}\r\n\r\n{B}\r\n", ["a", "b"], id="Windows line ends"),
        pytest.param(f"{A}\r\r{B}\r".replace("\n", "\r"), ["a", "b"], id="old Mac line ends"),
        pytest.param(f"{A}\n\ufeff{B}", ["a", "b"], id="files that were joined, with their marks"),
    ],
)
def test_entries(text: str, expected: list[str | None]) -> None:
    assert keys(text) == (expected, [])


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        pytest.param("@misc{x, title = {A}", "is not closed", id="brace of the entry"),
        pytest.param("@misc{x, title = {A, year = {1}}", "is not closed", id="brace of a value"),
        pytest.param("@misc{x, title = {{A, year = {1}\n}", "has a brace that is not closed", id="two braces"),
        pytest.param('@misc{x, title = "A, year = {1}}', "has a quote that is not closed at", id="quote"),
        pytest.param('@misc{x, title = "A}"}', "has a quote that is not closed at", id="brace in a quote"),
        pytest.param("@misc{x, title = {A}}, year = {1}}", "one closing brace too many", id="brace too many"),
        pytest.param("@misc{x, title = A B}", "has no name of a field and = at B}", id="words without quotes"),
        pytest.param("@misc{x, title {A}}", "has no name of a field and =", id="no ="),
        pytest.param("@misc{x, title = {A} {B}}", "has no name of a field and =", id="two values"),
        pytest.param("@article x, title = {A}}", "has no opening brace behind its type", id="opening brace"),
        pytest.param("@misc(x, title = {A}", "is not closed", id="parenthesis"),
        pytest.param("@misc{x{y}, title = {A}}", "has no name of a field and =", id="brace in the key"),
    ],
)
def test_damage_stays_in_its_entry(damaged: str, reason: str) -> None:
    records, [reject] = read(f"{A}\n{damaged}\n\n{B}\n{C}\n{A}\n{B}\n{C}")
    assert [row["source_record_id"] for row in records] == ["a", "b", "c", "a", "b", "c"]
    assert (reject["position"], reject["line"], reject["raw"]) == (2, 2, damaged)
    assert reason in reject["reason"]


def test_two_faults_that_would_cancel_out_swallow_no_entry() -> None:
    """A brace too few here and one too many further on balance, but not where a field may stand."""
    text = f"@misc{{x, title = {{{{A}}\n{A}\n@misc{{y, title = {{A}}}}, year = {{1}}}}\n{B}"
    assert keys(text) == (["a", "b"], ["@misc{x, title = {{A}", "@misc{y, title = {A}}, year = {1}}"])


def test_damaged_string_is_a_reject() -> None:
    assert keys(f'@string{{x = "y}}\n{A}') == (["a"], ['@string{x = "y}'])


@pytest.mark.parametrize("cut", range(1, len(B)))
def test_cut_entry_is_a_reject_and_those_before_survive(cut: int) -> None:
    found, rejects = keys(f"{A}\n{B[:cut]}")
    assert found == ["a"]
    assert rejects == ([B[:cut].partition("\n")[0].strip()] if cut >= len("@misc") else [])


@pytest.mark.parametrize(
    ("text", "title"),
    [
        pytest.param('@string{t = "T"} @misc{a, title = t}', "T", id="plain"),
        pytest.param("@STRING ( t={T} ) @misc{a, title = T}", "T", id="capitals and parentheses"),
        pytest.param('@string{t = {T}} @misc{a, title = "x " # t # { y } # 1}', "x T y 1", id="concatenation"),
        pytest.param('@string{a = "A" b = "B"}@string{c = a # b}@misc{a, title = c}', "AB", id="of strings"),
        pytest.param("@misc{a, title = nobody_knows}", "nobody_knows", id="unknown name stands for itself"),
        pytest.param("@misc{a, title = jan # {~1}}", "jan 1", id="months are known"),
        pytest.param("@string{jan = {January}}@misc{a, title = jan}", "January", id="months can be set anew"),
        pytest.param("@string{anch-ie = {X}}@misc{a, title = anch-ie}", "X", id="hyphen in the name"),
        pytest.param("@misc{a, title = {x}\n  # {y}}", "xy", id="over lines"),
    ],
)
def test_strings(text: str, title: str) -> None:
    assert one(text)["title"] == title


def test_strings_that_grow_without_end_are_rejects() -> None:
    bomb = "@string{a = {xxxxxxxxxxxxxxxx}}\n" + "@string{a = a # a # a # a}\n" * 8
    _, rejects = read(bomb + "@misc{x, title = a}")
    assert len(rejects) == 3
    assert {row["reason"] for row in rejects} == {f"has macros that stand for more than {MAX_EXPANSION:,} characters"}


def test_strings_without_end_are_rejects() -> None:
    strings = "".join(f"@string{{s{number} = {{{'x' * 40}}}}}\n" for number in range(20))
    with patch.object(bibtex_entries, "_MAX_MACROS", 500):
        records, rejects = read(f"{strings}@misc{{a, title = s0 # s19}}")
    assert [row["title"] for row in records] == ["x" * 40 + "s19"]
    assert [row["line"] for row in rejects] == list(range(12, 21))


def test_bytes_that_are_not_utf8_are_a_reject_that_shows_them() -> None:
    words = "déjà vu, naïve, façade, cliché, résumé"
    data = f"@misc{{a, title = {{{words}}}}}\n@misc{{b,\n title = {{caf\udce9}}}}\n{C}"
    records, [reject] = read(data.encode(errors="surrogateescape"))
    assert [row["source_record_id"] for row in records] == ["a", "c"]
    assert (reject["raw"], reject["reason"], reject["line"]) == (
        "@misc{b,\n title = {caf\\xe9}}",
        "is not UTF-8 in line 2 of the entry",
        2,
    )


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig", "utf-16-le"])
@pytest.mark.parametrize("declared", ["UTF-8", "ISO8859_1", "x-nobody-knows"])
def test_declared_encoding_is_not_heeded(encoding: str, declared: str) -> None:
    text = f"% Encoding: {declared}\n@misc{{a, title = {{Über die Größe}}}}\n"
    assert one(text.encode(encoding))["title"] == "Über die Größe"


def test_raw_and_line_are_those_of_the_entry() -> None:
    records, _ = read(f"\n% x\n  {B} words {A}\n")
    assert [(row["line"], row["raw"]) for row in records] == [(3, B), (5, A)]


def test_entry_without_end_is_hostile() -> None:
    with pytest.raises(HostileDumpError, match=r"library.bib, line 2: has an entry of more than 16,777,216 bytes"):
        read("\n@misc{a, title = {\n" + ("x" * 999 + "\n") * 17_000)
