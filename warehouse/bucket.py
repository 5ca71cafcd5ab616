"""Files in object storage, asked as if they were files on a disk.

    ObjectPath("s3://bucket/prefix") / "raw" / ...  --s3fs-->  the bucket

There are no folders in a bucket: one is there as soon as a file in it is. A file appears whole or
not at all, and for good, so that nothing needs to be flushed. Listings are never kept: DuckDB and
other machines write to the same bucket.
"""

from __future__ import annotations

import io
import os
import re
import stat
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from transforms.errors import LakeError
from warehouse.secrets import masked, remember, stored_scopes, stored_secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_SCHEME: Final = "s3://"

_BUFFER_BYTES: Final = 1024 * 1024


@dataclass(frozen=True)
class Bucket:
    """Where object storage is reached: nothing given means Amazon's, or what the environment says."""

    endpoint: str | None = None
    region: str | None = None
    url_style: str | None = None
    secret: str | None = None

    @property
    def address(self) -> str | None:
        """The address of the service, http:// or https:// first; none for Amazon's."""
        return self.endpoint or os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")

    @property
    def area(self) -> str:
        """The region, which is part of what a request is signed with."""
        return self.region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"

    @property
    def style(self) -> str:
        """How a bucket is named in a request: vhost (Amazon's), or path, which every other service knows."""
        return self.url_style or ("path" if self.address else "vhost")


def keys_for(url: str, bucket: Bucket) -> str:
    """Give the beginning of an address that its keys depend on: all that begins so is opened with the same."""
    place = f"{_SCHEME}{url.removeprefix(_SCHEME).partition('/')[0]}"
    if bucket.secret or "AWS_ACCESS_KEY_ID" in os.environ:
        return place
    return next((scope for scope in stored_scopes("s3") if url.startswith(scope)), place)


def credentials(bucket: Bucket, url: str) -> dict[str, str]:
    """Find what `url` is opened with: key_id, secret, session_token.

    Raises LakeError where there is nothing in the environment, in DuckDB's secret manager, in the
    profiles of AWS, nor a role of this machine.
    """
    if bucket.secret is None and "AWS_ACCESS_KEY_ID" in os.environ:
        names = {"key_id": "AWS_ACCESS_KEY_ID", "secret": "AWS_SECRET_ACCESS_KEY", "session_token": "AWS_SESSION_TOKEN"}
        return {part: os.environ[name] for part, name in names.items() if os.environ.get(name)}
    stored = stored_secret("s3", name=bucket.secret, url=url)
    if "secret" in stored:
        return {part: stored[part] for part in ("key_id", "secret", "session_token") if stored.get(part)}
    found = None if bucket.secret else _from_aws()
    if not found:
        what = (
            f"DuckDB keeps no S3 secret named {bucket.secret}" if bucket.secret else "there are no credentials for S3"
        )
        hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or make one in DuckDB: CREATE PERSISTENT SECRET"
        raise LakeError(what, where=url, hint=hint)
    return found


def _from_aws() -> dict[str, str]:
    """Ask the profiles of AWS and the role of this machine."""
    from botocore.session import Session  # noqa: PLC0415  # takes a third of a second

    found = Session().get_credentials()
    if found is None:
        return {}
    frozen = found.get_frozen_credentials()
    remember(frozen.secret_key, frozen.token)
    parts = {"key_id": frozen.access_key, "secret": frozen.secret_key, "session_token": frozen.token}
    return {name: value for name, value in parts.items() if value}


@cache
def filesystem(bucket: Bucket, url: str, *, may_be_anonymous: bool = False) -> Any:
    """Open the object storage that holds `url`, once per process; without keys only where it `may_be_anonymous`."""
    from s3fs import S3FileSystem  # noqa: PLC0415  # takes a second, and most lakes need none

    try:
        found = credentials(bucket, url)
    except LakeError:
        if not may_be_anonymous:
            raise
        found = {}
    return S3FileSystem(
        anon=not found,
        key=found.get("key_id"),
        secret=found.get("secret"),
        token=found.get("session_token"),
        endpoint_url=bucket.address,
        client_kwargs={"region_name": bucket.area},
        config_kwargs={"s3": {"addressing_style": "path" if bucket.style == "path" else "virtual"}},
        use_listings_cache=False,
        skip_instance_cache=True,
    )


