"""Invent records with known clusters, as hard as real ones, in any number.

    .venv/bin/python benchmarks/generate_records.py 1000000 records.parquet

Every word, name and sentence is put together here from small lists; nothing is copied. A share of
the papers has further records: typing errors, other case, LaTeX and Unicode variants, cut titles,
revised abstracts, missing fields, authors as initials. Hard negatives stand beside them: errata,
numbered parts, and generic titles that hundreds of papers share. The column `paper` tells which
records are one.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_TERMS: Final = 27_000
"""Technical terms in the language of the invented papers."""

T = TypeVar("T")

BATCH: Final = 50_000
"""Papers per batch; batch i of one seed is always the same, so that a million lies within ten."""


def _listed(words: str) -> list[str]:
    return words.split(" ")


_ADJECTIVES: Final = _listed(
    "adaptive sparse robust scalable latent causal modular neural spectral stochastic hierarchical federated quantum "
    "bayesian discrete continuous geometric temporal semantic visual multilingual contrastive generative efficient "
    "interpretable distributed approximate incremental optimal private secure dynamic nonlinear convex elastic thermal "
    "clinical chronic acute cellular molecular optical magnetic acoustic seismic coastal urban rural alpine tropical"
)
_NOUNS: Final = _listed(
    "graphs networks embeddings transformers kernels operators manifolds queries indexes caches compilers proteins "
    "genomes receptors neurons tumours cohorts biomarkers vaccines antibodies catalysts polymers alloys membranes lasers "
    "sensors robots drones markets auctions contracts policies elections migrations glaciers aquifers forests reefs "
    "galaxies pulsars plasmas bosons lattices proofs automata grammars dialogues corpora ontologies schemas streams"
)
_TASKS: Final = _listed(
    "segmentation retrieval forecasting planning scheduling alignment compression denoising diagnosis screening "
    "estimation verification synthesis translation summarization clustering ranking sampling routing calibration "
    "monitoring imputation annotation decoding pruning distillation registration tracking recovery selection"
)
_PLACES: Final = _listed(
    "hospital emergency mountain coastal industrial agricultural underwater orbital household classroom laboratory "
    "battlefield metropolitan arctic desert neonatal geriatric paediatric veterinary aerospace"
)
_SYLLABLES: Final = _listed(
    "ka lo mi ne ru sa to vi we zu bra cle dri fen gor hal jin kro lum mor nas pel quo ril sten tor ulm ven"
)
_VENUES: Final = (
    ("Journal of Invented Results", "J. Invent. Res."),
    ("Transactions on Imaginary Systems", "Trans. Imag. Syst."),
    ("Annals of Applied Conjecture", "Ann. Appl. Conject."),
    ("Proceedings of the Conference on Plausible Methods", "PlausMeth"),
    ("Archives of Fictional Medicine", "Arch Fict Med"),
    ("Letters in Supposed Physics", "Lett. Supp. Phys."),
)
_GENERIC: Final = (
    "Editorial",
    "Introduction",
    "Book Review",
    "Preface",
    "Letter to the Editor",
    "In this issue",
    "Foreword",
)
_SENTENCES: Final = (
    "We study {a} {n} and {v} for {t} under {p} {w} conditions.",
    "Our method {w} combines {a} {n} with {t}.",
    "In {k} experiments it improves {v} {t} of {n} by {k} percent.",
    "Prior work on {n} relies on {a} {t} and fails for {w} in {p} settings.",
    "We prove that {a} {v} {t} converges within {k} {w} steps.",
    "A cohort of {k} {v} cases shows that {n} respond to {a} {w} {t}.",
    "The data set {w} holds {k} annotated {n}.",
    "Unlike {w} and {v}, the {v} {n} of {w} need no {t}.",
    "From {v} {n} to {w} {m}, {k} {b} {t} tasks were tried.",
    "Since {w} was given up for {v}, {n} have become {a}.",
    "Both {n} and {m} depend on {v} {t}; {w} does not.",
    "These findings matter wherever {p} {n} need {v} {t}.",
)
_TITLES: Final = (
    "{a} {n} for {t} of {p} {m}",
    "{w}: {a} {t} with {b} {n}",
    "Towards {a} {t} in {p} {n}: the case of {w}",
    "On the {t} of {a} {n} by {b} {m}",
    "{a} and {b} {n} for {p} {t}",
    "How {a} {n} shape {t} in {w} {m}",
)


class Inventor:
    """Makes papers and their records from one stream of random numbers."""

    def __init__(self, seed: tuple[int, int]) -> None:
        self.random = np.random.default_rng(seed)
        # One draw per choice would be most of the time; fractions are drawn many at once.
        self._fractions: Iterator[float] = iter(())

    def fraction(self) -> float:
        """Give a random number from 0 to 1."""
        value = next(self._fractions, None)
        if value is None:
            self._fractions = iter(self.random.random(1 << 16).tolist())
            value = next(self._fractions)
        return value

    def pick(self, choices: Sequence[T]) -> T:
        """Choose one, each as likely."""
        return choices[int(self.fraction() * len(choices))]

    def word(self) -> str:
        """Invent a name, as authors do for their methods."""
        return "".join(self.pick(_SYLLABLES) for _ in range(3)).capitalize()

    def noun(self) -> str:
        """Choose a common noun, or a technical term: the rank of terms follows Zipf's law."""
        if self.fraction() < 0.4:
            return self.pick(_NOUNS)
        rank = int(_TERMS ** self.fraction())
        syllables = len(_SYLLABLES)
        parts = (rank % syllables, rank // syllables % syllables, rank // syllables**2 % syllables)
        return "".join(_SYLLABLES[part] for part in parts) + "s"

    def fill(self, template: str) -> str:
        """Fill in a template."""
        return template.format(
            a=self.pick(_ADJECTIVES),
            b=self.pick(_ADJECTIVES),
            n=self.noun(),
            m=self.noun(),
            t=self.pick(_TASKS),
            p=self.pick(_PLACES),
            w=self.word(),
            v=self.noun(),
            k=int(self.fraction() * 997) + 2,
        )

    def paper(self) -> dict[str, object]:
        """Invent a paper, every field filled."""
        generic = self.fraction() < 0.02
        first_page = int(self.fraction() * 900) + 1
        title = self.pick(_GENERIC) if generic else self.fill(self.pick(_TITLES))
        return {
            "title": title[0].upper() + title[1:],
            "abstract": None if generic else " ".join(self.fill(self.pick(_SENTENCES)) for _ in range(6)),
            "authors": [self.author() for _ in range(int(self.fraction() * 5) + 1)],
            "venue": self.pick(_VENUES)[0],
            "volume": str(int(self.fraction() * 80) + 1),
            "number": str(int(self.fraction() * 12) + 1),
            "pages": f"{first_page}-{first_page + 9}",
            "year": 1990 + int(self.fraction() * 35),
            "doi": f"10.{int(self.fraction() * 8999) + 1000}/{self.word().lower()}.{int(self.fraction() * 1e7)}",
        }

    def author(self) -> str:
        """Invent a person."""
        given = (self.pick(_SYLLABLES) + self.pick(_SYLLABLES)).capitalize()
        return f"{given} {self.word()}{self.pick(_SYLLABLES)}"

    def copy(self, paper: dict[str, object]) -> dict[str, object]:
        """Write the record of another source: a few things are written otherwise, a few are missing."""
        record = dict(paper)
        title = str(record["title"])
        changes = (_mistyped, _upper, _latex, _cut, _accented, lambda _, text: text, lambda _, text: text)
        record["title"] = self.pick(changes)(self, title)
        if record["abstract"] and self.fraction() < 0.4:
            record["abstract"] = self.revised(str(record["abstract"]))
        if self.fraction() < 0.4:
            names = [name.split(" ") for name in paper["authors"]]  # type: ignore[attr-defined] # a list of names
            record["authors"] = [f"{family}, {given[0]}." for given, family in names]
        if self.fraction() < 0.5:
            record["venue"] = dict(_VENUES)[str(record["venue"])]
        keeps_one = ("authors", "abstract") if len(title) > 20 else ("abstract",)
        for name in (*keeps_one, "venue", "volume", "number", "year", "doi", "doi"):
            if self.fraction() < 0.3:
                record[name] = None
        return record

    def revised(self, abstract: str) -> str:
        """Rewrite one sentence of an abstract, or cut it short."""
        sentences = abstract.split(". ")
        if self.fraction() < 0.5:
            return abstract[: len(abstract) * 2 // 3]
        sentences[int(self.fraction() * len(sentences))] = self.fill(self.pick(_SENTENCES)).rstrip(".")
        return ". ".join(sentences)

    def neighbour(self, paper: dict[str, object]) -> dict[str, object]:
        """Invent another paper that looks like this one: its erratum, or its second part."""
        other = self.paper()
        kept = {"authors": paper["authors"], "venue": paper["venue"], "year": paper["year"]}
        if self.fraction() < 0.5:
            return other | kept | {"title": f"Erratum to: {paper['title']}", "abstract": None}
        return other | kept | {"title": f"{paper['title']}, Part II"}


def _mistyped(inventor: Inventor, title: str) -> str:
    place = int(inventor.fraction() * (len(title) - 2)) + 1
    return title[:place] + title[place + 1] + title[place] + title[place + 2 :]


def _upper(_: Inventor, title: str) -> str:
    return title.upper()


def _latex(_: Inventor, title: str) -> str:
    first, _, rest = title.partition(" ")
    return f"{{{first}}} \\emph{{{rest}}}" if rest else title


def _cut(_: Inventor, title: str) -> str:
    return title[: max(30, len(title) * 3 // 4)]


def _accented(_: Inventor, title: str) -> str:
    return title.replace("a", "\u00e1", 1).replace("-", "\u2013")


def _records(seed: int, batch: int, papers: int) -> Iterator[dict[str, object]]:
    inventor = Inventor((seed, batch))
    number = batch * 2 * BATCH
    for _ in range(papers):
        paper = inventor.paper()
        yield paper | {"paper": number}
        while inventor.fraction() < 0.2:
            yield inventor.copy(paper) | {"paper": number}
        number += 1
        if inventor.fraction() < 0.02:
            yield inventor.neighbour(paper) | {"paper": number}
            number += 1


def generate_parts(count: int, seed: int = 0, part: int = 1_000_000) -> Iterator[pl.DataFrame]:
    """Invent `count` records in tables of `part` rows at most, shuffled each, ids unique over all; columns as below."""
    every = itertools.chain.from_iterable(_records(seed, batch, BATCH) for batch in itertools.count())
    for start in range(0, count, part):
        rows = min(part, count - start)
        frames = [
            pl.DataFrame(list(itertools.islice(every, min(BATCH, rows - done))), infer_schema_length=None)
            for done in range(0, rows, BATCH)
        ]
        whole = pl.concat(frames).sample(fraction=1.0, shuffle=True, seed=seed)
        yield whole.with_columns(id=pl.format("g{}", pl.int_range(start, start + rows)))


def generate(count: int, seed: int = 0) -> pl.DataFrame:
    """Invent `count` records: the bibliographic columns of schema.RECORDS, and `paper`, the true cluster."""
    return next(generate_parts(count, seed, part=count))


def is_generic(title: pl.Expr) -> pl.Expr:
    """Tell whether an invented title is one that hundreds of papers share."""
    return title.str.to_lowercase().is_in([generic.lower() for generic in _GENERIC])


def main() -> None:
    """Write a table of invented records (Parquet)."""
    parser = argparse.ArgumentParser(description="Invent records with known clusters.")
    parser.add_argument("count", type=int)
    parser.add_argument("output", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    generate(given.count, given.seed).write_parquet(given.output)
    print(f"{given.count} records in {given.output}")


if __name__ == "__main__":
    main()
