"""One invented Hugging Face papers page, as a dozen kinds of programs would capture it.

Every function writes the same papers in the habit of one kind of program; what they show of a paper
differs, its title and abstract do not.
"""

from __future__ import annotations

import html
import json
import re
import textwrap
from typing import Final, NamedTuple

SITE: Final = "https://huggingface.co"


class Shown(NamedTuple):
    """What the page shows of a paper."""

    paper_id: str
    title: str
    abstract: str
    votes: str
    organization: str
    day: str
    comments: str


PAPERS: Final = (
    Shown(
        "3103.00017",
        "Tea Leaves as Priors: A Study of Cups in Four Kitchens",
        "Tea leaves are read by many and understood by few. We collect 4,000 cups from four kitchens and fit a prior to "
        "what is left in them. The prior predicts rain better than a coin, and worse than a window. All cups are "
        "available at https://example.org/cups",
        "101",
        "Institute of Crockery",
        "Mar 9",
        "6",
    ),
    Shown(
        "3102.11115",
        "xRhubarb: Do Stalks Dream of Custard?",
        "Custard has long been suspected to be what rhubarb is for. This paper treats the question with $n^2$ stalks [1] "
        "and a single jug (see f[x] in the text). Our bound is tight up to a logarithmic spoon, which settles a conjecture "
        "that was open since breakfast.",
        "-",
        "",
        "Feb 27",
        "",
    ),
    Shown(
        "3011.20581",
        "On the Stability of Regularized Gardens: Pruning, Growing and What Can Be Said of Hedges in a Dry Year",
        "Pruning a model and pruning a hedge share a difficulty: what is cut this year decides what can grow next year. We "
        "study the path of solutions when the penalty changes slowly. The bound is within a factor of two in our "
        "simulations of 3 hedges & 2 lawns.",
        "1.2k",
        "Garden_Lab",
        "Nov 5, 2030",
        "1",
    ),
)


def firecrawl(papers: tuple[Shown, ...] = PAPERS) -> str:
    """Markdown with absolute links, hard breaks as backslashes, the comments glued to the day."""
    cards = []
    for paper in papers:
        abstract = textwrap.fill(paper.abstract.replace("[1]", "\\[1\\]").replace("f[x]", "f\\[x\\]"), 79)
        title = paper.title.replace(": ", ":\\  ")
        comments = f"[{paper.comments}]({_page(paper)}#community)" if paper.comments else ""
        cards.append(
            f"[{paper.votes}]({SITE}/login?next=%2Fpapers%2F{paper.paper_id})\n\n### [{title}]({_page(paper)})\n\n"
            f"[{abstract.replace(chr(10), chr(92) * 2 + chr(10))}]({_page(paper)})\n\n"
            f"{_who(paper)}\n\n·\n\n{paper.day}{comments}"
        )
    return _top(f"[Subscribe]({SITE}/login?next=%2Fpapers)") + "\n\n".join(cards) + "\n"


def relative_links(papers: tuple[Shown, ...] = PAPERS) -> str:
    """Markdown of a converter that keeps addresses as they stand, with pictures before the links."""
    cards = [
        f"[![](https://cdn.example.org/{paper.paper_id}.png)](/papers/{paper.paper_id})\n\nSubmitted by\n\n"
        f"![](/avatars/x.svg)\n\nsomebody-{paper.paper_id[:2]}\n\n[[ ]\n\n{paper.votes}](/login?next=%2Fpapers%2F{paper.paper_id})\n\n"
        f"### [{paper.title}](/papers/{paper.paper_id})\n\n{paper.abstract}\n\n"
        f"* ![](/avatars/y.svg)\n* ·\n\n  8 authors\n\n{paper.day}\n"
        for paper in papers
    ]
    return _top("[Subscribe](/login?next=%2Fpapers)") + "\n".join(cards)


