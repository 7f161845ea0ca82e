"""Surrogates of people's names, part by part: the same first or last name becomes the same fake wherever
it stands, so that a name column, its parts and the notes agree."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from privacy.scrub.folding import fold
from privacy.scrub.keyed import Keyed
from privacy.scrub.lexicon import PARTICLES, SUFFIXES, TITLES
from privacy.scrub.pools import Pools

Part = Literal["first", "last"]

_TOKEN = re.compile(
    r"[^\W\d_](?:[^\W\d_]|['’.](?=[^\W\d_])){0,60}(?:-[^\W\d_](?:[^\W\d_]|['’](?=[^\W\d_])){0,60}){0,3}"
)
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’](?=[^\W\d_]))*")


@dataclass(slots=True)
class Persons:
    """Keyed fakes of names. Not thread-safe only in that its cache may be filled twice."""

    keyed: Keyed
    pools: Pools
    _cache: dict[tuple[str, str], str] = field(default_factory=dict)

    def part(self, written: str, part: Part) -> str:
        """The fake of a single first or last name, in the case it is written in."""
        folded = fold(written).replace("'", "")
        fake = self._cache.get((part, folded))
        if fake is None:
            if len(self._cache) > 200_000:
                self._cache.clear()
            fake = self._cache[part, folded] = self._draw(part, folded)
        return _in_case_of(written, fake)

    def full(self, written: str, alone: Part = "last") -> str:
        """The fake of a name as a person writes it: 'Dr. Ana de Souza Jr', 'SOUZA, Ana M.', 'ana'.

        ``alone`` says what a single word without a title is. Titles, suffixes and particles stay.
        """
        tokens = list(_TOKEN.finditer(written))
        return self._rebuilt(written, tokens, _roles(written, tokens, alone))

    def _rebuilt(self, written: str, tokens: list[re.Match[str]], roles: list[str]) -> str:
        pieces: list[str] = []
        place = 0
        for token, role in zip(tokens, roles, strict=True):
            pieces += [written[place : token.start()], self._unit(token[0], role)]
            place = token.end()
        return re.sub(r"\d", "", "".join([*pieces, written[place:]]))

    def only(self, written: str, part: Part) -> str:
        """The fake of a value that holds first names only, or last names only: 'Mary Ann', 'van der Berg'."""
        tokens = list(_TOKEN.finditer(written))
        keep = [fold(token[0]) in PARTICLES and place + 1 < len(tokens) for place, token in enumerate(tokens)]
        return self._rebuilt(written, tokens, ["keep" if kept else part for kept in keep])

    def initial(self, letter: str) -> str:
        """The fake of a lone initial."""
        fake = "ABCDEFGHIJKLMNOPRSTUVWY"[self.keyed.number("initial", letter.upper(), 23)]
        return fake if letter.isupper() else fake.lower()

    def _unit(self, token: str, role: str) -> str:
        if role == "keep":
            return token
        if len(token) == 1 and token.lower() != token.upper():
            return self.initial(token)
        part: Part = "first" if role == "first" else "last"
        return _WORD.sub(lambda word: self.part(word[0], part), token)

    def _draw(self, part: Part, folded: str) -> str:
        pool = self.pools.first if part == "first" else self.pools.last
        place = self.keyed.number(part, folded, len(pool))
        return pool[place] if fold(pool[place]) != folded else pool[(place + 1) % len(pool)]


def _roles(written: str, tokens: list[re.Match[str]], alone: Part) -> list[str]:
    """For each token: keep, first or last."""
    plain = [fold(token[0]).replace(".", "") for token in tokens]
    core = [i for i, word in enumerate(plain) if not _is_title(i, plain) and not (i and word in SUFFIXES)]
    core = [i for n, i in enumerate(core) if not (n > 0 and plain[i] in PARTICLES)] or core
    roles = ["keep"] * len(tokens)
    if not core and tokens:
        core = [len(tokens) - 1]
    comma = next((i for i in core[:-1] if "," in written[tokens[i].end() : tokens[i + 1].start()]), None)
    for n, i in enumerate(core):
        if comma is not None:
            roles[i] = "last" if i <= comma else "first"
        elif len(core) == 1:
            roles[i] = "last" if i else alone
        else:
            roles[i] = "last" if n == len(core) - 1 else "first"
    return roles


def _is_title(place: int, plain: list[str]) -> bool:
    return place == 0 and plain[0] in TITLES and len(plain) > 1


def _in_case_of(written: str, fake: str) -> str:
    if written.isupper() and len(written) > 1:
        return fake.upper()
    return fake.lower() if written.islower() else fake
