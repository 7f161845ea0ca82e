"""One object of a bucket, as a stream of bytes, through the client that the blobs use too (pyarrow's).

Its size is asked before the first byte is fetched, and what came must be as long; its ETag is told, so that it can be
said later which version was pulled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyarrow import fs

from understudy.errors import Failed, InputRefused, NotFound, UnderstudyError

_READ_BYTES = 1 << 20
_CONNECT_S, _ANSWER_S = 10, 60
_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where from. Empty keys: the machine's role, unless ``anonymous``."""

    bucket: str
    key: str
    region: str
    endpoint: str
    scheme: str
    access_key: str
    secret_key: str
    anonymous: bool
    max_bytes: int

    def __repr__(self) -> str:
        return "Source()"  # it holds a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An object that is there."""

    size_bytes: int
    etag: str
    parts: Iterator[bytes]


def opened(source: Source) -> Found:
    """The object, nothing of which is read yet but its size and ETag.

    Raises: NotFound (source-not-found); InputRefused (too-large); Failed with source-denied, source-unreachable, and,
    while it is read, source-lost.
    """
    try:
        system = _system(source)
        path = f"{source.bucket}/{source.key}"
        info = system.get_file_info(path)
        if info.type is not fs.FileType.File:
            raise NotFound("There is no such object in the bucket.", code="source-not-found")
        if info.size > source.max_bytes:
            raise InputRefused("The table has more bytes than this service takes.", code="too-large")
        stream = system.open_input_stream(path)
        etag = (stream.metadata() or {}).get("ETag", b"").decode("ascii", "replace")
    except (OSError, ValueError) as error:
        raise _refused(error) from None
    return Found(size_bytes=int(info.size), etag=etag.strip('"')[:200], parts=_parts(stream, int(info.size)))


def _system(source: Source) -> Any:
    # Any: pyarrow has no types.
    given = {"region": source.region, "endpoint_override": source.endpoint}
    keys = {"access_key": source.access_key, "secret_key": source.secret_key} if source.access_key else {}
    return fs.S3FileSystem(
        **{name: value for name, value in given.items() if value},
        **keys,
        anonymous=source.anonymous,
        scheme=source.scheme,
        connect_timeout=_CONNECT_S,
        request_timeout=_ANSWER_S,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=_TRIES),
    )


def _parts(stream: Any, size_bytes: int) -> Iterator[bytes]:
    n_read = 0
    with stream:
        try:
            while chunk := stream.read(_READ_BYTES):
                n_read += len(chunk)
                yield chunk
        except OSError:
            raise _lost() from None
    if n_read != size_bytes:
        raise _lost()


def _lost() -> Failed:
    return Failed("The connection to the bucket broke off, or the object changed meanwhile.", code="source-lost")


def _refused(error: OSError | ValueError) -> UnderstudyError:
    """The client says it only in words, which name keys and buckets: they are looked at and go no further."""
    said = str(error)
    if isinstance(error, FileNotFoundError) or "NO_SUCH_" in said or "HTTP Status 404" in said:
        return NotFound("There is no such object in the bucket.", code="source-not-found")
    if any(word in said for word in ("ACCESS_DENIED", "HTTP Status 403", "HTTP status code 403", "INVALID_ACCESS_KEY")):
        return Failed("The bucket does not let this connection read that.", code="source-denied")
    return Failed("The bucket cannot be reached as it was declared.", code="source-unreachable")
