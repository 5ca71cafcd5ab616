"""Readers of other packages: the worked example of docs/writing-a-reader.md, and packages that are broken."""

from __future__ import annotations

import re
import sys
import tomllib
from typing import TYPE_CHECKING

import orjson
import pytest
from bad_dumps import lines

from transforms.errors import PaperlakeError, ReaderPackageError
from warehouse.preview import preview
from warehouse.reader_packages import installed_readers, list_readers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Install = Callable[..., None]


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a package of one module, as pip would leave it behind: the module and its dist-info."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    before = set(sys.modules)

    def put(name: str, module: str, code: str, points: dict[str, str], version: str = "1.0") -> None:
        (site / f"{module}.py").write_text(code, encoding="utf-8")
        info = site / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        rows = "".join(f"{key} = {value}\n" for key, value in points.items())
        (info / "entry_points.txt").write_text(f"[paperlake.readers]\n{rows}")
        list_readers.cache_clear()

    list_readers.cache_clear()
    yield put
    list_readers.cache_clear()
    for name in set(sys.modules) - before:
        sys.modules.pop(name)


@pytest.fixture
def page(repository: Path) -> str:
    return (repository / "docs" / "writing-a-reader.md").read_text(encoding="utf-8")


def test_example_of_the_page_reads_what_it_says(install: Install, page: str, tmp_path: Path) -> None:
    (code,), (project,), (cards,) = blocks(page, "python"), blocks(page, "toml"), blocks(page, "text")
    project = tomllib.loads(project)["project"]
    install(project["name"], "reading_cards", code, project["entry-points"]["paperlake.readers"], project["version"])
    assert [installed.package for installed in list_readers()][-1] == "paperlake-reading-cards 1.0"
    (tmp_path / "boats.cards").write_text(cards + "\nby: Nobody\n", encoding="utf-16")
    with preview(tmp_path / "boats.cards", None) as found:
        ((records, rejects),) = found.parts
    assert (found.reader.name, found.sureness, found.encoding) == ("reading_cards", 0.9, "utf-16-le")
    assert records.select("position", "line", "title", "authors").rows() == [
        (1, 2, "Boats of Paper and How They Float", ["Mira Oakes", "Jun Tanabe"]),
        (2, 6, "The Weight of a Shadow", ["Ada Fenn"]),
    ]
    assert orjson.loads(records["extra"][0]) == {"seen": "in the library"}
    assert rejects.rows() == [(3, 9, "by: Nobody", "the card has no title")]


HEAD = "from transforms.readers.base import Reader, batched\n"
GOOD = HEAD + "READER = Reader('mine', 'of mine', lambda head: 0.0, lambda stream, info: batched([]))\n"


@pytest.mark.parametrize(
    ("code", "point", "said"),
    [
        pytest.param("import nothing_of_the_kind", "mine:READER", r"cannot be loaded: ModuleNotFoundError", id="import"),
        pytest.param("1 / 0", "mine:READER", r"cannot be loaded: ZeroDivisionError", id="crash"),
        pytest.param(GOOD, "mine:OTHER", r"cannot be loaded: AttributeError", id="no such name"),
        pytest.param("READER = 'text'", "mine:READER", r"is no Reader but str", id="no reader"),
        pytest.param(GOOD.replace("'mine'", "'csv'"), "mine:READER", r"'csv' has the name of a reader of paperlake", id="name of ours"),
        pytest.param(GOOD.replace("'mine'", "'My Reader'"), "mine:READER", r"name, My Reader, is not in lower case", id="name"),
    ],
)  # fmt: skip
def test_broken_package_is_named(install: Install, code: str, point: str, said: str) -> None:
    install("some-package", "mine", code, {"mine": point}, "2.3")
    with pytest.raises(ReaderPackageError, match=said) as caught:
        installed_readers()
    assert str(caught.value).startswith("some-package 2.3: its ")
    assert caught.value.hint == "mend or remove the package"


def test_two_packages_with_readers_of_one_name_are_refused(install: Install) -> None:
    install("first-package", "first", GOOD, {"a": "first:READER"})
    install("second-package", "second", GOOD, {"b": "second:READER"})
    with pytest.raises(ReaderPackageError, match=r"^second-package 1.0: .*'mine' has the name of a reader of first"):
        installed_readers()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        pytest.param("lambda head: 1 / 0, lambda stream, info: batched([])", "failed to look at it: ZeroDivisionError", id="sniff"),
        pytest.param("lambda head: 7, lambda stream, info: batched([])", "is 7 sure, where 0 to 1 is asked", id="too sure"),
        pytest.param("lambda head: 1, lambda stream, info: iter([1 / 0])", "failed to read it: ZeroDivisionError", id="read"),
        pytest.param("lambda head: 1, lambda stream, info: batched([{'line': 'x'}])", "failed to read it", id="column"),
    ],
)  # fmt: skip
def test_reader_that_fails_refuses_the_dump_with_its_package(
    install: Install, tmp_path: Path, code: str, said: str
) -> None:
    install("some-package", "mine", f"{HEAD}READER = Reader('mine', 'of mine', {code})\n", {"mine": "mine:READER"})
    (tmp_path / "dump.jsonl").write_bytes(lines(2))
    with pytest.raises(PaperlakeError) as caught, preview(tmp_path / "dump.jsonl", None) as found:
        list(found.parts)
    assert f"the reader mine of some-package 1.0 {said}" in caught.value.what
    assert caught.value.where == "dump.jsonl"


def test_batches_with_other_columns_are_refused(install: Install, tmp_path: Path) -> None:
    code = (
        "import polars as pl\nfrom transforms.readers.base import Batch, Reader\n"
        "READER = Reader('mine', 'x', lambda h: 1, lambda s, i: iter([Batch(pl.DataFrame(), pl.DataFrame())]))\n"
    )
    install("some-package", "mine", code, {"mine": "mine:READER"})
    (tmp_path / "dump.jsonl").write_bytes(lines(2))
    with (
        pytest.raises(PaperlakeError, match="gave batches with other columns than asked"),
        preview(tmp_path / "dump.jsonl", None) as found,
    ):
        list(found.parts)