def numbered_links(papers: tuple[Shown, ...] = PAPERS) -> str:
    """Links by number whose text runs over blank lines, and the addresses at the end."""
    addresses: list[str] = []

    def link(text: str, address: str) -> str:
        addresses.append(address)
        return f"[{text}][{len(addresses)}]"

    cards = []
    for paper in papers:
        votes = link(f"\n{paper.votes}\n", f"{SITE}/login?next=%2Fpapers%2F{paper.paper_id}")
        title = link(paper.title, _page(paper))
        abstract = link(f"\n\n{textwrap.fill(paper.abstract, 100)}\n\n", _page(paper))
        who = link("\n* 3 authors\n", _page(paper))
        comments = link(f" {paper.comments}", _page(paper) + "#community") if paper.comments else ""
        cards.append(f"{votes}\n\n### {title}\n\n{abstract}\n{who}\n·\n{paper.day} {comments}")
    body = "```text\n* [ Models ][900]\n" + _top("[Subscribe][901]") + "\n".join(cards)
    listed = [f"[{number}]: {address}" for number, address in enumerate(addresses, start=1)]
    return "\n".join([body, "", *listed, f"[900]: {SITE}/models", f"[901]: {SITE}/login", "```", ""])


def numbered_links_without_addresses(papers: tuple[Shown, ...] = PAPERS) -> str:
    """The same, cut off before the addresses."""
    return numbered_links(papers).split("\n[1]:")[0]


def lynx(papers: tuple[Shown, ...] = PAPERS) -> str:
    """Text of lynx: numbers before what is linked, paragraphs indented, the addresses under References."""
    addresses: list[str] = []

    def mark(address: str) -> str:
        addresses.append(address)
        return f"[{len(addresses)}]"

    cards = []
    for paper in papers:
        votes = mark(f"{SITE}/login?next=%2Fpapers%2F{paper.paper_id}") + paper.votes
        title = textwrap.fill(mark(_page(paper)) + paper.title, 72)
        abstract = textwrap.indent(textwrap.fill(mark(_page(paper)) + paper.abstract, 69), "   ")
        who = mark(_page(paper)) + " 3 authors"
        cards.append(f"   {votes}\n\n{title}\n\n{abstract}\n\n   {who}\n   · {paper.day} {paper.comments}")
    listed = [f"{number:4}. {address}" for number, address in enumerate(addresses, start=1)]
    return _top("   Subscribe") + "\n\n".join(cards) + "\n\nReferences\n\n" + "\n".join(listed) + "\n"


def lone_addresses(papers: tuple[Shown, ...] = PAPERS) -> str:
    """Text in which every address stands alone below what is linked."""
    cards = []
    for paper in papers:
        comments = f"\n\n{paper.comments}\n\n{_page(paper)}#community" if paper.comments else ""
        who = (
            f"{_page(paper)}\n\n {paper.organization}\n\n{SITE}/lab"
            if paper.organization
            else f"[\n\n2 authors]({_page(paper)})"
        )
        cards.append(
            f" [-] {paper.votes}\n\n{SITE}/login?next=%2Fpapers%2F{paper.paper_id}\n\n{paper.title}\n\n{_page(paper)}\n\n"
            f"{paper.abstract}\n\n{_page(paper)}\n\n{who}\n\n·\n\n{paper.day} {comments}"
        )
    top = '---\ntitle: "Daily Papers - Hugging Face"\nexported: 2031-03-12\n---\n\n# Daily Papers - Hugging Face\n\nModels\n\n'
    return (
        top
        + f"{SITE}/models\n\n"
        + _top(f"Subscribe\n\n{SITE}/login?next=%2Fpapers", is_marked=False)
        + "\n\n".join(cards)
    )


def bold_titles(papers: tuple[Shown, ...] = PAPERS) -> str:
    """A list whose titles are bold links; the abstracts follow as they are."""
    cards = [
        f'{number}. **[{paper.title}]({_page(paper)} "{paper.title}")**\n\n   {paper.abstract}\n\n   Upvote {paper.votes}\n'
        for number, paper in enumerate(papers, start=1)
    ]
    return "# Daily Papers - Hugging Face\n\n" + "\n".join(cards)


def plain_links(papers: tuple[Shown, ...] = PAPERS) -> str:
    """No heading at all: the first link to a paper is its title, the second its abstract."""
    cards = [f"- [{paper.title}]({_page(paper)})\n  [{paper.abstract}](<{_page(paper)}>)\n" for paper in papers]
    return _top("[Subscribe](/login?next=%2Fpapers)", is_marked=False) + "\n".join(cards)


