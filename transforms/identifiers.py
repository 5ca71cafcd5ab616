r"""Identifiers in their canonical form: DOI, arXiv identifier and version, PubMed identifier.

Where an identifier comes from, in this order:

1. its own column, in whatever dress (``doi:``, a resolver's address, ``%2F``, a trailing full stop);
2. the entry's url, which points to this paper: ``arxiv.org/abs/...``, ``doi.org/10...``;
3. for arXiv, a labelled id in venue, volume or number (``CoRR abs/1412.6980``), and the DOI that
   arXiv itself registers (``10.48550/arXiv...``);
4. title and abstract, only where the text speaks of itself: the stamp that arXiv prints on a page
   (``arXiv:2503.11731v1 [cs.CV] 14 Mar 2025``), and a DOI that is the only one, labelled, and the
   last words of the abstract, as a sentence of its own. Any other DOI in an abstract is as likely
   that of a data set, an earlier paper, or the article that an erratum corrects.

What is no identifier becomes null; `transforms.normalize` keeps its text in `extra`.
"""

from __future__ import annotations

import html
import re
from typing import Final
from urllib.parse import unquote

import polars as pl

from transforms.rows import found_where, kept_where, named, only_where

_DOI: Final = r"10\.\d{4,9}(?:\.\d+)*/[^\s\"{}|]+"
_DOI_IN_URL: Final = (
    r"(?i)(?:doi\.org/|/doi/(?:[a-z]+/)?|/articles?/|/chapter/|/book/|/content/(?:pdf/)?|[?&](?:id|doi)=)"
    rf"({_DOI})"
)
_URL_TAIL: Final = r"(?i)(?:/(?:full|abstract|pdf|epdf|html|meta|summary|fulltext)(?:/.*)?|\.pdf|&.*)$"
_BIORXIV_VERSION: Final = r"^(10\.1101/\d[\d.]*)v\d.*$"
"""bioRxiv and medRxiv show a version that is no part of the DOI."""

_LAST_WORDS_DOI: Final = rf"(?i)(?:^|[.!?)\]]\s+)doi(?:\s*:\s*|\s+)(?:https?://(?:dx\.)?doi\.org/)?({_DOI})\s*$"
_OF_ANOTHER: Final = r"(?i)\b(?:errat|correct(?:s|ion|ed)\b|corrigend|retract|comment(?:s|ary)? on|reply to|10\.5281/)"
_PLACEHOLDER: Final = r"^10\.1145/(?:n+\.n+|x+\.x+|1122445\.1122456|8888888\.7777777)$|^10\.\d+/x{3,}$"
"""What templates of publishers print until the author fills it in."""

_ARCHIVES: Final = (
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga"
    "|funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|math|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph"
    "|q-alg|q-bio|quant-ph|solv-int|stat|supr-con"
)
_NEW_STYLE: Final = (
    r"(?:0[7-9]|1[0-4])(?:0[1-9]|1[0-2])\.\d{4}"  # until 2014
    r"|(?:1[5-9]|[2-9]\d)(?:0[1-9]|1[0-2])\.\d{5}"  # since 2015
)
_ARXIV: Final = rf"((?:{_NEW_STYLE}|(?:{_ARCHIVES})(?:\.[a-z]{{2}})?/\d\d(?:0[1-9]|1[0-2])\d{{3}})(?:v[1-9]\d{{0,2}})?)"
_END: Final = r"(?:\.pdf|\.html?)?(?:[^\w.]|\.(?:\D|$)|$)"
_ARXIV_ALONE: Final = rf"(?:^|[^\w.]|_)(?:arxiv[.:_]?\s*)?{_ARXIV}{_END}"
_ARXIV_IN_URL: Final = (
    r"(?:(?:arxiv|ar5iv|alphaxiv)\.(?:labs\.arxiv\.)?org/(?:abs|pdf|html|format|src|e-print|ps|overview)"
    rf"|huggingface\.co/papers|hf\.co/papers|doi\.org/10\.48550)/(?:arxiv\.)?{_ARXIV}{_END}"
)
_ARXIV_LABELLED: Final = rf"(?:arxiv[:.]\s*|\babs/){_ARXIV}{_END}"
_ARXIV_STAMP: Final = (
    rf"arxiv:{_ARXIV}\s*\[[a-z-]+(?:\.[a-z-]+)?\]\s*\d{{1,2}}\s+(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)"
)
_ARXIV_DOI: Final = rf"^10\.48550/arxiv\.{_ARXIV}$"

_PMID: Final = r"(?i)^(?:pmid|pubmed|medline)?[\s:#]*0*([1-9]\d{0,7})(?:\.0+)?(?:\s*\[pmid\])?$"
_PMID_IN_URL: Final = r"(?i)(?:pubmed\.ncbi\.nlm\.nih\.gov|ncbi\.nlm\.nih\.gov/(?:m/)?pubmed)/0*([1-9]\d{0,7})(?:\D|$)"


def doi(col: pl.Expr | str) -> pl.Expr:
    """DOI in lower case without a resolver's address; null where the text holds none."""
    plain = only_where(
        named(col),
        lambda text: text.str.contains(r"[%&\\]|[^ -~]"),
        lambda text: text.map_elements(_decoded, return_dtype=pl.String),
    )
    found = plain.str.to_lowercase().str.extract(rf"(?:^|[^\d.])({_DOI})", 1)
    trimmed = only_where(
        found.str.replace(_BIORXIV_VERSION, "$1"),
        lambda text: text.str.contains(r"[^a-z0-9]$|[?#<]"),
        lambda text: text.map_elements(_trimmed, return_dtype=pl.String),
    )
    return kept_where(
        trimmed,
        lambda text: text.str.contains(r"^10\.[\d.]+/.*[\p{L}\p{N}]") & ~text.str.contains(_PLACEHOLDER),
    )


