"""What Splink does with a table of records; runs under Splink's own Python, see `peer_tools.py`.

The fields are brought into comparable form in DuckDB first, as Splink's guide asks: without case, accents and
punctuation. A comparison or a rule of blocking whose fields the table does not have is left out.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

if TYPE_CHECKING:
    from pathlib import Path

THRESHOLD = 0.7
"""Best mean F1 over Cora, DBLP-ACM and DBLP-Scholar of .5, .7, .9, .95 and .99."""
LEAST_FILLED = 0.02
"""Share of records that must have a field for it to be compared."""

COLUMNS = r"""
    WITH plain AS (
        SELECT
            *,
            trim(regexp_replace(lower(strip_accents(title)), '[^\p{L}\p{N}]+', ' ', 'g')) AS plain_title,
            trim(regexp_replace(lower(strip_accents(venue)), '[^\p{L}\p{N}]+', ' ', 'g')) AS plain_venue,
            regexp_split_to_array(lower(strip_accents(authors)), '[^\p{L}]+') AS name_parts
        FROM read_csv($table, all_varchar = true, header = true, quote = '"', escape = '"', max_line_size = 16777216)
    ),
    words AS (
        SELECT
            *,
            list_filter(name_parts, lambda word: length(word) > 2) AS names,
            list_sort(list_distinct(list_filter(string_split(plain_title, ' '), lambda word: length(word) > 3)))
                AS long_words
        FROM plain
    )
    SELECT
        id AS unique_id,
        nullif(plain_title, '') AS title,
        CASE WHEN len(names) > 0 THEN list_distinct(names) END AS names,
        names[1] AS lead_name,
        nullif(plain_venue, '') AS venue,
        TRY_CAST(nullif(regexp_extract(year, '\d{4}'), '') AS INTEGER) AS year,
        nullif(regexp_replace(lower(doi), '^(https?://(dx[.])?doi.org/|doi: *)', ''), '') AS doi,
        nullif(regexp_extract(pages, '\d+'), '') AS first_page,
        nullif(regexp_extract(volume, '\d+'), '') AS volume,
        nullif(regexp_extract(number, '\d+'), '') AS number,
        nullif(substr(lower(abstract), 1, 300), '') AS abstract,
        nullif(array_to_string(long_words[1:3], ' '), '') AS first_words,
        nullif(array_to_string(long_words[-3:], ' '), '') AS last_words,
        nullif(substr(plain_title, 1, 20), '') AS title_start
    FROM words
"""

NAMES_SHARED = "len(list_intersect(names_l, names_r)) / least(len(names_l), len(names_r))"


def deduplicated(table: Path, train_on: int | None) -> Any:
    """Train, predict and cluster; give the start of the clock, the clusters and the pairs compared."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    started = time.perf_counter()
    connection = duckdb.connect()
    connection.execute(f"CREATE TABLE records AS {COLUMNS}", {"table": str(table)})
    settings = _settings(connection)
    trained_on = "records"
    if train_on is not None:
        connection.execute(f"CREATE TABLE training AS SELECT * FROM records LIMIT {int(train_on)}")
        trained_on = "training"
    linker = _trained(connection, trained_on, settings)
    if train_on is not None:
        model = linker.misc.save_model_to_json()
        linker = _linker(connection, "records", model)
    predicted = linker.inference.predict(threshold_match_probability=None if train_on is None else THRESHOLD)
    clustered = linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, THRESHOLD)
    clusters = connection.sql(f"SELECT unique_id, cluster_id FROM {clustered.physical_name}").fetchall()
    pairs = connection.sql(f"SELECT unique_id_l, unique_id_r FROM {predicted.physical_name}").fetchall()
    return started, clusters, pairs if train_on is None else None


def _linker(connection: duckdb.DuckDBPyConnection, table: str, settings: Any) -> Linker:
    api = DuckDBAPI(connection=connection)
    return Linker(api.register(table), settings, log_level=logging.ERROR)


def _filled(connection: duckdb.DuckDBPyConnection) -> set[str]:
    names = [column[0] for column in connection.execute("SELECT * FROM records LIMIT 0").description]
    counts = ", ".join(f'count("{name}")' for name in names)
    whole, *filled = connection.execute(f"SELECT count(*), {counts} FROM records").fetchall()[0]
    return {name for name, count in zip(names, filled, strict=True) if count > LEAST_FILLED * whole}


def _settings(connection: duckdb.DuckDBPyConnection) -> SettingsCreator:
    there = _filled(connection)
    comparisons = {
        "title": cl.JaroWinklerAtThresholds("title", [0.97, 0.92, 0.85]).configure(term_frequency_adjustments=True),
        "names": _names(),
        "venue": cl.JaroWinklerAtThresholds("venue", [0.9, 0.8]),
        "year": _year(),
        "doi": cl.ExactMatch("doi"),
        "first_page": cl.ExactMatch("first_page"),
        "volume": cl.ExactMatch("volume"),
        "number": cl.ExactMatch("number"),
        "abstract": cl.JaroWinklerAtThresholds("abstract", [0.95, 0.8]),
    }
    rules = (
        ("title",),
        ("doi",),
        ("title_start",),
        ("first_words",),
        ("last_words",),
        ("lead_name", "year", "first_page"),
        ("lead_name", "year", "venue"),
        ("volume", "first_page", "year"),
        ("abstract",),
    )
    return SettingsCreator(
        link_type="dedupe_only",
        comparisons=[comparison for name, comparison in comparisons.items() if name in there],
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in rules if there.issuperset(rule)],
        retain_matching_columns=False,
    )


def _names() -> cl.CustomComparison:
    levels = [
        {"sql_condition": "names_l IS NULL OR names_r IS NULL", "label_for_charts": "null", "is_null_level": True},
        *(
            {"sql_condition": f"{NAMES_SHARED} >= {share}", "label_for_charts": f"{share}"}
            for share in (0.99, 0.5, 0.2)
        ),
        {"sql_condition": "ELSE", "label_for_charts": "else"},
    ]
    return cl.CustomComparison(levels, output_column_name="names")


def _year() -> cl.CustomComparison:
    levels = [
        {"sql_condition": "year_l IS NULL OR year_r IS NULL", "label_for_charts": "null", "is_null_level": True},
        *({"sql_condition": f"abs(year_l - year_r) <= {gap}", "label_for_charts": f"{gap}"} for gap in (0, 1)),
        {"sql_condition": "ELSE", "label_for_charts": "else"},
    ]
    return cl.CustomComparison(levels, output_column_name="year")


def _trained(connection: duckdb.DuckDBPyConnection, table: str, settings: SettingsCreator) -> Linker:
    linker = _linker(connection, table, settings)
    training = linker.training
    training.estimate_probability_two_random_records_match([block_on("title", "lead_name", "year")], recall=0.6)
    training.estimate_u_using_random_sampling(max_pairs=1e7, seed=1)
    training.estimate_parameters_using_expectation_maximisation(block_on("title"))
    training.estimate_parameters_using_expectation_maximisation(block_on("first_words"))
    return linker
