"""Reading a page that was saved as markdown, for the tests of its reader."""

from __future__ import annotations

import datetime as dt
import io
import json
from typing import Any

from transforms.readers.base import DumpInfo
from transforms.readers.hf_papers_markdown import READER

INFO = DumpInfo("page.md", dt.datetime(2031, 3, 20, 8, tzinfo=dt.UTC))


def read(text: str | bytes, info: DumpInfo = INFO) -> list[dict[str, Any]]:
    data = text if isinstance(text, bytes) else text.encode()
    batches = list(READER.read(io.BytesIO(data), info))
    assert not any(batch.rejects.height for batch in batches)
    return [row for batch in batches for row in batch.records.iter_rows(named=True)]


def extra(row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(row["extra"] or "{}")
    return found
