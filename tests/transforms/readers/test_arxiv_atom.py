from __future__ import annotations

import json

from xml_samples import ATOM, given, read_xml


def test_entry() -> None:
    rows, rejects = read_xml(ATOM)
    assert rejects == []
    first = given(rows[0])
    extra = json.loads(first.pop("extra"))
    assert first == {
        "source": "arxiv",
        "source_record_id": "2503.01234",
        "title": "On  Engines\n  and <their> ends",
        "abstract": "  Engines are discussed. ",
        "authors": ["Ada Lovelace", "Mary Shelley"],
        "venue": "J. Engines 3 (2025) 1-9",
        "published_date": "2025-03-03T10:00:00Z",
        "doi": "10.1000/engines",
        "arxiv_id": "2503.01234v2",
        "url": "https://arxiv.org/abs/2503.01234v2",
    }
    assert (extra["comment"], extra["updated"]) == ("5 pages", "2025-03-19T17:59:49Z")
    assert extra["primary_category"] == {"@term": "cs.GL"}
    assert extra["authors"][0] == {"name": "Ada Lovelace", "affiliation": "Analytical Society"}
    assert [link["@href"][-13:] for link in extra["link"]] == ["/2503.01234v2"] * 2


def test_title_of_the_feed_is_no_entry() -> None:
    rows, _ = read_xml(ATOM)
    assert [(row["title"], row["line"]) for row in rows[1:]] == [("Strings", 21)]


def test_old_id_and_entry_without_links() -> None:
    rows, _ = read_xml(ATOM)
    assert given(rows[1]) == {
        "source": "arxiv",
        "source_record_id": "hep-th/9901001",
        "title": "Strings",
        "abstract": "Of strings.",
        "authors": ["A. Bee"],
        "arxiv_id": "hep-th/9901001v1",
        "url": "http://arxiv.org/abs/hep-th/9901001v1",
    }


def test_error_of_the_api_is_a_reject() -> None:
    data = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><id>http://arxiv.org/api/x</id><entry>'
        "<id>http://arxiv.org/api/errors#incorrect_id</id><title>Error</title><summary>incorrect id</summary>"
        "</entry></feed>"
    )
    rows, rejects = read_xml(data)
    assert rows == []
    assert [reject["reason"] for reject in rejects] == ["is an error that arXiv's API reports: incorrect id"]
