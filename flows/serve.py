"""Scheduled runs: serves the ingest flow as a Prefect deployment over one landing folder.

Each tick is a flow run of its own, in a process of its own: a run that fails, or dies, ends as a
failed flow run with the reason, and the next tick goes on.
"""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy

from flows.ingest import ingest
from transforms.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNITS: Final[Mapping[str, str]] = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def serve_landing(landing: str, lake: Path, *, every: str, cron: str | None) -> None:
    """Serve the deployment until the process is stopped.

    A run that is due while another one is under way is cancelled: what it would have found, the
    next one finds.
    """
    place = Path(landing).absolute()
    if not place.is_dir():
        raise UsageError("the landing folder is not there", where=str(place), hint="make it, then serve it")
    schedule: dict[str, Any] = {"cron": cron} if cron else {"interval": parse_interval(every)}
    ingest.serve(
        name=f"pull-{place.name}",
        description=f"Ingests what is new in {place}",
        parameters={"paths": [str(place)], "lake": str(lake.absolute()), "is_scheduled": True},
        global_limit=ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW),
        limit=1,
        **schedule,
    )


def parse_interval(text: str) -> dt.timedelta:
    """Read an interval such as 30s, 15m, 2h or 1d."""
    match = re.fullmatch(r"(\d+)\s*([smhd])", text.strip())
    if not match or int(match[1]) == 0:
        raise UsageError("this is no interval", where=f"--every {text}", hint="write a number and s, m, h or d: 15m")
    return dt.timedelta(**{_UNITS[match[2]]: int(match[1])})