def headings_without_links(papers: tuple[Shown, ...] = PAPERS) -> str:
    """Headings that link to nothing, long ones wrapped, each paper printed twice."""
    cards = [
        f"### {_wrapped_title(paper)}\n\n{paper.abstract}\n- 8 authors\n[LINK: GitHub 11.3k](https://github.com/lab/{paper.paper_id})"
        for paper in papers
        for _ in range(2)
    ]
    top = (
        "# A page\n**Page Title:** Trending Papers - Hugging Face\n----\n\nGet trending papers in your email inbox!\n\n"
    )
    return top + "## Trending Papers\n\n## by AK and the research community\n\n" + "\n\n".join(cards) + "\n"


def heading_links_twice(papers: tuple[Shown, ...] = PAPERS) -> str:
    """The list of trends, each paper printed twice, the votes behind it and the submitter before it."""
    cards = [
        f'[[picture]]({_page(paper)})\n\nSubmitted by\n\n[picture]\n\nsomebody\n\n<a id="s{n}"></a>\n\n### [{paper.title}]({_page(paper)})\n\n\n'
        f"{paper.abstract}\n\n\n[[picture: lab] Lab]({SITE}/lab) · {'Published on ' * n}{paper.day}\n\n\n[Upvote\n\n{paper.votes}]"
        f"({SITE}/login?next=%2Fpapers%2F{paper.paper_id})\n\n[GitHub 131](https://github.com/lab/code) [arXiv Page](https://arxiv.org/abs/{paper.paper_id})\n"
        for paper in papers
        for n in (1, 0)
    ]
    return _top(f"[Subscribe]({SITE}/login?next=%2Fpapers)").replace("Daily Papers", "Trending Papers") + "\n".join(
        cards
    )


def pandoc(papers: tuple[Shown, ...] = PAPERS) -> str:
    """Markdown with attributes, fenced divisions and wrapped paragraphs."""
    cards = []
    for paper in papers:
        title = textwrap.fill(f"### [{paper.title}](/papers/{paper.paper_id}){{.line-clamp-3}} {{.mb-1}}", 72)
        abstract = textwrap.fill(paper.abstract.replace("[", "\\[").replace("]", "\\]"), 72)
        cards.append(
            f"::: {{.article .x}}\n[{paper.votes}](/login?next=%2Fpapers%2F{paper.paper_id})\n\n{title}\n\n[{abstract}](/papers/{paper.paper_id})\n\n·\n{paper.day}\n:::"
        )
    return _top("[Subscribe](/login?next=%2Fpapers)") + "\n\n".join(cards) + "\n"


def table(papers: tuple[Shown, ...] = PAPERS) -> str:
    """A table, one row for each paper."""
    rows = [f"| {paper.votes} | [{paper.title}]({_page(paper)}) | {paper.abstract} |" for paper in papers]
    return _top("[Subscribe](/login?next=%2Fpapers)") + "\n".join(
        ["| Votes | Paper | Abstract |", "|---|:--|---|", *rows, ""]
    )


def plain_cards(papers: tuple[Shown, ...] = PAPERS) -> str:
    """Text alone, the facts in it, the comments glued to the day."""
    cards = [
        "\n\n".join(
            part
            for part in (
                paper.votes,
                paper.title,
                paper.abstract,
                paper.organization or "3 authors",
                "·",
                paper.day + paper.comments,
            )
            if part
        )
        for paper in papers
    ]
    return _top("Subscribe", is_marked=False) + "\n\n".join(cards) + "\n"


def tight_plain_cards(papers: tuple[Shown, ...] = PAPERS) -> str:
    """The same without one blank line."""
    return re.sub(r"\n+", "\n", plain_cards(papers))


def print_out(papers: tuple[Shown, ...] = PAPERS) -> str:
    """Text of a print-out: wrapped, with heads and feet of sheets in the midst of paragraphs' gaps."""
    parts = plain_cards(papers).split("\n\n")
    wrapped = [textwrap.fill(part, 90) for part in parts]
    sheet = f"{SITE}/papers 1/3\n\f3/12/31, 9:15 AM Daily Papers - Hugging Face"
    return (
        "3/12/31, 9:15 AM Daily Papers - Hugging Face\n\n" + "\n\n".join([*wrapped[:-4], sheet, *wrapped[-4:]]) + "\n"
    )


