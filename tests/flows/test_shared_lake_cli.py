"""A shared lake from the command line; its secrets are nowhere but where they belong."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from sharing import Servers

    Command = Callable[..., subprocess.CompletedProcess[Any]]

pytestmark = pytest.mark.integration


@pytest.fixture
def env(sharing: Servers, tmp_path: Path) -> dict[str, str]:
    """The environment of a person whose lake is a new shared one."""
    lake = sharing.toml(f"cli_{uuid.uuid4().hex[:12]}", tmp_path)
    return sharing.environment | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "PAPERLAKE_LAKE": str(lake)}


def secrets_in(place: Path, servers: Servers) -> list[str]:
    """Name the files below a folder that hold a secret of the servers."""
    secrets = [servers.password.encode(), servers.s3_secret.encode()]
    files = (file for file in place.rglob("*") if file.is_file())
    return [str(file) for file in files if any(secret in file.read_bytes() for secret in secrets)]


def noted_in_catalog(servers: Servers) -> list[str]:
    """Give every text that DuckLake or paperlake has written into PostgreSQL."""
    address = f"host=127.0.0.1 port={servers.postgres_port} user=paperlake dbname=postgres"
    with psycopg.connect(address, password=servers.password) as session:
        tables = session.execute(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname LIKE 'cli%'"
        ).fetchall()
        return [
            str(row) for (table,) in tables for row in session.execute(f"SELECT * FROM {table}".encode()).fetchall()
        ]


def test_samples_into_a_shared_lake(
    paperlake: Command, sharing: Servers, env: dict[str, str], samples: Path, tmp_path: Path
) -> None:
    done = paperlake("ingest", samples, env=env)
    assert done.returncode == 1, done.stderr  # one of the samples is broken on purpose
    asked = paperlake("sql", "SELECT count(*) AS papers FROM papers", "--format", "json", env=env)
    assert asked.stdout == '[{"papers":15}]\n', asked.stderr
    settings = paperlake("sql", "FROM pg_catalog.pg_settings", "--format", "json", env=env)
    assert settings.returncode == 0, settings.stderr
    files = sharing.bucket / Path(env["PAPERLAKE_LAKE"]).stem
    assert (files / "docs" / "index.html").is_file()
    assert len(list((files / "raw").glob("*/*"))) == 5

    wrong = [
        paperlake("sql", "FROM papers", env=env | {name: "wrong-secret"})
        for name in ("PGPASSWORD", "AWS_SECRET_ACCESS_KEY")
    ]
    assert [run.returncode for run in wrong] == [3, 3]
    assert "password authentication failed" in wrong[0].stderr
    assert "403" in wrong[1].stderr
    assert [run.stderr for run in wrong if "Traceback" in run.stderr or "wrong-secret" in run.stderr] == []

    told = [done.stdout, done.stderr, asked.stdout, asked.stderr, settings.stdout, *noted_in_catalog(sharing)]
    for secret in (sharing.password, sharing.s3_secret):
        assert not [text for text in told if secret in text]
    for place in (files, tmp_path / "cache"):
        assert secrets_in(place, sharing) == []
