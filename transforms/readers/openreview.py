"""Read lists of OpenReview: tab-separated, a paper per line, its address at openreview.net beside it.

    paper_id <tab> title <tab> link <tab> keywords <tab> abstract

The table is that of `delimited`, in which bare quotes are plain characters; here its rows are known
for what they are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO, Final

import polars as pl

from transforms.readers.base import Batch, DumpInfo, Head, Reader, head_text
from transforms.readers.delimited import read_tsv, sniff_tsv

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE: Final = "openreview"

_ADDRESS: Final = "openreview.net/forum?id="
_CONFIDENCE: Final = 0.9


def sniff(head: Head) -> float:
    """Say how sure it is: TSV with a column of titles, and an address of OpenReview in its first row."""
    first_rows = head_text(head).split("\n", 3)[1:3]
    is_listed = any(_ADDRESS in row for row in first_rows)
    return _CONFIDENCE if is_listed and sniff_tsv(head) else 0.0


def read(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield the rows; errors and rejects as for TSV. A table that names its own source keeps it."""
    own = pl.col("source").replace("table", SOURCE)
    for batch in read_tsv(stream, info):
        yield replace(batch, records=batch.records.with_columns(own))


READER: Final = Reader("openreview", "OpenReview list, tab-separated", sniff, read, (".tsv",))
