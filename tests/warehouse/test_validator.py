from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import os
from warehouse.validator import _take_stdout
answers = _take_stdout()
os.write(1, b"\\r 50% of a progress bar, written past Python")
print("and a line")
with answers:
    answers.write(b"answer")
"""


def test_nothing_but_the_answer_reaches_standard_output() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, check=True)
    assert done.stdout == b"answer"
    assert b"progress bar" in done.stderr
    assert b"and a line" in done.stderr
