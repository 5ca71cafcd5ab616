"""No entity is expanded, no file or address opened, and a fault costs one record, in every form of XML."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest
from xml_samples import DECLARATION, FRAMES, dump, entry, read_xml

from transforms.errors import DamagedDumpError, HostileDumpError

if TYPE_CHECKING:
    from pathlib import Path

FORMS = tuple(FRAMES)

each_form = pytest.mark.parametrize("form", FORMS)

BILLION_LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    + "".join(f'<!ENTITY {chr(n)} "{f"&{chr(n - 1)};" * 10}">' for n in range(ord("c"), ord("l")))
    + "]>"
)


def with_doctype(form: str, doctype: str, reference: str) -> str:
    """A dump with a document type of its own, whose second of three titles makes use of it."""
    entries = [entry(form, n, f"Boat {n}") for n in (1, 2, 3)]
    entries[1] = entry(form, 2, f"Boat {reference}")
    before, _, after = FRAMES[form]
    root = before[before.rindex("<!DOCTYPE") :].split("\n", 1)[1] if "<!DOCTYPE" in before else before
    return "".join([DECLARATION, doctype, root, *entries, after])


def only_the_second_is_rejected(data: str, reason: str) -> None:
    rows, rejects = read_xml(data)
    assert [row["title"] for row in rows] == ["Boat 1", "Boat 3"]
    assert [reject["position"] for reject in rejects] == [2]
    assert reason in rejects[0]["reason"]


@each_form
def test_billion_laughs_are_not_laughed(form: str) -> None:
    data = with_doctype(form, BILLION_LAUGHS, "&k;")
    read_xml(with_doctype(form, "", "&k;"))  # what is imported at the first use is not counted
    tracemalloc.start()
    only_the_second_is_rejected(data, "names the entity &k;, which is not known; what a DTD declares is never expanded")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


@each_form
@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE x [<!ENTITY own SYSTEM "{file}">]>',
        '<!DOCTYPE x [<!ENTITY own PUBLIC "-//X" "{file}">]>',
        '<!DOCTYPE x SYSTEM "{file}">',
        '<!DOCTYPE x [<!ENTITY % p SYSTEM "{file}"> %p;]>',
        """<!DOCTYPE x [<!ENTITY % p '<!ENTITY own SYSTEM "{file}">'> %p;]>""",
        '<!DOCTYPE x SYSTEM "{file}" [<!-- ]> --><!ENTITY own "]>"> ]>',
    ],
    ids=["system", "public", "external DTD", "parameter", "parameter within", "comment and quotes"],
)
def test_nothing_is_fetched(form: str, doctype: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.dtd"
    secret.write_text('<!ENTITY own "a secret">', encoding="utf-8")
    only_the_second_is_rejected(
        with_doctype(form, doctype.format(file=secret.as_uri()), "&own;"), "names the entity &own;"
    )


@each_form
def test_records_within_a_document_type_or_a_comment_are_none(form: str) -> None:
    hidden = entry(form, 9, "Hidden")
    data = dump(form, [f"<!-- {hidden} -->", entry(form, 1, "Seen"), f"<![CDATA[{hidden}]]>"])
    doctype = f"<!DOCTYPE x [<!ENTITY h '{hidden.replace(chr(39), '')}'><!-- {hidden} -->]>"
    rows, rejects = read_xml(data.replace(DECLARATION, DECLARATION + doctype))
    assert ([row["title"] for row in rows], rejects) == (["Seen"], [])


@each_form
@pytest.mark.parametrize("depth", [300, 100_000])
def test_deep_nesting_harms_one_record_at_most(form: str, depth: int) -> None:
    deep = "<i>" * depth + "deep" + "</i>" * depth
    rows, rejects = read_xml(dump(form, [entry(form, 1, "Boat"), entry(form, 2, deep), entry(form, 3, "Ship")]))
    assert [row["title"] for row in rows] == (["Boat", "Ship"] if rejects else ["Boat", "deep", "Ship"])
    assert [reject["reason"] for reject in rejects] in ([], ["is nested too deeply"])
    assert rejects or depth == 300


@each_form
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        pytest.param("<b>open", "is not well-formed XML: mismatched tag in line 4", id="open tag"),
        pytest.param("shut</b>", "is not well-formed XML: mismatched tag in line 4", id="closed tag"),
        pytest.param("black & white", "is not well-formed XML: not well-formed (invalid token) in line 4", id="bare &"),
        pytest.param("a < b", "is not well-formed XML", id="bare <"),
        pytest.param("<b a=1>x</b>", "is not well-formed XML", id="attribute without quotes"),
        pytest.param("<!-- never closed", "is not well-formed XML", id="open comment"),
        pytest.param("<![CDATA[ never closed", "is not well-formed XML: unclosed CDATA", id="open CDATA"),
        pytest.param("nul\0nul", "holds NUL at byte", id="NUL"),
        pytest.param("&nosuchname;", "names the entity &nosuchname;, which is not known", id="unknown entity"),
    ],
)
def test_one_broken_record_is_one_reject(form: str, fault: str, reason: str) -> None:
    broken = entry(form, 2, fault)
    rows, rejects = read_xml(dump(form, [entry(form, 1, "Boat"), broken, entry(form, 3, "Ship")]))
    assert [(row["title"], row["line"]) for row in rows] == [("Boat", 3), ("Ship", 5)]
    assert [(reject["raw"], reject["line"], reject["position"]) for reject in rejects] == [(broken, 4, 2)]
    assert reason in rejects[0]["reason"]


@each_form
def test_record_without_its_end_is_one_reject(form: str) -> None:
    whole = entry(form, 2, "Lost")
    broken = whole[: whole.rindex("</")]
    rows, rejects = read_xml(dump(form, [entry(form, 1, "Boat"), broken, entry(form, 3, "Ship")]))
    assert [row["title"] for row in rows] == ["Boat", "Ship"]
    assert [(reject["raw"].strip(), reject["line"]) for reject in rejects] == [(broken, 4)]
    assert "does not end before the next" in rejects[0]["reason"]


@each_form
def test_cut_record_is_a_reject_with_its_text_and_line(form: str) -> None:
    data = dump(form, [entry(form, 1, "Boat"), entry(form, 2, "Gr\u00fc\u00dfe")]).encode()
    cut = data[: data.index("\u00fc".encode()) + 1]  # in the middle of the letter
    rows, rejects = read_xml(cut)
    assert [row["title"] for row in rows] == ["Boat"]
    assert [(reject["line"], reject["raw"].endswith("Gr\\xc3")) for reject in rejects] == [(4, True)]
    assert rejects[0]["reason"].startswith("is cut off: the dump ends inside <")


@each_form
@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("a\x0bb\x1f", "ab"),
        ("a&#11;b&#x1F;", "ab"),
        ("&#xD83D;&#xDE00; &#55357;", "\N{GRINNING FACE} "),
        ("a\uffff", "a"),
        ("&nbsp;M&uuml;ller &lt; &Bcy;", "\u00a0M\u00fcller < \u0411"),
        ("<![CDATA[<b> &uuml; &amp;]]> &uuml;", "<b> &uuml; &amp; \u00fc"),
        ("<!-- no --><?no?>Yes", "Yes"),
    ],
    ids=["controls", "references to controls", "halves of characters", "no character", "names", "CDATA", "comment"],
)
def test_what_can_be_mended_is(form: str, title: str, expected: str) -> None:
    rows, rejects = read_xml(dump(form, [entry(form, 1, "Boat"), entry(form, 2, title), entry(form, 3, "Ship")]))
    assert ([row["title"] for row in rows], rejects) == (["Boat", expected, "Ship"], [])


@each_form
@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("UTF-8", "utf-8"),
        ("UTF-8", "utf-8-sig"),
        ("UTF-16", "utf-16"),
        ("UTF-16", "utf-16-le"),
        ("UTF-16", "utf-16-be"),
        ("UTF-16", "utf-8"),
        ("ISO-8859-1", "latin-1"),
        ("ISO-8859-1", "utf-8-sig"),
        ("windows-1252", "cp1252"),
        ("UTF-8", "cp1252"),
        ("GB18030", "gb18030"),
        ("Shift_JIS", "shift_jis"),
    ],
)
def test_encodings(form: str, declared: str, written: str) -> None:
    title = "\u56fd Boat" if declared in {"GB18030", "Shift_JIS"} else "Gr\u00fc\u00dfe"
    entries = [entry(form, 1, title), entry(form, 2, title)]
    rows, rejects = read_xml(dump(form, entries).replace('"UTF-8"', f'"{declared}"').encode(written))
    assert ([row["title"] for row in rows], rejects) == ([title, title], [])
    assert [row["line"] for row in rows] == [3, 4]


@pytest.mark.parametrize("name", ["no-such-code", "rot13", "base64", "utf-7", "idna", "undefined"])
def test_encoding_that_is_none_is_an_error(name: str) -> None:
    data = dump("dblp_xml", [entry("dblp_xml", 1, "Boat")]).replace("UTF-8", name)
    if name == "utf-7":
        rows, _ = read_xml(data)  # it begins as all of UTF does: read as UTF-8
        assert [row["title"] for row in rows] == ["Boat"]
        return
    with pytest.raises(DamagedDumpError, match=f"says that it is written in {name}"):
        read_xml(data)


def test_bytes_that_mean_nothing_make_a_reject() -> None:
    entries = [entry("dblp_xml", n, title) for n, title in enumerate(["Boat", "Sh\u56fdip", "Ship"])]
    data = dump("dblp_xml", entries).replace("UTF-8", "GBK").encode("gbk").replace("\u56fd".encode("gbk"), b"\xff")
    rows, rejects = read_xml(data)
    assert [row["title"] for row in rows] == ["Boat", "Ship"]
    assert "holds NUL" in rejects[0]["reason"]


def test_utf8_with_a_wrong_byte_stays_utf8() -> None:
    entries = [entry("dblp_xml", n, title) for n, title in enumerate(["Gr\u00fc\u00dfe", "Caf#", "Ship"])]
    rows, rejects = read_xml(dump("dblp_xml", entries).encode().replace(b"#", b"\xe9"))
    assert [row["title"] for row in rows] == ["Gr\u00fc\u00dfe", "Ship"]
    assert "Caf\\xe9" in rejects[0]["raw"]
    assert "is not UTF-8 at byte" in rejects[0]["reason"]


def test_element_without_end_is_hostile() -> None:
    with pytest.raises(HostileDumpError, match="line 3: has an element of more than 16,777,216 bytes"):
        read_xml(dump("dblp_xml", [entry("dblp_xml", 1, "x" * 40_000_000)]))


@pytest.mark.parametrize("form", FORMS)
def test_prefixes_declared_nowhere_and_dumps_that_were_joined(form: str) -> None:
    one = dump(
        form, [entry(form, 1, "Boat"), entry(form, 2, "Odd").replace("</title>", "</title><x:y z:a='1'>7</x:y>")]
    )
    rows, rejects = read_xml(one + "\n" + dump(form, [entry(form, 3, "Ship")]))
    assert ([row["title"] for row in rows], rejects) == (["Boat", "Odd", "Ship"], [])
