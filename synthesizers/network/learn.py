"""The network in torch, its loss, and its training through a session. Reads no row itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from privacy.training import TrainingPlan, require_deep
from synthesizers.network.sizes import TRAINING
from synthesizers.network.weights import Weights

if TYPE_CHECKING:
    import torch

    from privacy.session import PrivateSession

WIDTH = 6
_SPREAD = 0.5
_RATE = 0.02
_AT_ONCE = 1024
"""Records whose gradients are held at once: the network is small."""
_AVERAGED_FROM = 0.5
"""Weights are averaged over the last half of the steps, which costs nothing and takes out much of the noise."""


def learn(
    session: PrivateSession,
    plan: TrainingPlan,
    *,
    order: Sequence[int],
    base: Sequence[NDArray[np.float32]],
    on_step: Callable[[int, int], None] | None = None,
) -> Weights:
    """Train on the session's codes. ``base[p]``: the log of the one-way marginal of the column at place p.

    Raises: PlanExceeded, UsageError (deep-missing); nothing is read then.
    """
    require_deep()
    import torch

    torch.manual_seed(0)  # where the weights start is public
    net = _net(torch, order, base)
    optimizer = torch.optim.Adam(net.parameters(), lr=_RATE, betas=(0.9, 0.99))
    mean = _Mean(torch, net, from_step=round(_AVERAGED_FROM * plan.steps))

    def step_done(done: int, of: int) -> None:
        mean.add(done)
        fade = 1.0 - 0.9 * done / of
        for group in optimizer.param_groups:
            group["lr"] = _RATE * fade
        if on_step is not None:
            on_step(done, of)

    session.train(
        net,
        _loss,
        plan,
        purpose=TRAINING,
        optimizer=optimizer,
        device="cuda" if torch.cuda.is_available() else "cpu",
        max_records=_AT_ONCE,
        on_step=step_done,
    )
    return _weights(mean.values(), order, base)


def _net(torch: Any, order: Sequence[int], base: Sequence[NDArray[np.float32]]) -> Any:
    """At first it gives the one-way marginals: heads and biases are 0, messages are not."""
    nn = torch.nn

    class Network(nn.Module):  # type: ignore[misc,name-defined]
        """See ``weights``."""

        def __init__(self) -> None:
            super().__init__()
            n = len(order)
            sizes = [len(part) for part in base]
            self.messages = nn.ModuleList(nn.Embedding(size, (n - 1 - p) * WIDTH) for p, size in enumerate(sizes[:-1]))
            self.heads = nn.ModuleList(nn.Linear(WIDTH, size) for size in sizes)
            for part in self.messages:
                nn.init.normal_(part.weight, std=_SPREAD)
            for part in self.heads:
                nn.init.zeros_(part.weight)
                nn.init.zeros_(part.bias)
            for p, part in enumerate(base):
                self.register_buffer(f"base_{p}", torch.from_numpy(part.copy()))
            self.order = list(order)

        def forward(self, codes: torch.Tensor) -> torch.Tensor:
            """(records, columns) whole numbers -> (records,) negative log-likelihoods."""
            n = len(self.order)
            own = codes[:, self.order]
            inbox = torch.zeros((len(codes), n, WIDTH), device=codes.device)
            for p, part in enumerate(self.messages):
                sent = part(own[:, p]).reshape(len(codes), n - 1 - p, WIDTH)
                inbox = inbox + torch.nn.functional.pad(sent, (0, 0, p + 1, 0))
            hidden = torch.tanh(inbox)
            total = torch.zeros(len(codes), device=codes.device)
            for p, part in enumerate(self.heads):
                logits = part(hidden[:, p]) + getattr(self, f"base_{p}")
                total = total + torch.nn.functional.cross_entropy(logits, own[:, p], reduction="none")
            return total

    return Network()


def _loss(net: Any, codes: Any) -> Any:
    return net(codes)


class _Mean:
    """The mean of the weights over the later steps."""

    def __init__(self, torch: Any, net: Any, *, from_step: int) -> None:
        self._net, self._from, self._n = net, from_step, 0
        self._sums = {name: torch.zeros_like(part, device="cpu") for name, part in net.named_parameters()}

    def add(self, step: int) -> None:
        if step <= self._from:
            return
        self._n += 1
        for name, part in self._net.named_parameters():
            self._sums[name] += part.detach().cpu()

    def values(self) -> dict[str, NDArray[np.float32]]:
        """By the parameter's name."""
        return {name: (total / max(self._n, 1)).numpy() for name, total in self._sums.items()}


def _weights(
    found: dict[str, NDArray[np.float32]], order: Sequence[int], base: Sequence[NDArray[np.float32]]
) -> Weights:
    n = len(order)
    messages = [
        found[f"messages.{p}.weight"].reshape(len(base[p]), n - 1 - p, WIDTH)
        if p < n - 1
        else np.zeros((len(base[p]), 0, WIDTH), dtype=np.float32)
        for p in range(n)
    ]
    return Weights(
        order=tuple(order),
        base=tuple(base),
        messages=tuple(messages),
        heads=tuple(found[f"heads.{p}.weight"] for p in range(n)),
        biases=tuple(found[f"heads.{p}.bias"] for p in range(n)),
    )
