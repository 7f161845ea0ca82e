"""What the adapter engine does with torch, peft and safetensors. Imported only when a model is trained."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from understudy.errors import UsageError


def causal_losses(network: torch.nn.Module, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Mean negative log likelihood of each record's note. ``batch``: ``tokens`` int64 (n, length), and ``weights``
    (n, length - 1), 1 where the next token counts. Shape: (n,)."""
    tokens, weights = batch["tokens"], batch["weights"]
    n, length = tokens.shape
    # Positions are given for every record: a single row of them would be no gradient of its own.
    places = torch.arange(length - 1, device=tokens.device).expand(n, -1)
    scores = network(input_ids=tokens[:, :-1], position_ids=places, use_cache=False).logits
    losses = functional.cross_entropy(scores.flatten(0, 1).float(), tokens[:, 1:].flatten(), reduction="none")
    losses = losses.reshape(n, length - 1) * weights
    return losses.sum(1) / weights.sum(1).clamp(min=1)


def with_adapters(network: Any, rank: int) -> tuple[Any, Sequence[torch.nn.Parameter]]:
    """(the model with low-rank adapters on its linear layers, the adapters' parameters).

    Raises: UsageError (text-model-invalid) if it has no layer that could take one, or if adapters change anything yet.
    """
    import peft

    config = peft.LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules="all-linear", bias="none")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it tells how it treats a layer that keeps its matrix transposed
            adapted = peft.get_peft_model(network, config)
    except ValueError:
        raise UsageError("The text model has no layers for adapters.", code="text-model-invalid") from None
    trained = [parameter for name, parameter in adapted.named_parameters() if "lora_" in name]
    if not trained:
        raise UsageError("The text model has no layers for adapters.", code="text-model-invalid")
    for parameter in adapted.parameters():
        parameter.requires_grad_(False)
    for parameter in trained:
        parameter.requires_grad_(True)
    for part in adapted.modules():
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0  # it would only add to the noise
    adapted.eval()
    return adapted, trained


def save_adapters(trained: Sequence[torch.nn.Parameter], network: torch.nn.Module, path: Path) -> None:
    """Only what was trained, by name."""
    from safetensors.torch import save_file

    known = {id(parameter) for parameter in trained}
    named = {
        name: value.detach().cpu().contiguous() for name, value in network.named_parameters() if id(value) in known
    }
    save_file(named, path)


def read_adapters(network: torch.nn.Module, path: Path) -> None:
    """Raises: KeyError for a parameter that the model has not, ValueError for another shape."""
    from safetensors.torch import load_file

    named = dict(network.named_parameters())
    with torch.no_grad():
        for name, value in load_file(path).items():
            if named[name].shape != value.shape:
                raise ValueError("another shape")
            named[name].copy_(value)
