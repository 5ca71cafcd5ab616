"""The parts of a PubMed article whose shape is PubMed's own: title, abstract, authors, pages, dates, ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from transforms.readers.xml_values import folded, folded_children, loses_markup, text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from xml.etree.ElementTree import Element

    from transforms.readers.xml_values import Children

_NO_TITLE: Final = frozenset({"[not available].", "[not available]"})
_NAMES: Final = ("ForeName", "LastName", "Suffix")
_DAY: Final = ("Year", "Month", "Day")


def title(article: Children) -> str | None:
    """Return the title, or the vernacular one where PubMed translated none."""
    given = article.text("ArticleTitle")
    if given and given.strip().lower() not in _NO_TITLE:
        return given
    article.add("ArticleTitle", given)
    return article.text("VernacularTitle")


def abstract(article: Children) -> str | None:
    """Return the abstract, a line for each of its parts, labels as PubMed shows them: `METHODS: ...`."""
    element = article.element("Abstract")
    if element is None:
        return None
    parts = element.findall("AbstractText")
    rest = folded_children(child for child in element if child.tag != "AbstractText")
    left = _left(parts)
    article.add("Abstract", rest | {"AbstractText": left} if any(left) else rest)
    return "\n".join(map(_labelled, parts)) or None


def _left(parts: Iterable[Element]) -> list[object]:
    """Return of each part what the abstract leaves out: NLM's heading where it is another, and markup."""
    return [folded(part) if loses_markup(part) else _heading(part) for part in parts]


def _heading(part: Element) -> dict[str, str]:
    label, category = part.get("Label", ""), part.get("NlmCategory", "")
    is_another = category not in {"", "UNASSIGNED", label.upper()}
    return {f"@{name}": value for name, value in part.items()} if is_another else {}


def _labelled(part: Element) -> str:
    label, found = part.get("Label"), text(part) or ""
    return f"{label}: {found}" if label else found


def authors(article: Children) -> list[str]:
    """Return the names in the authors' form; affiliations, identifiers and the rest stay where they are."""
    lists = article.peek("AuthorList")
    chosen = [one for one in lists if one.get("Type") != "editors"] or lists
    valid = (author for one in chosen for author in one if author.get("ValidYN") != "N")
    return [name for author in valid if (name := _name(author))]


def _name(author: Element) -> str:
    parts = [text(author.find(part)) for part in _NAMES]
    if parts[0] is None:
        parts[0] = text(author.find("Initials"))
    return " ".join(filter(None, parts)) or text(author.find("CollectiveName")) or ""


def pages(article: Children) -> str | None:
    """Return the pages as MEDLINE writes them (1032-8), else from the first and the last."""
    pagination = article.children("Pagination")
    medline, first, last = (pagination.text(name) for name in ("MedlinePgn", "StartPage", "EndPage"))
    article.add("Pagination", pagination.rest())
    return medline or "-".join(filter(None, (first, last))) or None


def dates(elements: Iterable[Element]) -> dict[str, object]:
    """Return year and day of publication: of the issue, and where its day is not known, of the article.

    All dates stay in `extra` too: seasons and months (`MedlineDate`: 2005 Nov-Dec) have no column.
    """
    found = list(elements)
    years = (text(date.find(name)) for date in found for name in ("Year", "MedlineDate"))
    days = ([text(date.find(part)) for part in _DAY] for date in found)
    return {
        "year": next(filter(None, years), None),
        "published_date": next((" ".join(filter(None, day)) for day in days if all(day)), None),
    }


def doi(ids: Iterable[Element]) -> str | None:
    """Return the first DOI among identifiers, whichever list they stand in; those declared wrong do not count."""
    return next(
        (text(own) for own in ids if "doi" in {own.get("EIdType"), own.get("IdType")} and own.get("ValidYN") != "N"),
        None,
    )
