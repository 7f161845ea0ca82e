"""Invented names of people, streets and towns: the raw material of surrogates.

Phones, SSNs and domains have reserved ranges; names have none. So these are put together from parts
that sound right and do not spell a name of the public lists (a test holds them against ``gazetteer``).
Hence a name of the input that turns up in an output is a leak and not a coincidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from privacy.scrub.lexicon import words

_FIRST_HEADS = (
    "Abr Adr Alb Alv Amb And Ans Arl Arv Ast Aud Bal Bel Ber Bran Bren Bryl Cal Car Cass Cel Chal Clar Corv Dal "
    "Dar Delm Dor Edr Elb Elm Elv Emb Erl Ern Est Evr Fab Far Fel Fen Flor Gal Gar Gil Gren Had Hal Harv Hel Ild "
    "Ing Ism Jar Jel Jor Kal Kel Ker Lan Lar Lel Liv Lor Lud Mab Mal Mar Mel Mer Mir Nar Nel Nor Olv Orl Osm Pal "
    "Per Phil Quill Ral Ren Ros Sab Sel Ser Sol Syl Tal Tam Thal Tor Ulm Val Ver Vil Wal Wen Wil Yar Yol Zel"
)
_FIRST_TAILS = (
    "abeth adine ambra andor anwen arice aric athan avine ebeth eda edric elind elise endra enor ethan icent ilda "
    "inda iver olan orin oret ovan urien ydia"
)
_LAST_HEADS = (
    "Alder Amber Arrow Ashen Barrow Beacon Birch Bramble Bracken Briar Cinder Clover Copper Crane Dapple Drift "
    "Elder Ember Fallow Feather Fen Finch Flint Frost Garnet Glade Gorse Granite Hawthorn Hazel Heron Hollow "
    "Jasper Juniper Kestrel Lantern Lark Linden Loam Maple Marl Meadow Mistle Moss Nettle Otter Pebble Plover "
    "Quarry Quill Raven Reed Rowan Rush Saffron Sedge Shale Silver Slate Sorrel Sparrow Spruce Starling Sterling "
    "Tallow Tamar Teasel Thistle Thorn Timber Umber Vesper Wander Warbler Whistle Willow Winter Wren Yarrow"
)
_LAST_TAILS = (
    "beck bourne brook by combe croft dale den fell field gate garth ham hurst ingham land ley low mere more "
    "ridge shaw stead stoke stow thwaite ton vale ward well wick worth"
)
_STREETS = "Street Avenue Road Lane Drive Court Place Way"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pools:
    """Each a list of distinct capitalised words, in a fixed order that is part of the mapping."""

    first: tuple[str, ...]
    last: tuple[str, ...]
    towns: tuple[str, ...]
    streets: tuple[str, ...]


@cache
def pools() -> Pools:
    """The pools, the same in every process: about 2,700 first names, 2,500 last names and as many towns."""
    first = tuple(head + tail for head in _FIRST_HEADS.split() for tail in _FIRST_TAILS.split())
    last = tuple(head + tail for head in _LAST_HEADS.split() for tail in _LAST_TAILS.split())
    first, last = (tuple(dict.fromkeys(filter(_sounds_right, names))) for names in (first, last))
    towns = tuple(f"{name} {tail}" for name in last[::3] for tail in ("Falls", "Crossing", "Springs"))
    return Pools(first=first, last=last, towns=towns, streets=tuple(_STREETS.split()))


def _sounds_right(name: str) -> bool:
    folded = name.lower()
    return folded not in _REAL and not any(letter * 3 in folded for letter in "aelrst")


_REAL = words(
    """
    alvilda arlinda balendra balinda belinda carolan celinda clarinda dorinda erlinda fenton florinda ingelise
    lorinda malinda marinda melinda thornton valinda
    """
)
"""What the parts happen to spell and the public lists hold; kept out."""
