"""Does the synthetic text repeat what one person's notes said, more often than chance has it?

Owner side. A run of words, a run of characters or a literal (a number, an address, a name) that stands in one
person's notes alone is looked for in all synthetic notes; people who were never trained on say how often that
happens by chance. Same test as for rows: `verbatim`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.intervals import difference, holm
from evaluation.paraphrase import nearness, paraphrase
from evaluation.report import Disclosure, Metric, Status, Threshold
from evaluation.tokens import Hashes, Notes, Runs, character_runs, word_runs
from evaluation.verbatim import Verbatim

Flags = NDArray[np.bool_]
Owners = NDArray[np.int32]

WORDS, CHARACTERS = 8, 50
ALPHA_RED, ALPHA_AMBER = 0.001, 0.01
MIN_PEOPLE = 30
MAX_NOTES = 20_000
MAX_CHARACTERS = 16_000_000
"""Of one real side. Both are queries and may be fewer than there are; synthetic notes are read to the last."""
_AT_A_TIME = 5_000
_RANGE_BITS = 3
_LITERAL = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|https?://\S+|\+?\d[\d /().-]{4,18}\d|\b(?=\w*\d)(?=\w*[a-z])\w{6,20}\b"
    r"|\b[A-Z][a-z'’]+,? (?:[A-Z]\. )?[A-Z][a-z'’]+\b"
)


def replay(train: Notes, controls: Notes, synthetic: Sequence[str], rng: np.random.Generator) -> list[Metric]:
    """Four searches, Holm over them: runs of 8 words, runs of 50 characters, literals, notes in other words."""
    kinds: list[tuple[str, str, str, Callable[[Sequence[str]], Runs]]] = [
        ("text.grams", "Runs of eight words", f"runs of {WORDS} words", lambda notes: word_runs(notes).of(WORDS)),
        (
            "text.spans",
            "Runs of fifty characters",
            f"runs of {CHARACTERS} characters",
            lambda notes: character_runs(notes).of(CHARACTERS),
        ),
        ("text.literals", "Numbers, addresses and names", "numbers, addresses, codes and names", literals),
    ]
    found = [_search(make, train, controls, synthetic) for *_, make in kinds]
    near = nearness(train, controls, tuple(synthetic), rng)
    *adjusted, last = holm([*(item.p_value for item in found), 1.0 if near is None else near.p_value])
    metrics = [_metric(kind[:3], item, p) for kind, item, p in zip(kinds, found, adjusted, strict=True)]
    return [*metrics, paraphrase(near, last)]


def literals(notes: Sequence[str]) -> Runs:
    """What looks like a telephone number, an account, a code, an address of the net or a person's name."""
    found = [[_key(match) for match in _LITERAL.findall(note)] for note in notes]
    flat = word_runs([" ".join(keys) for keys in found])
    return Runs(symbol=flat.symbol, note=flat.note)


def _key(literal: str) -> str:
    """One word for a literal, however it is punctuated."""
    return re.sub(r"\W", "", literal.lower()) or "_"


def _search(make: Callable[[Sequence[str]], Runs], train: Notes, controls: Notes, synthetic: Sequence[str]) -> Verbatim:
    people, person = np.unique(np.concatenate([train.person, controls.person]), return_inverse=True)
    trained = np.isin(people, train.person)
    names, owner = _owned(*_said(make, [*train.text, *controls.text], person.astype(np.int32)))
    own, hit = np.zeros(len(people), dtype=np.bool_), np.zeros(len(people), dtype=np.bool_)
    own[owner] = True
    hit[owner[_stand_in(names, synthetic, make)]] = True
    return Verbatim(
        hits=int(np.count_nonzero(hit & trained)),
        eligible=int(np.count_nonzero(own & trained)),
        control_hits=int(np.count_nonzero(hit & ~trained)),
        control_eligible=int(np.count_nonzero(own & ~trained)),
    )


def _said(make: Callable[[Sequence[str]], Runs], notes: Sequence[str], person: Owners) -> tuple[Hashes, Owners]:
    """Every symbol of these notes and whose it is: 12 bytes each, made a few thousand notes at a time."""
    symbols, owners = [np.zeros(0, dtype=np.uint64)], [np.zeros(0, dtype=np.int32)]
    for start in range(0, len(notes), _AT_A_TIME):
        runs = make(notes[start : start + _AT_A_TIME])
        symbols.append(runs.symbol)
        owners.append(person[start + runs.note])
    return np.concatenate(symbols), np.concatenate(owners)


def _owned(symbols: Hashes, persons: Owners) -> tuple[Hashes, Owners]:
    """Symbols that stand with one person only, sorted, and who that is.

    Sorted by ranges of the symbol, which is a hash, so that the memory of sorting is an eighth of that of the symbols.
    """
    names, owners = [np.zeros(0, dtype=np.uint64)], [np.zeros(0, dtype=np.int32)]
    range_of = (symbols >> np.uint64(64 - _RANGE_BITS)).astype(np.uint8)
    for part in range(2**_RANGE_BITS):
        inside = np.flatnonzero(range_of == part)
        if not len(inside):
            continue
        inside = inside[np.argsort(symbols[inside], kind="stable")]
        ordered, who = symbols[inside], persons[inside]
        first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        least, most = np.minimum.reduceat(who, first), np.maximum.reduceat(who, first)
        names.append(ordered[first[least == most]])
        owners.append(least[least == most])
    return np.concatenate(names), np.concatenate(owners)


def _stand_in(names: Hashes, synthetic: Sequence[str], make: Callable[[Sequence[str]], Runs]) -> Flags:
    """Which of these sorted symbols stand in any synthetic note. All notes are read, a few thousand at a time."""
    seen = np.zeros(len(names), dtype=np.bool_)
    for start in range(0, len(synthetic) if len(names) else 0, _AT_A_TIME):
        found = make(synthetic[start : start + _AT_A_TIME]).symbol
        place = np.minimum(np.searchsorted(names, found), len(names) - 1)
        seen[place[names[place] == found]] = True
    return seen


def _metric(kind: tuple[str, str, str], found: Verbatim, p_value: float) -> Metric:
    enough = min(found.eligible, found.control_eligible) >= MIN_PEOPLE
    visible = found.detectable(alpha=ALPHA_RED) if enough else None
    if not enough:
        status = Status.GREY
    else:
        status = Status.RED if p_value < ALPHA_RED else Status.AMBER if p_value < ALPHA_AMBER else Status.GREEN
    rate = found.hits / max(1, found.eligible) - found.control_hits / max(1, found.control_eligible)
    return Metric(
        id=kind[0],
        title=kind[1],
        value=rate if enough else None,
        ci=difference(found.hits, found.eligible, found.control_hits, found.control_eligible) if enough else None,
        n=found.eligible,
        n_control=found.control_eligible,
        reference=f"{found.hits:,} of {found.eligible:,} trained on, "
        f"{found.control_hits:,} of {found.control_eligible:,} never seen",
        status=status,
        threshold=Threshold(amber=ALPHA_AMBER, red=ALPHA_RED, source="p value; as for rows"),
        disclosure=Disclosure.OWNER,
        p_value=p_value,
        method=f"people of whose own {kind[2]} one is in the synthetic text, trained on against never seen; exact "
        "binomial, Holm; Newcombe interval",
        unit="share above chance",
        power="" if visible is None else f"replay for {visible:.2%} of the people would have been red with 90% power",
        notes=() if enough else (f"needs {MIN_PEOPLE} people on each side",),
    )
