"""The page of one paper, saved as markdown."""

from __future__ import annotations

import pytest
from hf_markdown import extra, read

from transforms.readers import recognise
from transforms.readers.base import Head
from transforms.readers.hf_papers_markdown import READER

SUMMARY = "Leaves are read by a model that improves on coins in four kitchens, e.g. in the first one."

PAPER_PAGE = """\
---
title: Tea Leaves as Priors
url: https://huggingface.co/papers/3103.00017
---
* [Models](/models)

[Papers](/papers)

arxiv:3103.00017

{title}

Published on Mar 9

·

Submitted by
[![](/avatars/x.svg)

somebody](/somebody)
on Mar 10

[[ ]

Upvote

34](/login?next=%2Fpapers%2F3103.00017)

* [![](/avatars/y.svg)](/a "a")
* +26

Authors:

Ada Beispiel
,

[Ben Muster](/ben)

## Abstract

{summary}Tea leaves are read by [many](/papers?q=many). We collect cups.

They say little, though they are asked a lot of questions by everybody in all four kitchens of the house.

[View arXiv page](https://arxiv.org/abs/3103.00017)
[View PDF](https://arxiv.org/pdf/3103.00017)

### Community

[Another Paper Altogether](https://huggingface.co/papers/3001.00001) is better. I read it twice.

## Models citing this paper 2
"""


@pytest.mark.parametrize(
    "title", ["# Tea Leaves as Priors", "Tea Leaves as Priors\n====================", "**Tea Leaves as Priors**"]
)
@pytest.mark.parametrize(
    "summary", ["", f"{SUMMARY}\n\nAI-generated summary\n\n", f"{SUMMARY}\nAI-generated summary\n\n"]
)
def test_page_of_one_paper(title: str, summary: str) -> None:
    page = PAPER_PAGE.format(title=title, summary=summary)
    assert recognise(Head("x", page.encode())) is READER
    (row,) = read(page)
    assert row["title"] == "Tea Leaves as Priors"
    assert row["abstract"].startswith("Tea leaves are read by many. We collect cups.\nThey say little")
    assert row["abstract"].endswith("of the house.")
    assert (row["authors"], row["arxiv_id"]) == (["Ada Beispiel", "Ben Muster"], "3103.00017")
    assert row["published_date"] == "2031-03-09"
    assert extra(row).get("ai_summary") == (SUMMARY if summary else None)
    assert (extra(row)["upvotes"], extra(row)["submittedOnDailyBy"]["fullname"]) == (34, "somebody")
