"""Tokens a second and memory of training adapters with DP-SGD over the same training without, in one run.

    python -m benchmarks.text_throughput [--width 128] [--layers 4] [--steps 6] [--records 16]

The model is made here, of random weights: only the ratio means anything. Each half runs in a process of its own, so
that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

LENGTH, WORDS = 128, 4096


def _made(width: int, layers: int) -> tuple[Any, Sequence[Any]]:
    import torch
    import transformers

    from synthesizers.text.losses import with_adapters

    torch.manual_seed(0)
    shape = {"n_positions": LENGTH, "n_embd": width, "n_layer": layers, "n_head": 4}
    config = transformers.GPT2Config(vocab_size=WORDS, **shape)
    return with_adapters(transformers.GPT2LMHeadModel(config), 8)


def _batch(records: Sequence[int]) -> dict[str, Any]:
    import torch

    tokens = torch.randint(0, WORDS, (len(records), LENGTH))
    return {"tokens": tokens, "weights": torch.ones(len(records), LENGTH - 1)}


def _with_dp(asked: argparse.Namespace) -> float:
    import torch

    from privacy.training import RecordUnits, TrainingPlan, train
    from synthesizers.text.losses import causal_losses

    network, trained = _made(asked.width, asked.layers)
    plan = TrainingPlan(
        noise_multiplier=1.0, sample_rate=1.0, steps=asked.steps, clip_norm=1.0, expected_units=asked.records
    )
    units = RecordUnits(units=[[index] for index in range(asked.records)], collate=_batch)
    optimizer = torch.optim.AdamW(trained, lr=1e-3)
    started = time.process_time()
    train(network, causal_losses, units, plan, entropy=os.urandom, optimizer=optimizer, max_records=16)
    return time.process_time() - started


def _without(asked: argparse.Namespace) -> float:
    import torch

    from synthesizers.text.losses import causal_losses

    network, trained = _made(asked.width, asked.layers)
    optimizer = torch.optim.AdamW(trained, lr=1e-3)
    network.train()
    started = time.process_time()
    for _ in range(asked.steps):
        optimizer.zero_grad()
        causal_losses(network, _batch(range(asked.records))).mean().backward()
        optimizer.step()
    return time.process_time() - started


def _timed(pipe: Connection, private: bool, asked: argparse.Namespace) -> None:
    import torch

    torch.set_num_threads(1)
    seconds = (_with_dp if private else _without)(asked)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    pipe.send({"tokens_a_second": asked.steps * asked.records * LENGTH / seconds, "peak_mib": peak})


def main() -> None:
    """Print one JSON line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--records", type=int, default=16)
    asked = parser.parse_args()
    context, found = multiprocessing.get_context("spawn"), {}
    for private in (False, True):
        ours, theirs = context.Pipe()
        process = context.Process(target=_timed, args=(theirs, private, asked))
        process.start()
        found["dp" if private else "plain"] = ours.recv()
        process.join()
    ratios = {name: round(found["dp"][name] / found["plain"][name], 3) for name in found["dp"]}
    print(json.dumps({**vars(asked), **found, "ratios": ratios}))


if __name__ == "__main__":
    main()
