from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flows import tasks
from warehouse.lake import Lake
from warehouse.ledger import find_new

if TYPE_CHECKING:
    from pathlib import Path

    from warehouse.ledger import NewDump
    from warehouse.staged import StagedDump


def test_dump_that_fails_leaves_the_others_of_its_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.jsonl").write_text(f'{{"title": "On the Sorting of {name} and Others"}}\n')
    first, second = find_new(sorted(tmp_path.glob("*.jsonl")), Lake(tmp_path / "lake"), retry_failed=True).dumps
    stage_dump = tasks.stage_dump

    def stage_or_fail(dump: NewDump, staging: Path) -> StagedDump:
        if dump is first:
            raise OSError("the network is away")
        return stage_dump(dump, staging)

    monkeypatch.setattr(tasks, "stage_dump", stage_or_fail)
    failed, staged = tasks.read_part.fn([first, second], tmp_path)
    assert failed is None
    assert staged is not None
    assert (staged.dump_id, staged.records_read) == (second.dump_id, 1)
    with pytest.raises(OSError, match="away"):
        tasks.read.fn(first, tmp_path)
