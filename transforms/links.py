"""Links to code, found in the fields of an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from transforms.rows import found_where, named

if TYPE_CHECKING:
    from collections.abc import Iterable

_HOSTS: Final = (
    r"(?:gist\.)?github\.com/",
    r"gitlab\.(?:com|[a-z0-9-]+(?:\.[a-z0-9-]+)*)/",
    r"huggingface\.co/",
    r"hf\.co/",
    r"bitbucket\.org/",
    r"codeberg\.org/",
    r"gitee\.com/",
    r"git\.sr\.ht/~",
    r"sourceforge\.net/p(?:rojects)?/",
    r"anonymous\.4open\.science/r/",
    r"codeocean\.com/capsule/",
    r"zenodo\.org/(?:records?|doi)/",
    r"doi\.org/10\.5281/",
)
_ADDRESS: Final = r"\.[A-Za-z]{2,7}/"
_NAMES: Final = [
    "github", "gitlab", "huggingface", "hf.co", "bitbucket", "codeberg", "gitee", "sr.ht", "sourceforge", "4open",
    "codeocean", "zenodo",
]  # fmt: skip
"""Both are fast to look for; a field without the one and the other holds no link to code."""

_LINK: Final = (
    r"(?i)(?:^|[^0-9a-z_.@-])"
    rf"((?:https?://)?(?:www\.)?(?:{'|'.join(_HOSTS)})[0-9a-z_@%][0-9a-z_.~/?#=&%+:@-]*)"
)
_NO_CODE: Final = (
    r"^https://(?:huggingface\.co|hf\.co)/(?:papers|avatars|blog|docs|posts|tasks|learn|collections|join|login|pricing)\b"
    r"|^https://(?:huggingface\.co|hf\.co)/[^/]*$"  # a person or a group
)


def code_urls(fields: Iterable[pl.Expr | str]) -> pl.Expr:
    """Links to code in the fields, in their order, each once; null where there is none.

    GitHub, GitLab, Hugging Face models, data sets and spaces, Bitbucket, Codeberg, Zenodo and their
    like. Addresses come out with https, without `www.`, `.git` and trailing punctuation.
    """
    hinting = [found_where(named(field), _has_address, _naming_a_host) for field in fields]
    text = pl.concat_str(hinting, separator=" ", ignore_nulls=True)
    return text.map_batches(_links, return_dtype=pl.List(pl.String), is_elementwise=True)


def _has_address(field: pl.Expr) -> pl.Expr:
    return field.str.contains(_ADDRESS)


def _naming_a_host(field: pl.Expr) -> pl.Expr:
    return pl.when(field.str.contains_any(_NAMES, ascii_case_insensitive=True)).then(field)


def _links(texts: pl.Series) -> pl.Series:
    links = pl.col("links")
    return (
        texts.alias("links")
        .to_frame()
        .lazy()
        .select(links.replace("", None).str.replace_all(r"\\([_#%~&])", "$1").str.extract_all(_LINK))
        .select(links.list.eval(_address(pl.element())))
        .select(links.list.eval(pl.element().filter(~pl.element().str.contains(_NO_CODE))))
        .select(links.list.unique(maintain_order=True))
        .select(pl.when(links.list.len() > 0).then(links))
        .collect()
        .to_series()
    )


def _address(match: pl.Expr) -> pl.Expr:
    bare = match.str.extract(_LINK, 1).str.replace(r"(?i)^(?:https?://)?(?:www\.)?", "")
    ended = bare.str.replace(r"(?:\.git|[.~/?#=&%+:@-])+$", "")
    return "https://" + ended.str.extract(r"^([^/]+)", 1).str.to_lowercase() + ended.str.replace(r"^[^/]+", "")
