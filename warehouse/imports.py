"""Makes imports cheaper, where a library imports more than it is asked for."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class _PutOff:
    """A finder whose modules are executed at the first look into them."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = frozenset(names)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name in self._names else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


@contextmanager
def put_off(names: Sequence[str]) -> Iterator[None]:
    """Have the modules `names`, where they are imported in the block, executed when something is taken from them."""
    with _finding(_PutOff(names)):
        yield


class _LeftOut(ModuleType):
    """A module that was not executed: whatever is taken from it is a class without anything in it."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        made = type(name, (), {"__module__": self.__name__})
        setattr(self, name, made)
        return made


class _LeavesOut(MetaPathFinder, Loader):
    """A finder whose modules are never executed."""

    def __init__(self, beginnings: tuple[str, ...]) -> None:
        self._beginnings = beginnings

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  # the protocol of finders
        target: ModuleType | None = None,  # noqa: ARG002  # as above
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, self) if fullname.startswith(self._beginnings) else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _LeftOut(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Execute nothing."""


@contextmanager
def left_out(*beginnings: str) -> Iterator[None]:
    """Leave out the modules whose names begin so, where they are imported in the block: nobody will use what is in them."""
    with _finding(_LeavesOut(beginnings)):
        yield


@contextmanager
def _finding(finder: _PutOff | _LeavesOut) -> Iterator[None]:
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


@contextmanager
def without_collecting() -> Iterator[None]:
    """Import in the block without looking for garbage: there is none, and looking takes a quarter of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
