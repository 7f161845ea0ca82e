"""The embedded text engine "phrases": public counts of words, bent by a few noisy histograms. No torch, no download.

1. "words": which words of a public vocabulary notes use, how long they are, and which public sort of note those of each
   class are likest to, in one release;
2. "classes": which of these words, and of public ones that tell such sorts of notes apart, each class uses;
3. "runs-2" to "runs-4": which runs of two to four such words recur;
4. the writer hears itself and mends what it says too often or too rarely, which costs nothing (``hearing``);
5. notes are drawn from public and released counts together, in minutes of one core, at any number.
Local phrases are right and a note's sections are of its class; there is no thread through a whole note. Few notes buy
little: below about a thousand persons at epsilon 8 most of what it says is public text, bent (docs/text.md).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synthesizers import artifact
from synthesizers.base import FormalGuarantee
from synthesizers.text.base import Note, Price, TextPlan, index_of, purpose
from synthesizers.text.grams import LONGEST, Grams
from synthesizers.text.guesses import plenty
from synthesizers.text.hearing import ROUNDS, heard
from synthesizers.text.learn import MAX_TOKENS, Learner, Learnt
from synthesizers.text.prior import Prior
from synthesizers.text.rowtext import RowText
from synthesizers.text.slots import without_slots
from synthesizers.text.writer import Writer
from understudy.schema import TableSchema

if TYPE_CHECKING:
    import pyarrow as pa

    from privacy.session import PrivateSession

NAME = "phrases"
VERSION = 3
MAX_CLASSES = 32
_OF_COURSE = 1e-3
"""A chance of the next token at which it is no news."""
_SPLIT = (0.42, 0.2, 0.18, 0.13, 0.07)
"""Of the column's mu squared: words, classes, then runs of two, three and four tokens."""
_SPLIT_OF_FEW = (0.14, 0.76, 0.05, 0.03, 0.02)
"""The same where few persons or little mu let no run stand out: classes can still be told apart."""
STEPS = ("words", "classes", *(f"runs-{order}" for order in range(2, LONGEST + 1)))


class PhrasesEngine:
    """The engine "phrases"."""

    name = NAME
    summary = "Public word chains bent by noisy histograms of words and phrases. For notes; embedded, no download."
    formal_guarantee = FormalGuarantee(
        relation="add-remove-unit",
        mechanism="rounded Gaussian noise on clipped sums, one vector a person",
        accountant="exact Gaussian-DP composition",
    )

    pays_again = False

    def __init__(self, *, rounds: int = ROUNDS) -> None:
        """``rounds``: how often the writer hears itself (``hearing``); free, but for time."""
        self._rounds = rounds

    def plan(self, schema: TableSchema, column: str, price: Price) -> TextPlan:
        """The price list: five Gaussian releases for ``price.mu_squared``."""
        from privacy.accounting import gaussian_event

        noise = [1 / math.sqrt(share * price.mu_squared) for share in split(price.units, price.mu_squared)]
        number = index_of(schema, column)
        return TextPlan(
            engine=NAME,
            column=column,
            params={"version": VERSION, "noise": noise, "units": price.units},
            events=tuple((purpose(number, step), gaussian_event(z)) for step, z in zip(STEPS, noise, strict=True)),
        )

    def fit(self, session: PrivateSession, plan: TextPlan) -> FittedPhrases:
        """Spend the plan and make a model. The session's domain must be fixed: classes are its released codes."""
        schema = session.schema
        rows = RowText.of(schema, plan.column)
        classes = classes_of(session, rows.about)
        number = index_of(schema, plan.column)
        units, noise = int(plan.params["units"]), [float(z) for z in plan.params["noise"]]
        prior = Prior.load()
        learnt = Learner(
            session=session,
            prior=prior,
            rows=rows,
            class_of=class_of(rows.about, classes),
            n_classes=len(classes) + 1,
            units=units,
            purposes=tuple(purpose(number, step) for step in STEPS),
        ).learn(noise)
        # Where hardly a word stands out, shares of words are no yardstick: mending by them drowns what tells classes.
        rounds = round(self._rounds * plenty(units, sum(1 / z**2 for z in noise)))
        return FittedPhrases(rows, classes, heard(prior, learnt, rounds=rounds), prior)


def split(units: int, mu_squared: float) -> tuple[float, ...]:
    """Parts of the price by step, from public facts; they add up to 1."""
    many = plenty(units, mu_squared)
    return tuple(many * usual + (1 - many) * few for usual, few in zip(_SPLIT, _SPLIT_OF_FEW, strict=True))


