"""Feed a reader what a coverage-guided fuzzer thinks of, until something is wrong or the time is over.

    .venv/bin/python -m pip install atheris      # for this alone, therefore not in the lock
    .venv/bin/python benchmarks/fuzz.py ris --seconds 120 [--findings FOLDER] [--corpus FOLDER]

Right is what the tests ask of every reader: records and rejects that are counted without a gap, or one
error that says where and what to do; no more than ten seconds and one gigabyte. What is wrong ends the
run; its bytes are then in the folder, to be made into a small invented case of the reader's tests. A
corpus is what the fuzzer learnt, one file per input: with a folder of its own a run goes on where the last
one of that reader ended, and files put there are inputs to begin with.
"""

from __future__ import annotations

import argparse
import datetime as dt
import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Final

import atheris

with atheris.instrument_imports(include=["transforms.readers"]):
    from transforms.errors import DumpError
    from transforms.readers import READERS
    from transforms.readers.base import HEAD_BYTES, DumpInfo, Head
    from transforms.readers.reading import read_dump

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))
from reader_examples import EXAMPLES  # the place is only now known

INFO: Final = DumpInfo("dump", dt.datetime(2025, 3, 20, tzinfo=dt.UTC))
LONGEST: Final = 16 * 1024


def main() -> None:
    """Fuzz one reader, from its example."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("reader", choices=[reader.name for reader in READERS])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--findings", type=Path, default=Path())
    parser.add_argument("--corpus", type=Path, help="keep what the fuzzer learns in this folder")
    asked = parser.parse_args()
    reader = next(reader for reader in READERS if reader.name == asked.reader)

    def check(data: bytes) -> None:
        head = Head(INFO.name, data[:HEAD_BYTES])
        reader.sniff(head)
        positions: list[int] = []
        try:
            for batch in read_dump(reader, io.BytesIO(data), head, INFO).batches:
                positions += [*batch.records["position"], *batch.rejects["position"]]
                for extra in batch.records["extra"].drop_nulls():
                    json.loads(extra)
        except DumpError as error:
            if not error.hint or INFO.name not in error.where:
                raise AssertionError(f"says neither where nor what to do: {error}") from error
            return
        if sorted(positions) != list(range(1, len(positions) + 1)):
            raise AssertionError(f"lost count of its entries: {sorted(positions)}")

    with tempfile.TemporaryDirectory() as temporary:
        corpus = asked.corpus or Path(temporary)
        corpus.mkdir(parents=True, exist_ok=True)
        (corpus / "example").write_bytes(EXAMPLES[reader.name])
        asked.findings.mkdir(parents=True, exist_ok=True)
        bounds = [f"-max_total_time={asked.seconds}", f"-max_len={LONGEST}", "-timeout=10", "-rss_limit_mb=1024"]
        atheris.Setup([sys.argv[0], str(corpus), *bounds, f"-artifact_prefix={asked.findings}/{reader.name}-"], check)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
