"""The rules that a record must keep, as SQL over one row.

Most rules follow from `transforms.schema`: a required column is present, a length, a number or a
pattern is kept. Beside them stand those that a column alone cannot say: a title that is really a
piece of the page it was copied from, an abstract that only repeats the title, a day in the future.

    RECORDS --column_rules-->  title_present, doi_well_formed, year_in_range ...  \
                                                                                   record_rules
    what a column cannot say   title_is_not_markup, abstract_differs_from_title ...  /

The predicates are written for DuckDB; whoever runs them (`warehouse.contract`) counts a row as
broken when the predicate is false or unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from transforms.schema import RECORDS, TEXT, TEXTS, Column

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator


@dataclass(frozen=True)
class Rule:
    """A rule by name: SQL that holds for a good row, the columns it looks at, its meaning in words."""

    name: str
    predicate: str
    columns: tuple[str, ...]
    meaning: str


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _where_present(column: str, predicate: str) -> str:
    return f"{column} IS NULL OR ({predicate})"


def _not_blank(value: str) -> str:
    return rf"regexp_matches({value}, '[^\s\p{{Z}}]')"


def _presence(column: Column) -> Rule:
    filled = f"{column.name} IS NOT NULL"
    if column.dtype == TEXT:
        filled += f" AND {_not_blank(column.name)}"
    return Rule(f"{column.name}_present", filled, (column.name,), f"{column.name} is there")


def _length(column: Column) -> Rule:
    shortest, longest = column.shortest or 0, column.longest
    upper = "" if longest is None else f" AND length({column.name}) <= {longest}"
    limits = [f"at least {shortest:,}"] if shortest else []
    limits += [] if longest is None else [f"at most {longest:,}"]
    return Rule(
        f"{column.name}_length",
        _where_present(column.name, f"length({column.name}) >= {shortest}{upper}"),
        (column.name,),
        f"{column.name} has {' and '.join(limits)} characters",
    )


def _bounds(column: Column) -> Rule:
    bounds = [] if column.lowest is None else [f"{column.name} >= {column.lowest}"]
    bounds += [] if column.highest is None else [f"{column.name} <= {column.highest}"]
    predicate = _where_present(column.name, " AND ".join(bounds))
    return Rule(f"{column.name}_in_range", predicate, (column.name,), " and ".join(bounds))


def _pattern(column: Column) -> Rule:
    pattern = column.pattern or ""
    return Rule(
        f"{column.name}_well_formed",
        _where_present(column.name, f"regexp_full_match({column.name}, {_text(pattern)})"),
        (column.name,),
        f"the whole of {column.name} matches {pattern}",
    )


def column_rules(column: Column) -> Iterator[Rule]:
    """Yield what the schema asks of one column, as rules."""
    if column.is_required:
        yield _presence(column)
    if column.shortest is not None or column.longest is not None:
        yield _length(column)
    if column.lowest is not None or column.highest is not None:
        yield _bounds(column)
    if column.pattern is not None:
        yield _pattern(column)


_PAGE_TAGS: Final = (
    "!doctype|html|head|body|meta|link|script|style|div|span|nav|header|footer|section|article|main|aside|"
    "button|form|input|label|svg|img|iframe|table|tr|td|ul|ol|li|h[1-6]|a"
)
"""Elements of a page. Those that publishers put into titles (i, b, em, sub, sup, scp, mml:math) are left out."""

_CHROME: Final = (
    r"get trending papers in your email inbox( once a day)?|subscribe|log ?in|sign ?in|sign ?up|"
    r"view pdf|download pdf|read more|show more|load more|skip to (main )?content|"
    r"(accept|reject) all cookies|by ?ak and the research community"
)
"""What a page says beside its papers, without punctuation at the end."""

_PLACEHOLDERS: Final = r"null|none|nan|n/?a|nil|undefined|\[object object\]"
"""What programs write for a missing title. `Untitled` and `[Not Available]` are not among them: papers have them."""


def _unlike(column: str, pattern: str) -> str:
    """Hold where no part of the column matches, without regard to case."""
    return _where_present(column, f"NOT regexp_matches({column}, {_text(pattern)}, 'i')")


def _folded(column: str) -> str:
    return rf"lower(regexp_replace({column}, '[^\p{{L}}\p{{N}}]+', '', 'g'))"


def _title_rule(name: str, pattern: str, meaning: str) -> Rule:
    return Rule(name, _unlike("title", pattern), ("title",), meaning)


_TITLE_RULES: Final = (
    Rule(
        "title_has_a_word",
        _where_present("title", r"regexp_matches(title, '[\p{L}\p{N}]')"),
        ("title",),
        "title holds a letter or a digit, not only signs",
    ),
    _title_rule("title_is_one_line", r"[\x00-\x1f\x7f]", "title holds no line break, tab or other control character"),
    _title_rule(
        "title_is_not_markup",
        rf"^\W{{0,3}}</?({_PAGE_TAGS})[\s/>]|</?({_PAGE_TAGS})\s+[a-z-]+\s*=",
        "title is not a piece of a page's HTML",
    ),
    _title_rule("title_is_not_page_chrome", rf"^\s*({_CHROME})\W*$", "title is not a button or a slogan of the page"),
    _title_rule("title_is_not_an_address", r"^\s*(https?://|www\.)\S+\s*$", "title is not a bare web address"),
    _title_rule(
        "title_is_not_data",
        r"""^\s*(\[?\s*\{\s*["']\w+["']\s*:|["']\w+["']\s*:\s*["'\[{\d]|@\w+\s*\{)""",
        "title is not a piece of JSON or BibTeX",
    ),
    _title_rule(
        "title_is_not_a_placeholder",
        rf"^\W*({_PLACEHOLDERS})\W*$",
        "title is not what a program writes for a missing one",
    ),
)


_HEADING_RULE: Final = Rule(
    "row_is_not_a_heading",
    # Papers called "Title" exist in DBLP; what they have beside it is not a heading.
    _where_present("title", "NOT regexp_full_match(title, '\\W*title\\W*', 'i')")
    + " OR year IS NOT NULL OR coalesce(NOT regexp_full_match(authors[1], 'authors?', 'i'), false)",
    ("title", "authors", "year"),
    "the row is not the heading of the table once more",
)


def _texts_rules(column: Column) -> Rule:
    filled = f"len(list_filter({column.name}, lambda one: one IS NULL OR NOT {_not_blank('one')})) = 0"
    return Rule(
        f"{column.name}_filled",
        _where_present(column.name, filled),
        (column.name,),
        f"no element of {column.name} is missing or blank",
    )


_OTHER_RULES: Final = (
    Rule(
        "record_id_follows_from_place",
        "record_id IS NOT NULL AND dump_id IS NOT NULL AND position IS NOT NULL"
        " AND starts_with(record_id, left(dump_id, 16)) AND ends_with(record_id, CAST(position AS VARCHAR))",
        ("record_id", "dump_id", "position"),
        "record_id begins with the first 16 digits of dump_id and ends with the position",
    ),
    Rule(
        "abstract_differs_from_title",
        # CASE, not OR: of the branches of an OR all are computed, and folding every abstract takes seconds.
        "CASE WHEN abstract IS NULL OR title IS NULL OR length(abstract) > 2 * length(title) + 20 THEN true"
        f" ELSE {_folded('abstract')} <> {_folded('title')} OR {_folded('title')} = '' END",
        ("title", "abstract"),
        "abstract says more than the title",
    ),
    Rule(
        "url_is_harmless",
        _unlike("url", r"^\s*(javascript|vbscript|data|file)\s*:"),
        ("url",),
        "url does not run a script or name a local file",
    ),
    Rule(
        "extra_is_a_json_object",
        # CASE again: json_type stops the query where the text is not JSON.
        "CASE WHEN extra IS NULL THEN true WHEN json_valid(extra) THEN json_type(extra) = 'OBJECT' ELSE false END",
        ("extra",),
        "extra is a JSON object",
    ),
)


def _date_rules(today: dt.date) -> tuple[Rule, ...]:
    return (
        Rule(
            "seen_date_not_in_future",
            # One day of grace: a page may be captured where it is already tomorrow.
            _where_present("seen_date", f"seen_date <= DATE '{today}' + 1"),
            ("seen_date",),
            "seen_date is not after the day of the run",
        ),
        Rule(
            "year_not_after_next",
            _where_present("year", f"year <= {today.year + 1}"),
            ("year",),
            "year is not after next year",
        ),
        Rule(
            "published_date_not_after_next_year",
            _where_present("published_date", f"published_date < DATE '{today.year + 2}-01-01'"),
            ("published_date",),
            "published_date is not after next year",
        ),
    )


def record_rules(today: dt.date, *, without: frozenset[str] = frozenset({"variant_id"})) -> tuple[Rule, ...]:
    """Return every rule on rows, in a fixed order; names are unique.

    `today` is the day of the run in UTC; `without` names columns of RECORDS that are not there yet
    when the contract is checked.
    """
    columns = [column for column in RECORDS.columns if column.name not in without]
    return (
        *(rule for column in columns for rule in column_rules(column)),
        *_TITLE_RULES,
        _HEADING_RULE,
        *(_texts_rules(column) for column in columns if column.dtype == TEXTS),
        *_OTHER_RULES,
        *_date_rules(today),
    )
