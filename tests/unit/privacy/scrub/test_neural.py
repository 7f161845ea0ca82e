"""Models under onnxruntime: the strong mode's encoder and head, and a user's own token classifier."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers

from privacy.scrub.neural.classifier import OnnxClassifier, entity_of
from privacy.scrub.neural.encoder import DEPTH, HEADS, MATRICES, SIZE, encoder
from privacy.scrub.neural.strong import pooled
from privacy.scrub.table import open_text_scrubber
from understudy.errors import UsageError

F = np.float32


def weights(rng: np.random.Generator, pieces: int = 50) -> dict[str, np.ndarray]:
    """An encoder of the right shape that knows nothing."""
    made = {
        "embeddings.word_embeddings.weight": rng.normal(0, 1, (pieces, SIZE)),
        "embeddings.position_embeddings.weight": rng.normal(0, 1, (64, SIZE)),
        "embeddings.token_type_embeddings.weight": rng.normal(0, 1, (2, SIZE)),
    }
    inner = {"intermediate.dense": (64, SIZE), "output.dense": (SIZE, 64)}
    for n in range(DEPTH):
        for name in MATRICES:
            shape = inner.get(name, (SIZE, SIZE))
            made[f"encoder.layer.{n}.{name}.weight"] = rng.normal(0, 0.05, shape)
            made[f"encoder.layer.{n}.{name}.bias"] = rng.normal(0, 0.05, shape[0])
    norms = [f"encoder.layer.{n}.{name}" for n in range(DEPTH) for name in ("attention.output", "output")]
    for prefix in ["embeddings", *norms]:
        made[f"{prefix}.LayerNorm.weight"] = rng.normal(1, 0.1, SIZE)
        made[f"{prefix}.LayerNorm.bias"] = rng.normal(0, 0.1, SIZE)
    return {name: value.astype(F) for name, value in made.items()}


def by_hand(held: dict[str, np.ndarray], ids: np.ndarray, extra: np.ndarray) -> np.ndarray:
    """The same encoder in numpy, for one text without pads (Devlin et al. 2019)."""
    from math import erf

    def norm(x: np.ndarray, prefix: str) -> np.ndarray:
        scaled = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return scaled * held[f"{prefix}.LayerNorm.weight"] + held[f"{prefix}.LayerNorm.bias"]

    def linear(n: int, name: str, x: np.ndarray) -> np.ndarray:
        return x @ held[f"encoder.layer.{n}.{name}.weight"].T + held[f"encoder.layer.{n}.{name}.bias"]

    places = held["embeddings.position_embeddings.weight"][: len(ids)]
    kind = held["embeddings.token_type_embeddings.weight"][0]
    x = norm(held["embeddings.word_embeddings.weight"][ids] + places + kind + extra, "embeddings")
    for n in range(DEPTH):
        q, k, v = (linear(n, name, x).reshape(len(ids), HEADS, -1).transpose(1, 0, 2) for name in MATRICES[:3])
        scores = q @ k.transpose(0, 2, 1) / np.sqrt(SIZE // HEADS)
        share = np.exp(scores - scores.max(-1, keepdims=True))
        share /= share.sum(-1, keepdims=True)
        seen = (share @ v).transpose(1, 0, 2).reshape(len(ids), SIZE)
        x = norm(x + linear(n, MATRICES[3], seen), f"encoder.layer.{n}.attention.output")
        inner = linear(n, MATRICES[4], x)
        inner = inner * 0.5 * (1 + np.vectorize(erf)(inner / np.sqrt(2)))
        x = norm(x + linear(n, MATRICES[5], inner), f"encoder.layer.{n}.output")
    return x


def test_the_graph_is_the_encoder_with_low_rank_changes() -> None:
    rng = np.random.default_rng(4)
    held = weights(rng)
    low = {
        "2/output/dense/a": rng.normal(0, 0.1, (64, 3)).astype(F),
        "2/output/dense/b": rng.normal(0, 0.1, (3, SIZE)).astype(F),
    }
    ids, extra = rng.integers(0, 50, 9), rng.normal(0, 0.2, (9, SIZE)).astype(F)
    changed = held | {
        "encoder.layer.2.output.dense.weight": held["encoder.layer.2.output.dense.weight"]
        + (low["2/output/dense/a"] @ low["2/output/dense/b"]).T
    }
    wanted = by_hand(changed, ids, extra)
    padded = np.concatenate([ids, [0, 0, 0]])[None]
    wide = np.concatenate([extra, np.ones((3, SIZE), F)])[None]
    barred = np.array([[0.0] * 9 + [-1e4] * 3], F)
    exact = encoder(held, low, int8=False).run(None, {"ids": padded, "barred": barred, "extra": wide})[0]
    assert np.abs(exact[0, :9] - wanted).max() < 1e-3
    rounded = encoder(held, low, int8=True).run(None, {"ids": padded, "barred": barred, "extra": wide})[0]
    assert np.corrcoef(rounded[0, :9].ravel(), wanted.ravel())[0, 1] > 0.99


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A classifier as exporters write it: it says PATIENT for one word, and nothing for all others."""
    vocabulary = {"[UNK]": 0, "qwxyz": 1, "thing": 2}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "config.json").write_text(json.dumps({"id2label": {"0": "O", "1": "B-PATIENT", "2": "I-ODDITY"}}))
    table = numpy_helper.from_array(np.array([[9, 0, 0], [0, 9, 0], [9, 0, 0]], F), "table")
    shape = ["b", "n"]
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], ["logits"])],
        "classifier",
        [helper.make_tensor_value_info("input_ids", onnx.TensorProto.INT64, shape)],
        [helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, [*shape, 3])],
        [table],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    (tmp_path / "model.onnx").write_bytes(made.SerializeToString())
    return tmp_path


