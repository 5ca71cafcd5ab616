"""Measure what reading costs: each reader beside the plain parse of the same bytes, and the memory of a large file.

    .venv/bin/python benchmarks/readers.py [--seconds 2] [--gigabytes 2] [--only NAME ...]

Reads the captures beside the repository (../shared/corpus) and generated tables, from memory; seconds
are those of the processor, so that other work on the machine counts little. The memory is the peak
of a process of its own that reads, stages and normalizes one generated file. Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import resource
import subprocess
import sys
import tempfile
import time
import zlib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import generate_records
import orjson
from plain_parses import plain_parse

from transforms.errors import DumpError
from transforms.readers import READERS, recognise
from transforms.readers.base import HEAD_BYTES, DumpInfo, Head
from transforms.readers.reading import read_dump
from warehouse.ledger import NewDump
from warehouse.staging import normalize_staged, stage_dump
from warehouse.streams import sha256_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from transforms.readers.base import Reader

SHARED: Final = Path(__file__).parents[2] / "shared" / "corpus"
CAPTURED: Final = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
GENERATED_RECORDS: Final = 10_000
MEGABYTE: Final = 1_000_000

Dump = tuple[str, bytes]
"""Its name and its bytes, unpacked."""


def main() -> None:
    """Run every measurement and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="seconds of the processor per measurement")
    parser.add_argument("--gigabytes", type=float, default=2.0, help="size of the generated files; 0 leaves them out")
    parser.add_argument("--only", nargs="*", help="names of readers")
    parser.add_argument("--stage", type=Path, help=argparse.SUPPRESS)  # the process whose memory is measured
    asked = parser.parse_args()
    if asked.stage:
        stage(asked.stage)
        return
    chosen = [reader for reader in READERS if not asked.only or reader.name in asked.only]
    measure_speed(chosen, asked.seconds)
    if asked.gigabytes:
        measure_memory(chosen, asked.gigabytes)


def measure_speed(readers: Sequence[Reader], seconds: float) -> None:
    """Compare each reader with the plain parse of the same dumps."""
    print("| reader | dumps | MB | MB/s | records/s | plain parse | MB/s | reader / plain |")
    print("|---|---:|---:|---:|---:|---|---:|---:|")
    dumps = by_reader([*captures(), *generated()])
    for reader in readers:
        own = dumps.get(reader.name)
        if not own:
            print(f"| {reader.name} | no capture | | | | | | |")
            continue
        size = sum(len(data) for _, data in own) / MEGABYTE
        records, took = repeated(lambda own=own, reader=reader: sum(count(reader, dump) for dump in own), seconds)
        name, parse = plain_parse(reader.name, own[0][1])
        _, plain = repeated(lambda own=own, parse=parse: [parse(data, info(name)) for name, data in own], seconds)
        speeds = f"{size / took:,.1f} | {records / took:,.0f} | {name} | {size / plain:,.1f} | {took / plain:.1f}"
        print(f"| {reader.name} | {len(own):,} | {size:,.1f} | {speeds} |", flush=True)


def captures() -> Iterator[Dump]:
    """Yield every capture, unpacked."""
    for path in sorted(SHARED.glob("*/*")):
        data = path.read_bytes()
        yield path.name, zlib.decompress(data, wbits=31) if data.startswith(b"\x1f\x8b") else data


def generated() -> Iterator[Dump]:
    """Yield the same invented records as Parquet, CSV, TSV and JSON lines."""
    frame = generate_records.generate(GENERATED_RECORDS, seed=7).drop("paper").head(GENERATED_RECORDS)
    flat = frame.with_columns(authors=frame["authors"].list.join("; "))
    packed, lines = io.BytesIO(), io.BytesIO()
    frame.write_parquet(packed)
    frame.write_ndjson(lines)
    yield "generated.parquet", packed.getvalue()
    yield "generated.csv", flat.write_csv().encode()
    yield "generated.tsv", flat.write_csv(separator="\t").encode()
    yield "generated.jsonl", lines.getvalue()


def by_reader(dumps: Sequence[Dump]) -> dict[str, list[Dump]]:
    """Sort dumps by the reader that recognises them; what none knows is left out."""
    sorted_in: dict[str, list[Dump]] = defaultdict(list)
    for name, data in dumps:
        try:
            reader = recognise(Head(name, data[:HEAD_BYTES]))
            count(reader, (name, data))
        except DumpError:
            continue
        sorted_in[reader.name].append((name, data))
    return sorted_in


def info(name: str) -> DumpInfo:
    """Give what a reader may know of a dump."""
    return DumpInfo(name, CAPTURED)


def count(reader: Reader, dump: Dump) -> int:
    """Read a dump to its end; return the number of its records."""
    name, data = dump
    reading = read_dump(reader, io.BytesIO(data), Head(name, data[:HEAD_BYTES]), info(name))
    return sum(batch.records.height for batch in reading.batches)


