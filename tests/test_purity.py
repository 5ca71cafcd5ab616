"""The walls between the three folders hold, for every module there is.

flows -> warehouse -> transforms, never the other way; transforms is pure.
"""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[1]
FOLDERS: Final = ("transforms", "warehouse", "flows")

ABOVE: Final = {"transforms": {"warehouse", "flows"}, "warehouse": {"flows"}, "flows": set[str]()}
"""What a folder must not import, because it stands above."""

HOME_OF: Final = {"prefect": "flows", "prefect_dask": "flows", "duckdb": "warehouse", "duckdb_extensions": "warehouse",
    "duckdb_engine": "warehouse",
                  "great_expectations": "warehouse"}  # fmt: skip
"""Libraries that one folder alone may import."""

IMPURE_MODULES: Final = frozenset(
    [
        *("os", "sys", "pathlib", "shutil", "tempfile", "glob", "fileinput", "sqlite3", "ctypes", "platform"),
        *("logging", "warnings", "getpass", "time", "random", "secrets"),
        *("subprocess", "threading", "multiprocessing", "concurrent", "asyncio"),
        *("socket", "ssl", "http", "urllib.request", "requests", "httpx"),
    ]
)
"""What would let transforms touch the machine, the clock or the network.

importlib.resources is not among them: a table shipped beside its module is a constant.
"""

IMPURE_CALLS: Final = frozenset({"open", "print", "input", "exec", "eval", "__import__", "breakpoint"})
ASKING_THE_CLOCK: Final = frozenset({"now", "utcnow", "today"})
FILE_METHODS: Final = ("read_", "scan_", "write_", "sink_")
"""How the methods of Polars that open a path begin; on a stream they are allowed with a reason, below."""

READS_A_STREAM: Final = frozenset({"read_csv", "read_ndjson", "read_parquet", "read_json"})


def modules() -> list[str]:
    return sorted(str(path.relative_to(ROOT)) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield f"{'.' * node.level}{node.module or ''}"
            yield from (f"{node.module}.{alias.name}" for alias in node.names if node.module)


def breaches(folder: str, source: str) -> list[str]:
    """Say what a module of `folder` must not do and does."""
    tree = without_command(ast.parse(source))
    names = set(imported(tree))
    tops = {name.split(".")[0] for name in names}
    found = [f"imports {name}, which stands above" for name in sorted(tops & ABOVE[folder])]
    found += [
        f"imports {name}, which belongs to {home}" for name, home in HOME_OF.items() if name in tops and folder != home
    ]
    found += [f"imports {name} relatively" for name in sorted(names) if name.startswith(".")]
    if folder == "transforms":
        found += [f"imports {name}" for name in sorted(names) if IMPURE_MODULES & {name, name.split(".")[0]}]
        found += list(impure_calls(tree))
    return found


def without_command(module: ast.Module) -> ast.Module:
    """Leave out what runs only when the module is a command: it may print."""
    module.body = [node for node in module.body if not ast.unparse(node).startswith("if __name__ == '__main__'")]
    return module


def impure_calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in IMPURE_CALLS:
            yield f"calls {called.id}()"
        if isinstance(called, ast.Attribute) and called.attr in ASKING_THE_CLOCK:
            yield f"asks the clock: .{called.attr}()"
        if isinstance(called, ast.Attribute) and called.attr.startswith(FILE_METHODS):
            yield from _file_access(node, called.attr)


def _file_access(call: ast.Call, method: str) -> Iterator[str]:
    of_polars = isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) in {"pl", "polars"}
    is_package_data = ast.unparse(call.func).startswith("resources.files(")
    opens_text = bool(call.args) and isinstance(call.args[0], ast.Constant | ast.JoinedStr)
    if (
        method.startswith(("write_", "sink_", "scan_"))
        or (of_polars and method not in READS_A_STREAM)
        or (opens_text and not is_package_data)
    ):
        yield f"opens a file: .{method}()"


def test_there_are_modules() -> None:
    assert {name.split("/")[0] for name in modules()} == set(FOLDERS)


@pytest.mark.parametrize("module", modules())
def test_the_wall_holds(module: str) -> None:
    source = (ROOT / module).read_text(encoding="utf-8")
    assert breaches(module.split("/", maxsplit=1)[0], source) == []


@pytest.mark.parametrize(
    ("folder", "source"),
    [
        pytest.param("transforms", "import duckdb", id="duckdb in transforms"),
        pytest.param("transforms", "import os.path", id="os"),
        pytest.param("transforms", "from pathlib import Path", id="pathlib"),
        pytest.param("transforms", "import logging", id="logging"),
        pytest.param("transforms", "from urllib import request", id="network"),
        pytest.param("transforms", "from warehouse import lake", id="upwards"),
        pytest.param("transforms", "def f():\n    import flows.ingest", id="upwards within a function"),
        pytest.param("transforms", "open('x')", id="open"),
        pytest.param("transforms", "import datetime as dt\ndt.datetime.now()", id="clock"),
        pytest.param("transforms", "import datetime as dt\ndt.date.today()", id="day"),
        pytest.param("transforms", "frame.write_parquet(target)", id="write"),
        pytest.param("transforms", "import polars as pl\npl.scan_parquet(source)", id="scan"),
        pytest.param("transforms", "import polars as pl\npl.read_csv('papers.csv')", id="read a path"),
        pytest.param("transforms", "from . import text", id="relative"),
        pytest.param("warehouse", "import prefect", id="prefect in warehouse"),
        pytest.param("warehouse", "from flows import ingest", id="warehouse upwards"),
        pytest.param("flows", "import duckdb", id="duckdb in flows"),
        pytest.param("flows", "from great_expectations.core import batch", id="great_expectations in flows"),
    ],
)
def test_a_breach_is_seen(folder: str, source: str) -> None:
    assert breaches(folder, textwrap.dedent(source))


@pytest.mark.parametrize(
    ("folder", "source"),
    [
        pytest.param("transforms", "import polars as pl\nimport datetime as dt\nfrom transforms.schema import RECORDS", id="transforms"),
        pytest.param("transforms", "if __name__ == '__main__':\n    print(1)", id="a command prints"),
        pytest.param("transforms", "from urllib.parse import unquote", id="parsing an address is no network"),
        pytest.param("warehouse", "import duckdb\nfrom pathlib import Path\nfrom transforms import schema", id="warehouse"),
        pytest.param("flows", "import prefect\nfrom warehouse import lake\nfrom transforms import schema", id="flows"),
    ],
)  # fmt: skip
def test_good_manners_are_no_breach(folder: str, source: str) -> None:
    assert breaches(folder, source) == []
