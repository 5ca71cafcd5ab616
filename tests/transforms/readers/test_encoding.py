from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.errors import DamagedDumpError
from transforms.readers import encoding
from transforms.readers.encoding import as_utf8, encoding_of, xml_encoding

CHINESE = "TI  - \u4e00\u79cd\u57fa\u4e8e\u56fe\u7684\u65b9\u6cd5\r\nAB  - \u672c\u6587\u63d0\u51fa\r\n"
FRENCH = "TI  - Étude des forêts\nAU  - Müller, J\n"


def decoded(data: bytes) -> tuple[str, bytes]:
    stream, below = as_utf8(io.BytesIO(data), "dump")
    text = stream.read()
    return below.encoding, text


@pytest.mark.parametrize(
    ("data", "name", "text"),
    [
        pytest.param(b"", "utf-8", "", id="empty"),
        pytest.param(b"plain", "utf-8", "plain", id="ASCII"),
        pytest.param(FRENCH.encode(), "utf-8", FRENCH, id="UTF-8"),
        pytest.param(FRENCH.encode("utf-8-sig"), "utf-8", FRENCH, id="UTF-8 with its mark"),
        pytest.param(("\ufeff" + FRENCH).encode("utf-16-le"), "utf-16-le", FRENCH, id="UTF-16 with its mark"),
        pytest.param(("\ufeff" + FRENCH).encode("utf-16-be"), "utf-16-be", FRENCH, id="UTF-16 BE with its mark"),
        pytest.param(FRENCH.encode("utf-16-le"), "utf-16-le", FRENCH, id="UTF-16 without a mark"),
        pytest.param(FRENCH.encode("utf-16-be"), "utf-16-be", FRENCH, id="UTF-16 BE without a mark"),
        pytest.param(CHINESE.encode("utf-16-le"), "utf-16-le", CHINESE, id="Chinese UTF-16 without a mark"),
        pytest.param(FRENCH.encode("cp1252"), "cp1252", FRENCH, id="Windows-1252"),
        pytest.param(
            "\u201cQuoted\u201d \u2013 it\u2019s".encode("cp1252"),
            "cp1252",
            "\u201cQuoted\u201d \u2013 it\u2019s",
            id="punctuation of Windows",
        ),
        pytest.param("« CAFÉ\xa0» de Zoé".encode("cp1252"), "cp1252", "« CAFÉ\xa0» de Zoé", id="pair that looks UTF-8"),
        pytest.param(CHINESE.encode(), "utf-8", CHINESE, id="Chinese UTF-8"),
        pytest.param(b"a" * 3_000_000 + b"\xe9t\xe9\n", "cp1252", "a" * 3_000_000 + "été\n", id="late"),
        pytest.param("\ufffd\ufffd é".encode(), "utf-8", "\ufffd\ufffd é", id="characters lost before"),
    ],
)
def test_encoding_is_seen_and_the_text_comes_as_utf8(data: bytes, name: str, text: str) -> None:
    assert decoded(data) == (name, text.encode())
    assert encoding_of(data) == name or len(data) > 1_000_000


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("é è à ü\n".encode() + b"bad: \xe9\n", id="one bad byte"),
        pytest.param(b"bad: \xe9 first\n" + "é è à ü\n".encode(), id="the bad byte first"),
        pytest.param("Café".encode()[:-1], id="cut in the last character"),
        pytest.param(b"a\0b\0\0\0\0" + b"text " * 50, id="lost blocks"),
    ],
)
def test_what_is_mostly_utf8_passes_as_it_stands_for_the_reader_to_reject(data: bytes) -> None:
    assert decoded(data) == ("utf-8", data)


def test_good_utf8_is_never_mangled_where_files_were_joined() -> None:
    data = "Größe, naïf, façade, sœur\n".encode("cp1252") * 3 + "Zoë\n".encode() + b"no sign: \x81\x8d\n"
    name, text = decoded(data)
    assert name == "cp1252"
    assert text == "Größe, naïf, façade, sœur\n".encode() * 3 + "Zoë\n".encode() + b"no sign: \x81\x8d\n"


@pytest.mark.parametrize("name", ["gbk", "cp1251", "euc_jp"])
def test_other_scripts_are_refused_rather_than_bent(name: str) -> None:
    words = {"gbk": "基于图的新方法研究", "cp1251": "исследование методов", "euc_jp": "新しい方法の研究"}[name]
    with pytest.raises(
        DamagedDumpError, match=r"dump: is text in an encoding that is not known.*save the dump as UTF-8"
    ):
        decoded(f"title\n{words}\n".encode(name))


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "iso-8859-1"),
        (b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>', "utf-8"),
        (b'<?xml version="1.0"?><a encoding="latin-1"/>', "utf-8"),
        (b"<dblp>", "utf-8"),
        ('\ufeff<?xml version="1.0" encoding="utf-16"?>'.encode("utf-16-be"), "utf-16-be"),
    ],
)
def test_xml_says_its_encoding(data: bytes, name: str) -> None:
    assert xml_encoding(data) == name


@given(text=st.text(max_size=200), size=st.integers(1, 50))
def test_utf8_is_never_changed(text: str, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "_CHUNK_BYTES", size)
        name, given = decoded(("x" + text).encode())
    assert given == ("x" + text).encode() or name.startswith("utf-16")
    if "\0" not in text:
        assert name == "utf-8"


@given(
    text=st.text(st.sampled_from("abc ,.\n\t\r0é\u2019üß\u201cœ€"), max_size=300),
    name=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    size=st.integers(2, 64),  # a first chunk that holds a whole mark
)
def test_chunks_do_not_show(text: str, name: str, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "_CHUNK_BYTES", 2 * size)
        assert decoded(text.encode(name))[1] == text.encode()


@given(data=st.binary(max_size=300))
def test_any_bytes_end_as_bytes_or_one_error(data: bytes) -> None:
    try:
        name, _ = decoded(data)
    except DamagedDumpError as error:
        assert error.hint  # noqa: PT017  # either outcome is right
        return
    assert name in {"utf-8", "utf-16-le", "utf-16-be", "cp1252"}
