"""The rules that a dump as a whole must keep, as SQL over the counts of one dump.

A dump that breaks one is held back: its layout has changed, it is cut off, or something lost
entries of it, so that its good-looking records are not to be trusted either. The counts are the
columns of the table that warehouse/sql/contract_dumps.sql describes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from transforms.contract_rules import Rule


@dataclass(frozen=True)
class DumpLimits:
    """When a dump as a whole is not to be trusted.

    A few bad entries happen everywhere (a last line cut off, a stray heading); when one entry in
    five is bad, the layout has changed and the rest is not to be trusted either. Below
    `fewest_rejects` a share says nothing: one bad entry of three is still one bad entry. A misfit
    is a title that fits the abstract of a neighbour far better than its own; good listings have
    less than one in two hundred (measured, see warehouse/sql/contract_count.sql), so that three
    are enough to speak of a share.
    """

    largest_reject_share: float = 0.20
    fewest_rejects: int = 5
    largest_misfit_share: float = 0.20
    fewest_misfits: int = 3


DUMP_LIMITS: Final = DumpLimits()


@dataclass(frozen=True)
class DumpRule(Rule):
    """A rule on the counts of one dump, with what to say of a dump that breaks it.

    `complaint` is a format string over the columns of the dump's counts.
    """

    complaint: str
    hint: str


def dump_rules(limits: DumpLimits = DUMP_LIMITS) -> tuple[DumpRule, ...]:
    """Return every rule on a dump as a whole, the most telling first."""
    share = limits.largest_reject_share
    return (
        DumpRule(
            "dump_has_entries",
            "entries_read > 0",
            ("entries_read",),
            "the dump holds at least one entry",
            "no entry found in it",
            "see whether the file is complete and of the format that its reader knows",
        ),
        DumpRule(
            "entries_accounted_for",
            "entries_read = records_kept + entries_rejected",
            ("entries_read", "records_kept", "entries_rejected"),
            "every entry that was read is kept or rejected",
            "{entries_read} entries were read, but {records_kept} are kept and {entries_rejected} rejected",
            "this is a fault of paperlake: please report it, with the file",
        ),
        DumpRule(
            "positions_contiguous",
            "entries_read = 0 OR (distinct_positions = entries_read"
            " AND lowest_position = 1 AND highest_position = entries_read)",
            ("entries_read", "distinct_positions", "lowest_position", "highest_position"),
            "the positions of records and rejects are 1, 2, 3 ... without gap or repetition",
            "{entries_read} entries have {distinct_positions} positions from {lowest_position} to {highest_position}",
            "its reader lost or repeated entries: please report this, with the file",
        ),
        DumpRule(
            "dump_keeps_records",
            "entries_read = 0 OR records_kept > 0",
            ("entries_read", "records_kept"),
            "at least one entry of the dump is good",
            "all {entries_read} entries are rejected: {reasons}",
            "see whether the file is of the format that its reader knows; the layout of its source may have changed",
        ),
        DumpRule(
            "reject_share_within_limit",
            f"entries_rejected < {limits.fewest_rejects} OR entries_rejected <= {share} * entries_read",
            ("entries_read", "entries_rejected"),
            f"at most {share:.0%} of the entries are rejected, or fewer than {limits.fewest_rejects}",
            f"{{entries_rejected}} of {{entries_read}} entries are rejected, more than {share:.0%}: {{reasons}}",
            "the layout of its source may have changed: compare the file with an older one of the same source",
        ),
        DumpRule(
            "titles_in_step_with_abstracts",
            f"misfits < {limits.fewest_misfits} OR misfits <= {limits.largest_misfit_share} * compared_records",
            ("compared_records", "misfits"),
            f"at most {limits.largest_misfit_share:.0%} of the titles fit the abstract of a neighbour far better than"
            f" their own, or fewer than {limits.fewest_misfits}",
            "{misfits} of {compared_records} titles fit the abstract before or after them far better than their own",
            "titles and abstracts are out of step: the layout of the page has changed, or lines of it are missing",
        ),
        DumpRule(
            "titles_not_swapped_with_abstracts",
            f"swapped_records < {limits.fewest_misfits}"
            f" OR swapped_records <= {limits.largest_misfit_share} * records_kept",
            ("records_kept", "swapped_records"),
            f"at most {limits.largest_misfit_share:.0%} of the records have a title of more than 250 characters that is"
            f" longer than their abstract, or fewer than {limits.fewest_misfits}",
            "{swapped_records} of {records_kept} records have a title of the length of an abstract, and a shorter abstract",
            "titles and abstracts have changed places: see the names of the columns, or the layout of the page",
        ),
    )
