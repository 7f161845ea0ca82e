"""Public lists of names and of ordinary words. The only door to ``faker``.

Faker's lists of some seventy locales are read as data (a quarter of a second, no network); nothing is
drawn from them at random. They serve detection only: surrogates are invented names that stand on none
of these lists, see ``pools``.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from faker.providers import person
from faker.providers.lorem.en_US import Provider as Lorem

from privacy.scrub.folding import fold
from privacy.scrub.lexicon import ORDINARY, Gazetteer

MIN_LETTERS = 3
"""Shorter names (Li, Wu, Jo) are also syllables; they are found by cue and by the row's own columns."""


def load_gazetteer() -> Gazetteer:
    """Read the lists. Takes about 0.3 s: build once and pass it on."""
    first: set[str] = set()
    last: set[str] = set()
    for module in pkgutil.iter_modules(person.__path__):
        if not module.ispkg:
            continue
        provider = import_module(f"{person.__name__}.{module.name}").Provider
        for attribute in dir(provider):
            if attribute.startswith(("first_name", "last_name")):
                listed = getattr(provider, attribute)
                if isinstance(listed, list | tuple | dict | set):
                    (first if attribute.startswith("first") else last).update(_words(listed))
    ordinary = frozenset(fold(word) for word in Lorem.word_list) | ORDINARY
    return Gazetteer(first=frozenset(first), last=frozenset(last), ordinary=ordinary)


def _words(listed: object) -> list[str]:
    assert isinstance(listed, list | tuple | dict | set)
    folded = (fold(str(entry)) for entry in listed)
    return [word for word in folded if len(word) >= MIN_LETTERS and word.isascii() and word.isalpha()]
