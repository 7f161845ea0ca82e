"""The text engine "adapter": DP-SGD on low-rank adapters of any local Hugging Face causal language model.

The model is a directory (config, tokenizer, weights) that the service's owner put there: its weights are public, and
its tokenizer is never trained. Of a person's notes every one gives one random stretch a round; their gradients are one
clipped contribution (``privacy.training``). The row is written before the note, and what the note repeats of the row
is a slot in the text, so a synthetic note follows its synthetic row. CPU and GPU run the same code.
Sources: Hu et al. 2021, arXiv:2106.09685 (LoRA); Yue et al. 2023, arXiv:2210.14348 (control codes under DP-SGD).
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synthesizers.base import FormalGuarantee
from synthesizers.text.base import Note, Price, TextPlan, index_of, purpose
from synthesizers.text.prior import Prior
from synthesizers.text.rowtext import RowText
from synthesizers.text.slots import slots
from understudy.errors import Failed, UsageError
from understudy.schema import TableSchema

if TYPE_CHECKING:
    import pyarrow as pa
    import torch

    from privacy.session import PrivateSession

NAME = "adapter"
VERSION = 1
LENGTH = 256
"""Tokens of a stretch, its row included."""
_MAX_ROW = 96
_RANK = 8
_CLIP = 1.0
_RATE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """How long a training is, from the public number of units alone."""

    sample_rate: float
    steps: int

    @classmethod
    def of(cls, units: int) -> Schedule:
        """A quarter of the persons a round, at most 256 of them; about ten rounds for each person, at least 40."""
        rate = min(1.0, max(32 / units, min(0.25, 256 / units)))
        return cls(sample_rate=rate, steps=int(min(1000, max(40, 10 / rate))))


class AdapterEngine:
    """The engine "adapter"."""

    name = NAME
    summary = "DP-SGD on low-rank adapters of a local language model. For notes; needs a model directory and 'deep'."
    formal_guarantee = FormalGuarantee(
        relation="add-remove-unit",
        mechanism="DP-SGD: Poisson samples, clipping by person, exact rounded Gaussian noise",
        accountant="privacy loss distributions of dp_accounting",
    )

    pays_again = True

    def __init__(self, model: Path | None, *, length: int = LENGTH) -> None:
        self._model, self._length = model, length

    def plan(self, schema: TableSchema, column: str, price: Price) -> TextPlan:
        """One training, calibrated so that it and everything beside it cost at most the job's (epsilon, delta).

        Raises: UsageError (text-model-missing, text-model-invalid, deep-missing).
        """
        from privacy.calibration import calibrate
        from privacy.training import require_deep

        require_deep()
        check_model(self._model)
        schedule = Schedule.of(price.units)
        n_columns = sum(found.is_text for found in schema.columns)
        number = index_of(schema, column)
        training = calibrate(
            # Later text columns find what earlier ones left: each takes its share of the epsilon that is.
            price.epsilon if number == n_columns - 1 else _part(price, number, n_columns),
            price.delta,
            sample_rate=schedule.sample_rate,
            steps=schedule.steps,
            clip_norm=_CLIP,
            expected_units=price.units,
            alongside=price.alongside,
        )
        return TextPlan(
            engine=NAME,
            column=column,
            params={"version": VERSION, "training": training.as_dict(), "rank": _RANK, "length": self._length},
            events=((purpose(number, "training"), training.event()),),
        )

    def fit(self, session: PrivateSession, plan: TextPlan) -> FittedAdapter:
        """Spend the plan: one training. Raises: UsageError, and nothing is debited then."""
        from privacy.calibration import TrainingPlan
        from privacy.training import require_deep

        require_deep()
        check_model(self._model)
        rows = RowText.of(session.schema, plan.column)
        model = Adapted.open(self._model or Path(), rank=int(plan.params["rank"]))
        coder = Coder(model.tokenizer, rows, min(int(plan.params["length"]), model.n_places))
        import torch

        from synthesizers.text.losses import causal_losses

        session.train(
            model.network,
            causal_losses,
            TrainingPlan.from_dict(plan.params["training"]),
            purpose=purpose(index_of(session.schema, plan.column), "training"),
            optimizer=torch.optim.AdamW(model.trained, lr=_RATE, weight_decay=0.0),
            encode=coder.encode,
            columns=rows.wanted,
            collate=coder.batch,
            device="cuda" if torch.cuda.is_available() else "cpu",
            max_records=16,
        )
        return FittedAdapter(model, rows, coder)


def _part(price: Price, number: int, n_columns: int) -> float:
    """What text column ``number`` of several may leave the sum at: an even step from what is spent to the whole."""
    from privacy.accounting import compose, epsilon_of

    spent = epsilon_of(compose(price.alongside), price.delta) if price.alongside else 0.0
    return spent + (price.epsilon - spent) / (n_columns - number)


def check_model(folder: Path | None) -> None:
    """Raises: UsageError (text-model-missing) if none is set, (text-model-invalid) if the folder holds no model."""
    if folder is None:
        raise UsageError(
            "The service has no language model: set UNDERSTUDY_TEXT_MODEL to a model's directory.",
            code="text-model-missing",
        )
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        config = None
    has_weights = any(folder.glob("*.safetensors"))
    if not isinstance(config, dict) or "model_type" not in config or not has_weights:
        raise UsageError(
            "The text model's directory holds no model: config.json and *.safetensors are needed.",
            code="text-model-invalid",
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Adapted:
    """A language model with adapters. ``trained``: the adapters' parameters."""

    network: torch.nn.Module
    tokenizer: Any
    trained: Sequence[torch.nn.Parameter]
    folder: Path

    @property
    def n_places(self) -> int:
        """Most tokens that the model reads at once."""
        return int(getattr(getattr(self.network, "config", None), "max_position_embeddings", LENGTH) or LENGTH)

    @classmethod
    def open(cls, folder: Path, *, rank: int) -> Adapted:
        """The model with fresh adapters on all its linear layers; nothing is downloaded, no code of the folder is run.

        Raises: UsageError (text-model-invalid).
        """
        from synthesizers.text.losses import with_adapters

        with _quiet():
            import transformers

            transformers.utils.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
            try:
                tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
                network = transformers.AutoModelForCausalLM.from_pretrained(
                    folder, local_files_only=True, trust_remote_code=False, use_safetensors=True
                )
            except Exception:  # whatever a broken folder makes of a large library
                raise UsageError("The text model cannot be loaded.", code="text-model-invalid") from None
            if tokenizer.pad_token_id is None:
                tokenizer.pad_token = tokenizer.eos_token
            if tokenizer.eos_token_id is None:
                raise UsageError("The text model's tokenizer has no end-of-text token.", code="text-model-invalid")
            network, trained = with_adapters(network, rank)
        return cls(network=network, tokenizer=tokenizer, trained=trained, folder=folder)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """No network, no words: libraries of models like to look for newer ones."""
    before = {name: os.environ.get(name) for name in _OFFLINE}
    os.environ.update(_OFFLINE)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


_OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
_MARK = re.compile(r"<<(\d{1,2})>>")


def spelt(note: str) -> str:
    """A note with slots as a language model reads it: a slot is its number in double brackets."""
    number = {slot: f"<<{index}>>" for index, slot in enumerate(slots())}
    return "".join(number.get(character, character) for character in note.replace("<<", "«"))


def unspelt(text: str) -> str:
    """The note with slots that a model's text stands for."""
    known = slots()
    return _MARK.sub(lambda match: known[int(match[1])] if int(match[1]) < len(known) else "", text)


@dataclass(frozen=True, slots=True, kw_only=False)
class Coder:
    """Rows and notes as tokens of a model's own tokenizer."""

    tokenizer: Any
    rows: RowText
    length: int

    def prompt(self, row: Mapping[str, object]) -> list[int]:
        """The row before its note."""
        told = "; ".join(
            f"<<{index + 7}>> {name}: {row.get(name)}"
            for index, name in enumerate(self.rows.columns)
            if row.get(name) is not None and not self.rows.kinds[name]
        )
        found: list[int] = self.tokenizer.encode(f"{told}\nNote:\n", add_special_tokens=False)[:_MAX_ROW]
        return found

    def encode(self, row: Mapping[str, object]) -> tuple[list[int], list[int]] | None:
        """(tokens of the row, tokens of the note and its end); None for a row without a note."""
        note = self.rows.masked(row)
        if note is None:
            return None
        tokens = self.tokenizer.encode(spelt(note), add_special_tokens=False)
        return self.prompt(row), [*tokens, self.tokenizer.eos_token_id]

    def batch(self, records: Sequence[tuple[list[int], list[int]]]) -> dict[str, torch.Tensor]:
        """A random stretch of each record: its beginning half of the time."""
        import torch

        stretches = []
        for prompt, note in records:
            room = self.length - len(prompt)
            last = max(len(note) - room, 0)
            start = 0 if random.random() < 0.5 else random.randint(0, last)  # noqa: S311 - which words, not noise
            stretches.append(([*prompt, *note[start : start + room]], len(prompt)))
        longest = max(len(tokens) for tokens, _ in stretches)
        tokens = np.full((len(stretches), longest), self.tokenizer.pad_token_id, dtype=np.int64)
        weights = np.zeros((len(stretches), longest - 1), dtype=np.float32)
        for index, (found, given) in enumerate(stretches):
            tokens[index, : len(found)] = found
            weights[index, max(given - 1, 0) : len(found) - 1] = 1.0
        return {"tokens": torch.from_numpy(tokens), "weights": torch.from_numpy(weights)}