def test_a_users_classifier_finds_what_it_knows(folder: Path) -> None:
    text = "thing " * 900 + "qwxyz thing"
    spans = OnnxClassifier.load(folder).find(text)
    assert {(span.start, span.end, span.entity) for span in spans} == {(5400, 5405, "PERSON")}


def test_a_users_classifier_plugs_in_by_its_folder(folder: Path) -> None:
    scrubbed = open_text_scrubber(b"onnx" * 8, model=folder).scrub("it was the qwxyz thing")
    assert scrubbed.text is not None
    assert "qwxyz" not in scrubbed.text
    (folder / "model.onnx").write_bytes(b"no model")
    with pytest.raises(UsageError) as caught:
        open_text_scrubber(b"onnx" * 8, model=folder)
    assert caught.value.reason == "model-not-usable"


@pytest.mark.parametrize(
    ("label", "entity"),
    [
        ("O", ""),
        ("B-PER", "PERSON"),
        ("I-DATE_TIME", "DATE_TIME"),
        ("B-PHONE-NUMBER", "PHONE_NUMBER"),
        ("HOSP", "ORGANIZATION"),
        ("L-WHATEVER", "ID"),
    ],
)
def test_labels_become_entities(label: str, entity: str) -> None:
    assert entity_of(label) == entity


def test_two_opinions_are_pooled_so_that_either_can_say_no() -> None:
    sure, never = np.array([[0.02, 0.98]], F), np.array([[1.0, 0.0]], F)
    assert pooled(sure, never, 0.5)[0, 1] < 0.01
    opposed = pooled(np.array([[1.0, 0.0, 0.0]], F), np.array([[0.0, 1.0, 0.0]], F), 0.5)
    assert np.allclose(opposed, [[0.5, 0.5, 0.0]], atol=0.01), "never nothing at all"
    assert np.allclose(pooled(sure, sure, 0.3), sure)
    assert pooled(sure, np.array([[0.5, 0.5]], F), 0.5)[0, 1] == pytest.approx(0.875, abs=1e-3)
