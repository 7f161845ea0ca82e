"""What the codes of each column are, read from the released discretisation. Public facts only."""

from __future__ import annotations

from privacy.codecs import BinsCodec, Codec, ValuesCodec
from synthesizers.tabular.levels import Coding

_ORDERED = ("integer", "number", "date", "datetime")
_LONG = 12


def coding(codec: Codec) -> Coding:
    """Bins are ordered, and so are long lists of numbers and dates; a short list may be a nominal one."""
    if isinstance(codec, BinsCodec):
        zero = codec.n_bins if codec.bins.zero_apart else None
        return Coding(size=codec.size, n_ordered=codec.n_bins, zero=zero)
    if isinstance(codec, ValuesCodec) and codec.type in _ORDERED and len(codec.values) > _LONG:
        return Coding(size=codec.size, n_ordered=len(codec.values))
    return Coding(size=codec.size, n_ordered=0)