class FittedAdapter:
    """A model whose adapters are released parameters."""

    def __init__(self, model: Adapted, rows: RowText, coder: Coder) -> None:
        self.model, self._rows, self._coder = model, rows, coder

    def write(self, rows: pa.Table, *, seed: int, batch: int = 16) -> list[Note]:
        """See ``FittedText.write``. A note is at most as long as a stretch."""
        told = rows.select([name for name in self._rows.columns if name in rows.column_names]).to_pylist()
        notes: list[Note] = []
        for low in range(0, len(told), batch):
            part = told[low : low + batch]
            made = self._generate([self._coder.prompt(row) for row in part], seed + low)
            for index, (text, row) in enumerate(zip(made, part, strict=True)):
                rng = random.Random(f"{seed}/{low + index}")  # noqa: S311 - reads released text only
                notes.append((self._rows.filled(unspelt(text), row, rng), _MARK.sub(" ", text)))
        return notes

    def _generate(self, prompts: Sequence[list[int]], seed: int) -> list[str]:
        import torch

        tokenizer, network = self._coder.tokenizer, self.model.network
        torch.manual_seed(seed % 2**63)
        longest = max(len(prompt) for prompt in prompts)
        pad = tokenizer.pad_token_id
        tokens = torch.tensor([[pad] * (longest - len(prompt)) + prompt for prompt in prompts])
        seen = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
        device = next(network.parameters()).device
        network.eval()
        with torch.no_grad():
            made = network.generate(  # type: ignore[operator]
                input_ids=tokens.to(device),
                attention_mask=seen.to(device),
                do_sample=True,
                top_k=0,
                top_p=0.95,
                max_new_tokens=max(self._coder.length - longest, 8),
                pad_token_id=pad,
                eos_token_id=tokenizer.eos_token_id,
            )
        return [tokenizer.decode(one[longest:], skip_special_tokens=True).strip() for one in made.cpu()]

    def explains(self, stretch: str) -> bool:
        """See ``FittedText.explains``; what its own model has from public text is not known here."""
        return Prior.load().says(stretch)

    def save(self, directory: Path) -> None:
        """Write the adapters as safetensors and what they belong to as JSON; the public model itself is not copied."""
        from synthesizers.text.losses import save_adapters

        directory.mkdir(parents=True, exist_ok=True)
        save_adapters(self.model.trained, self.model.network, directory / "adapters.safetensors")
        facts = {"format": "understudy-adapter", "version": VERSION, "text": self._rows.text}
        (directory / "manifest.json").write_text(json.dumps(facts, indent=1, sort_keys=True), encoding="utf-8")


def load_adapters(model: Adapted, directory: Path) -> None:
    """Put saved adapters into a freshly opened model. Raises: Failed (artifact-unreadable)."""
    from synthesizers.text.losses import read_adapters

    try:
        read_adapters(model.network, directory / "adapters.safetensors")
    except (OSError, ValueError, KeyError):
        raise Failed("The model artifact cannot be read.", code="artifact-unreadable") from None
