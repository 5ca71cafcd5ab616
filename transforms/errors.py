"""Every error that paperlake raises on purpose.

PaperlakeError
├── DumpError                one dump is refused, the others go on
│   ├── UnreadableDumpError  the bytes cannot be had (permission, I/O, a loop of links)
│   ├── UnknownFormatError   no reader recognises the content
│   ├── DamagedDumpError     empty, truncated, binary, or wrongly encoded
│   ├── HostileDumpError     built or broken so as to exhaust the machine
│   └── ContractError        it reads, but what was read breaks the contract as a whole
├── LakeError                the lake cannot be opened, or does not fit this version
│   └── LakeBusyError        another process holds the lake
├── ReaderPackageError       a reader from another package cannot be used
├── QueryError               the SQL is wrong or not allowed
└── UsageError               the call makes no sense: nothing to do, a bad setting
"""

from __future__ import annotations

from functools import partial


class PaperlakeError(Exception):
    """Says what went wrong, where, and what to do about it.

    The parts stay apart so that a report can show them in columns.
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what = what
        self.where = where
        self.hint = hint
        super().__init__(what, where, hint)

    def __reduce__(self) -> tuple[partial[PaperlakeError], tuple[str]]:
        """Pickle by name: errors come back from other processes."""
        return partial(type(self), where=self.where, hint=self.hint), (self.what,)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{self.what}{hint}"


class DumpError(PaperlakeError):
    """One dump is refused; the lake keeps nothing of it but a line in its ledger."""


class UnreadableDumpError(DumpError):
    """The bytes of the dump cannot be had."""


class UnknownFormatError(DumpError):
    """No reader recognises the content of the dump."""


class DamagedDumpError(DumpError):
    """The dump is empty, truncated, binary or wrongly encoded."""


class HostileDumpError(DumpError):
    """Reading the dump would exhaust the machine."""


class ContractError(DumpError):
    """The dump reads, but what was read breaks the contract as a whole."""


class LakeError(PaperlakeError):
    """The lake cannot be opened, or does not fit this version of paperlake."""


class LakeBusyError(LakeError):
    """Another process holds the lake, for longer than we were told to wait."""


class ReaderPackageError(PaperlakeError):
    """A reader that another package brings cannot be used: broken, or its name is taken."""


class QueryError(PaperlakeError):
    """The SQL is wrong, or does what a read-only query must not do."""


class UsageError(PaperlakeError):
    """The call makes no sense as it stands."""
