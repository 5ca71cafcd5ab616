"""Keeps a folder of this machine and its image in object storage alike: the Data Docs of a shared lake."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from warehouse.bucket import ObjectPath

State = dict[str, int]
"""Name of a file below the folder: time of its last change (ns)."""


def fetch(image: ObjectPath, folder: Path) -> State:
    """Make `folder` as the image is; files of the same size are taken to be the same. Give its state."""
    there = {str(file.relative_to(image)): file for file in image.rglob("*")}
    for name in _state(folder).keys() - there.keys():
        (folder / name).unlink()
    for name, file in there.items():
        copy = folder / name
        if not copy.exists() or copy.stat().st_size != file.stat().st_size:
            copy.parent.mkdir(parents=True, exist_ok=True)
            with file.open("rb") as content:
                copy.write_bytes(content.read())
    return _state(folder)


def publish(folder: Path, image: ObjectPath, before: Mapping[str, int]) -> None:
    """Make the image as `folder` is now; `before` is the state that both had."""
    now = _state(folder)
    for name in now:
        if before.get(name) != now[name]:
            (image / name).upload(folder / name)
    for name in before.keys() - now.keys():
        (image / name).unlink()


def _state(folder: Path) -> State:
    files = (file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("."))
    return {file.relative_to(folder).as_posix(): file.stat().st_mtime_ns for file in files}
