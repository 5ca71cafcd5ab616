"""Dumps that must be refused, each with what its message has to say, and the good ones beside them."""

from __future__ import annotations

import gzip
import os
import socket
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Bad:
    """One dump that is refused: its name, how it is made, and a pattern of the message.

    `is_in_ledger` is False where there are no bytes to know it by.
    """

    name: str
    make: Callable[[Path], object]
    message: str
    is_in_ledger: bool = True


def lines(count: int, subject: str = "gardens") -> bytes:
    """Make JSON lines of papers that have nothing in common but their subject."""
    return b"".join(
        orjson.dumps(
            {
                "id": f"{subject}-{number}",
                "title": f"{WORDS[number % 10]} {WORDS[number // 10 % 10]} for {subject}, case {number}",
                "abstract": f"We look at {subject} once more, in the case of {number}, and find what nobody expected.",
                "year": 2020,
            }
        )
        + b"\n"
        for number in range(count)
    )


WORDS = ("Amber", "Brisk", "Cobalt", "Dapper", "Early", "Faint", "Gentle", "Hollow", "Ivory", "Jolly")


def page(count: int) -> str:
    """Make a page of papers as text, in the layout without the line `new`."""
    entries = "".join(
        f"{WORDS[number % 10]} Lanterns Guide the {WORDS[(number * 3 + 1) % 10]} Harbour {number}\n\n"
        f"The {WORDS[number % 10].lower()} lanterns guide ships to harbour {number}. We count them for a year, "
        f"and compare the count with that of the {WORDS[(number * 3 + 1) % 10].lower()} harbour beside it.\n\n"
        for number in range(count)
    )
    return f"Get trending papers in your email inbox!\n\nSubscribe\n\nbyAK and the research community\n\nMar 11\n\n{entries}"


def out_of_step(count: int) -> str:
    """Make a page whose layout has changed: each title stands before the abstract of the paper before."""
    head, _, rest = page(count).partition("Mar 11\n\n")
    blocks = rest.strip().split("\n\n")
    titles, abstracts = blocks[::2], blocks[1::2]
    shifted = [f"{title}\n\n{abstract}\n\n" for title, abstract in zip(titles[1:], abstracts[:-1], strict=True)]
    return f"{head}Mar 11\n\n{''.join(shifted)}"


def zeros(path: Path) -> None:
    """Write a gz that unpacks to about a thousand times its size: 200 MB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b'{"title": "' + b"0" * 1_000_000 + b'"}\n'
    packed = b"".join(packer.compress(block) for _ in range(200))
    path.write_bytes(packed + packer.flush())


def _listen(path: Path) -> None:
    here = os.getcwd()  # noqa: PTH109  # a socket's path must be short
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(here)


BAD = (
    Bad("empty.txt", lambda path: path.write_bytes(b""), r"is empty"),
    Bad("blank.jsonl", lambda path: path.write_bytes(b"\n\n  \n"), r"is empty but for white space"),
    Bad("binary.txt", lambda path: path.write_bytes(bytes(range(256)) * 50), r"is binary, not text"),
    Bad(
        "photo.png",
        lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20),
        r"is a picture \(PNG\)",
    ),
    Bad("letter.txt", lambda path: path.write_text("Dear colleague,\n\nthank you.\n"), r"known format"),
    Bad(
        "cut-character.jsonl",
        lambda path: path.write_bytes(lines(20) + '{"title": "Caf\u00e9'.encode()[:-1]),
        r"is truncated: it ends in the middle of a character",
    ),
    Bad(
        "nul.jsonl",
        lambda path: path.write_bytes(lines(30, "holes") + b"\0" * 50),
        r"holds a NUL byte",
    ),
    Bad(
        "long-line.jsonl",
        lambda path: path.write_bytes(lines(3, "lines") + b'{"title": "' + b"x" * 50_000_000 + b'"}\n'),
        r"line",
    ),
    Bad(
        "cut.jsonl.gz",
        lambda path: path.write_bytes(gzip.compress(lines(300, "cuts"))[:-200]),
        r"ends early: the gz data breaks off",
    ),
    Bad("bomb.jsonl.gz", zeros, r"unpacks to more than \d+ times its size"),
    Bad(
        "no-gzip.jsonl.gz", lambda path: path.write_bytes(b"\x1f\x8b" + b"no gzip at all" * 9), r"holds damaged gz data"
    ),
    Bad("layout-changed.txt", lambda path: path.write_text(out_of_step(12)), r"titles and abstracts are out of step"),
    Bad("loop.txt", lambda path: path.symlink_to(path), r"cannot be reached: Too many levels", is_in_ledger=False),
    Bad(
        "dangling.txt", lambda path: path.symlink_to("nowhere"), r"cannot be reached: No such file", is_in_ledger=False
    ),
    Bad("pipe.txt", os.mkfifo, r"is not a regular file", is_in_ledger=False),
    Bad("socket.txt", _listen, r"is not a regular file", is_in_ledger=False),
    Bad("new\nline 'quoted' \"name\".txt", lambda path: path.write_text("no dump at all\n"), r"known format"),
)
"""Every kind of bad dump, by its name."""

GOOD = {
    "good.jsonl": lambda path: path.write_bytes(lines(12, "harvests")),
    "good.jsonl.gz": lambda path: path.write_bytes(gzip.compress(lines(7, "packing"))),
    'it\'s "good"\n too; DROP TABLE papers.jsonl': lambda path: path.write_bytes(lines(5, "quoting")),
    "page.txt": lambda path: path.write_text(page(9)),
}
"""Dumps that go through beside the bad ones: 33 entries."""
