"""Pairs that look like one paper and are two, and pairs that look like two and are one, by kind.

    .venv/bin/python benchmarks/hard_pairs.py [--pairs 200]

Prints, per kind, how many of the pairs the engine joins. Everything is invented here. Each pair is
judged alone, so that a kind's share does not depend on how many pairs of other kinds there are.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import polars as pl

from transforms.dedupe.match import match_pairs
from transforms.dedupe.variants import compared, with_variant_id
from transforms.schema import RECORDS

if TYPE_CHECKING:
    from collections.abc import Callable

    Row = dict[str, Any]

_TOPICS: Final = [
    "balance",
    "strength",
    "endurance",
    "posture",
    "memory",
    "attention",
    "appetite",
    "sleep",
    "mobility",
    "anxiety",
    "dizziness",
    "fatigue",
    "vision",
    "hearing",
    "digestion",
    "circulation",
    "breathing",
    "coordination",
    "mood",
    "pain",
]
_TREATMENTS: Final = [
    "exercise",
    "massage",
    "music",
    "yoga",
    "counselling",
    "vitamins",
    "gardening",
    "swimming",
    "acupuncture",
    "reading",
]
_GROUPS: Final = ("older people", "children", "nurses", "athletes", "pregnant women", "veterans", "miners")
_FAMILIES: Final = [
    "Lanewood",
    "Mossfield",
    "Vanestone",
    "Harrow",
    "Pell",
    "Quist",
    "Rendle",
    "Stover",
    "Tarn",
    "Umber",
    "Wexley",
    "Yarrow",
]
_METHODS: Final = ["TidalNet", "LoomFormer", "QuiltMap", "FernGAN", "MossBERT", "HarborFlow"]
_SPELLINGS: Final = (
    ("ischaemic", "ischemic"),
    ("behaviour", "behavior"),
    ("randomised", "randomized"),
    ("paediatric", "pediatric"),
    ("modelling", "modeling"),
    ("tumour", "tumor"),
)


def _abstract(random: np.random.Generator, topic: str = "the outcome") -> str:
    words = [str(random.choice([*_TOPICS, *_TREATMENTS])) for _ in range(24)]
    return f"We searched three registers for trials of {topic}. " + " ".join(words) + ". No serious harm was reported."


def _paper(random: np.random.Generator) -> Row:
    topic, treatment, group = (str(random.choice(words)) for words in (_TOPICS, _TREATMENTS, _GROUPS))
    page = int(random.integers(1, 900))
    return {
        "title": f"{treatment.capitalize()} for improving {topic} in {group}",
        "authors": [
            f"{name} {chr(65 + int(random.integers(26)))}" for name in random.choice(_FAMILIES, 3, replace=False)
        ],
        "abstract": _abstract(random, topic),
        "venue": "Register of Systematic Reviews",
        "year": int(random.integers(1995, 2024)),
        "volume": str(int(random.integers(1, 60))),
        "pages": f"{page}-{page + 9}",
    }


def _bare(row: Row, *kept: str) -> Row:
    return {name: row[name] for name in ("title", *kept)}


def _other(random: np.random.Generator, words: list[str], word: str) -> str:
    return str(random.choice([one for one in words if one != word]))


def _with_topic(row: Row, random: np.random.Generator) -> Row:
    topic = next(word for word in _TOPICS if f" {word} " in row["title"])
    return row | {"title": row["title"].replace(f" {topic} ", f" {_other(random, _TOPICS, topic)} ")}


def _series(random: np.random.Generator) -> tuple[Row, Row]:
    first = _paper(random)
    return first, _with_topic(first, random) | {"pages": "7-12", "volume": "61"}


def _one_abstract(random: np.random.Generator) -> tuple[Row, Row]:
    first = _bare(_paper(random), "abstract", "authors")
    return first, _with_topic(first, random)


def _bare_template(random: np.random.Generator) -> tuple[Row, Row]:
    first = _bare(_paper(random), "abstract")
    return first, _with_topic(first, random)


def _successor(random: np.random.Generator) -> tuple[Row, Row]:
    name, topic = str(random.choice(_METHODS)), str(random.choice(_TOPICS))
    first = {"title": f"{name}: learned estimates of {topic} from sparse diaries", "abstract": _abstract(random, topic)}
    suffix = str(random.choice(["2", "4D", "v3", "3D"]))
    return first, first | {"title": first["title"].replace(name, name + suffix), "abstract": _abstract(random, topic)}


def _letters(random: np.random.Generator) -> tuple[Row, Row]:
    topic = str(random.choice(_TOPICS))
    a, b = (chr(65 + int(one)) for one in random.choice(8, 2, replace=False))
    first = {"title": f"Dataset {a} for the study of {topic}", "abstract": _abstract(random, topic)}
    return first, first | {"title": f"Dataset {b} for the study of {topic}"}


def _parts(random: np.random.Generator) -> tuple[Row, Row]:
    first = _paper(random)
    return first | {"title": first["title"] + ": part I"}, first | {
        "title": first["title"] + ": part II",
        "pages": "9-99",
    }


def _generic(random: np.random.Generator) -> tuple[Row, Row]:
    title = str(random.choice(["Editorial", "Book review", "Introduction", "Letter to the editor", "In this issue"]))
    first, second = (_paper(random) | {"title": title, "abstract": None} for _ in range(2))
    return first, second | {"venue": first["venue"]}


def _namesakes(random: np.random.Generator) -> tuple[Row, Row]:
    first = _bare(_paper(random), "abstract")
    return first, first | {
        "abstract": "Unlike all of that, this is about quarries and kilns. " + _abstract(random, "lime")
    }


def _erratum(random: np.random.Generator) -> tuple[Row, Row]:
    first = _paper(random)
    return first, first | {"title": f"Erratum to: {first['title']}", "abstract": None, "pages": "900"}


def _opposite(random: np.random.Generator) -> tuple[Row, Row]:
    first = _paper(random)
    title = f"{{}} in {first['title'].lower()}"
    pair = (("Hyperglycaemia", "Hypoglycaemia"), ("Preoperative care", "Postoperative care"))[int(random.integers(2))]
    return first | {"title": title.format(pair[0])}, first | {"title": title.format(pair[1]), "pages": "3-8"}


def _spelled(random: np.random.Generator) -> tuple[Row, Row]:
    first, (british, american) = _paper(random), _SPELLINGS[int(random.integers(len(_SPELLINGS)))]
    title = f"{first['title']}: a {{}} study"
    return first | {"title": title.format(british)}, _bare(first, "authors", "year") | {"title": title.format(american)}


def _mistyped(random: np.random.Generator) -> tuple[Row, Row]:
    first = _paper(random)
    place = int(random.integers(2, len(first["title"]) - 3))
    title = first["title"]
    return first, _bare(first, "authors", "abstract") | {"title": title[:place] + title[place + 1 :]}


def _abbreviated(random: np.random.Generator) -> tuple[Row, Row]:
    first = _paper(random)
    names = [f"{name.split(' ')[1]}. {name.split(' ')[0]}" for name in first["authors"]]
    return first, first | {"venue": "Reg. Syst. Rev.", "authors": names, "abstract": None, "volume": None}


def _subtitled(random: np.random.Generator) -> tuple[Row, Row]:
    first = _paper(random)
    return first | {"title": first["title"] + ": a systematic review"}, first | {"abstract": None}


def _revised(random: np.random.Generator) -> tuple[Row, Row]:
    first = _bare(_paper(random), "authors", "abstract")
    return first, first | {"abstract": "In this revised text, " + first["abstract"][20:-40]}


TWO: Final[dict[str, Callable[[np.random.Generator], tuple[Row, Row]]]] = {
    "reviews of a series, other pages": _series,
    "one word of the title, same authors and abstract": _one_abstract,
    "one word of the title, same abstract, nothing else": _bare_template,
    "a method and its successor": _successor,
    "lettered parts": _letters,
    "numbered parts": _parts,
    "opposite prefixes": _opposite,
    "generic titles": _generic,
    "one title, unrelated abstracts, nothing else": _namesakes,
    "an erratum": _erratum,
}
ONE: Final[dict[str, Callable[[np.random.Generator], tuple[Row, Row]]]] = {
    "another spelling": _spelled,
    "a letter missing": _mistyped,
    "abbreviated venue and names": _abbreviated,
    "with and without subtitle": _subtitled,
    "a revised abstract": _revised,
}


def joined(pairs: list[tuple[Row, Row]]) -> int:
    """Count the pairs that the engine joins."""
    rows = [{"record_id": f"{place}-{side}"} | row for place, pair in enumerate(pairs) for side, row in enumerate(pair)]
    frame = pl.DataFrame(rows, schema={**RECORDS.polars_schema}, strict=False).drop("variant_id")
    records = frame.lazy().pipe(with_variant_id).collect()
    ids = records["variant_id"].to_numpy().reshape(-1, 2)
    asked = pl.DataFrame({"variant_a": ids.min(1), "variant_b": ids.max(1)})
    same = asked.filter(pl.col("variant_a") == pl.col("variant_b")).height
    different = asked.filter(pl.col("variant_a") != pl.col("variant_b")).unique(maintain_order=True)
    return same + match_pairs(compared(records), different).height


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=200, help="pairs of each kind")
    count = parser.parse_args().pairs
    print("| kind | really | pairs | joined |\n|---|---|---:|---:|")
    for really, kinds in (("two papers", TWO), ("one paper", ONE)):
        for name, kind in kinds.items():
            random = np.random.default_rng(len(name))
            print(f"| {name} | {really} | {count} | {joined([kind(random) for _ in range(count)])} |", flush=True)


if __name__ == "__main__":
    main()
