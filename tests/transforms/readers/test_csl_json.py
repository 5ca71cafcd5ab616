"""What the reader of CSL-JSON takes for which column, and what it leaves in `extra`."""

from __future__ import annotations

from typing import Any

import pytest
from json_samples import CSL, check, one


def test_csl_json() -> None:
    found = one(CSL, {})
    extra = found.pop("extra")
    assert found == {
        "position": 1,
        "line": 1,
        "source": "csl",
        "source_record_id": "boat2007",
        "title": "On Boats",
        "authors": ["Ann van den Berg", "The Crew"],
        "venue": "Ships",
        "year": "2007",
        "pmid": "77",
    }
    assert extra == {name: CSL[name] for name in ("type", "author", "issued", "note")}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param({"issued": {"raw": "2 April 2007"}}, {"published_date": "2 April 2007"}, id="date as text"),
        pytest.param({"issued": {"date-parts": [[2007, 4, 2]]}}, {"published_date": "2007-04-02"}, id="day"),
        pytest.param({"PMID": None, "note": "x\nPMID: 78"}, {"pmid": "78"}, id="PMID in the note"),
        pytest.param({"number": "arXiv:0704.0010"}, {"arxiv_id": "0704.0010"}, id="arXiv as number"),
        pytest.param({"id": 7}, {"source_record_id": "7"}, id="number as id"),
    ],
)
def test_csl_json_odd(changed: dict[str, Any], expected: dict[str, Any]) -> None:
    check(CSL, changed, expected)