def saved_page(papers: tuple[Shown, ...] = PAPERS, *, has_props: bool = True) -> str:
    """The page as HTML, with or without the JSON from which its program draws it."""
    items = [
        {
            "paper": {
                "id": paper.paper_id,
                "authors": [{"_id": "a", "name": "Ada Beispiel", "hidden": False}],
                "publishedAt": "2031-03-09T00:00:00.000Z",
                "title": paper.title,
                "summary": paper.abstract,
                "upvotes": 7,
                "ai_summary": "A machine read it.",
            },
            "title": paper.title,
            "numComments": 2,
        }
        for paper in papers
    ]
    props = json.dumps({"date": "2031-03-12T00:00:00.000Z", "dailyPapers": items})
    attribute = f' data-props="{html.escape(props)}"' if has_props else ""
    articles = "\n".join(
        f"""<article><a href="/papers/{paper.paper_id}"><img src="x.png" alt="a picture"></a>
<div>Submitted by <img alt="">
    somebody</div><div><a href="/login?next=%2Fpapers%2F{paper.paper_id}"><input type="checkbox"><div>{paper.votes}</div></a></div>
<h3><a href="/papers/{paper.paper_id}">{html.escape(paper.title)}</a></h3>
<p><a href="/papers/{paper.paper_id}">{html.escape(paper.abstract)}</a></p>
<div><a href="/papers/{paper.paper_id}"><ul><li title="a"><img alt=""></li><li><div><div>·</div>
  8 authors</div></li></ul></a> <a href="/papers/{paper.paper_id}#community"><svg></svg>
  5</a></div></article>"""
        for paper in papers
    )
    return f"""<!doctype html>
<html class=""><head><meta charset="utf-8"><title>Daily Papers - Hugging Face</title><script>if (a < b) {{}}</script></head>
<body class="flex DailyPapersPage"><div data-target="MainHeader" data-props="{{&quot;isWide&quot;:false}}"></div>
<main><div class="contents" data-target="DailyPapers"{attribute}><section><h1><a href="/papers">Daily Papers</a></h1>
<h2>by <a href="/akhaliq"><img alt=""><span>AK</span></a> <span>and the research community</span></h2>
<time datetime="2031-03-12"><span>Mar</span> <span>12</span></time>
{articles}
<a href="/papers?date=2031-03-11">Previous</a></section></div></main><footer>Company</footer></body></html>
"""


HABITS: Final = (
    *(firecrawl, relative_links, numbered_links, numbered_links_without_addresses, lynx, lone_addresses, bold_titles),
    *(
        plain_links,
        headings_without_links,
        heading_links_twice,
        pandoc,
        table,
        plain_cards,
        tight_plain_cards,
        print_out,
    ),
)

WITHOUT_IDS: Final = frozenset(
    {"numbered_links_without_addresses", "headings_without_links", "plain_cards", "tight_plain_cards", "print_out"}
)
"""Habits that leave no address of a paper."""


def _page(paper: Shown) -> str:
    return f"{SITE}/papers/{paper.paper_id}"


def _who(paper: Shown) -> str:
    if paper.organization:
        return f"[![lab](https://cdn.example.org/lab.png){paper.organization}]({SITE}/lab)"
    return f"[- ![](https://cdn.example.org/a.jpeg)\\\\\n- ![](https://cdn.example.org/b.svg)\\\\\n- 3 authors]({_page(paper)})"


def _wrapped_title(paper: Shown) -> str:
    first, *others = textwrap.wrap(paper.title, 70)
    return "\n  ".join([first, *others])


def _top(button: str, *, is_marked: bool = True) -> str:
    heading, by = ("# Daily Papers", "## by [AK](https://huggingface.co/akhaliq) and the research community")
    if not is_marked:
        heading, by = "Daily Papers", "by AK and the research community"
    views = "- Daily\n- Weekly\n- Monthly" if is_marked else "Daily\n\nWeekly\n\nMonthly"
    return f"new\n\nGet trending papers in your email inbox!\n\n{button}\n\n{heading}\n\n{by}\n\n{views}\n\nMar 12\n\n"
