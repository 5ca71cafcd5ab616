"""Which column of a table means what: our own names and the ones that are usual elsewhere."""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "source": ("source",),
    "source_record_id": ("source_record_id", "record_id", "id", "paper_id", "corpus_id", "key"),
    "title": ("title", "paper_title", "article_title", "document_title"),
    "abstract": ("abstract", "summary", "abstract_note", "abstract_text", "paper_abstract"),
    "authors": ("authors", "author", "author_names", "author_full_names", "author_list", "creators", "creator"),
    "venue": (
        *("venue", "journal", "booktitle", "book_title", "journal_name", "journal_title", "publication_title"),
        *("publication_name", "container_title", "source_title", "conference", "conference_name"),
    ),
    "volume": ("volume", "vol"),
    "number": ("number", "issue", "issue_number"),
    "pages": ("pages", "page", "page_range", "page_numbers"),
    "year": ("year", "publication_year", "pub_year", "year_published"),
    "published_date": (
        *("published_date", "published", "publication_date", "date_published", "published_at", "published_on"),
        *("pub_date", "release_date", "date"),
    ),
    "seen_date": ("seen_date", "captured_date"),
    "doi": ("doi",),
    "arxiv_id": ("arxiv_id", "arxiv", "eprint"),
    "pmid": ("pmid", "pubmed_id"),
    "url": ("url", "link", "abs", "abs_url", "paper_url", "entry_id", "landing_page_url", "uri", "href"),
}
"""For each column of RAW_RECORD, the names it may have in a table; the first that holds a value wins."""


@lru_cache(maxsize=4096)
def fold_name(name: str) -> str:
    """Reduce a column's name to what counts: letters and digits, without case.

    >>> fold_name("Abstract Note") == fold_name("abstract_note")
    True
    """
    return "".join(char for char in name.casefold() if char.isalnum())


_RANKS: Final = {
    fold_name(alias): (column, rank) for column, names in ALIASES.items() for rank, alias in enumerate(names)
}


def match_columns(names: Iterable[str]) -> dict[str, list[str]]:
    """Map columns of RAW_RECORD to the names of a table that mean them, in order of preference.

    Names that mean nothing to us are left out.
    """
    found: dict[str, list[tuple[int, str]]] = {}
    for name in names:
        if known := _RANKS.get(fold_name(name)):
            column, rank = known
            found.setdefault(column, []).append((rank, name))
    return {column: [name for _, name in sorted(ranked, key=itemgetter(0))] for column, ranked in found.items()}


def is_table_of_papers(names: Iterable[str]) -> bool:
    """Tell whether a table with these columns can hold papers: it has a column of titles."""
    return "title" in match_columns(names)
