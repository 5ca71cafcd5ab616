from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.names import split_authors


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", [], id="empty"),
        pytest.param(" \n", [], id="white space"),
        pytest.param("Plato", ["Plato"], id="one word"),
        pytest.param("&", ["&"], id="nothing but and"),
        pytest.param("Bee, A", ["Bee, A"], id="one inverted name"),
        pytest.param("Bee, Anna", ["Bee, Anna"], id="one inverted name in full"),
        pytest.param("Bee, Anna, Jr.", ["Bee, Anna, Jr."], id="with a suffix"),
        pytest.param("Anna Bee, Jr.", ["Anna Bee, Jr."], id="suffix after a comma"),
        pytest.param("Brandon Alexander", ["Brandon Alexander"], id="and inside of words"),
        pytest.param("A. Bee and C. Dee and E. Eff", ["A. Bee", "C. Dee", "E. Eff"], id="BibTeX"),
        pytest.param("Bee, A and Dee, C", ["Bee, A", "Dee, C"], id="BibTeX inverted"),
        pytest.param("Bee, Anna B. and Dee, Carl", ["Bee, Anna B.", "Dee, Carl"], id="BibTeX inverted in full"),
        pytest.param("Bee, A. & Dee, C.", ["Bee, A.", "Dee, C."], id="ampersand"),
        pytest.param("Bee, A.; Dee, C.", ["Bee, A.", "Dee, C."], id="semicolons"),
        pytest.param("Anna Bee; Carl Dee;", ["Anna Bee", "Carl Dee"], id="semicolon at the end"),
        pytest.param("Anna Bee, Carl Dee", ["Anna Bee", "Carl Dee"], id="commas"),
        pytest.param("a bee , c dee , e eff", ["a bee", "c dee", "e eff"], id="spaces before commas"),
        pytest.param("Anna Bee, Carl Dee and Eve Eff", ["Anna Bee", "Carl Dee", "Eve Eff"], id="commas and and"),
        pytest.param(
            "a. b. bee, c. d. dee, and e. f. eff,", ["a. b. bee", "c. d. dee", "e. f. eff"], id="Oxford comma"
        ),
        pytest.param("Bee, A., Dee, C. D.", ["Bee, A.", "Dee, C. D."], id="commas inside and between"),
        pytest.param("Bee, A., Dee, C., and Eff, E.", ["Bee, A.", "Dee, C.", "Eff, E."], id="the same with and"),
        pytest.param("bee, a., and c. dee", ["bee, a.", "c. dee"], id="only the first inverted"),
        pytest.param("Bee A, Dee CD", ["Bee A", "Dee CD"], id="initials last"),
        pytest.param("Bee, Anna, Dee, Carl", ["Bee, Anna, Dee, Carl"], id="unsure: stays whole"),
        pytest.param("Plato, Anna Bee, Carl Dee", ["Plato", "Anna Bee", "Carl Dee"], id="one word among names"),
        pytest.param("Anna Bee 0002, Carl Dee", ["Anna Bee 0002", "Carl Dee"], id="namesakes of DBLP"),
        pytest.param("Bee A.Dee C.", ["Bee A.Dee C."], id="nothing between"),
        pytest.param("Anna Bee, Carl Dee et al.", ["Anna Bee", "Carl Dee", "et al."], id="et al."),
        pytest.param("Bee, A. and others", ["Bee, A.", "et al."], id="and others"),
        pytest.param("et al.", ["et al."], id="nobody else"),
        pytest.param("Anna B&eacute;e; Carl Dee", ["Anna Bée", "Carl Dee"], id="entities are no semicolons"),
        pytest.param('["Anna Bee", "Dee, C."]', ["Anna Bee", "Dee, C."], id="JSON"),
        pytest.param("['Anna Bee', \"Carl O'Dee\"]", ["Anna Bee", "Carl O'Dee"], id="Python"),
        pytest.param("[Anonymous]", ["[Anonymous]"], id="brackets"),
        pytest.param("The ATLAS Collaboration", ["The ATLAS Collaboration"], id="a group"),
        pytest.param("Juan de la Cruz, Ana María Ortiz", ["Juan de la Cruz", "Ana María Ortiz"], id="long names"),
    ],
)
def test_split_authors(text: str, expected: list[str]) -> None:
    assert split_authors(text) == expected


@given(text=st.text(max_size=80))
def test_any_text_gives_names_without_blanks_around(text: str) -> None:
    names = split_authors(text)
    assert all(name and name == name.strip() for name in names)
    assert bool(names) is bool(text.strip())


NAMES = st.lists(st.from_regex(r"[A-Z][a-z]{2,8} [A-Z][a-z]{2,8}", fullmatch=True), min_size=2, max_size=6)


@given(names=NAMES, between=st.sampled_from([" and ", "; ", ", ", " & "]))
def test_whole_names_are_split_at_any_separator(names: list[str], between: str) -> None:
    assert split_authors(between.join(names)) == names
    assert split_authors(json.dumps(names)) == names


@pytest.mark.parametrize("sign", [",", ";", " ,", ", &", "a, ", "et ", "al."])
def test_long_run_of_one_sign_is_split_at_once(sign: str) -> None:
    """A search that begins anew at each sign would take many minutes here."""
    assert isinstance(split_authors("Bell, A." + sign * 200_000), list)
