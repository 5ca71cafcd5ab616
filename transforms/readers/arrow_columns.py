r"""What the columns of an Arrow table mean: the records that `rows.Rows` would find, a whole column at a time.

    columns of text, whole numbers, lists of text  --Polars-----------------------\
    columns of other types  --that column alone to Python, as `rows` reads it------> RAW_RECORD

Each column of the table becomes three: its values as members of a JSON object, of which `raw` and
`extra` are put together; whether there is a value at all; and what the value means, if its name does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl
import pyarrow as pa
from pyarrow import types

from transforms.readers.base import series
from transforms.readers.rows import (
    ARXIV,
    ARXIV_ADDRESS,
    ARXIV_ID,
    COUNTS,
    SOURCE,
    converted,
    is_missing,
    lay_out,
    to_json,
    whole_number,
)
from transforms.rows import only_where
from transforms.schema import RAW_RECORD, TEXT, TEXTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_SPACES: Final = "".join(char for char in map(chr, range(0x3001)) if char.isspace())
"""What Python takes off the ends of a text: Unicode's white space and four separators of ASCII."""

_SOMETHING: Final = r"[^\s\x1c-\x1f]"
_WITH_A_POINT: Final = ".0"
_PDF: Final = "pdf"


@dataclass(frozen=True)
class _Column:
    """A column of the table: its number, its values, what it means, and the type in Polars if that is plain."""

    number: int
    name: str
    array: pa.Array
    meant: str | None
    dtype: type[pl.DataType] | pl.DataType | None

    @property
    def names(self) -> tuple[str, str, str]:
        """What its `member`, `is_there` and `value` are called; by number, because Polars takes some names for patterns."""
        return f"member {self.number}", f"is there {self.number}", f"value {self.number}"

    @property
    def given(self) -> pl.Expr:
        """The values themselves, of a plain type."""
        return pl.col(str(self.number))

    @property
    def member(self) -> pl.Expr:
        """Each value with its name, as a member of a JSON object."""
        return pl.col(self.names[0])

    @property
    def is_there(self) -> pl.Expr:
        """Whether a value is there at all."""
        return pl.col(self.names[1])

    @property
    def value(self) -> pl.Expr:
        """What the value means, null where there is none or it does not fit."""
        return pl.col(self.names[2])


def records_of(batch: pa.RecordBatch, first: int) -> pl.DataFrame:
    """Return the rows of a batch, whose columns have different names, as RAW_RECORD; the first has position `first`.

    Raises RecursionError for a value that is nested hundreds of levels deep, ArrowInvalid for text
    that is not UTF-8.
    """
    batch.validate(full=True)  # Polars would take the bytes as they stand
    layout = lay_out(tuple(batch.schema.names))
    known = [*((column, [name]) for column, name in layout.texts), *layout.others]
    columns = _columns(batch, {name: column for column, names in known for name in names})
    found: dict[str, pl.Expr] = {}
    left: list[pl.Expr] = [pl.when(columns[name].is_there).then(columns[name].member) for name in layout.unknown]
    for meant, names in known:
        own = [columns[name] for name in names]
        found[meant] = pl.coalesce(*(column.value for column in (reversed(own) if meant == "source" else own)))
        left += _not_taken(own)
    found["position"] = pl.int_range(first, first + batch.num_rows)
    found["raw"] = _raw(list(columns.values()))
    found["extra"] = _object(left)
    missing = {name: pl.lit(None, dtype) for name, dtype in RAW_RECORD.items() if name not in found}
    pdf = columns[_PDF].member if _PDF in columns else pl.lit(None, TEXT)
    return (
        _frame(columns.values())
        .select(**missing, **found, _pdf=pdf)
        .pipe(_completed)
        .select(RAW_RECORD.names())
        .collect()
    )


def _columns(batch: pa.RecordBatch, meant: dict[str, str]) -> dict[str, _Column]:
    pairs = zip(batch.schema.names, batch.columns, strict=True)
    return {
        name: _Column(number, name, array, meant.get(name), _plain_type(array.type, meant.get(name)))
        for number, (name, array) in enumerate(pairs)
    }


def _frame(columns: Iterable[_Column]) -> pl.LazyFrame:
    """Return what is known of each column, in three columns, beside its values if they are plain."""
    plain = [column for column in columns if column.dtype is not None]
    odd = [series for column in columns if column.dtype is None for series in _of_odd(column)]
    frame = pl.DataFrame([*(_taken(column) for column in plain), *odd])
    return frame.lazy().with_columns(step for column in plain for step in _of_plain(column))


def _plain_type(dtype: pa.DataType, column: str | None) -> pl.DataType | type[pl.DataType] | None:
    """Return the type in Polars of a column that is read there; None for one that goes through Python."""
    values = dtype.value_type if types.is_dictionary(dtype) else dtype
    if column == "authors":
        return TEXTS if _is_list(dtype) and is_text(dtype.value_type) else None
    if is_text(values):
        return TEXT if column != "seen_date" else None
    if column is None and _is_list(dtype) and is_text(dtype.value_type):
        return TEXTS
    return _WHOLE.get(dtype) if column != "seen_date" else None


