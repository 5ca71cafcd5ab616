"""A web server on loopback that lists a folder, counts what it is asked, and can be told to misbehave."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass
class Site:
    """A served folder: where, what was asked, and how some paths are answered in another way."""

    folder: Path
    port: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, Callable[[Handler], None]] = field(default_factory=dict)
    authorizations: list[str | None] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def put(self, name: str, data: bytes) -> Path:
        """Put a file into the folder."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return file

    def fetched(self) -> list[str]:
        """Give the files that were fetched since the last time, listings apart."""
        found = sorted(path for method, path in self.asked if method == "GET" and not path.endswith("/"))
        self.asked.clear()
        return found


class Handler(SimpleHTTPRequestHandler):
    """Serves as `python -m http.server` does."""

    def __init__(self, *arguments: object, site: Site) -> None:
        self.site = site
        super().__init__(*arguments, directory=str(site.folder))  # type: ignore[arg-type]  # what a server gives

    def do_GET(self) -> None:
        self._answer(super().do_GET)

    def do_HEAD(self) -> None:
        self._answer(super().do_HEAD)

    def _answer(self, usual: Callable[[], None]) -> None:
        path = unquote(urlsplit(self.path).path)
        self.site.asked.append((self.command, path))
        self.site.authorizations.append(self.headers.get("Authorization"))
        other = self.site.answers.get(path)
        if other is None:
            usual()
        else:
            other(self)

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def say(self, status: int, body: bytes = b"", **headers: object) -> None:
        """Answer with this; the length is that of the body where no header says otherwise."""
        self.send_response_only(status)
        for name, value in ({"Content_Length": len(body)} | headers).items():
            if value is not None:
                self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def usual(self) -> None:
        """Answer as if nothing were told."""
        (super().do_GET if self.command == "GET" else super().do_HEAD)()


@contextmanager
def served(folder: Path) -> Iterator[Site]:
    """Serve a folder until the block ends."""
    folder.mkdir(exist_ok=True)
    site = Site(folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, site=site)) as server:
        site.port = server.server_port
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
