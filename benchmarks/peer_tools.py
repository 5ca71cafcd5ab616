"""What each peer does with a table of records; runs under the peer's own Python, started by `peers.py`.

    python peer_tools.py NAME records.csv FOLDER [--train-on N]

Reads a CSV file with id, source, title, authors, venue, year, abstract, doi, pages, volume and number; writes
FOLDER/clusters.csv (record_id, cluster) and, where the peer tells which pairs it compared, FOLDER/candidates.csv.
The last line printed is a JSON object with the seconds of the work, reading included, imports not.

One configuration per peer for all sets, chosen by us for its best mean over them:

    bib-dedupe    as its documentation runs it: prep, block, match, cluster; it has no settings.
    splink        Fellegi-Sunter, trained by expectation maximisation without labels: nine fields where the
                  table has them, term frequencies for titles, nine rules of blocking, prior from exact copies,
                  probability .7, connected components. `--train-on N` trains on the first N records.
    goldenmatch   zero-config, ids and empty columns left out.
    rensa         full-set MinHash of the title's groups of 4 letters, 128 slots in 16 bands, estimated
                  similarity .8 or more, connected components.
"""

from __future__ import annotations

import csv
import json
import sys
import time
import unicodedata
from pathlib import Path
from typing import Any

Row = dict[str, Any]
TEXTS = ("title", "authors", "venue", "year", "abstract", "doi", "pages", "volume", "number")


def main() -> None:
    """Run the peer that the command line names."""
    name, table, folder, *options = sys.argv[1:]
    train_on = int(options[1]) if options else None
    started, clusters, candidates = TOOLS[name](Path(table), train_on)
    seconds = time.perf_counter() - started
    _write(Path(folder) / "clusters.csv", ("record_id", "cluster"), clusters)
    if candidates is not None:
        _write(Path(folder) / "candidates.csv", ("a", "b"), candidates)
    print(json.dumps({"seconds": seconds}))


def _write(file: Path, names: tuple[str, str], rows: Any) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(names)
        writer.writerows(rows)


def _rows(table: Path) -> list[Row]:
    csv.field_size_limit(1 << 24)
    with table.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _components(count: int, pairs: Any) -> list[int]:
    """Give each of `count` members the least member that pairs lead to."""
    parent = list(range(count))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for a, b in pairs:
        first, second = sorted((root(a), root(b)))
        parent[second] = first
    return [root(place) for place in range(count)]


def _bib_dedupe(table: Path, _: int | None) -> Any:
    import pandas as pd  # noqa: PLC0415 # each peer has its own packages
    from bib_dedupe.bib_dedupe import block, match, prep  # noqa: PLC0415

    started = time.perf_counter()
    frame = pd.read_csv(table, dtype=str, keep_default_na=False)
    ids = frame["id"].tolist()
    frame = frame.rename(columns={"id": "ID", "authors": "author", "venue": "journal"}).drop(columns="source")
    frame["ENTRYTYPE"] = "article"
    blocked = block(prep(frame))
    matched = match(blocked)
    joined = matched[matched["duplicate_label"] == "duplicate"] if "duplicate_label" in matched else matched
    place = {record: number for number, record in enumerate(ids)}
    roots = _components(len(ids), ((place[a], place[b]) for a, b in zip(joined["ID_1"], joined["ID_2"], strict=True)))
    return started, zip(ids, roots, strict=True), zip(blocked["ID_1"], blocked["ID_2"], strict=True)


def _goldenmatch(table: Path, _: int | None) -> Any:
    import goldenmatch  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415

    started = time.perf_counter()
    rows = _rows(table)
    columns = {name: [row[name] or None for row in rows] for name in TEXTS}
    filled = {name: values for name, values in columns.items() if any(values)}
    result = goldenmatch.dedupe_df(pa.table(filled), allow_red_config=True)
    clusters = [
        (rows[member]["id"], number) for number, cluster in result.clusters.items() for member in cluster["members"]
    ]
    return started, clusters, None


def _rensa(table: Path, _: int | None) -> Any:
    from rensa import RMinHash, RMinHashLSH  # noqa: PLC0415

    started = time.perf_counter()
    rows = _rows(table)
    titles = [_letters(row["title"]) for row in rows]
    grams = [[title[place : place + 4] for place in range(max(1, len(title) - 3))] for title in titles]
    sketches = RMinHash.from_token_sets(grams, num_perm=128, seed=0)
    index = RMinHashLSH(threshold=0.8, num_perm=128, num_bands=16)
    index.insert_many(sketches)
    pairs = [(a, b) for a, found in enumerate(index.query_all(sketches)) for b in found if a < b]
    joined = [(a, b) for a, b in pairs if sketches[a].jaccard(sketches[b]) >= 0.8]
    ids = [row["id"] for row in rows]
    clusters = zip(ids, _components(len(rows), joined), strict=True)
    return started, clusters, ((ids[a], ids[b]) for a, b in pairs)


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    return " ".join(
        "".join(char if char.isalnum() else " " for char in plain if not unicodedata.combining(char)).split()
    )


def _splink(table: Path, train_on: int | None) -> Any:
    from peer_splink import deduplicated  # noqa: PLC0415

    return deduplicated(table, train_on)


TOOLS = {"bib-dedupe": _bib_dedupe, "goldenmatch": _goldenmatch, "rensa": _rensa, "splink": _splink}

if __name__ == "__main__":
    main()
