"""Each rule of the contract against good and bad values, as DuckDB judges them."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import polars as pl
import pytest

from transforms.contract_rules import Rule, record_rules
from transforms.dump_rules import dump_rules
from transforms.schema import RECORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

TODAY = dt.date(2026, 3, 14)
RULES = {rule.name: rule for rule in record_rules(TODAY)}
DUMP_ID = "0123456789abcdef" * 4

GOOD: dict[str, object] = {
    "record_id": "0123456789abcdef-12",
    "dump_id": DUMP_ID,
    "position": 12,
    "source": "huggingface",
    "seen_date": dt.date(2026, 3, 1),
    "is_seen_date_inferred": False,
    "title": "Counting Ducks at Scale",
    "abstract": "We count ducks on nine lakes and find that they move.",
    "authors": ["Ada Beispiel", "Bo Ejemplo"],
}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def broken(connection: duckdb.DuckDBPyConnection, values: dict[str, object]) -> set[str]:
    """Give the names of the rules that a good record breaks once these values are put into it."""
    row = pl.DataFrame([{**GOOD, **values}], schema=RECORDS.polars_schema)
    connection.register("row", row)
    judged = connection.execute(
        f"SELECT {', '.join(f'({rule.predicate}) AS {name}' for name, rule in RULES.items())} FROM row"
    ).pl()
    verdicts = judged.row(0, named=True)
    assert None not in verdicts.values(), "a predicate gave neither yes nor no"
    return {name for name, holds in verdicts.items() if not holds}


BAD = [
    pytest.param({"title": None}, {"title_present"}, id="no title"),
    pytest.param({"title": " \t "}, {"title_present", "title_has_a_word", "title_is_one_line"}, id="blank title"),
    pytest.param({"title": "G"}, {"title_length"}, id="title of one letter"),
    pytest.param({"title": "x" * 2001}, {"title_length"}, id="endless title"),
    pytest.param({"title": "- ? -"}, {"title_has_a_word"}, id="title of signs"),
    pytest.param({"title": "Two\nLines"}, {"title_is_one_line"}, id="title of two lines"),
    pytest.param({"title": "Nul \x00 Inside"}, {"title_is_one_line"}, id="title with NUL"),
    pytest.param({"title": '<div class="card">Ducks</div>'}, {"title_is_not_markup"}, id="div with a class"),
    pytest.param({"title": "<!DOCTYPE html>"}, {"title_is_not_markup"}, id="doctype"),
    pytest.param({"title": "Ducks <a href='/x'>more"}, {"title_is_not_markup"}, id="link inside"),
    pytest.param({"title": "</span> Ducks"}, {"title_is_not_markup"}, id="closing tag first"),
    pytest.param({"title": "<SCRIPT>alert(1)</SCRIPT>"}, {"title_is_not_markup"}, id="script in capitals"),
    pytest.param(
        {"title": "Get trending papers in your email inbox once a day!"}, {"title_is_not_page_chrome"}, id="slogan"
    ),
    pytest.param({"title": "Subscribe"}, {"title_is_not_page_chrome"}, id="button"),
    pytest.param({"title": "byAK and the research community"}, {"title_is_not_page_chrome"}, id="byline"),
    pytest.param({"title": "https://example.org/papers/1"}, {"title_is_not_an_address"}, id="address"),
    pytest.param({"title": "www.example.org"}, {"title_is_not_an_address"}, id="address without scheme"),
    pytest.param({"title": '{"title": "Ducks"'}, {"title_is_not_data"}, id="JSON object"),
    pytest.param({"title": '"title": "Ducks",'}, {"title_is_not_data"}, id="JSON member"),
    pytest.param({"title": "[{'id': 3}]"}, {"title_is_not_data"}, id="Python list"),
    pytest.param({"title": "@article{duck2020,"}, {"title_is_not_data"}, id="BibTeX"),
    pytest.param({"title": "NaN."}, {"title_is_not_a_placeholder"}, id="NaN"),
    pytest.param({"title": "Title", "authors": ["Authors"]}, {"row_is_not_a_heading"}, id="heading of a table"),
    pytest.param({"title": "title:", "authors": None}, {"row_is_not_a_heading"}, id="heading of a title column"),
    pytest.param({"title": "[object Object]"}, {"title_is_not_a_placeholder"}, id="JavaScript object"),
    pytest.param({"abstract": "counting DUCKS, at scale."}, {"abstract_differs_from_title"}, id="title as abstract"),
    pytest.param({"abstract": "a" * 100_001}, {"abstract_length"}, id="endless abstract"),
    pytest.param({"venue": "v" * 2_001}, {"venue_length"}, id="endless venue"),
    pytest.param({"authors": ["Ada", " "]}, {"authors_filled"}, id="blank author"),
    pytest.param({"authors": ["Ada", None]}, {"authors_filled"}, id="missing author"),
    pytest.param({"code_urls": [""]}, {"code_urls_filled"}, id="blank link"),
    pytest.param({"year": 1399}, {"year_in_range"}, id="before printing"),
    pytest.param({"year": 2028}, {"year_not_after_next"}, id="the year after next"),
    pytest.param({"year": 9999}, {"year_in_range", "year_not_after_next"}, id="year 9999"),
    pytest.param(
        {"published_date": dt.date(2028, 1, 1)}, {"published_date_not_after_next_year"}, id="published in the future"
    ),
    pytest.param({"seen_date": dt.date(2026, 3, 16)}, {"seen_date_not_in_future"}, id="seen in the future"),
    pytest.param({"seen_date": None}, {"seen_date_present"}, id="never seen"),
    pytest.param({"is_seen_date_inferred": None}, {"is_seen_date_inferred_present"}, id="date of unknown kind"),
    pytest.param({"source": "  "}, {"source_present"}, id="blank source"),
    pytest.param({"doi": "https://doi.org/10.1234/x"}, {"doi_well_formed"}, id="DOI with resolver"),
    pytest.param({"doi": "10.1234/a b"}, {"doi_well_formed"}, id="DOI with a blank"),
    pytest.param({"arxiv_id": "2501.00001v2"}, {"arxiv_id_well_formed"}, id="arXiv id with version"),
    pytest.param({"arxiv_version": 0}, {"arxiv_version_in_range"}, id="version zero"),
    pytest.param({"pmid": "0123"}, {"pmid_well_formed"}, id="PMID with leading zero"),
    pytest.param({"url": "JavaScript:alert(1)"}, {"url_is_harmless"}, id="script as url"),
    pytest.param({"url": " file:///etc/passwd"}, {"url_is_harmless"}, id="local file as url"),
    pytest.param({"url": "http://a/" + "b" * 4_000}, {"url_length"}, id="endless url"),
    pytest.param({"extra": "[1]"}, {"extra_is_a_json_object"}, id="extra is a list"),
    pytest.param({"extra": "{cut"}, {"extra_is_a_json_object"}, id="extra is cut off"),
    pytest.param({"dump_id": "XYZ"}, {"dump_id_well_formed", "record_id_follows_from_place"}, id="no SHA-256"),
    pytest.param({"dump_id": None}, {"dump_id_present", "record_id_follows_from_place"}, id="no dump id"),
    pytest.param({"title": "\u00a0\u2003"}, {"title_present", "title_has_a_word"}, id="Unicode blanks"),
    pytest.param({"record_id": None}, {"record_id_present", "record_id_follows_from_place"}, id="no record id"),
    pytest.param({"record_id": "0123456789abcdef-13"}, {"record_id_follows_from_place"}, id="another's record id"),
    pytest.param(
        {"position": 0, "record_id": "0123456789abcdef-0"}, {"position_in_range"}, id="position before the first"
    ),
    pytest.param({"position": None}, {"position_present", "record_id_follows_from_place"}, id="no position"),
    pytest.param(
        {"title": "null", "year": 3000, "doi": "11/x"},
        {"title_is_not_a_placeholder", "year_in_range", "year_not_after_next", "doi_well_formed"},
        id="several at once",
    ),
]


@pytest.mark.parametrize(("values", "expected"), BAD)
def test_bad_value_breaks_its_rules_and_no_other(
    connection: duckdb.DuckDBPyConnection, values: dict[str, object], expected: set[str]
) -> None:
    assert broken(connection, values) == expected


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({}, id="plain"),
        pytest.param({"title": "Untitled"}, id="Untitled is a title"),
        pytest.param({"title": "[Not Available]."}, id="PubMed's missing title"),
        pytest.param({"title": '["Burnout" among nurses].'}, id="translated and quoted"),
        pytest.param({"title": '{"O}sterreichs Enten'}, id="BibTeX umlaut"),
        pytest.param({"title": "Growth of <i>E. coli</i> in H<sub>2</sub>O"}, id="publisher's markup"),
        pytest.param({"title": "p < 0.05 and why a > b"}, id="less and greater"),
        pytest.param({"title": "Null results matter"}, id="begins like a placeholder"),
        pytest.param({"title": "Subscribe or perish: alerts in science"}, id="begins like a button"),
        pytest.param({"title": "https://: a short history of the secure web"}, id="begins like an address"),
        pytest.param({"title": "1984"}, id="only digits"),
        pytest.param({"title": "Title", "authors": ["M. Ejemplo"]}, id="a paper called Title"),
        pytest.param({"title": "Title", "authors": None, "year": 1995}, id="a paper called Title, with its year"),
        pytest.param({"title": "深層学習"}, id="Japanese"),
        pytest.param({"title": "$\\mathcal{O}(n)$ is not {all}"}, id="LaTeX"),
        pytest.param({"abstract": None, "authors": None}, id="title alone"),
        pytest.param({"abstract": "Counting Ducks at Scale. We count."}, id="abstract that begins with the title"),
        pytest.param({"title": "???a", "abstract": "!!!"}, id="signs against signs"),
        pytest.param({"seen_date": dt.date(2026, 3, 15)}, id="tomorrow, where it is tomorrow already"),
        pytest.param({"year": 2027, "published_date": dt.date(2027, 12, 31)}, id="next year's volume"),
        pytest.param({"year": 1400}, id="incunable"),
        pytest.param({"arxiv_id": "math.GT/0309136", "doi": "10.1000.10/abc(1)<x>", "pmid": "1"}, id="odd ids"),
        pytest.param({"url": "www.example.org/x"}, id="url without scheme"),
        pytest.param({"extra": "{}"}, id="nothing extra"),
        pytest.param({"code_urls": []}, id="no links"),
    ],
)
def test_good_value_breaks_nothing(connection: duckdb.DuckDBPyConnection, values: dict[str, object]) -> None:
    assert broken(connection, values) == set()


def test_every_rule_is_broken_by_some_bad_value() -> None:
    tested = set().union(*(expected for parameter in BAD for expected in [parameter.values[1]]))  # type: ignore[arg-type]  # a set of names
    assert tested == set(RULES)


def test_rules_have_one_name_each_and_look_at_columns_that_exist() -> None:
    rules: tuple[Rule, ...] = record_rules(TODAY)
    assert len(RULES) == len(rules)
    assert {column for rule in rules for column in rule.columns} <= set(RECORDS.names)


def test_every_required_column_and_every_limit_of_the_schema_is_a_rule() -> None:
    for column in RECORDS.columns:
        if column.name == "variant_id":
            continue
        assert (f"{column.name}_present" in RULES) is column.is_required
        assert (f"{column.name}_well_formed" in RULES) is (column.pattern is not None)
        assert (f"{column.name}_length" in RULES) is (column.longest is not None)
        assert (f"{column.name}_in_range" in RULES) is (column.lowest is not None)


def test_page_on_the_contract_names_every_rule_and_its_meaning() -> None:
    page = (Path(__file__).parents[2] / "docs" / "contract.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", page, flags=re.MULTILINE)
    rules: list[Rule] = [*record_rules(TODAY), *dump_rules()]
    assert [(name, meaning.replace("\\|", "|")) for name, meaning in rows] == [
        (rule.name, rule.meaning) for rule in rules
    ]
