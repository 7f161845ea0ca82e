"""The text engine "evolution": a language model's own texts, chosen by noisy votes of the private ones.

1. the model behind the endpoint writes texts for each class, told public facts alone;
2. each person has one vote, divided over the candidates nearest to their notes; the noisy sums are released;
3. texts with many votes are kept and written anew in other words, and it is voted again.
Only the votes touch private text. Nearness is by hashed words and letters, computed here.
Sources: Lin et al. 2024, arXiv:2305.15560, and Xie et al. 2024, arXiv:2403.01749 (private evolution).
"""

from __future__ import annotations

import itertools
import json
import math
import random
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from synthesizers.base import FormalGuarantee
from synthesizers.text.base import Note, Price, TextPlan, index_of, purpose
from synthesizers.text.endpoint import Endpoint, check_endpoint
from synthesizers.text.phrases import class_of, classes_of
from synthesizers.text.prior import Prior
from synthesizers.text.rowtext import RowText
from synthesizers.text.slots import NAMED, named, without_slots
from understudy.schema import TableSchema

if TYPE_CHECKING:
    import pyarrow as pa

    from privacy.session import PrivateSession

NAME = "evolution"
VERSION = 1
ROUNDS = 3
MAX_TEXTS = 240
"""Candidates of a round, all classes together."""
_DIM = 1024
_MAX_TOKENS = 700
F = NDArray[np.float32]


