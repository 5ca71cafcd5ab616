"""What tells of a shared lake is read strictly, and never holds a secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from transforms.errors import UsageError
from warehouse.lake import Lake, lake_at
from warehouse.postgres import Catalog
from warehouse.secrets import MASK, masked
from warehouse.shared import SharedLake

GOOD = """
[catalog]
postgres = "host=db.example.org dbname=lakes"
schema = "papers"

[data]
url = "s3://bucket/papers/"
endpoint = "https://s3.example.org"
"""


def told(tmp_path: Path, text: str) -> SharedLake:
    file = tmp_path / "shared.toml"
    file.write_text(text, encoding="utf-8")
    lake = lake_at(file)
    assert isinstance(lake, SharedLake)
    return lake


def test_toml_tells_of_a_lake(tmp_path: Path) -> None:
    lake = told(tmp_path, GOOD)
    assert lake.tables == Catalog("host=db.example.org dbname=lakes", "papers")
    assert str(lake.raw / "ab") == "s3://bucket/papers/raw/ab"
    assert lake.files.bucket.address == "https://s3.example.org"
    assert lake.name == str(tmp_path / "shared.toml")


def test_address_tells_the_same(tmp_path: Path) -> None:
    lake = lake_at(
        "postgresql://papers@db.example.org/lakes?sslmode=require&schema=papers&data=s3://bucket/papers"
        "&endpoint=https://s3.example.org"
    )
    assert isinstance(lake, SharedLake)
    assert lake.tables == Catalog("postgresql://papers@db.example.org/lakes?sslmode=require", "papers")
    assert lake.files == told(tmp_path, GOOD).files


def test_each_lake_has_a_folder_of_its_own_here(tmp_path: Path) -> None:
    first, second = told(tmp_path, GOOD), told(tmp_path, GOOD.replace('"papers"', '"others"'))
    assert first.root != second.root
    assert first.root == told(tmp_path, GOOD).root


def test_folder_is_a_folder(tmp_path: Path) -> None:
    assert lake_at(tmp_path) == Lake(tmp_path)
    (tmp_path / "old.toml").mkdir()
    assert lake_at(tmp_path / "old.toml") == Lake(tmp_path / "old.toml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "does not say where the catalog is", id="empty"),
        pytest.param("[catalog", "cannot be read", id="broken"),
        pytest.param(GOOD.replace("[data]", "[date]"), r"what is not known: \[date\] url", id="table"),
        pytest.param(GOOD.replace("schema", "shema"), r"what is not known: \[catalog\] shema", id="key"),
        pytest.param(GOOD.replace('"papers"', "5"), "is no text", id="number"),
        pytest.param(GOOD.replace("s3://", "gs://"), "does not say where the data is", id="scheme"),
        pytest.param(GOOD.replace("dbname", "password=hush dbname"), "holds a secret", id="password"),
        pytest.param(
            GOOD.replace("host=db.example.org dbname=lakes", "postgresql://a:hush@h/d"), "holds a", id="in-url"
        ),
        pytest.param(GOOD.replace("s3://", "s3://key:hush@"), "holds a secret", id="s3"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as raised:
        told(tmp_path, text)
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    ["mysql://u:hush@h/d", "postgresql://u:hush@h/d?data=s3://b/p", "postgresql://h/d?password=hush&data=s3://b/p"],
)
def test_address_with_a_secret_or_of_another_kind_is_refused(address: str) -> None:
    with pytest.raises(UsageError) as raised:
        lake_at(address)
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("connect to postgresql://u:hush@h/d failed", f"connect to postgresql://u:{MASK}@h/d failed"),
        ("host=h password=hush dbname=d", f"host=h password={MASK} dbname=d"),
        ("key 'from the environment'", f"key '{MASK}'"),
        ("nothing to hide at s3://bucket/key", "nothing to hide at s3://bucket/key"),
    ],
)
def test_secrets_are_masked(monkeypatch: pytest.MonkeyPatch, text: str, shown: str) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "from the environment")
    assert masked(text) == shown


def test_text_without_letters_of_a_secret_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "")
    assert masked("abc") == "abc"
    assert Path(masked("/lake/x")) == Path("/lake/x")
