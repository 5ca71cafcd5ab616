"""Options that several commands take."""

from __future__ import annotations

import enum
from typing import Annotated

import typer

LakeOption = Annotated[
    str,
    typer.Option(
        "--lake",
        metavar="DIR|TOML|URL",
        envvar="PAPERLAKE_LAKE",
        help="Folder of the lake; or a TOML file or postgresql:// address that tells of a shared one.",
        show_default="./lake",
    ),
]

WaitOption = Annotated[float, typer.Option("--wait", help="Seconds to wait while another run publishes.")]


class Format(enum.StrEnum):
    """How a result is written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
