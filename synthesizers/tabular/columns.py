"""What the codes of each column are, read from the released discretisation and the schema. Public facts only."""

from __future__ import annotations

from privacy.codecs import BinsCodec, Codec, ValuesCodec
from synthesizers.tabular.levels import Coding
from understudy.schema import ColumnSchema

_ORDERED = ("integer", "number", "date", "datetime")
_LONG = 3
_SURELY_LONG = 64


def coding(codec: Codec, column: ColumnSchema) -> Coding:
    """Bins and declared ranges are ordered. So may be a long list of numbers or dates; a short one is nominal."""
    if isinstance(codec, BinsCodec):
        zero = codec.n_bins if codec.bins.zero_apart else None
        return Coding(size=codec.size, n_ordered=codec.n_bins, zero=zero)
    if isinstance(codec, ValuesCodec) and codec.type in _ORDERED and len(codec.values) > _LONG:
        is_range = column.enum is None and column.minimum is not None and column.maximum is not None
        certain = is_range or len(codec.values) > _SURELY_LONG
        return Coding(size=codec.size, n_ordered=len(codec.values), certain=certain)
    return Coding(size=codec.size, n_ordered=0)
