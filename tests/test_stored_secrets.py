"""A shared lake opens with secrets that DuckDB keeps for the user, and shows them nowhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from typing import TYPE_CHECKING

import pytest
from bad_dumps import lines
from sharing import BUCKET

from warehouse.engine import extension_file
from warehouse.sqltext import identifier, literal

if TYPE_CHECKING:
    from pathlib import Path

    from faults import Ended, WarmProcess
    from sharing import Servers

pytestmark = pytest.mark.integration

KEEP = """
import json, sys, duckdb
connection = duckdb.connect()
for statement in json.load(sys.stdin):
    connection.execute(statement)
"""


def keep_secrets(home: Path, *statements: str) -> None:
    """Do as a person does in a DuckDB of their own."""
    home.mkdir()
    load = [f"LOAD {literal(extension_file(name))}" for name in ("httpfs", "postgres_scanner")]
    subprocess.run(
        [sys.executable, "-c", KEEP],
        input=json.dumps([*load, *statements]),
        env=os.environ | {"HOME": str(home)},
        text=True,
        check=True,
    )


def secret_of_s3(name: str, servers: Servers, scope: str) -> str:
    given = f"KEY_ID 'paperlake', SECRET {literal(servers.s3_secret)}, SCOPE {literal(scope)}"
    return f"CREATE PERSISTENT SECRET {identifier(name)} (TYPE s3, {given})"


def secret_of_postgres(name: str, servers: Servers) -> str:
    given = f"HOST '127.0.0.1', PORT {servers.postgres_port}, DATABASE 'postgres', USER 'paperlake'"
    return f"CREATE PERSISTENT SECRET {identifier(name)} (TYPE postgres, {given}, PASSWORD {literal(servers.password)})"


class Home:
    """A home with secrets that DuckDB keeps there, and an environment that holds none."""

    def __init__(self, warm: WarmProcess, place: Path, servers: Servers) -> None:
        self.warm, self.servers = warm, servers
        self.lake = place / f"lake_{uuid.uuid4().hex[:12]}.toml"
        self.environment = {"HOME": str(place / "home"), "XDG_CACHE_HOME": str(place / "cache")}

    def tell(self, catalog: str, data: str) -> None:
        """Write what tells of the lake."""
        url, endpoint = f"s3://{BUCKET}/{self.lake.stem}", self.servers.environment["AWS_ENDPOINT_URL"]
        self.lake.write_text(
            f"[catalog]\nschema = {json.dumps(self.lake.stem)}\n{catalog}\n"
            f"[data]\nurl = {json.dumps(url)}\nendpoint = {json.dumps(endpoint)}\n{data}\n"
        )

    def do(self, operation: str, *arguments: object, **environment: str) -> tuple[Ended, str]:
        """Do something to the lake; give also what was printed, in which no secret may stand."""
        ended = self.warm.do(operation, self.lake, *arguments, environment=self.environment | environment)
        printed = self.lake.with_name(f"{self.lake.name}.log").read_text()
        for secret in (self.servers.password, self.servers.s3_secret):
            assert secret not in ended.said + printed
        return ended, printed


@pytest.fixture
def home(warm: WarmProcess, tmp_path: Path, sharing: Servers) -> Home:
    return Home(warm, tmp_path, sharing)


def test_lake_and_landing_folder_open_with_the_secrets_of_duckdb(home: Home, tmp_path: Path, sharing: Servers) -> None:
    """By their names, or by the place of what is opened: secrets that fit it less are wrong."""
    landing = f"s3://{BUCKET}/landing-{home.lake.stem}"
    keep_secrets(
        tmp_path / "home",
        secret_of_postgres("my papers", sharing),
        secret_of_s3("lake", sharing, f"s3://{BUCKET}/{home.lake.stem}"),
        secret_of_s3("landing", sharing, landing),
        f"CREATE PERSISTENT SECRET other (TYPE s3, KEY_ID 'nobody', SECRET 'nothing', SCOPE 's3://{BUCKET}')",
    )
    sharing.upload(f"{landing}/anchors.jsonl", lines(4, "anchors"))
    home.tell('secret = "my papers"', 'secret = "lake"')
    ended, _ = home.do("command", "ingest", landing, AWS_ENDPOINT_URL=sharing.environment["AWS_ENDPOINT_URL"])
    assert ended.code == 0, ended.said
    home.tell('secret = "my papers"', "")
    ended, printed = home.do("command", "sql", "SELECT 10 * count(*) AS ten_times FROM papers")
    assert (ended.code, "40" in printed) == (0, True), printed + ended.said


def test_secret_that_is_not_kept_is_named(home: Home, tmp_path: Path, sharing: Servers) -> None:
    keep_secrets(tmp_path / "home", secret_of_postgres("papers", sharing))
    (tmp_path / "anchors.jsonl").write_bytes(lines(4, "anchors"))
    for catalog, says in (("nobody", "no PostgreSQL secret named nobody"), ("papers", "no S3 secret named nobody")):
        home.tell(f'secret = "{catalog}"', 'secret = "nobody"')
        ended, _ = home.do("ingest", tmp_path / "anchors.jsonl")
        assert ended.code != 0
        assert f"DuckDB keeps {says}" in ended.said.splitlines()[-1]
