"""Content of known length as Python's own kind of file, to be read from anywhere in it."""

from __future__ import annotations

import io


class Readable(io.RawIOBase):
    """Keeps the position in ``size`` bytes; what it is made of says how to read them (``readinto``)."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position
