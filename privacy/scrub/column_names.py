"""The kind of a column from its name alone: a public fact, so it may decide without a budget.

A name is cut into words (``patientLastName`` -> patient, last, name) and compared with synonyms in
several languages, as it stands and with abbreviations written out. Dates, dates of birth too, are no kind:
they are modelled.
"""

from __future__ import annotations

import re

from privacy.scrub.column_phrases import (
    ALONE,
    ID_WORDS,
    IDENTIFIED,
    NOT_ABOUT_THE_VALUE,
    PEOPLE,
    PHRASES,
    PRACTITIONERS,
    THINGS,
    WHOLE,
)
from privacy.scrub.column_words import canonical


def kind_from_name(name: str) -> str | None:
    """The kind that a column of this name most likely has, or None. Reads no data."""
    words = _words(name)
    if not words:
        return None
    plain = canonical(words)
    return _by_phrase(words) or _by_phrase(plain) or _by_last_word(words) or _by_last_word(plain)


def _by_phrase(words: list[str]) -> str | None:
    about = set(words) & NOT_ABOUT_THE_VALUE
    for kind, phrases in PHRASES:
        phrase = _match(words, phrases)
        if phrase is None or about - set(phrase):
            continue
        others = set(words) - set(phrase) - PEOPLE
        if others & THINGS and len(phrase) == 1 and kind in ("name", "first_name", "last_name"):
            continue
        if others and len(phrase) == 1 and (phrase[0] in WHOLE or kind == "name"):
            continue
        return kind
    return None


def _by_last_word(words: list[str]) -> str | None:
    """Practitioners and kin go by name; what has an id or a number is an identifier."""
    about = set(words) & NOT_ABOUT_THE_VALUE
    if words[-1] in PRACTITIONERS or tuple(words[-3:]) == ("next", "of", "kin") or words == ["emergency", "contact"]:
        return None if about else "name"
    return None if about - {"hash"} else _identifier(words)


def _identifier(words: list[str]) -> str | None:
    if "".join(words) in ALONE or (len(words) == 1 and words[0] in ALONE):
        return "identifier"
    numbered = words[-1] in ID_WORDS - {"code"} or (len(words) == 2 and words[0] in ("id", "number", "no", "num"))
    return "identifier" if set(words) & IDENTIFIED and numbered else None


def _match(words: list[str], phrases: str) -> tuple[str, ...] | None:
    """The longest phrase whose words stand next to each other in the name."""
    best: tuple[str, ...] | None = None
    for phrase in phrases.split("|"):
        parts = tuple(phrase.split())
        if (best is None or len(parts) > len(best)) and any(
            tuple(words[place : place + len(parts)]) == parts for place in range(len(words) - len(parts) + 1)
        ):
            best = parts
    return best


def _words(name: str) -> list[str]:
    """Lower-case words of a snake, kebab, camel or spaced name; trailing numbers are dropped."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name.strip()[:200])
    words = [re.sub(r"(?<=[^\W\d]{2})\d{1,2}$", "", word) or word for word in re.findall(r"[^\W_]+", spaced.lower())]
    while len(words) > 1 and words[-1].isdecimal():
        words.pop()
    return words
