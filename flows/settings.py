"""Settings: read from the environment once, at the edge, and frozen."""

from __future__ import annotations

import os
from importlib.metadata import version
from typing import Final

DEFAULT_LAKE: Final = "lake"
"""The folder of the lake where neither --lake nor PAPERLAKE_LAKE names one."""

DEFAULT_WAIT_SECONDS: Final = 600.0
"""How long a run waits for another one to publish: longer than any publication measured."""

VERSION: Final = version("paperlake")

_PREFECT_DEFAULTS: Final = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "GX_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",  # 20 by default: too few on a busy machine
}

_QUIET_CONSOLE: Final = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"}


def be_private() -> None:
    """Turn off the telemetry of every library, where the environment does not say otherwise.

    Must run before prefect and great_expectations are imported: they look once.
    """
    for name, value in _PREFECT_DEFAULTS.items():
        os.environ.setdefault(name, value)


def be_quiet() -> None:
    """Leave the terminal to our own lines; Prefect's log still goes to its server."""
    for name, value in _QUIET_CONSOLE.items():
        os.environ.setdefault(name, value)