def classes_of(session: PrivateSession, about: str) -> tuple[str, ...]:
    """Declared or released values of the class column, as text; the first ones of many."""
    if not about:
        return ()
    declared = session.schema[about].enum
    if declared is not None:
        return tuple(str(value) for value in declared)[:MAX_CLASSES]
    codec = next((codec for codec in session.discretisation.codecs if codec.name == about), None)
    return tuple(str(value) for value in getattr(codec, "values", ()))[:MAX_CLASSES]


def class_of(about: str, classes: Sequence[str]) -> Callable[[Mapping[str, object]], int]:
    """The number of a row's class; the last number for any other value, and for none."""
    known = {value: index for index, value in enumerate(classes)}
    return lambda row: known.get(str(row.get(about)), len(classes))


class FittedPhrases:
    """Released counts and the public ones."""

    def __init__(self, rows: RowText, classes: Sequence[str], learnt: Learnt, prior: Prior) -> None:
        self.rows, self.classes, self.prior = rows, tuple(classes), prior
        self.learnt = learnt
        self._most = MAX_TOKENS

    @property
    def writer(self) -> Writer:
        """What writes notes with slots."""
        return Writer.of(self.prior, self.learnt, most=self._most)

    def limit_length(self, n_tokens: int) -> None:
        """Write no notes that are longer, for a look at less cost."""
        self._most = n_tokens

    def write(self, rows: pa.Table, *, seed: int) -> list[Note]:
        """See ``FittedText.write``."""
        wanted = [name for name in self.rows.columns if name in rows.column_names]
        told = rows.select(wanted).to_pylist()
        which = class_of(self.rows.about, self.classes)
        notes = self.writer.write([which(row) for row in told], seed=seed)
        return [
            (self.rows.filled(note, row, random.Random(f"{seed}/{index}")), without_slots(note))  # noqa: S311
            for index, (note, row) in enumerate(zip(notes, told, strict=True))
        ]

    def explains(self, stretch: str) -> bool:
        """See ``FittedText.explains``."""
        return self.prior.says(stretch, self.learnt.own[1], self._after)

    def _after(self, token: int, following: int) -> bool:
        """True if one token follows the other in the model of pairs as a matter of course, in notes of some class."""
        writer = self.writer
        chances = replace(writer.chain, own=self.learnt.own[:2]).next([token])
        bent = [chances * writer.of_class(here) for here in range(len(self.learnt.tilts))]
        return any(found[following] >= _OF_COURSE * found.sum() for found in bent)

    def save(self, directory: Path) -> None:
        """Write manifest.json and arrays.npz."""
        arrays: dict[str, Any] = {
            "base": self.learnt.base.astype(np.float32),
            "tilts": self.learnt.tilts.astype(np.float32),
            "lengths": self.learnt.lengths,
            "topics": self.learnt.topics,
            "sizes": self.learnt.sizes,
            "public": self.learnt.public,
            "pull": self.learnt.pull.astype(np.float32),
            "known": np.array([self.learnt.covered, self.learnt.again, self.learnt.doubt]),
        }
        for order, grams in enumerate(self.learnt.own, start=1):
            arrays[f"keys{order}"], arrays[f"counts{order}"] = grams.keys, grams.counts.astype(np.float32)
        facts = {
            "text": self.rows.text,
            "columns": list(self.rows.columns),
            "about": self.rows.about,
            "kinds": dict(self.rows.kinds),
            "sex": self.rows.sex,
            "classes": list(self.classes),
        }
        artifact.save(directory, kind=NAME, version=VERSION, manifest=facts, arrays=arrays)

    @classmethod
    def load(cls, directory: Path) -> FittedPhrases:
        """Read what ``save`` wrote. Raises: Failed."""
        _, facts, arrays = artifact.load(directory, kind=NAME, versions=(VERSION,))
        classes = facts.pop("classes")
        rows = RowText(**{**facts, "columns": tuple(facts["columns"])})
        own = tuple(
            Grams(keys=arrays[f"keys{order}"], counts=arrays[f"counts{order}"].astype(np.float64))
            for order in range(1, LONGEST + 1)
        )
        base = arrays["base"].astype(np.float64)
        learnt = Learnt(
            base=base / base.sum(),
            tilts=arrays["tilts"].astype(np.float64),
            lengths=arrays["lengths"],
            topics=arrays["topics"],
            own=own,
            sizes=arrays["sizes"],
            public=arrays["public"],
            pull=arrays["pull"].astype(np.float64),
            covered=float(arrays["known"][0]),
            again=float(arrays["known"][1]),
            doubt=float(arrays["known"][2]),
        )
        return cls(rows, classes, learnt, Prior.load())
