"""Landing folders elsewhere, from the command line: one run over several, some of which fail."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from bad_dumps import lines
from pipeline import Pipeline
from prefect.client.orchestration import SyncPrefectClient
from server import free_port

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from sharing import Servers
    from site_of_dumps import Site

    Command = Callable[..., subprocess.CompletedProcess[Any]]

pytestmark = pytest.mark.integration


def test_what_can_be_had_goes_in_and_the_rest_is_told(
    paperlake: Command, sharing: Servers, site: Site, prefect_server: str, tmp_path: Path
) -> None:
    site.put("web.jsonl", lines(2, "web"))
    site.put("closed.jsonl", lines(2, "closed"))
    site.put("signed/a.jsonl", lines(2, "signed"))
    site.answers["/closed.jsonl"] = lambda handler: handler.say(403)
    prefix = f"s3://bucket/landing-{uuid.uuid4().hex[:12]}"
    sharing.upload(f"{prefix}/bucket.jsonl", lines(2, "bucket"))
    gone = f"http://127.0.0.1:{free_port()}/"
    paths = [site.url, prefix, gone, f"{site.url}signed/a.jsonl?signature=4f1c2a"]
    done = paperlake("ingest", *paths, "--lake", tmp_path / "lake", env=sharing.environment)
    assert done.returncode == 1, done.stderr
    assert f"refused: {site.url}closed.jsonl: the server refuses: 403 Forbidden (" in done.stderr
    assert f"refused: {gone}: the server cannot be reached: " in done.stderr
    lake = Pipeline(tmp_path / "lake")
    assert lake.one("SELECT count(*) FROM records") == 6
    with SyncPrefectClient(prefect_server) as client:
        (run_id,) = [row["run_id"] for row in lake.rows("SELECT run_id FROM runs")]
        run = client.read_flow_run(run_id)
    assert run.parameters["paths"] == [*paths[:3], f"{site.url}signed/a.jsonl?***"]
    for secret in ("4f1c2a", sharing.s3_secret):
        kept = [
            file for file in (tmp_path / "lake").rglob("*") if file.is_file() and secret.encode() in file.read_bytes()
        ]
        assert kept == []
        assert secret not in done.stdout + done.stderr