def repeated(work: Callable[[], object], seconds: float) -> tuple[int, float]:
    """Do the work for so many seconds, at least once; return what it gave, and the seconds of one time."""
    started, times, given = time.process_time(), 0, work()
    while times == 0 or time.process_time() - started < seconds:
        given = work()
        times += 1
    return given if isinstance(given, int) else 0, (time.process_time() - started) / (times + 1)


def measure_memory(readers: Sequence[Reader], gigabytes: float) -> None:
    """Read a generated file of each form that streams, in a process of its own."""
    print(f"\n| {gigabytes:g} GB of | peak memory | read, staged and normalized |\n|---|---:|---:|")
    for name in [reader.name for reader in readers if reader.name in ENTRIES]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "dump"
            write(path, name, int(gigabytes * 1e9))
            command = [sys.executable, __file__, "--stage", str(path)]
            told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        print(f"| {name} | {told.strip()} |", flush=True)


def stage(path: Path) -> None:
    """Read, stage and normalize one file; say what the memory of this process came to."""
    (path.parent / "staging").mkdir()
    dump = NewDump(path, sha256_file(path), path.stat().st_size, CAPTURED)
    staged = stage_dump(dump, path.parent / "staging")
    if staged.error:
        raise SystemExit(staged.error)
    normalize_staged([staged], path.parent / "staging")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{peak:.2f} GB | {staged.records_read:,} records, {time.process_time():,.0f} s of the processor")


def write(path: Path, form: str, size: int) -> None:
    """Write invented entries until the file has its size."""
    abstract = " ".join(f"Sentence {number} says what was found in harbour {number * 7}." for number in range(25))
    head, entry, tail = ENTRIES[form]
    with path.open("wb") as file:
        file.write(head)
        number = 0
        while file.tell() < size:
            file.write(
                b"".join(
                    entry(count, f"Boats of paper, case {count}", abstract) for count in range(number, number + 1_000)
                )
            )
            number += 1_000
        file.write(tail)


def _json_entry(number: int, title: str, abstract: str) -> bytes:
    row = {"id": number, "title": title, "abstract": abstract, "authors": ["Mira Oakes", "Jun Tanabe"], "year": 2020}
    return orjson.dumps(row | {"keywords": ["boats", "paper"], "language": "en"}) + b"\n"


def _snapshot_entry(number: int, title: str, abstract: str) -> bytes:
    versions = [{"version": "v1", "created": "Mon, 4 Jan 2021 10:00:00 GMT"}]
    names = {"authors": "Mira Oakes and Jun Tanabe", "authors_parsed": [["Oakes", "Mira", ""], ["Tanabe", "Jun", ""]]}
    row = {"id": f"{number // 100_000:04d}.{number % 100_000:05d}", "submitter": "Mira Oakes", "title": title}
    row |= {"categories": "cs.CL", "license": None, "abstract": f"  {abstract}\n", "versions": versions}
    return orjson.dumps(row | names | {"update_date": "2021-01-05"}) + b"\n"


def _csv_entry(number: int, title: str, abstract: str) -> bytes:
    return f'{number},"{title}","{abstract}",Mira Oakes; Jun Tanabe,2020\n'.encode()


def _ris_entry(number: int, title: str, abstract: str) -> bytes:
    lines = f"TY  - JOUR\nID  - {number}\nTI  - {title}\nAU  - Oakes, Mira\nAB  - {abstract}\nPY  - 2020\nER  - \n\n"
    return lines.encode()


def _bibtex_entry(number: int, title: str, abstract: str) -> bytes:
    fields = f"title = {{{title}}},\n author = {{Oakes, Mira}},\n abstract = {{{abstract}}},\n year = 2020"
    return f"@article{{key{number},\n {fields}\n}}\n\n".encode()


def _dblp_entry(number: int, title: str, _abstract: str) -> bytes:
    people = "<author>Mira Oakes 0001</author><author>Jun Tan&aacute;be</author>"
    facts = "<pages>1-9</pages><year>2020</year><volume>7</volume><journal>J. Boats</journal><number>2</number>"
    links = f"<ee>https://doi.org/10.1234/{number}</ee><url>db/journals/boats/boats7.html#{number}</url>"
    key = f'<article mdate="2021-01-05" key="journals/boats/Oakes{number}">'
    return f"{key}\n{people}<title>{title}.</title>\n{facts}\n{links}\n</article>\n".encode()


ENTRIES: Final[dict[str, tuple[bytes, Callable[[int, str, str], bytes], bytes]]] = {
    "arxiv_snapshot": (b"", _snapshot_entry, b""),
    "dblp_xml": (b'<?xml version="1.0"?>\n<!DOCTYPE dblp SYSTEM "dblp.dtd">\n<dblp>\n', _dblp_entry, b"</dblp>\n"),
    "jsonl": (b"", _json_entry, b""),
    "csv": (b"id,title,abstract,authors,year\n", _csv_entry, b""),
    "ris": (b"", _ris_entry, b""),
    "bibtex": (b"", _bibtex_entry, b""),
}
"""Forms of which a large file is made: its head, one entry, and its end."""


if __name__ == "__main__":
    main()
