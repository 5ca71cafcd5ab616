"""What deduplication costs at volume, and how good it stays; a part of `dedupe.py`.

Invented records of any number from Parquet to published lake; 650 new records into the lake that they made,
beside the same into an empty one, each time by a new process with the lake out of the page cache; Splink on the
same records, its model trained on 100,000 of them; the real daily listings without their ids.
"""

from __future__ import annotations

import os
import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Final

import generate_records
import peers
import polars as pl
from lake_runs import FailedError, Finished, Ingest, ingest

import warehouse

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

NEW: Final = 650
TIMES: Final = 3
"""Batches of NEW records that are added one after the other."""

TRAIN_ON: Final = 100_000
HEADER: Final = (
    "| records | by | s | records/s | dedupe s | dedupe records/s | CPU s | GB | precision | recall | F1 | B-cubed "
    "| F1 without generic titles |\n|---|---|" + "---:|" * 11
)
INCREMENT_HEADER: Final = (
    "| 650 new records into | s | s into an empty lake | more | CPU s | CPU s into an empty lake | more |\n|---|"
    + "---:|" * 6
)
CLUSTERS: Final = "SELECT source_record_id AS id, paper_id AS cluster FROM records JOIN paper_records USING (record_id)"
_VERSION: Final = r"v\d+$"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this part."""
    parser.add_argument("--sizes", type=int, nargs="*", default=[100_000], help="numbers of invented records")
    parser.add_argument("--records", type=Path, nargs="*", help="written by generate_records.py: take these instead")
    parser.add_argument("--splink", action="store_true", help="Splink on the same records")
    parser.add_argument(
        "--into", type=Path, nargs="+", metavar="PATH", help="a lake that is there, which grows, and dumps to add to it"
    )
    parser.add_argument("--no-listings", action="store_true", help="leave out the real daily listings")


def measure(given: argparse.Namespace, place: Path, environment: Mapping[str, str]) -> None:
    """Run what the options ask for and print the tables."""
    sources: dict[str, Iterable[pl.DataFrame]] = {
        str(size): generate_records.generate_parts(size) for size in given.sizes
    }
    if given.records:
        sources = {"records": map(pl.read_parquet, given.records)}
    if sources or not given.no_listings:
        print(f"\n{HEADER}", flush=True)
    increments = [_measure_parts(given, parts, place / name, environment) for name, parts in sources.items()]
    if not given.no_listings:
        _measure_listings(given.shared / "corpus" / "arxiv_daily_jsonl", place / "listings", environment)
    if given.into:
        lake, *dumps = given.into
        increments.append(_measure_increment(f"{lake.name}", dumps, lake, place, environment))
    if increments:
        print("\n".join(["", INCREMENT_HEADER, *increments]), flush=True)


def _measure_parts(
    given: argparse.Namespace, parts: Iterable[pl.DataFrame], place: Path, environment: Mapping[str, str]
) -> str:
    place.mkdir()
    truth, bulk, new = _write_records(parts, place)
    _print_ours(f"{truth.height:,} invented", bulk, truth, place / "lake", environment)
    if given.splink:
        _print_splink(truth, bulk, peers.install(given.peers or place.parent / "peers", ["splink"])[0], place)
    return _measure_increment(f"a lake of {truth.height:,} invented records", new, place / "lake", place, environment)


def _write_records(parts: Iterable[pl.DataFrame], place: Path) -> tuple[pl.DataFrame, list[Path], list[Path]]:
    """Write records as dumps: their labels (id, paper, is_generic), the large dumps, the small new ones."""
    labels, bulk, new = [], [], []
    for number, part in enumerate(parts):
        kept = part
        if number == 0:
            kept = part.head(part.height - NEW * TIMES)
            for time in range(TIMES):
                new.append(place / f"new-{time}.parquet")
                part.slice(kept.height + NEW * time, NEW).drop("paper").write_parquet(new[-1])
        labels.append(kept.select("id", "paper", is_generic=generate_records.is_generic(pl.col("title"))))
        bulk.append(place / f"bulk-{number}.parquet")
        kept.drop("paper").write_parquet(bulk[-1])
    return pl.concat(labels), bulk, new


def _print_ours(name: str, bulk: list[Path], truth: pl.DataFrame, lake: Path, environment: Mapping[str, str]) -> None:
    try:
        done = ingest(bulk, lake, environment)
    except FailedError as error:
        print(f"| {name} | paperlake | {error} |", flush=True)
        return
    with warehouse.connect(lake) as connection:
        clusters = connection.sql(CLUSTERS).pl()
    rate = done.read / done.dedupe_seconds
    _row(name, "paperlake", done.seconds, f"{done.dedupe_seconds:.1f} | {rate:,.0f}", done.process, truth, clusters)


def _print_splink(truth: pl.DataFrame, bulk: list[Path], peer: peers.Peer, place: Path) -> None:
    name, table = f"{truth.height:,} invented", place / "records.csv"
    _write_csv(bulk, table)
    try:
        done = peers.dedupe(peer, table, place / peer.name, "--train-on", str(TRAIN_ON))
    except FailedError as error:
        print(f"| {name} | {peer.name} | {error} |", flush=True)
        return
    clusters = done.clusters.rename({"record_id": "id"})
    _row(name, peer.name, done.seconds, " | ", done.process, truth, clusters)


def _write_csv(bulk: list[Path], table: Path) -> None:
    """Write records as the peers read them."""
    records = pl.scan_parquet(bulk).with_columns(pl.col("authors").list.join(" and "), source=pl.lit("invented"))
    records.sink_csv(table)


def _row(  # noqa: PLR0917 # the cells of a row
    name: str, by: str, seconds: float, dedupe: str, process: Finished, truth: pl.DataFrame, clusters: pl.DataFrame
) -> None:
    joined = truth.join(clusters, on="id", how="left").with_columns(pl.col("cluster").fill_null(pl.col("id")))
    precision, recall, f1 = pairwise(joined)
    telling = pairwise(joined.filter(~pl.col("is_generic")))[2]
    scores = " | ".join(f"{score:.4f}" for score in (precision, recall, f1, b_cubed(joined), telling))
    cost = (
        f"{seconds:.1f} | {truth.height / seconds:,.0f} | {dedupe} | {process.cpu_seconds:.1f} | {process.peak_gb:.2f}"
    )
    print(f"| {name} | {by} | {cost} | {scores} |", flush=True)


def pairwise(joined: pl.DataFrame) -> tuple[float, float, float]:
    """Give precision, recall and F1 over the pairs of records that share a `cluster`, by those of one `paper`."""
    sizes = [
        joined.group_by(*by).len()["len"].cast(pl.Float64) for by in (["cluster"], ["paper"], ["cluster", "paper"])
    ]
    found, true, hit = (float((size * (size - 1)).sum()) for size in sizes)
    return hit / max(1, found), hit / max(1, true), 2 * hit / max(1, found + true)


def b_cubed(joined: pl.DataFrame) -> float:
    """Give B-cubed F1 of `cluster` by `paper`: precision and recall averaged over records."""
    both = joined.group_by("cluster", "paper").len("both")
    for side in ("cluster", "paper"):
        both = both.with_columns(pl.col("both").sum().over(side).alias(f"of_{side}"))
    weighed = both.select(
        (pl.col("both") ** 2 / pl.col(f"of_{side}")).sum().alias(side) for side in ("cluster", "paper")
    )
    precision, recall = (float(weighed[side][0]) / joined.height for side in ("cluster", "paper"))
    return 2 * precision * recall / (precision + recall)


def _measure_increment(name: str, new: list[Path], large: Path, place: Path, environment: Mapping[str, str]) -> str:
    runs: dict[str, list[Ingest]] = {"lake": [], "empty": []}
    try:
        for number, dump in enumerate(new):
            for kind, lake in (("lake", large), ("empty", place / f"empty-{number}")):
                _forget(lake)
                runs[kind].append(ingest([dump], lake, environment))
    except FailedError as error:
        return f"| {name} | {error} |"
    seconds = (statistics.median(run.seconds for run in runs[kind]) for kind in runs)
    cpu_seconds = (statistics.median(run.process.cpu_seconds for run in runs[kind]) for kind in runs)
    cells = (f"{full:.2f} | {empty:.2f} | {full - empty:+.2f}" for full, empty in (seconds, cpu_seconds))
    return f"| {name} | {' | '.join(cells)} |"


def _forget(lake: Path) -> None:
    """Have the system drop the lake's files from its page cache, so that the next reading is a cold one."""
    for file in lake.rglob("*"):
        if file.is_file():
            handle = os.open(file, os.O_RDONLY)
            os.fsync(handle)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


def _measure_listings(folder: Path, place: Path, environment: Mapping[str, str]) -> None:
    """Ingest title, abstract and authors of the daily listings; their arXiv ids are the truth."""
    place.mkdir()
    listed = pl.concat(
        pl.read_ndjson(file, infer_schema_length=None).select("id", "title", "authors", "summary")
        for file in sorted(folder.glob("*.jsonl.gz"))
    ).with_row_index("row")
    truth = listed.select(
        id=pl.format("r{}", "row"), paper=pl.col("id").str.replace(_VERSION, ""), is_generic=pl.lit(value=False)
    )
    bare = listed.select("title", "authors", "summary", id=pl.format("r{}", "row"))
    bare.write_parquet(place / "listings.parquet")
    _print_ours(
        f"{truth.height:,} arXiv listings without ids", [place / "listings.parquet"], truth, place / "lake", environment
    )
