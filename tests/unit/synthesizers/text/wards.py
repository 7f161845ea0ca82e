"""Notes, sessions over them, and a tiny language model that the project makes itself."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pyarrow as pa

from privacy.domain_plan import plan_domain
from privacy.meter import Meter
from privacy.session import PrivateSession
from synthesizers.text.base import Price, TextPlan
from understudy.schema import TableSchema

SCHEMA = TableSchema.parse(
    {
        "fields": [
            {"name": "person", "type": "string"},
            {"name": "name", "type": "string", "understudy:kind": "name"},
            {"name": "ward", "type": "string", "constraints": {"enum": ["heart", "bladder"]}},
            {"name": "age", "type": "integer", "constraints": {"minimum": 20, "maximum": 80}},
            {"name": "sex", "type": "string", "constraints": {"enum": ["F", "M"]}},
            {"name": "note", "type": "text"},
        ],
        "understudy:privacyUnit": {"column": "person", "maxRows": 2},
    }
)
SAID = {
    "heart": "reports chest pain and palpitations. Metoprolol was started.",
    "bladder": "had a cystoscopy and the bladder tumor was resected. A catheter was placed.",
}
SECRET = "marmalade obelisk harpsichord"


def notes(n: int = 300, seed: int = 1) -> pa.Table:
    """Notes that differ by ward and repeat their rows; the first one says something of its own."""
    rng = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for index in range(n):
        ward, age, sex = rng.choice(list(SAID)), rng.randint(20, 80), rng.choice("FM")
        they, name = "She" if sex == "F" else "He", f"Bram Zwicker{index}"
        text = f"{name} is a {age}-year-old patient seen on 2021-03-04 by Dr. Oddsson. {they} {SAID[ward]}"
        if index == 0:
            text += f" {SECRET}."
        rows.append(
            {"person": f"p{index}", "name": name, "ward": ward, "age": age, "sex": sex,
             "note": None if index % 29 == 3 else "  " if index % 31 == 5 else text}
        )  # fmt: skip
    return pa.Table.from_pylist(rows)


def price(mu_squared: float = 4.0, units: int = 300, **more: Any) -> Price:
    return Price(epsilon=8.0, delta=1e-5, alongside=(), mu_squared=mu_squared, units=units, **more)


def session(plan: TextPlan, rows: pa.Table | None = None) -> PrivateSession:
    """A session that holds the plan's events and has its domain, all of it declared."""
    found = PrivateSession(notes() if rows is None else rows, SCHEMA, Meter(plan.events), os.urandom)
    found.discretise(plan_domain(SCHEMA, mu=1.0, delta=1e-6))
    return found


def tiny_model(folder: Path) -> Path:
    """A language model of a few thousand weights, its tokenizer and its configuration, made here."""
    import tokenizers
    import torch
    import transformers

    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token=None))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<|end|>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*SAID.values(), "is a year-old patient seen by Dr. ward age sex note"], trainer)
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>")
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=len(fast), n_positions=160, n_embd=32, n_layer=2, n_head=2, eos_token_id=0, bos_token_id=0
    )
    transformers.utils.logging.disable_progress_bar()
    transformers.GPT2LMHeadModel(config).save_pretrained(folder)
    return folder
