"""Reads the listing of a folder as web servers write it: which files and folders are below.

    <title>Index of /dumps/</title> ... <a href="a.jsonl.gz"> <a href="2026/"> <a href="../"> <a href="?C=N;O=D">

So do nginx, Apache, IIS, rclone and `python -m http.server`, each a little differently. A link counts where it
leads below the page itself, without a query; all others, to a parent or another host, are left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urljoin, urlsplit

from lxml import etree, html

if TYPE_CHECKING:
    from collections.abc import Iterator

_SAYS_SO: Final = re.compile(r"\s*(index of|directory listing|listing of|files within|contents of)\b", re.IGNORECASE)

_SEPARATES: Final = re.compile(r"[/\\\x00-\x1f\x7f]")


def links_below(page: bytes, address: str) -> list[str] | None:
    """Give the addresses of what a listing names, folders with a slash at their end, each once and in order.

    None stands for a page that is no listing.
    """
    try:
        tree = html.document_fromstring(page, parser=html.HTMLParser(huge_tree=True))
    except (etree.ParserError, ValueError):
        return None
    if not _is_listing(tree, address):
        return None
    return sorted({link for found in tree.xpath("//a/@href") if (link := _below(str(found), address))})


def _is_listing(tree: html.HtmlElement, address: str) -> bool:
    """Tell a listing by its title or heading: it says so, or ends with the path of the folder."""
    path = unquote(urlsplit(address).path)
    ends = {path, path.rstrip("/") or "/"}
    return any(_SAYS_SO.match(text) or ends & {text, text.rpartition(" ")[2]} for text in _headings(tree))


def _headings(tree: html.HtmlElement) -> Iterator[str]:
    for element in tree.iter("title", "h1", "h2"):
        yield " ".join(element.text_content().split())


def _below(link: str, address: str) -> str | None:
    """Give the address that a link of the page at `address` leads to, where that is a file or folder below."""
    try:
        found = urljoin(address, link.strip().partition("#")[0])
    except ValueError:
        return None
    rest = found.removeprefix(address)
    if rest == found or "?" in rest or not rest.rstrip("/"):
        return None
    parts = [unquote(part) for part in rest.removesuffix("/").split("/")]
    return found if all(map(_is_name, parts)) else None


def _is_name(part: str) -> bool:
    """Tell a name that may be followed: not hidden, no way up, nothing that means something else once it is decoded."""
    return bool(part) and not part.startswith(".") and _SEPARATES.search(part) is None
