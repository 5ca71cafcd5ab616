"""How much a test tries: little in every run, much where PAPERLAKE_THOROUGH is set, as `make torture` does."""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

IS_THOROUGH: Final = "PAPERLAKE_THOROUGH" in os.environ

EXAMPLES: Final = 1_000 if IS_THOROUGH else 40
"""Of a property, where its test says nothing else."""

tried: Final = settings(
    max_examples=1_000 if IS_THOROUGH else 20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
"""For properties that are asked of every reader, or of every habit of a page."""
