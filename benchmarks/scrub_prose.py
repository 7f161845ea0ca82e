"""Ordinary writing for the tagger's training text: sentences of the documentation of installed packages.

Python's own (PSF), that of scientific and database packages (BSD, MIT) and of the services that botocore describes
(Apache-2.0). They teach what identifies nobody. Nothing is downloaded; names of people are kept out by public lists.
"""

# ruff: noqa: SIM905 - one string a line, not one word

from __future__ import annotations

import gzip
import importlib
import importlib.util
import json
import pkgutil
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from privacy.scrub.folding import fold

PACKAGES = ("numpy", "scipy", "sklearn", "pyarrow", "matplotlib", "faker", "pandas", "statsmodels", "sqlalchemy")
SERVICES = (
    "billing|budgets|chime|comprehendmedical|connect|connectcases|connecthealth|customer-profiles|deadline|"
    "frauddetector|gamelift|groundstation|health|healthlake|honeycode|importexport|invoicing|iotfleetwise|"
    "license-manager|location|lookoutequipment|marketplace-agreement|medical-imaging|mturk|organizations|"
    "partnercentral-selling|payment-cryptography|personalize|pinpoint|polly|qbusiness|quicksight|savingsplans|"
    "snowball|ssm-incidents|supplychain|support|sustainability|taxsettings|translate|wellarchitected|workdocs|"
    "workmail|workspaces"
).split("|")
_PLAIN = re.compile(r"(?:^|(?<=[.:;] ))[A-Z][a-z]+(?: [a-z',()-]+){4,25}[.;]")
_CAPITALS = re.compile(r"(?:^|(?<=[.:;] ))[A-Z][a-z]+(?: [A-Za-z][a-z',()-]*){3,25}[.;:]")
_LISTED = 25
"""A capitalised word is let in if it stands in small letters at least so often, or is no name at all and known."""


@dataclass(frozen=True, slots=True)
class Prose:
    """``plain`` sentences have no capitals inside, ``capitals`` some, of ordinary words; how often each word occurs."""

    plain: list[str]
    capitals: list[str]
    ordinary: Counter[str]


def read_prose(names: frozenset[str]) -> Prose:
    """About twenty seconds. ``names``: folded words that the public lists call names."""
    ordinary: Counter[str] = Counter()
    plain: set[str] = set()
    mixed: set[str] = set()
    for text in _texts():
        ordinary.update(re.findall(r"(?<=[a-z,] )[a-z]{2,20}(?=[ .,;:?!\n])", text))
        flat = re.sub(r"\s+", " ", re.sub(r"[`*]|<[^<>]{1,200}>|\n\n.*?::\n", " ", text))
        plain.update(_PLAIN.findall(flat))
        mixed.update(sentence for sentence in _CAPITALS.findall(flat) if re.search(r" [A-Z]", sentence))

    def harmless(word: str) -> bool:
        folded = fold(word).strip("(),'")
        return ordinary[folded] >= (4 * _LISTED if folded in names else _LISTED)

    capitals = [s for s in sorted(mixed) if all(map(harmless, re.findall(r"(?<= )[A-Z][a-z]*", s)))]
    return Prose(sorted(plain), capitals, ordinary)


def _texts() -> Iterator[str]:
    import pydoc_data.topics as topics

    yield from topics.topics.values()
    for module in sorted(name for _, name, _ in pkgutil.iter_modules() if not name.startswith(("_", "test", "idle"))):
        path = importlib.util.find_spec(module)
        if path is not None and path.origin and path.origin.endswith(".py") and "site-packages" not in path.origin:
            yield from _docstrings(Path(path.origin))
    for package in PACKAGES:
        root = Path(str(importlib.import_module(package).__file__)).parent
        for path in sorted(root.rglob("*.py")):
            if "test" not in str(path) and path.stat().st_size < 400_000:
                yield from _docstrings(path)
    services = Path(str(importlib.import_module("botocore").__file__)).parent / "data"
    for service in SERVICES:
        for path in sorted(services.glob(f"{service}/*/service-2.json.gz"))[-1:]:
            yield from _documentation(json.loads(gzip.decompress(path.read_bytes())))


def _docstrings(path: Path) -> list[str]:
    return re.findall(r'"""(.*?)"""', path.read_text(encoding="utf-8", errors="ignore"), re.DOTALL)


def _documentation(entry: object) -> Iterator[str]:
    if isinstance(entry, dict):
        for key, value in entry.items():
            if key == "documentation" and isinstance(value, str):
                yield re.sub(r"<[^<>]{1,300}>", " ", value)
            else:
                yield from _documentation(value)
    elif isinstance(entry, list):
        for value in entry:
            yield from _documentation(value)