class EvolutionEngine:
    """The engine "evolution"."""

    name = NAME
    summary = "Texts of a language model inside the perimeter, chosen by noisy votes. For notes; needs an endpoint."
    formal_guarantee = FormalGuarantee(
        relation="add-remove-unit",
        mechanism="rounded Gaussian noise on votes for the model's own texts",
        accountant="exact Gaussian-DP composition",
    )

    pays_again = True  # the endpoint has seen which texts were voted for

    def __init__(
        self, endpoint: str, *, deadline_s: float = 1800.0, call_s: float = 60.0, texts: int = MAX_TEXTS
    ) -> None:
        self._url, self._deadline_s, self._call_s, self._texts = endpoint, deadline_s, call_s, texts

    def plan(self, schema: TableSchema, column: str, price: Price) -> TextPlan:
        """One vote a round. Raises: UsageError if there is no endpoint, or one outside."""
        from privacy.accounting import gaussian_event

        check_endpoint(self._url)
        noise = 1 / math.sqrt(price.mu_squared / ROUNDS)
        number = index_of(schema, column)
        events = tuple((purpose(number, f"votes-{turn}"), gaussian_event(noise)) for turn in range(1, ROUNDS + 1))
        return TextPlan(engine=NAME, column=column, params={"version": VERSION, "noise": noise}, events=events)

    def fit(self, session: PrivateSession, plan: TextPlan) -> FittedEvolution:
        """Spend the plan. What the endpoint cannot do fails the fit; a vote is debited only once there are texts."""
        endpoint = Endpoint.open(self._url, deadline_s=self._deadline_s, call_s=self._call_s)
        rows = RowText.of(session.schema, plan.column)
        classes = (*classes_of(session, rows.about), "")
        teller = Teller(endpoint, endpoint.model(), rows, session.schema.title or session.schema.name)
        per_class = max(2, self._texts // len(classes))
        texts = [(here, teller.new(name)) for here, name in enumerate(classes) for _ in range(per_class)]
        votes = np.zeros(0)
        for turn in range(1, ROUNDS + 1):
            votes = _votes(session, plan, rows, class_of(rows.about, classes[:-1]), texts, turn)
            if turn < ROUNDS:
                texts = _next(texts, votes, teller, classes)
        return FittedEvolution(rows, classes, texts, votes)


@dataclass(frozen=True, slots=True)
class Teller:
    """Asks for texts, in words that are public."""

    endpoint: Endpoint
    model: str
    rows: RowText
    about_table: str

    def new(self, name: str) -> str:
        """A text of a class."""
        what = self.rows.text.replace("_", " ")
        told = f" of the {self.rows.about.replace('_', ' ')} {name.strip()!r}" if name else ""
        of = f" in the table {self.about_table!r}" if self.about_table else ""
        return self._ask(f"Write one realistic {what}{told}{of}. {_RULES}", 1.0)

    def again(self, text: str) -> str:
        """The same in other words."""
        return self._ask(
            f"Write another text of the same kind as the one below, with other details. {_RULES}\n\n{text}", 1.0
        )

    def _ask(self, prompt: str, temperature: float) -> str:
        return self.endpoint.write(self.model, prompt, temperature=temperature, max_tokens=_MAX_TOKENS)


_RULES = (
    "Give the text alone. Where it would name a person, date, age, place, number of a record, telephone or address of "
    "the net, write [NAME], [DATE], [AGE], [PLACE], [ID], [PHONE] or [URL]."
)
_PLACE = re.compile(rf"\[({'|'.join(kind.upper() for kind in NAMED)})\]")


def _votes(
    session: PrivateSession,
    plan: TextPlan,
    rows: RowText,
    which: Callable[[Mapping[str, object]], int],
    texts: Sequence[tuple[int, str]],
    turn: int,
) -> NDArray[np.float64]:
    from privacy.vectors import Sparse

    placed = np.stack([embedding(text) for _, text in texts])
    classes = np.array([here for here, _ in texts])

    def vote(row: Mapping[str, object]) -> Sparse | None:
        note = rows.masked(row)
        if note is None:
            return None
        near = placed @ embedding(without_slots(note))
        own = np.flatnonzero(classes == which(row))
        best = own[int(near[own].argmax())]
        return Sparse(places=np.array([best]), values=np.array([1.0]))

    return session.add_up(
        vote,
        columns=rows.wanted,
        size=len(texts),
        noise_multiplier=float(plan.params["noise"]),
        purpose=purpose(index_of(session.schema, plan.column), f"votes-{turn}"),
    )


def _next(
    texts: Sequence[tuple[int, str]], votes: NDArray[np.float64], teller: Teller, classes: Sequence[str]
) -> list[tuple[int, str]]:
    """The better half of each class by votes, and the same in other words."""
    made: list[tuple[int, str]] = []
    for here in range(len(classes)):
        own = [index for index, (found, _) in enumerate(texts) if found == here]
        best = sorted(own, key=lambda index: -votes[index])[: max(1, len(own) // 2)]
        for index in best:
            made += [texts[index], (here, teller.again(texts[index][1]))]
    return made


def embedding(text: str) -> F:
    """Hashed words, pairs of words and runs of four letters; norm 1. Shape: (1024,)."""
    words = re.findall(r"\w+", text.lower())[:4000]
    features = [*words, *(f"{a} {b}" for a, b in itertools.pairwise(words))]
    features += [f"#{word[i : i + 4]}" for word in words for i in range(0, max(len(word) - 3, 1), 2)]
    made = np.zeros(_DIM, dtype=np.float32)
    for feature in features:
        code = zlib.crc32(feature.encode("utf-8", "surrogatepass"))
        made[code % _DIM] += 1.0 if code & 0x10000 else -1.0
    made = np.sign(made) * np.sqrt(np.abs(made))
    found: F = made / max(float(np.linalg.norm(made)), 1e-9)
    return found


class FittedEvolution:
    """The model's own texts with their released votes."""

    def __init__(
        self, rows: RowText, classes: Sequence[str], texts: Sequence[tuple[int, str]], votes: NDArray[np.float64]
    ) -> None:
        self._rows, self._classes, self.texts, self.votes = rows, tuple(classes), list(texts), votes

    def write(self, rows: pa.Table, *, seed: int) -> list[Note]:
        """See ``FittedText.write``. Texts of a row's class by their votes; rows may share one, with other values."""
        told = rows.select([name for name in self._rows.columns if name in rows.column_names]).to_pylist()
        which = class_of(self._rows.about, self._classes[:-1])
        rng = np.random.default_rng(seed)
        notes: list[Note] = []
        for index, row in enumerate(told):
            own = np.array([place for place, (here, _) in enumerate(self.texts) if here == which(row)])
            weights = np.maximum(self.votes[own], 0.0) + 1e-3
            text = without_slots(self.texts[int(rng.choice(own, p=weights / weights.sum()))][1])
            marked = _PLACE.sub(lambda match: self._slot(match[1].lower()), text)
            filled = self._rows.filled(marked, row, random.Random(f"{seed}/{index}"))  # noqa: S311 - released text only
            notes.append((filled, _PLACE.sub(" ", text)))
        return notes

    def _slot(self, kind: str) -> str:
        return self._rows.slot_of(kind) or named(kind)

    def explains(self, stretch: str) -> bool:
        """See ``FittedText.explains``; what its own model has from public text is not known here."""
        return Prior.load().says(stretch)

    def save(self, directory: Path) -> None:
        """Write the texts and their votes as JSON."""
        directory.mkdir(parents=True, exist_ok=True)
        facts = {
            "format": "understudy-texts",
            "version": VERSION,
            "classes": list(self._classes),
            "texts": [
                [here, text, round(float(vote), 3)] for (here, text), vote in zip(self.texts, self.votes, strict=True)
            ],
        }
        (directory / "manifest.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
