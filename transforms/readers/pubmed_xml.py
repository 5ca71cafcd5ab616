"""Read PubMed's XML: what efetch answers, the annual baseline and its daily updates.

Elements as https://dtd.nlm.nih.gov/ncbi/pubmed/doc/ describes them. A structured abstract is
written as PubMed shows it, one labelled paragraph per line. A title in [brackets] was translated;
the one that the authors gave stands in `extra` (VernacularTitle). PMIDs that an update deletes are
rejects. The DOI is the article's own, never one of its references.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, Final

from transforms.readers.base import Batch, Broken, DumpInfo, Entry, Head, Reader, batched
from transforms.readers.pubmed_parts import abstract, authors, dates, doi, pages, title
from transforms.readers.xml_form import read_elements, sure_of_root, to_entry
from transforms.readers.xml_values import Children, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from transforms.readers.xml_form import Fields
    from transforms.readers.xml_parse import Parsed

SOURCE: Final = "pubmed"

_ARTICLE: Final = "PubmedArticle"
_BOOK: Final = "PubmedBookArticle"
_DELETED: Final = "DeleteCitation"
_ROOTS: Final = frozenset({"PubmedArticleSet", "PubmedBookArticleSet", _ARTICLE, _BOOK})
_SITE: Final = "https://pubmed.ncbi.nlm.nih.gov/"


def sniff(head: Head) -> float:
    """Say how sure it is: the root is a set of PubMed's articles, or one of them."""
    return sure_of_root(head, _ROOTS)


def read(stream: BinaryIO, info: DumpInfo) -> Iterator[Batch]:
    """Yield articles and book chapters; deleted ones are rejects. Raises as `read_elements` does."""
    return batched(_entries(stream, info))


def _entries(stream: BinaryIO, info: DumpInfo) -> Iterator[Entry | Broken]:
    for found in read_elements(stream, info, (_ARTICLE, _BOOK, _DELETED)):
        if isinstance(found, Broken):
            yield found
        elif found.name == _DELETED:
            yield from _deleted(found)
        else:
            yield to_entry(found, _article if found.name == _ARTICLE else _book)


def _deleted(found: Parsed) -> Iterator[Broken]:
    for pmid in found.tree:
        yield Broken(f"<PMID>{text(pmid)}</PMID>", "is deleted from PubMed", found.line)


def _article(element: Element) -> Fields:
    about = Children(element)
    citation, data = about.children("MedlineCitation"), about.children("PubmedData")
    article = citation.children("Article")
    journal = article.children("Journal")
    issue = journal.children("JournalIssue")
    fields = {
        **_identity(citation),
        "title": title(article),
        "abstract": abstract(article),
        "authors": authors(article),
        "venue": journal.text("Title"),
        "volume": issue.text("Volume"),
        "number": issue.text("Issue"),
        "pages": pages(article),
        **dates([*issue.peek("PubDate"), *article.peek("ArticleDate")]),
        "doi": doi([*article.peek("ELocationID"), *_ids(data)]),
    }
    journal.add("JournalIssue", issue.rest())
    article.add("Journal", journal.rest())
    citation.add("Article", article.rest())
    return {**fields, "extra": _rest(about, MedlineCitation=citation, PubmedData=data)}


def _book(element: Element) -> Fields:
    """Return the fields of a book, or of a chapter where the element has a title of its own."""
    about = Children(element)
    document, data = about.children("BookDocument"), about.children("PubmedBookData")
    book = document.children("Book")
    own_title, book_title = title(document), book.text("BookTitle")
    fields = {
        **_identity(document),
        "title": own_title or book_title,
        "abstract": abstract(document),
        "authors": authors(document) or authors(book),
        "venue": book_title if own_title else None,
        "volume": book.text("Volume"),
        "pages": pages(document),
        **dates([*document.peek("ContributionDate"), *book.peek("PubDate")]),
        "doi": doi([*book.peek("ELocationID"), *_ids(document), *_ids(data)]),
    }
    document.add("Book", book.rest())
    return {**fields, "extra": _rest(about, BookDocument=document, PubmedBookData=data)}


def _identity(children: Children) -> Fields:
    pmid = children.text("PMID")
    return {"source": SOURCE, "source_record_id": pmid, "pmid": pmid, "url": f"{_SITE}{pmid}/" if pmid else None}


def _ids(children: Children) -> list[Element]:
    """Return the ids of the article itself, which stand apart from those of its references."""
    return [own_id for ids in children.peek("ArticleIdList") for own_id in ids]


def _rest(about: Children, **parts: Children) -> dict[str, object]:
    for name, children in parts.items():
        about.add(name, children.rest())
    return about.rest()


READER: Final = Reader("pubmed_xml", "PubMed XML: efetch, baseline and updates", sniff, read, (".xml",), "xml")