def doi_in_url(col: pl.Expr | str) -> pl.Expr:
    """DOI that the address of a paper spells out: a resolver's, or a publisher's page of one article."""
    return doi(named(col).str.extract(_DOI_IN_URL, 1).str.replace(_URL_TAIL, ""))


def doi_in_abstract(col: pl.Expr | str) -> pl.Expr:
    """DOI that ends an abstract as its last sentence, where it is the only one (rule 4 above)."""
    found = found_where(named(col), lambda text: text.str.contains(r"10\.\d{4,9}/"), _last_words_doi)
    return doi(found)


def arxiv_reference(col: pl.Expr | str) -> pl.Expr:
    """Find the arXiv identifier, with its version if named, in a column that holds nothing else: ``2503.11731v1``.

    The subject class of old identifiers is dropped, as arXiv does (``math.GT/0309136``). A column
    that went through a spreadsheet has lost zeros at both ends (``704.001``); how many digits an
    identifier has follows from its month, so they are put back.
    """
    text = named(col).str.strip_chars().str.to_lowercase()
    return _canonical(only_where(text, _is_number, _zeros_restored).str.extract(_ARXIV_ALONE, 1))


def arxiv_reference_in_url(col: pl.Expr | str) -> pl.Expr:
    """Find the arXiv identifier in an address at arXiv, its mirrors or Hugging Face."""
    return _canonical(named(col).str.to_lowercase().str.extract(_ARXIV_IN_URL, 1))


def arxiv_reference_in_doi(col: pl.Expr | str) -> pl.Expr:
    """Find the arXiv identifier inside the canonical DOI that arXiv registers for it."""
    return _canonical(named(col).str.extract(_ARXIV_DOI, 1))


def arxiv_reference_in_venue(col: pl.Expr | str) -> pl.Expr:
    """Find an arXiv identifier with a label, as in ``arXiv preprint arXiv:1412.6980`` or ``CoRR abs/1412.6980``."""
    return _canonical(named(col).str.to_lowercase().str.extract(_ARXIV_LABELLED, 1))


def arxiv_reference_in_stamp(col: pl.Expr | str) -> pl.Expr:
    """Find the arXiv identifier in the stamp that arXiv prints on the first page (rule 4 above)."""
    return _canonical(found_where(named(col), lambda text: text.str.contains("arXiv:", literal=True), _stamped))


def arxiv_id(reference: pl.Expr | str) -> pl.Expr:
    """Take the version off a canonical reference."""
    return named(reference).str.replace(r"v\d+$", "")


def arxiv_version(reference: pl.Expr | str) -> pl.Expr:
    """Take the version of a canonical reference, null where it names none."""
    return named(reference).str.extract(r"v(\d+)$", 1).cast(pl.Int32)


def pmid(col: pl.Expr | str) -> pl.Expr:
    """PubMed identifier; null where the text is none."""
    text = named(col).str.strip_chars()
    return pl.coalesce(text.str.extract(_PMID, 1), pmid_in_url(text))


def pmid_in_url(col: pl.Expr | str) -> pl.Expr:
    """PubMed identifier that an address at PubMed spells out."""
    return named(col).str.extract(_PMID_IN_URL, 1)


def _last_words_doi(text: pl.Expr) -> pl.Expr:
    is_its_own = (text.str.count_matches(r"10\.\d{4,9}/") == 1) & ~text.str.contains(_OF_ANOTHER)
    return pl.when(is_its_own).then(text).str.extract(_LAST_WORDS_DOI, 1)


def _stamped(text: pl.Expr) -> pl.Expr:
    return text.str.to_lowercase().str.extract(_ARXIV_STAMP, 1)


def _canonical(reference: pl.Expr) -> pl.Expr:
    return reference.str.replace(r"\.[a-z]{2}/", "/")


def _is_number(text: pl.Expr) -> pl.Expr:
    """Find the references that may have lost zeros: a number, but not one of all nine digits."""
    return text.str.contains(r"^\d{3,4}\.\d{1,5}$") & ~text.str.contains(r"^\d{4}\.\d{5}$")


def _zeros_restored(number: pl.Expr) -> pl.Expr:
    month = number.str.extract(r"^(\d+)", 1).str.zfill(4)
    serial = number.str.extract(r"(\d+)$", 1)
    long = serial.str.pad_end(5, "0")
    return month + "." + pl.when(month < "1501").then(serial.str.pad_end(4, "0")).otherwise(long)


def _decoded(text: str) -> str:
    """Undo what exports did to a DOI: percent signs, entities, LaTeX, typographic hyphens."""
    previous = ""
    while previous != text:
        previous, text = text, unquote(html.unescape(text))
    text = re.sub(r"[\u00ad\u200b-\u200f\u2060\ufeff]|\\(?=[_%&#$<>{}])", "", text)
    return re.sub(r"[\u2010-\u2015\u2212]", "-", text)


def _trimmed(text: str) -> str:
    """Cut what stands behind a DOI in running text or in an address."""
    text = re.sub(r"(?:</|\?[a-z_]+=|#[a-z]{2}).*", "", text)
    previous = ""
    while previous != text:
        previous, text = text, text.rstrip(".,;:'\"!?*\\&\u2019\u201d\u00bb\u2026")
        for opening, closing in ("()", "[]", "<>"):
            if text.endswith(closing) and text.count(opening) < text.count(closing):
                text = text[:-1]
    return text
