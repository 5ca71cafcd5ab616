from __future__ import annotations

import pytest

from warehouse.web_index import links_below

HERE = "https://host/dumps/"

NGINX = """<html><head><title>Index of /dumps/</title></head><body><h1>Index of /dumps/</h1><hr><pre><a href="../">../</a>
<a href="2026/">2026/</a>      11-Mar-2026 09:30      -
<a href="a%20b.jsonl.gz">a b.jsonl.gz</a>   11-Mar-2026 09:30   7</pre></body></html>"""

APACHE = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN"><html><head><title>Index of /dumps</title></head><body>
<h1>Index of /dumps</h1><table><tr><th><a href="?C=N;O=D">Name</a></th><th><a href="?C=M;O=A">Last modified</a></th></tr>
<tr><td><a href="/">Parent Directory</a></td></tr><tr><td><a href="2026/">2026/</a></td></tr>
<tr><td><a href="a%20b.jsonl.gz">a b.jsonl.gz</a></td></tr></table></body></html>"""

PYTHON = """<!DOCTYPE HTML><html lang="en"><head><meta charset="utf-8"><title>Directory listing for /dumps/</title></head>
<body><h1>Directory listing for /dumps/</h1><hr><ul><li><a href="2026/">2026/</a></li>
<li><a href="a%20b.jsonl.gz">a b.jsonl.gz</a></li></ul></body></html>"""

RCLONE = """<html><head><title>/dumps/</title></head><body><h1><a href="..">/</a><a href="">dumps</a></h1>
<a href="?sort=size&order=asc">Size</a><a href="..">Go up</a><a href="2026/">2026/</a>
<a class="zip" href="2026/?download=zip"></a><a href="a%20b.jsonl.gz">a b.jsonl.gz</a></body></html>"""

IIS = """<html><head><title>host - /dumps/</title></head><body><H1>host - /dumps/</H1><pre><A HREF="/">[To Parent Directory]</A>
<A HREF="/dumps/2026/">2026</A> <A HREF="/dumps/a%20b.jsonl.gz">a b.jsonl.gz</A></pre></body></html>"""


@pytest.mark.parametrize(
    "page", [NGINX, APACHE, PYTHON, RCLONE, IIS], ids=["nginx", "apache", "python", "rclone", "iis"]
)
def test_listing_names_what_is_below(page: str) -> None:
    assert links_below(page.encode(), HERE) == [f"{HERE}2026/", f"{HERE}a%20b.jsonl.gz"]


@pytest.mark.parametrize(
    "link",
    [
        "https://other/dumps/a.csv",
        "//other/a.csv",
        "http://host/dumps/a.csv",
        "https://host:8443/dumps/a.csv",
        "../a.csv",
        "2026/../../a.csv",
        "%2e%2e/a.csv",
        "a/%2E%2E/%2e%2e/b/",
        "..%2fa.csv",
        "..%5ca.csv",
        "/dumpsters/a.csv",
        "./",
        "//",
        ".hidden.csv",
        "2026/.git/config",
        "a.csv?download=zip",
        "a%00.csv",
        "javascript:alert(1)",
        "ftp://host/dumps/a.csv",
        "https://[broken",
    ],
)
def test_link_that_leads_out_or_elsewhere_is_left_alone(link: str) -> None:
    assert links_below(f'<title>Index of /dumps/</title><a href="{link}">x</a>'.encode(), HERE) == []


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"<html>",
        b'<title>Papers</title><h1>News of papers</h1><a href="a.html">a</a><a href="../">up</a>',
        b"PAR1\x00\x01",
        b'{"title": "Index of nothing"}',
    ],
)
def test_page_that_is_no_listing_is_told(page: bytes) -> None:
    assert links_below(page, HERE) is None


def test_empty_listing_is_one() -> None:
    assert links_below(b"<title>Index of /dumps/</title><h1>Index of /dumps/</h1>", HERE) == []
