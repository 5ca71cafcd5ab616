"""A real PostgreSQL and a real S3 server on loopback, started once for all processes of a test run."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from server import exclusively, free_port, is_alive

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 600

BUCKET = "bucket"

_STARTED: list[subprocess.Popen[bytes]] = []
"""Keeps what this process started from being collected while it runs."""


@dataclass(frozen=True)
class Servers:
    """Where the servers of a test run are, and their secrets."""

    postgres_port: int
    s3_port: int
    password: str
    s3_secret: str
    pids: tuple[int, ...]
    files: str
    home: str

    @property
    def environment(self) -> dict[str, str]:
        """The secrets, as a person would give them."""
        return {
            "PGPASSWORD": self.password,
            "AWS_ACCESS_KEY_ID": "paperlake",
            "AWS_SECRET_ACCESS_KEY": self.s3_secret,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.s3_port}",
        }

    @property
    def bucket(self) -> Path:
        """Where the S3 server keeps what is in the bucket."""
        return Path(self.files) / BUCKET

    def upload(self, address: str, data: bytes) -> None:
        """Put an object into the bucket, through the server: it does not look for what comes another way."""
        from s3fs import S3FileSystem  # noqa: PLC0415  # takes a second, and few tests need it

        endpoint = self.environment["AWS_ENDPOINT_URL"]
        storage = S3FileSystem(key="paperlake", secret=self.s3_secret, endpoint_url=endpoint, skip_instance_cache=True)
        storage.pipe_file(address, data)

    def toml(self, name: str, folder: Path) -> Path:
        """Write what tells of a new shared lake."""
        file = folder / f"{name}.toml"
        file.write_text(
            f'[catalog]\npostgres = "host=127.0.0.1 port={self.postgres_port} user=paperlake dbname=postgres"\n'
            f'schema = "{name}"\n\n[data]\nurl = "s3://{BUCKET}/{name}"\n'
            f'endpoint = "http://127.0.0.1:{self.s3_port}"\n',
            encoding="utf-8",
        )
        return file


def missing() -> str | None:
    """Say what is not installed here that the servers need."""
    if _program("initdb") is None:
        return "PostgreSQL's server is not installed (Debian: apt-get install postgresql)"
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        return "PostgreSQL does not run as root, and there is no setpriv to be somebody else"
    return None


def servers(folder: Path) -> Servers:
    """Give the servers of this test run, starting them where nobody has."""
    with exclusively(folder / "sharing.lock"):
        note = folder / "sharing.json"
        if not note.exists():
            note.write_text(json.dumps(vars(_start())))
        told = json.loads(note.read_text())
    return Servers(**told | {"pids": tuple(told["pids"])})


def stop_servers(folder: Path) -> None:
    """Stop the servers of this run, if they were started, and remove what they kept."""
    note = folder / "sharing.json"
    if not note.exists():
        return
    told = json.loads(note.read_text())
    for pid in told["pids"]:
        os.killpg(pid, signal.SIGINT)
    give_up_at = time.monotonic() + 10
    while any(map(is_alive, told["pids"])) and time.monotonic() < give_up_at:
        time.sleep(0.05)
    for pid in filter(is_alive, told["pids"]):
        os.killpg(pid, signal.SIGKILL)
    shutil.rmtree(told["home"], ignore_errors=True)


def _program(name: str) -> str | None:
    """Find a program of PostgreSQL: Debian keeps them out of the path."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(found[-1]) if found else None)


def _start() -> Servers:
    home = Path(tempfile.mkdtemp(prefix="paperlake-servers-"))
    home.chmod(0o711)
    password, s3_secret = f"pg;q=1 '{secrets.token_hex(12)}\\", f"s3;a=/+{secrets.token_hex(12)}="
    files = home / "files"
    (files / BUCKET).mkdir(parents=True)
    postgres, postgres_port = _start_postgres(home, password)
    s3, s3_port = _start_s3(files, s3_secret)
    for process, port in ((postgres, postgres_port), (s3, s3_port)):
        _wait_for(process, port)
        _STARTED.append(process)
    return Servers(postgres_port, s3_port, password, s3_secret, (postgres.pid, s3.pid), str(files), str(home))


def _start_postgres(home: Path, password: str) -> tuple[subprocess.Popen[bytes], int]:
    """Make a database and serve it; root lends it to somebody with fewer rights."""
    folder, password_file, port = home / "postgres", home / "password", free_port()
    password_file.write_text(password)
    folder.mkdir()
    as_other: list[str] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody")
        shutil.chown(password_file, "nobody")
        as_other = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    initdb = [str(_program("initdb")), "-D", str(folder), "-U", "paperlake", "-A", "scram-sha-256", "--no-sync"]
    subprocess.run(
        [*as_other, *initdb, f"--pwfile={password_file}", "--locale=C", "--encoding=UTF8"],
        check=True,
        capture_output=True,
        cwd="/",
    )
    password_file.unlink()
    settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off"]
    command = [str(_program("postgres")), "-D", str(folder), *(part for one in settings for part in ("-c", one))]
    return _popen([*as_other, *command]), port


@contextmanager
def rclone_http(folder: Path) -> Iterator[str]:
    """Serve a folder over http until the block ends, and give its address."""
    port = free_port()
    process = _popen(
        [str(_rclone()), "serve", "http", "--addr", f"127.0.0.1:{port}", "--config", "/dev/null", str(folder)]
    )
    try:
        _wait_for(process, port)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.kill()
        process.wait()


def _rclone() -> Path:
    return Path(sys.executable).with_name("rclone")


def _start_s3(files: Path, secret: str) -> tuple[subprocess.Popen[bytes], int]:
    port = free_port()
    address = ["--addr", f"127.0.0.1:{port}", "--auth-key", f"paperlake,{secret}"]
    return _popen([str(_rclone()), "serve", "s3", *address, "--config", "/dev/null", str(files)]), port


def _popen(command: list[str]) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    return subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, cwd="/", start_new_session=True)


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up_at and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"a server of the tests did not start: {process.args}")
