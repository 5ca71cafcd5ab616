"""What one process of the test run makes for all of them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from server import RUN_FOLDER, exclusively

if TYPE_CHECKING:
    from collections.abc import Callable


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """Give a folder that was made once in this test run; only for reading, or to be copied."""
    run = Path(os.environ[RUN_FOLDER])
    folder, mark = run / name, run / f"{name}.made"
    with exclusively(run / f"{name}.lock"):
        if not mark.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            mark.touch()
    return folder
