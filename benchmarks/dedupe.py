"""How well records are deduplicated through the whole pipeline, beside the peers, and what volume costs.

    .venv/bin/python benchmarks/dedupe.py ../shared [--peers FOLDER] [--sizes 100000] [--splink]

1. Every labelled set of `dedupe/`: its table goes through `paperlake ingest` into a lake of its own,
   all with one configuration, and its papers are read back through DuckDB. Beside it the peers of
   `peers.txt`, each in a virtual environment of its own (`--peers` names the folder that keeps them,
   else they are installed anew), in one configuration for all sets, see `peer_tools.py`.
2. Volume (`dedupe_volume.py`): invented records, 650 new records into a large lake, and the real daily
   listings without their ids.

Prints Markdown tables. A peer that cannot be installed or does not come to an end has the reason in its row.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import dedupe_volume
import peers
from dedupe_sets import SETS, Labels, completeness, load_labels, scores
from ingest import QUIET, prefect_server
from lake_runs import FailedError, Ingest, ingest

import warehouse
from transforms.dedupe.block import candidate_pairs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

HEADER = "| set | by | pairs blocked | precision | recall | F1 | B-cubed | s | CPU s | GB |\n|---|---|" + "---:|" * 8
CLUSTERS = """
    SELECT source_record_id AS record_id, paper_id AS cluster, variant_id
    FROM records JOIN paper_records USING (record_id)
"""


def main() -> None:
    """Print the tables."""
    given = _arguments()
    with tempfile.TemporaryDirectory(dir=given.work) as work:
        place = Path(work)
        environment = {**os.environ, **QUIET, "PREFECT_HOME": str(place / "prefect")}
        with prefect_server(environment) as with_server:
            if given.sets:
                installed = peers.install(given.peers or place / "peers", given.only) if given.only else []
                measure_sets(given, place, with_server, installed)
            dedupe_volume.measure(given, place, with_server)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shared", type=Path, help="the folder that holds dedupe/ and corpus/")
    parser.add_argument("--sets", nargs="*", default=SETS, help="labelled sets to run; none after the option: no set")
    parser.add_argument("--only", nargs="*", default=peers.NAMES, help="peers to run; none after the option: no peer")
    parser.add_argument("--peers", type=Path, help="folder of the peers' environments, kept for the next time")
    parser.add_argument("--work", type=Path, help="folder for lakes and files of the run, which are removed at its end")
    dedupe_volume.add_arguments(parser)
    return parser.parse_args()


def measure_sets(
    given: argparse.Namespace, place: Path, environment: Mapping[str, str], installed: Sequence[peers.Peer]
) -> None:
    """Run the labelled sets through the lake and through the peers; print one row each."""
    print(HEADER, flush=True)
    for name in given.sets:
        labels = load_labels(given.shared / "dedupe", name)
        table = given.shared / "dedupe" / name / "records.csv"
        _print_ours(labels, table, place / name, environment)
        for peer in installed:
            _print_peer(labels, peer, table, place / f"{name}-{peer.name}")


def _print_ours(labels: Labels, table: Path, lake: Path, environment: Mapping[str, str]) -> None:
    try:
        done = ingest([table], lake, environment)
    except FailedError as error:
        print(f"| {labels.name} | paperlake | {error} |", flush=True)
        return
    found, keys = read_clusters(lake)
    stands_for = dict(zip(found["record_id"], found["variant_id"], strict=True))
    blocked = set(candidate_pairs(keys, keys["variant_id"].unique()).pairs.select("variant_a", "variant_b").iter_rows())
    _row(labels, "paperlake", found, completeness(labels, stands_for, blocked), _cost(done))


def read_clusters(lake: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Read the records of a lake with their papers (record_id of the source, cluster, variant_id), and its keys."""
    with warehouse.connect(lake) as connection:
        return connection.sql(CLUSTERS).pl(), connection.sql("SELECT key, family, variant_id FROM variant_keys").pl()


def _cost(done: Ingest) -> str:
    return f"{done.seconds:.1f} | {done.process.cpu_seconds:.1f} | {done.process.peak_gb:.2f}"


def _print_peer(labels: Labels, peer: peers.Peer, table: Path, folder: Path) -> None:
    try:
        done = peers.dedupe(peer, table, folder)
    except FailedError as error:
        print(f"| {labels.name} | {peer.name} | {error} | | | | | | | |", flush=True)
        return
    whole = None if done.candidates is None else completeness(labels, {}, done.candidates)
    cost = f"{done.seconds:.1f} | {done.process.cpu_seconds:.1f} | {done.process.peak_gb:.2f}"
    _row(labels, peer.name, done.clusters, whole, cost)


def _row(labels: Labels, by: str, clusters: pl.DataFrame, whole: float | None, cost: str) -> None:
    scored = scores(labels, clusters.select("record_id", "cluster"))
    cells = [
        "" if whole is None else f"{whole:.3f}",
        f"{scored.precision:.3f}",
        f"{scored.recall:.3f}",
        f"{scored.f1:.3f}",
        f"{scored.b_cubed:.3f}",
    ]
    print(f"| {labels.name} | {by} | {' | '.join(cells)} | {cost} |", flush=True)


if __name__ == "__main__":
    main()
