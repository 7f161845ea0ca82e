"""What the training text is filled with: names, places, companies and ordinary words of installed packages.

Raw material: Faker's public lists (MIT), the town names in ``phonenumbers.geodata`` (Apache-2.0) and, for ordinary
words, what ``scrub_prose`` reads. Nothing is downloaded, no labelled set is read.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import Counter
from dataclasses import dataclass, field

from faker.providers.lorem.en_US import Provider as Lorem

from benchmarks.scrub_prose import read_prose
from benchmarks.scrub_words import ENGLISH, STREET_LOCALES
from privacy.scrub.folding import fold
from privacy.scrub.lexicon import ORDINARY


@dataclass(slots=True)
class Pools:
    """The lists; ``load`` makes them, the same for the same versions of the packages."""

    names: list[tuple[list[str], list[str]]]
    english: list[tuple[list[str], list[str]]]
    towns: list[str]
    countries: list[str]
    streets: list[str]
    companies: list[str]
    jobs: list[str]
    ordinary: Counter[str]
    prose: list[str]
    capitals: list[str]
    words: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, seed: int) -> Pools:
        """Reads the packages; about half a minute."""
        names, english = _names()
        listed = frozenset(fold(name) for first, last in names for name in (*first, *last))
        prose = read_prose(listed)
        for word in {fold(word) for word in Lorem.word_list} | ORDINARY:
            prose.ordinary[word] += 12
        pools = cls(
            names=names,
            english=english,
            towns=towns(),
            countries=_listed("address", "en_US", "countries"),
            streets=_faked(seed, STREET_LOCALES, "street_address", 300),
            companies=_faked(
                seed, ("en_US", "en_GB", "de_DE", "fr_FR", "it_IT", "es_ES", "nl_NL", "sv_SE"), "company", 250
            ),
            jobs=_listed("job", "en_US", "jobs"),
            ordinary=prose.ordinary,
            prose=prose.plain,
            capitals=prose.capitals,
        )
        everyday = [word for word in sorted(set(Lorem.word_list) | ORDINARY) if len(word) > 2]
        rare = [word for word, count in sorted(prose.ordinary.items()) if count >= 8 and len(word) > 2]
        pools.words = everyday * 3 + rare
        return pools


def _provider(kind: str, locale: str) -> object:
    return importlib.import_module(f"faker.providers.{kind}.{locale}").Provider


def _listed(kind: str, locale: str, attribute: str) -> list[str]:
    return sorted(set(getattr(_provider(kind, locale), attribute)))


def _names() -> tuple[list[tuple[list[str], list[str]]], list[tuple[list[str], list[str]]]]:
    from faker.providers import person

    everywhere, english = [], []
    for module in pkgutil.iter_modules(person.__path__):
        if not module.ispkg:
            continue
        provider = _provider("person", module.name)
        lists: dict[str, set[str]] = {"first": set(), "last": set()}
        for attribute in dir(provider):
            for part, found in lists.items():
                listed = getattr(provider, attribute)
                if attribute.startswith(f"{part}_name") and isinstance(listed, list | tuple | dict | set):
                    found.update(name for name in listed if isinstance(name, str) and 1 < len(name) < 25)
        if min(map(len, lists.values())) < 10:
            continue
        pair = (sorted(lists["first"]), sorted(lists["last"]))
        latin = sum(name[0] < "Ͱ" for name in pair[0][:50]) > 40
        if latin or module.name in ("el_GR", "ru_RU", "uk_UA"):
            everywhere.append(pair)
        if module.name in ENGLISH:
            english.append(pair)
    return everywhere, english


def towns() -> list[str]:
    """Town names of the telephone areas of the world, in English."""
    from phonenumbers.geodata import data0

    found: set[str] = set()
    modules = [data0]
    for number in range(1, 60):
        try:
            modules.append(importlib.import_module(f"phonenumbers.geodata.data{number}"))
        except ImportError:
            break
    for module in modules:
        for entry in module.data.values():
            for name in re.split(r"[,/]", entry.get("en", "")):
                town = re.sub(r"\(.*?\)| - [A-Z]{2}$", "", name.strip()).strip()
                if re.fullmatch(r"[^\W\d_][^\d_()]{2,28}", town) and town[0].isupper() and town.upper() != town:
                    found.add(town)
    return sorted(found)


def _faked(seed: int, locales: tuple[str, ...] | list[str], method: str, count: int) -> list[str]:
    from faker import Faker

    made: set[str] = set()
    for locale in locales:
        fake = Faker(locale)
        fake.seed_instance(seed)
        made.update(" ".join(str(getattr(fake, method)()).split()) for _ in range(count))
    return sorted(made)
