"""A token classifier that a user points at: a folder with ``model.onnx``, ``tokenizer.json`` and ``config.json``.

It is what Hugging Face's exporters write; its labels ("B-PER", "PATIENT", "I-PHONE") are brought to our entities by
name. What its labels call by a name that nobody knows is redacted as an id.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from privacy.scrub.base import KIND_OF_ENTITY, Span
from privacy.scrub.neural.encoder import session
from privacy.scrub.tagger import softmax

MODELS = ("model.onnx", "onnx/model.onnx", "model_quantized.onnx", "onnx/model_quantized.onnx")
LENGTH, STRIDE = 384, 64
"""Pieces that one run sees, and how many of them the next one sees again."""
LEAST = 0.4
"""Probability from which a piece counts."""
_WORDS: tuple[tuple[str, str], ...] = (
    ("PERSON", "PER PERSON NAME PATIENT DOCTOR STAFF HCW GIVENNAME SURNAME FIRSTNAME LASTNAME"),
    ("LOCATION", "LOC LOCATION GPE CITY STATE COUNTRY COUNTY"),
    ("STREET_ADDRESS", "STREET ADDRESS STREETADDRESS"),
    ("ZIP_CODE", "ZIP ZIPCODE POSTCODE"),
    ("ORGANIZATION", "ORG ORGANIZATION HOSPITAL HOSP VENDOR COMPANY"),
    ("DATE_TIME", "DATE DATETIME DOB TIME"),
    ("AGE", "AGE"),
    ("PHONE_NUMBER", "PHONE TELEPHONE FAX PHONENUMBER TEL"),
    ("EMAIL_ADDRESS", "EMAIL MAIL"),
    ("US_SSN", "SSN SOCIALNUM"),
    ("URL", "URL"),
    ("USERNAME", "USERNAME"),
    ("NRP", "NRP NORP"),
)
ENTITY = {word: entity for entity, words in _WORDS for word in words.split()}


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxClassifier:
    """Finds spans with a user's model. ``labels``: our entity for each of its outputs, "" for nothing."""

    session: onnxruntime.InferenceSession
    tokenizer: Tokenizer
    labels: tuple[str, ...]

    @classmethod
    def load(cls, folder: Path) -> OnnxClassifier:
        """Raises what its libraries raise if the folder is not such a model."""
        model = next(path for name in MODELS if (path := folder / name).is_file())
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        named = {int(place): str(label) for place, label in config["id2label"].items()}
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(LENGTH, stride=STRIDE)
        labels = tuple(entity_of(named[place]) for place in range(len(named)))
        return cls(session=session(str(model)), tokenizer=tokenizer, labels=labels)

    def find(self, text: str) -> list[Span]:
        """Spans over ``text``; those of neighbouring windows may overlap."""
        encoding = self.tokenizer.encode(text)
        return [span for part in (encoding, *encoding.overflowing) for span in self._found(part)]

    def _found(self, part: Encoding) -> Iterator[Span]:
        fed = {"input_ids": part.ids, "attention_mask": part.attention_mask, "token_type_ids": part.type_ids}
        wanted = {one.name for one in self.session.get_inputs()}
        inputs = {name: np.array([values], dtype=np.int64) for name, values in fed.items() if name in wanted}
        scores: NDArray[np.float32] = np.array(self.session.run(None, inputs)[0][0], dtype=np.float32)
        chances = softmax(scores)
        best = chances.argmax(axis=1)
        open_: Span | None = None
        for (start, end), place, chance in zip(part.offsets, best.tolist(), chances.max(axis=1).tolist(), strict=True):
            entity = self.labels[place] if end > start and chance >= LEAST else ""
            if open_ is not None and entity == open_.entity and start - open_.end <= 1:
                score = max(open_.score, chance)
                open_ = Span(start=open_.start, end=end, entity=entity, score=score)
                continue
            if open_ is not None:
                yield open_
            open_ = Span(start=start, end=end, entity=entity, score=chance) if entity else None
        if open_ is not None:
            yield open_


def entity_of(label: str) -> str:
    """Our entity for a label such as B-PER; "" for O, ID for what nobody knows."""
    core = label.upper()
    if core in ("O", "OTHER", "NONE"):
        return ""
    if core[:2] in ("B-", "I-", "L-", "U-", "E-", "S-"):
        core = core[2:]
    return core if core in KIND_OF_ENTITY else ENTITY.get(core.replace("_", "").replace("-", ""), "ID")
