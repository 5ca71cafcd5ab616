"""Dumps in object storage: one object by its name, or all below a prefix.

The address of the storage and its keys come from where a shared lake has them (warehouse.bucket). Where
there are no keys, it is asked as anybody may: public collections need none.
"""

from __future__ import annotations

import datetime as dt
import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from transforms.errors import DumpError, LakeError, UnreadableDumpError
from warehouse.bucket import Bucket, filesystem, keys_for, one_line
from warehouse.remote import CHUNK_BYTES, Answer, Listing, RemoteFile, Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HINT: Final = "see to AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, then run again"


def list_objects(address: str) -> Listing:
    """List the object of this name, or those below it; hidden ones are passed over. Raises DumpError."""
    with _translated(address):
        storage = _storage(address)
        place = address.removeprefix("s3://").rstrip("/")
        if "/" in place and not address.endswith("/"):
            about = storage.info(place)
            if about["type"] == "file":
                return Listing([_file(place, about)])
        found: Mapping[str, Mapping[str, Any]] = storage.find(f"{place}/", detail=True)
    below = {name: about for name, about in found.items() if _is_seen(name.removeprefix(f"{place}/"))}
    return Listing([_file(name, about) for name, about in sorted(below.items())])


def look_again(file: RemoteFile) -> RemoteFile:
    """Ask what the storage says of an object by now."""
    with _translated(file.uri):
        place = file.address.removeprefix("s3://")
        return _file(place, _storage(file.address).info(place))


@contextmanager
def open_object(file: RemoteFile) -> Iterator[Answer]:
    """Fetch an object. Raises DumpError, also while its bytes are read."""
    with _translated(file.uri):
        opened = _storage(file.address).open(file.address, "rb", cache_type="readahead")
    with opened:
        yield Answer(_version(opened.details), _parts(opened, file.uri))


def _parts(opened: Any, where: str) -> Iterator[bytes]:
    with _translated(where):
        while part := opened.read(CHUNK_BYTES):
            yield part


def _storage(address: str) -> Any:
    bucket = Bucket()
    return filesystem(bucket, keys_for(address, bucket), may_be_anonymous=True)


def _file(place: str, about: Mapping[str, Any]) -> RemoteFile:
    address = f"s3://{place}"
    return RemoteFile(address, address, _version(about))


def _version(about: Mapping[str, Any]) -> Version:
    """Take the version from what s3fs says: listings tell milliseconds where the object itself tells seconds."""
    changed: dt.datetime | None = about.get("LastModified")
    etag = str(about.get("ETag") or "").strip('"') or None
    return Version(about["size"], etag, changed and changed.astimezone(dt.UTC).replace(microsecond=0))


def _is_seen(name: str) -> bool:
    return bool(name) and not name.endswith("/") and not any(part.startswith(".") for part in name.split("/"))


@contextmanager
def _translated(where: str) -> Iterator[None]:
    """Raise UnreadableDumpError, without any secret, for what object storage refuses or the network fails at."""
    try:
        yield
    except DumpError:
        raise
    except FileNotFoundError:
        what, hint = "there is no such object, nor any below it", "check the bucket and the prefix"
        raise UnreadableDumpError(what, where=where, hint=hint) from None
    except (LakeError, PermissionError) as error:
        raise UnreadableDumpError(f"the object storage refuses: {one_line(error)}", where=where, hint=_HINT) from None
    except OSError as error:
        if _has_changed(error):
            hint = "the next run fetches it again"
            raise UnreadableDumpError("the object changed while it was fetched", where=where, hint=hint) from None
        raise _failed(error, where) from OSError(errno.ECONNRESET, one_line(error))
    except Exception as error:  # noqa: BLE001  # botocore's errors have no common parent with those of s3fs but this
        raise _failed(error, where) from OSError(errno.ECONNRESET, one_line(error))


def _has_changed(error: OSError) -> bool:
    from s3fs.utils import FileExpired  # noqa: PLC0415  # it raised the error, so that it is imported already

    return isinstance(error, FileExpired) or "pre-conditions" in str(error)


def _failed(error: Exception, where: str) -> UnreadableDumpError:
    what = f"the object storage cannot be reached: {one_line(error)}"
    return UnreadableDumpError(what, where=where, hint=_HINT)
