"""Links to code, out of running text."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.links import code_urls


def links(*fields: str | None) -> list[str] | None:
    frame = pl.DataFrame([fields], schema={f"field_{n}": pl.String for n in range(len(fields))}, orient="row")
    found: list[str] | None = frame.select(links=code_urls(frame.columns)).item()
    return None if found is None else list(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(None, None, id="missing"),
        pytest.param("We share code on GitHub.", None, id="no address"),
        pytest.param("https://github.com/", None, id="the host alone"),
        pytest.param("mygithub.com/a/b and foo@github.com/a", None, id="within another word"),
        pytest.param("https://example.org/github", None, id="another host"),
        pytest.param("https://huggingface.co/papers/2503.11731", None, id="a paper, no code"),
        pytest.param("https://huggingface.co/somebody", None, id="a person"),
        pytest.param("https://cdn-avatars.huggingface.co/v1/a/b.png", None, id="a picture"),
        pytest.param("Code (https://github.com/a/b).", ["https://github.com/a/b"], id="brackets and full stop"),
        pytest.param("at \\url{https://github.com/a\\_x/b}", ["https://github.com/a_x/b"], id="LaTeX"),
        pytest.param("http://www.GitHub.com/A/b.git", ["https://github.com/A/b"], id="one form, case of the path kept"),
        pytest.param("github.com/a/b,github.com/c/d", ["https://github.com/a/b", "https://github.com/c/d"], id="without a scheme"),
        pytest.param("https://huggingface.co/datasets/a/b", ["https://huggingface.co/datasets/a/b"], id="data set"),
        pytest.param("https://gitlab.inria.fr/a/b", ["https://gitlab.inria.fr/a/b"], id="GitLab elsewhere"),
        pytest.param("https://doi.org/10.5281/zenodo.12.", ["https://doi.org/10.5281/zenodo.12"], id="Zenodo's DOI"),
        pytest.param('{"code": "https://codeberg.org/a/b"}', ["https://codeberg.org/a/b"], id="JSON"),
        pytest.param("https://github.com/a/b/ or https://github.com/a/b", ["https://github.com/a/b"], id="twice"),
    ],
)  # fmt: skip
def test_code_urls(text: str | None, expected: list[str] | None) -> None:
    assert links(text) == expected


def test_fields_come_in_order() -> None:
    assert links("https://github.com/z/z", None, "https://github.com/a/a") == [
        "https://github.com/z/z",
        "https://github.com/a/a",
    ]


@given(
    text=st.lists(st.one_of(st.text(), st.sampled_from(["https://github.com/a/b", "gitlab.com/", ".", " "]))).map(
        "".join
    )
)
def test_a_link_is_found_in_itself(text: str) -> None:
    found = links(text) or []
    assert found == [link for one in found for link in links(one) or []]
