"""Lists what lies behind http:// and https://: the file at an address, or all that the listings of a folder name.

    address --> a file, or a folder --GET--> its listing --HEAD each--> files
                       ^------------------- folders below -------'

Listings are followed downwards only, on the same host, so deep and so far as the limits allow. A folder
that holds what one above it holds is a loop of links on the server, and is not entered.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from transforms.errors import DumpError, UnreadableDumpError
from warehouse.remote import Listing, RemoteFile, patiently
from warehouse.web import is_folder, look, read_page
from warehouse.web_index import links_below

if TYPE_CHECKING:
    from collections.abc import Sequence

_AT_ONCE: Final = 8
"""Files that a server is asked about at the same time."""


@dataclass(frozen=True)
class Limits:
    """How far listings are followed: folders below folders, pages in all, bytes of one page."""

    depth: int = 20
    pages: int = 10_000
    page_bytes: int = 64 * 1024 * 1024


DEFAULT_LIMITS: Final = Limits()


def list_web(address: str, limits: Limits = DEFAULT_LIMITS) -> Listing:
    """List the file at an address, or the files of the folder there and below.

    Raises DumpError where nothing can be listed at all.
    """
    address = address.partition("#")[0]
    if not is_folder(address):
        found = look(address)
        if isinstance(found, RemoteFile):
            return Listing([found])
        address = found
    walk = _Walk(limits)
    walk.enter(address, ())
    return walk.listing


@dataclass
class _Walk:
    """A walk through listings: what was found so far."""

    limits: Limits
    listing: Listing = field(default_factory=Listing)
    pages: int = 0

    def enter(self, folder: str, above: tuple[frozenset[object], ...]) -> None:
        """Take in a folder and all below; `above` tells what the folders hold that it lies in."""
        links = self._links(folder)
        files = [link for link in links if isinstance(link, RemoteFile)]
        folders = [link for link in links if isinstance(link, str)]
        held = _held(folder, files, folders)
        if held and held in above:
            return  # a loop of links on the server
        self.listing.files += files
        for below in folders:
            try:
                self._refuse_too_far(below, len(above) + 1)
                self.enter(below, (*above, held))
            except DumpError as error:
                self.listing.problems.append(error)

    def _refuse_too_far(self, folder: str, depth: int) -> None:
        if depth > self.limits.depth:
            what = f"it lies more than {self.limits.depth:,} folders deep"
        elif self.pages >= self.limits.pages:
            what = f"there are more than {self.limits.pages:,} folders"
        else:
            return
        hint = "name the folders below one by one; if links go in circles on the server, mend them there"
        raise UnreadableDumpError(f"is not looked into: {what}", where=folder, hint=hint)

    def _links(self, folder: str) -> list[RemoteFile | str]:
        """Ask about everything that the listing of a folder names; what cannot be used is a problem."""
        self.pages += 1
        page = patiently(partial(read_page, folder, self.limits.page_bytes))
        links = links_below(page, folder)
        if links is None:
            hint = "name a folder whose files the server lists, or a single file without a slash at its end"
            raise UnreadableDumpError("this page is no listing of files", where=folder, hint=hint)
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            answers = list(threads.map(partial(_look_or_fail, within=folder), links))
        self.listing.problems += [answer for answer in answers if isinstance(answer, DumpError)]
        return [answer for answer in answers if not isinstance(answer, DumpError)]


def _held(folder: str, files: Sequence[RemoteFile], folders: Sequence[str]) -> frozenset[object]:
    """Tell what a folder holds by names and versions, so that it is known again; nothing where it cannot be."""
    if not any(file.version.modified_at or file.version.etag for file in files):
        return frozenset()
    names = [(file.address.removeprefix(folder), file.version) for file in files]
    return frozenset([*names, *(below.removeprefix(folder) for below in folders)])


def _look_or_fail(address: str, within: str) -> RemoteFile | str | DumpError:
    try:
        return address if is_folder(address) else look(address, within)
    except DumpError as error:
        return error
