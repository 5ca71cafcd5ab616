"""What can go wrong with landing folders behind http: each failure is told, and the other files are found."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import socket
from typing import TYPE_CHECKING

import pytest
from bad_dumps import lines
from server import free_port
from site_of_dumps import Handler, Site, served

from transforms.errors import PaperlakeError
from warehouse import web
from warehouse.fetch import fetch, list_remote
from warehouse.landing import find_dumps

if TYPE_CHECKING:
    from pathlib import Path


LONG_AGO = 1_700_000_000
DAY, NEXT_DAY = (dt.datetime(2026, 3, day, tzinfo=dt.UTC) for day in (11, 12))


def problems(site: Site, folder: Path) -> list[str]:
    return [str(problem) for problem in find_dumps([site.url], outside=folder / "lake").problems]


def test_redirect_out_of_the_listing_is_not_followed(site: Site, tmp_path: Path) -> None:
    with served(tmp_path / "other") as other:
        other.put("secret.csv", b"x")
        for name in ("out.csv", "folder/x", "up/x", "in.csv", "there.csv"):
            site.put(name, b"x")
        site.answers["/out.csv"] = lambda handler: handler.say(302, Location=f"{other.url}secret.csv")
        site.answers["/folder/"] = lambda handler: handler.say(302, Location=other.url)
        site.answers["/up/"] = lambda handler: handler.say(302, Location="/")
        site.answers["/in.csv"] = lambda handler: handler.say(302, Location="/there.csv")
        found = find_dumps([site.url], outside=tmp_path / "lake")
        assert [file.name for file in found.remote] == ["in.csv", "there.csv"]
        assert [re.sub(r":\d+", "", str(problem)) for problem in found.problems] == [
            f"http://127.0.0.1/{place}: leads to {there} (name the folder or file itself that is meant)"
            for place, there in {
                "out.csv": "another host: http://127.0.0.1/secret.csv",
                "folder/": "another host: http://127.0.0.1/",
                "up/": "http://127.0.0.1/",
            }.items()
        ]
        assert other.asked == []
        named = list_remote(f"{site.url}out.csv")  # a file that somebody names may lie on another host
        assert [file.name for file in named.files] == ["out.csv"]
        site.answers["/out.csv"] = lambda handler: handler.say(302, Location="/out.csv")
        with pytest.raises(PaperlakeError, match="leads on and on"):
            list_remote(f"{site.url}out.csv")


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, r"the server refuses: 401 Unauthorized \(put the name and password for this host into ~/.netrc\)"),
        (403, r"the server refuses: 403 Forbidden \(put .* or ask its owner for access\)"),
        (404, r"there is no such file or folder \(check the address\)"),
        (503, r"the server fails: 503 Service Unavailable \(run again later\)"),
        (418, r"the server refuses: 418 .* \(check the address\)"),
    ],
)
def test_refusal_is_told_and_the_others_are_found(site: Site, tmp_path: Path, status: int, message: str) -> None:
    for name in ("good.jsonl", "bad.jsonl", "worse/a.jsonl"):
        site.put(name, b"x")
    for path in ("/bad.jsonl", "/worse/"):
        site.answers[path] = lambda handler: handler.say(status)
    found = find_dumps([site.url], outside=tmp_path / "lake")
    assert [file.name for file in found.remote] == ["good.jsonl"]
    bad, worse = sorted(map(str, found.problems))
    assert re.fullmatch(rf"{site.url}bad\.jsonl: {message}", bad)
    assert re.fullmatch(rf"{site.url}worse/: {message}", worse)


def test_failure_that_passes_is_asked_again(site: Site, tmp_path: Path) -> None:
    site.put("a.csv", b"x")
    answers = iter([503, 503])

    def busy(handler: Handler) -> None:
        status = next(answers, None)
        handler.usual() if status is None else handler.say(status)

    site.answers["/"] = busy
    assert problems(site, tmp_path) == []


def test_page_that_is_no_listing_is_told(site: Site, tmp_path: Path) -> None:
    site.put("index.html", b"<title>Papers</title><a href='a.csv'>a</a>")
    (problem,) = problems(site, tmp_path)
    hint = "name a folder whose files the server lists, or a single file without a slash at its end"
    assert problem == f"{site.url}: this page is no listing of files ({hint})"


@pytest.mark.usefixtures("site")
def test_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{free_port()}/"
    (problem,) = find_dumps([address], outside=tmp_path / "lake").problems
    assert re.fullmatch(
        rf"{address}: the server cannot be reached: .+ \(check the address and the network.*\)", str(problem)
    )


def test_head_is_not_needed(site: Site, tmp_path: Path) -> None:
    def only_get(handler: Handler) -> None:
        handler.say(405) if handler.command == "HEAD" else handler.usual()

    site.put("a.jsonl", lines(2))
    site.answers["/a.jsonl"] = only_get
    (file,) = list_remote(site.url).files
    assert file.version.size == len(lines(2))
    assert fetch(file, tmp_path).dump is not None


def test_file_without_length_time_or_mark_is_fetched(site: Site, tmp_path: Path) -> None:
    site.put("a.jsonl", b"x")
    site.answers["/a.jsonl"] = lambda handler: handler.say(200, lines(2), Content_Length=None)
    (file,) = list_remote(site.url).files
    dump = fetch(file, tmp_path).dump
    assert dump is not None
    assert dump.byte_count == len(lines(2))


def test_file_that_ends_early_may_be_tried_again_and_leaves_nothing(site: Site, tmp_path: Path) -> None:
    site.put("a.jsonl", lines(2))
    site.answers["/a.jsonl"] = lambda handler: handler.say(200, lines(1), Content_Length=len(lines(2)))
    (file,) = list_remote(site.url).files
    with pytest.raises(OSError, match=r"the server ends early: .*received"):
        fetch(file, tmp_path)
    assert list((tmp_path / "fetched").iterdir()) == []


@pytest.mark.parametrize("moment", ["before", "meanwhile"])
def test_file_that_changes_while_it_is_fetched_is_refused(site: Site, tmp_path: Path, moment: str) -> None:
    file = site.put("a.jsonl", lines(2))

    def change(handler: Handler) -> None:
        if handler.command == "GET" and moment == "before":
            file.write_bytes(lines(3))
        handler.usual()
        if handler.command == "GET" and moment == "meanwhile":
            os.utime(file, (LONG_AGO, LONG_AGO))

    (listed,) = list_remote(site.url).files
    site.answers["/a.jsonl"] = change
    problem = fetch(listed, tmp_path).problem
    assert str(problem) == f"{site.url}a.jsonl: the file changed while it was fetched (the next run fetches it again)"
    assert list((tmp_path / "fetched").iterdir()) == []


def test_full_disk_is_told(site: Site, tmp_path: Path) -> None:
    site.put("a.jsonl", lines(2))
    (file,) = list_remote(site.url).files
    (tmp_path / "fetched").mkdir()
    (tmp_path / "fetched" / hashlib.sha256(file.address.encode()).hexdigest()).symlink_to("/dev/full")
    assert str(fetch(file, tmp_path).problem) == (
        f"{site.url}a.jsonl: cannot be kept: No space left on device (make room on the disk of the lake, then run again)"
    )


def test_password_comes_from_netrc_and_goes_to_its_host_alone(site: Site, tmp_path: Path) -> None:
    site.put("a.csv", b"x")
    site.answers["/a.csv"] = lambda handler: handler.say(302, Location=f"http://localhost:{site.port}/b.csv")
    site.put("b.csv", b"x")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password word\n")
    web._client.cache_clear()  # noqa: SLF001  # the file is read once per process
    list_remote(f"{site.url}a.csv")
    assert [bool(sent) for sent in site.authorizations] == [True, False]
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me passw0rd w0rd\n")
    web._client.cache_clear()  # noqa: SLF001
    with pytest.raises(PaperlakeError, match="netrc: cannot be read: line 1 makes no sense") as told:
        list_remote(site.url)
    assert "w0rd" not in str(told.value)


@pytest.mark.usefixtures("site")
def test_server_that_falls_silent_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "_TIMEOUT", 0.05)
    web._client.cache_clear()  # noqa: SLF001
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/a.csv"
        (problem,) = find_dumps([address], outside=tmp_path / "lake").problems
    web._client.cache_clear()  # noqa: SLF001
    assert str(problem) == f"{address}: the connection fails: timed out (check the network, then run again)"