@dataclass(frozen=True, order=True)
class ObjectPath:
    """A file, or the beginning of the names of files, in a bucket; `size` is known of those that were listed."""

    url: str
    bucket: Bucket = field(compare=False, default_factory=Bucket)
    size: int | None = field(compare=False, default=None)

    def __str__(self) -> str:
        return self.url

    def __truediv__(self, below: str, /) -> Self:
        return type(self)(f"{self.url}/{below}", self.bucket)

    @property
    def name(self) -> str:
        """The last part of the name."""
        return PurePosixPath(self.url).name

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return PurePosixPath(self.url).stem

    @property
    def suffix(self) -> str:
        """The end of the name, from its last dot."""
        return PurePosixPath(self.url).suffix

    def exists(self) -> bool:
        """Tell whether there is a file of this name."""
        try:
            self.stat()
        except FileNotFoundError:
            return False
        return True

    def stat(self) -> os.stat_result:
        """Give the size in bytes (st_size) of the file; raise FileNotFoundError where there is none."""
        size = self.size
        if size is None:
            with translated(self.url, passing=FileNotFoundError):
                size = self._filesystem.info(self.url)["size"]
        return os.stat_result((stat.S_IFREG, 0, 0, 1, 0, 0, size, 0, 0, 0))

    def glob(self, pattern: str, /) -> Iterator[Self]:
        """Find the files below whose place has as many parts as `pattern`, each matching."""
        parts = pattern.split("/")
        for file in self._below():
            names = file.url.removeprefix(f"{self.url}/").split("/")
            if len(names) == len(parts) and all(map(fnmatchcase, names, parts)):
                yield file

    def rglob(self, pattern: str, /) -> Iterator[Self]:
        """Find the files anywhere below whose name matches."""
        return (file for file in self._below() if fnmatchcase(file.name, pattern))

    def open(self, mode: Literal["rb"], /) -> io.BufferedReader:
        """Open the file for reading; it can seek."""
        return io.BufferedReader(self._ask("open", mode), _BUFFER_BYTES)

    def read_text(self, encoding: str) -> str:
        """Read the whole file."""
        content: bytes = self._ask("cat_file")
        return content.decode(encoding)

    def write_text(self, data: str, encoding: str) -> None:
        """Write the whole file."""
        self._ask("pipe_file", data.encode(encoding))

    def upload(self, file: Path) -> None:
        """Put the content of a local file here."""
        with translated(self.url):
            self._filesystem.put_file(str(file), self.url)

    def mkdir(self, *, parents: bool = False, exist_ok: bool = False) -> None:
        """Do nothing: a bucket has no folders."""

    def unlink(self) -> None:
        """Remove the file."""
        self._ask("rm_file")

    def relative_to(self, other: Self, /) -> PurePosixPath:
        """Give the place of this file below another."""
        return PurePosixPath(self.url.removeprefix(f"{other.url}/"))

    @property
    def _filesystem(self) -> Any:
        return filesystem(self.bucket, keys_for(self.url, self.bucket))

    def _ask(self, action: str, *arguments: object) -> Any:
        with translated(self.url):
            return getattr(self._filesystem, action)(self.url, *arguments)

    def _below(self) -> Iterator[Self]:
        with translated(self.url):
            found: Mapping[str, Mapping[str, Any]] = self._filesystem.find(f"{self.url}/", detail=True)
        for name, about in sorted(found.items()):
            yield type(self)(f"{_SCHEME}{name}", self.bucket, about["size"])


@contextmanager
def translated(url: str, passing: type[Exception] = LakeError) -> Iterator[None]:
    """Raise LakeError, without any secret, for what object storage refuses; an error that is `passing` stays."""
    try:
        yield
    except (LakeError, passing):
        raise
    except Exception as error:  # noqa: BLE001  # botocore's errors have no common parent with those of s3fs but this
        hint = "see to the credentials and the address of the object storage, then run again"
        raise LakeError(f"the object storage refuses: {one_line(error)}", where=masked(url), hint=hint) from None


def one_line(error: Exception) -> str:
    """Give the message of an error of a library on one line, without secrets."""
    return masked(re.sub(r"\s+", " ", str(error)) or type(error).__name__)
