"""Identifiers come out in one form, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms import identifiers
from transforms.schema import RECORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    Rule = Callable[[str], pl.Expr]


def apply(rule: Rule, *texts: str | None) -> list[str | int | None]:
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    return frame.select(rule("text")).to_series().to_list()


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(None, None, id="missing"),
        pytest.param("", None, id="empty"),
        pytest.param("n/a", None, id="not available"),
        pytest.param("10.1234", None, id="no suffix"),
        pytest.param("10.1234/", None, id="empty suffix"),
        pytest.param("10.1234/.", None, id="suffix of punctuation"),
        pytest.param("10.12/abc", None, id="registrant too short"),
        pytest.param("110.1234/abc", None, id="begins within a number"),
        pytest.param("PMC1234567", None, id="another identifier"),
        pytest.param("10.1145/nnnnnnn.nnnnnnn", None, id="template"),
        pytest.param("10.1145/1122445.1122456", None, id="number of a template"),
        pytest.param("10.1000/ABC", "10.1000/abc", id="case"),
        pytest.param("https://doi.org/10.1000/Abc.", "10.1000/abc", id="resolver and full stop"),
        pytest.param("http://dx.doi.org/10.1000/S07%2814%2962-9", "10.1000/s07(14)62-9", id="percent signs"),
        pytest.param("10.1000%2Fabc", "10.1000/abc", id="escaped slash"),
        pytest.param("DOI 10.1000/abc", "10.1000/abc", id="label without a colon"),
        pytest.param("doi:https://doi.org/10.1000/abc", "10.1000/abc", id="two labels"),
        pytest.param("(10.1000/abc).", "10.1000/abc", id="in brackets"),
        pytest.param("10.1000/a(b)", "10.1000/a(b)", id="brackets of its own"),
        pytest.param("10.1000/a(b)).", "10.1000/a(b)", id="brackets of its own, in brackets"),
        pytest.param("10.1000/(SICI)1-2(19980815)17:15&lt;16::AID-X&gt;3.0.CO;2-2", "10.1000/(sici)1-2(19980815)17:15<16::aid-x>3.0.co;2-2", id="SICI with entities"),
        pytest.param("10.1000/abc</a>", "10.1000/abc", id="a tag behind it"),
        pytest.param("10.1000/abc?utm_source=x", "10.1000/abc", id="a query behind it"),
        pytest.param("10.1000/978-3\\_28", "10.1000/978-3_28", id="LaTeX"),
        pytest.param("10.1000/s0140\u20136736", "10.1000/s0140-6736", id="typographic hyphen"),
        pytest.param("10.1000/\u200babc", "10.1000/abc", id="zero-width"),
        pytest.param("10.1000/abc [doi]", "10.1000/abc", id="as PubMed writes it"),
        pytest.param("10.1000/abc; 10.1000/def", "10.1000/abc", id="the first of two"),
        pytest.param("10.1000.10/abc", "10.1000.10/abc", id="registrant in parts"),
        pytest.param("10.1101/2020.01.02.123456v3", "10.1101/2020.01.02.123456", id="version of a preprint server"),
    ],
)  # fmt: skip
def test_doi(raw: str | None, expected: str | None) -> None:
    assert apply(identifiers.doi, raw) == [expected]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(None, None, id="missing"),
        pytest.param("https://example.org/10.1000/abc", None, id="unknown place"),
        pytest.param("https://doi.org/10.1000/ABC", "10.1000/abc", id="resolver"),
        pytest.param("https://example.org/doi/pdf/10.1000/abc", "10.1000/abc", id="publisher"),
        pytest.param("https://example.org/doi/10.1000/abc/full", "10.1000/abc", id="view of the page"),
        pytest.param("https://example.org/articles/10.1000/abc/full", "10.1000/abc", id="articles"),
        pytest.param("https://example.org/content/pdf/10.1000/s1-2.pdf", "10.1000/s1-2", id="PDF"),
        pytest.param("https://example.org/article?id=10.1000/j.x.1&type=printable", "10.1000/j.x.1", id="query"),
        pytest.param("https://example.org/content/10.1101/2020.01.02.123456v1.full.pdf", "10.1101/2020.01.02.123456", id="preprint"),
    ],
)  # fmt: skip
def test_doi_in_url(url: str | None, expected: str | None) -> None:
    assert apply(identifiers.doi_in_url, url) == [expected]


@pytest.mark.parametrize(
    ("abstract", "expected"),
    [
        pytest.param(None, None, id="missing"),
        pytest.param("See doi: 10.1000/abc for more.", None, id="within the text"),
        pytest.param("Data are at https://doi.org/10.1000/abc", None, id="no label"),
        pytest.param("We share code. DOI: 10.5281/zenodo.12", None, id="an archive of data"),
        pytest.param("[This corrects the article DOI: 10.1000/abc.]", None, id="of the corrected article"),
        pytest.param("Erratum. DOI: 10.1000/abc", None, id="of the article with the erratum"),
        pytest.param("We extend 10.1000/def. DOI: 10.1000/abc", None, id="two of them"),
        pytest.param("We show it. DOI: 10.1000/ABC", "10.1000/abc", id="last words"),
        pytest.param("We show it. https://x.org (2020) doi:10.1000/abc.", "10.1000/abc", id="last words and a full stop"),
    ],
)  # fmt: skip
def test_doi_in_abstract(abstract: str | None, expected: str | None) -> None:
    assert apply(identifiers.doi_in_abstract, abstract) == [expected]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(None, None, id="missing"),
        pytest.param("9901001", None, id="old style without its archive"),
        pytest.param("foo/9901001", None, id="no such archive"),
        pytest.param("hep-th/9913001", None, id="no such month, old style"),
        pytest.param("2513.00001", None, id="no such month, new style"),
        pytest.param("2503.117311", None, id="a digit too many"),
        pytest.param("12503.11731", None, id="a digit too many in front"),
        pytest.param("0612.0001", None, id="before the new style"),
        pytest.param("0704.0001", "0704.0001", id="leading zero"),
        pytest.param("704.0001", "0704.0001", id="leading zero lost"),
        pytest.param("704.001", "0704.0010", id="zeros lost at both ends"),
        pytest.param("1412.1", "1412.1000", id="zeros lost, four digits"),
        pytest.param("2503.1173", "2503.11730", id="zero lost, five digits"),
        pytest.param("2503.11731v2", "2503.11731v2", id="version"),
        pytest.param("arXiv:2503.11731v1 [cs.CV]", "2503.11731v1", id="label and class"),
        pytest.param("ARXIV:HEP-TH/9901001", "hep-th/9901001", id="case"),
        pytest.param("hep-th/9901001v2", "hep-th/9901001v2", id="old style with version"),
        pytest.param("math.GT/0309136", "math/0309136", id="subject class"),
        pytest.param("https://arxiv.org/pdf/2503.11731v2.pdf", "2503.11731v2", id="PDF"),
        pytest.param("oai:arXiv.org:0704.0001", "0704.0001", id="OAI"),
        pytest.param("10.48550/arXiv.2503.11731", "2503.11731", id="DOI"),
        pytest.param("2503.11731.", "2503.11731", id="full stop"),
    ],
)
def test_arxiv_reference(raw: str | None, expected: str | None) -> None:
    assert apply(identifiers.arxiv_reference, raw) == [expected]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://example.org/abs/2503.11731", None, id="another site"),
        pytest.param("https://arxiv.org/list/cs.CV/recent", None, id="no paper"),
        pytest.param("http://arxiv.org/abs/2503.11731v3", "2503.11731v3", id="abstract"),
        pytest.param("arxiv.org/pdf/2503.11731.pdf", "2503.11731", id="PDF"),
        pytest.param("https://export.arxiv.org/abs/hep-th/9901001", "hep-th/9901001", id="mirror, old style"),
        pytest.param("https://huggingface.co/papers/2503.11731", "2503.11731", id="Hugging Face"),
        pytest.param("https://doi.org/10.48550/arXiv.2503.11731", "2503.11731", id="its DOI"),
    ],
)
def test_arxiv_reference_in_url(url: str, expected: str | None) -> None:
    assert apply(identifiers.arxiv_reference_in_url, url) == [expected]


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        pytest.param(identifiers.arxiv_reference_in_venue, "arXiv preprint arXiv:1412.6980", "1412.6980", id="venue"),
        pytest.param(identifiers.arxiv_reference_in_venue, "CoRR abs/1412.6980", "1412.6980", id="CoRR"),
        pytest.param(identifiers.arxiv_reference_in_venue, "Annals 1412.6980", None, id="a number in a venue"),
        pytest.param(identifiers.arxiv_reference_in_stamp, "arXiv:2503.11731v1 [cs.CV] 14 Mar 2025 We ...", "2503.11731v1", id="stamp"),
        pytest.param(identifiers.arxiv_reference_in_stamp, "We extend arXiv:2503.11731.", None, id="mention"),
        pytest.param(identifiers.arxiv_reference_in_doi, "10.48550/arxiv.2503.11731", "2503.11731", id="DOI"),
        pytest.param(identifiers.arxiv_reference_in_doi, "10.1000/arxiv.2503.11731", None, id="DOI of somebody else"),
        pytest.param(identifiers.arxiv_id, "2503.11731v12", "2503.11731", id="without version"),
        pytest.param(identifiers.arxiv_version, "2503.11731v12", 12, id="version"),
        pytest.param(identifiers.arxiv_version, "2503.11731", None, id="no version"),
    ],
)  # fmt: skip
def test_arxiv_elsewhere(rule: Rule, text: str, expected: str | int | None) -> None:
    assert apply(rule, text) == [expected]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(None, None, id="missing"),
        pytest.param("0", None, id="zero"),
        pytest.param("PMC123", None, id="PubMed Central"),
        pytest.param("123456789", None, id="too long"),
        pytest.param("12.5", None, id="a fraction"),
        pytest.param("123", "123", id="plain"),
        pytest.param("12345.0", "12345", id="through a spreadsheet"),
        pytest.param("00123", "123", id="leading zeros"),
        pytest.param("PMID: 123", "123", id="label"),
        pytest.param("123 [pmid]", "123", id="as PubMed writes it"),
        pytest.param("https://pubmed.ncbi.nlm.nih.gov/123/", "123", id="address"),
        pytest.param("http://www.ncbi.nlm.nih.gov/pubmed/123?x=1", "123", id="old address"),
    ],
)
def test_pmid(raw: str | None, expected: str | None) -> None:
    assert apply(identifiers.pmid, raw) == [expected]


dressed = st.one_of(
    st.text(),
    st.from_regex(r"(doi:|https://doi\.org/)?10\.\d{4,5}/[!-~]{1,12}[.,;)\]>]{0,3}", fullmatch=True),
    st.from_regex(r"(arXiv:|hep-th/|math\.GT/)?\d{3,7}(\.\d{1,6})?(v\d{1,4})?", fullmatch=True),
)


@pytest.mark.parametrize("rule", [identifiers.doi, identifiers.arxiv_reference, identifiers.pmid])
@given(text=dressed)
def test_twice_is_once(rule: Rule, text: str) -> None:
    once = apply(rule, text)
    assert apply(rule, *once) == once


@pytest.mark.parametrize(
    ("rule", "column"),
    [
        (identifiers.doi, "doi"),
        (identifiers.doi_in_url, "doi"),
        (lambda col: identifiers.arxiv_id(identifiers.arxiv_reference(col)), "arxiv_id"),
        (identifiers.pmid, "pmid"),
    ],
)
@given(text=dressed)
def test_the_contract_is_kept(rule: Rule, column: str, text: str) -> None:
    pattern = next(known.pattern for known in RECORDS.columns if known.name == column)
    (found,) = apply(rule, text)
    assert found is None or pl.Series([found]).str.contains(f"^(?:{pattern})$").item()
