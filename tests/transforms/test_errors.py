from __future__ import annotations

import pickle

import pytest

from transforms import errors
from transforms.errors import PaperlakeError

TREE = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PaperlakeError)]


@pytest.mark.parametrize(
    ("where", "hint", "expected"),
    [
        pytest.param("", "", "is empty", id="what alone"),
        pytest.param("a.txt", "", "a.txt: is empty", id="with its place"),
        pytest.param("", "capture it again", "is empty (capture it again)", id="with a hint"),
        pytest.param("a.txt", "capture it again", "a.txt: is empty (capture it again)", id="all parts"),
    ],
)
def test_message_says_what_where_and_what_to_do(where: str, hint: str, expected: str) -> None:
    assert str(PaperlakeError("is empty", where=where, hint=hint)) == expected


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_error_comes_back_whole_from_another_process(kind: type[PaperlakeError]) -> None:
    error = kind("is empty", where="a.txt", hint="capture it again")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
    assert type(copy) is kind
    assert (copy.what, copy.where, copy.hint, str(copy)) == (error.what, error.where, error.hint, str(error))


def test_tree_has_all_its_branches() -> None:
    assert {"DumpError", "ContractError", "LakeBusyError", "QueryError", "UsageError"} <= {
        kind.__name__ for kind in TREE
    }