_WHOLE: Final = {
    pa.bool_(): pl.Boolean,
    **{pa.type_for_alias(f"int{size}"): pl.Int64 for size in (8, 16, 32, 64)},
    **{pa.type_for_alias(f"uint{size}"): pl.UInt64 for size in (8, 16, 32, 64)},
}


def is_text(dtype: pa.DataType) -> bool:
    """Tell whether a type of Arrow is text, however its offsets are kept."""
    return bool(types.is_string(dtype) or types.is_large_string(dtype) or types.is_string_view(dtype))


def _is_list(dtype: pa.DataType) -> bool:
    return bool(types.is_list(dtype) or types.is_large_list(dtype))


def _taken(column: _Column) -> pl.Series:
    array = column.array.dictionary_decode() if types.is_dictionary(column.array.type) else column.array
    return pl.Series(str(column.number), array).cast(column.dtype or TEXT)


def _of_plain(column: _Column) -> list[pl.Expr]:
    given = column.given
    is_there, value = given.is_not_null(), given.cast(TEXT) if column.meant else pl.lit(None)
    if column.dtype == TEXT:
        is_there = given.str.contains(_SOMETHING).fill_null(value=False)
        value = pl.when(is_there).then(given)
    if column.dtype == TEXT and column.meant in COUNTS:
        value = only_where(value, lambda text: text.str.contains(_WITH_A_POINT, literal=True), _whole_numbers)
    if column.dtype == TEXTS:
        is_there = (given.list.len() > 0).fill_null(value=False)
        value = given.map_batches(_stripped, return_dtype=TEXTS, is_elementwise=True) if column.meant else value
    member = pl.struct(given.alias(column.name)).struct.json_encode().str.strip_prefix("{").str.strip_suffix("}")
    return [known.alias(name) for known, name in zip((member, is_there, value), column.names, strict=True)]


def _whole_numbers(text: pl.Expr) -> pl.Expr:
    return text.map_elements(whole_number, return_dtype=TEXT)


def _stripped(lists: pl.Series) -> pl.Series:
    """Take the spaces off the names of authors, and leave out those of which nothing is left."""
    names = lists.explode(empty_as_null=False, keep_nulls=False)
    if not ((names.str.strip_chars(_SPACES) == names) & (names != "")).fill_null(value=False).all():
        lists = lists.list.eval(pl.element().str.strip_chars(_SPACES).replace("", None).drop_nulls())
    return lists.to_frame("").select(pl.when(pl.col("").list.len() > 0).then("")).to_series()


def _of_odd(column: _Column) -> list[pl.Series]:
    values = column.array.to_pylist()
    key, meant = to_json(column.name), column.meant
    found = [converted(meant, column.name, value, {}) for value in values] if meant else None
    member, is_there, meaning = column.names
    return [
        pl.Series(member, [f"{key}:{to_json(value)}" for value in values], TEXT),
        pl.Series(is_there, [not is_missing(value) for value in values], pl.Boolean),
        series(meant or "extra", found, len(values)).alias(meaning),
    ]


def _not_taken(columns: Sequence[_Column]) -> Iterator[pl.Expr]:
    """Yield the members that go to `extra`: values that do not fit, and those behind the first that does."""
    has_earlier = pl.lit(False)  # an expression
    for column in columns:
        is_taken = column.value.is_not_null() & ~has_earlier
        if len(columns) > 1 or column.dtype in (None, TEXTS):  # any other single value fits
            yield pl.when(column.is_there & ~is_taken).then(column.member)
        if column.meant != "source":
            has_earlier |= column.value.is_not_null()


def _raw(columns: Sequence[_Column]) -> pl.Expr:
    if all(column.dtype is not None for column in columns):
        return pl.struct(column.given.alias(column.name) for column in columns).struct.json_encode()
    return pl.concat_str(pl.lit("{"), _joined(column.member for column in columns), pl.lit("}"))


def _joined(members: Iterable[pl.Expr]) -> pl.Expr:
    return pl.concat_str(list(members), separator=",", ignore_nulls=True)


def _object(members: Sequence[pl.Expr]) -> pl.Expr:
    joined = _joined(members) if members else pl.lit("")
    return pl.when(joined != "").then(pl.concat_str(pl.lit("{"), joined, pl.lit("}")))


def _completed(found: pl.LazyFrame) -> pl.LazyFrame:
    """Take the ids of an arXiv listing for what they are: each stands beside an address at arXiv."""
    own, source = pl.col("source_record_id"), pl.col("source").fill_null(SOURCE)
    at_arxiv = (
        pl.col(name).str.contains(ARXIV_ADDRESS, literal=True).fill_null(value=False) for name in ("url", "_pdf")
    )
    is_own = pl.col("arxiv_id").is_null() & own.str.contains(f"^(?:{ARXIV_ID.pattern})$") & pl.any_horizontal(*at_arxiv)
    is_own = is_own.fill_null(value=False)
    return found.with_columns(
        arxiv_id=pl.when(is_own).then(own).otherwise("arxiv_id"),
        source=pl.when(is_own & (source == SOURCE)).then(pl.lit(ARXIV)).otherwise(source),
        is_seen_date_inferred=pl.when(pl.col("seen_date").is_not_null()).then(pl.lit(False)),  # as above
    )
