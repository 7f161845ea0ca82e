"""The network in torch, its loss, and its training through a session. Reads no row itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from privacy.calibration import TrainingPlan
from privacy.training import require_deep
from synthesizers.network.sizes import TRAINING
from synthesizers.network.weights import Weights

if TYPE_CHECKING:
    import torch

    from privacy.session import PrivateSession

_SPREAD = 1.0
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
    width: int,
    on_step: Callable[[int, int], None] | None = None,
) -> Weights:
    """Train on the session's codes. ``base[p]``: the log of the one-way marginal of the column at place p; ``width``:
    numbers of a code's vector.

    Raises: PlanExceeded, UsageError (deep-missing); nothing is read then.
    """
    require_deep()
    import torch

    torch.manual_seed(0)  # where the weights start is public
    net = _net(torch, order, base, width)
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


def _net(torch: Any, order: Sequence[int], base: Sequence[NDArray[np.float32]], width: int) -> Any:
    """At first it gives the one-way marginals: heads and biases are 0, vectors and maps are not."""
    nn = torch.nn
    sizes = [len(part) for part in base]

    class Network(nn.Module):  # type: ignore[misc,name-defined]
        """See ``weights``."""

        def __init__(self) -> None:
            super().__init__()
            self.vectors = nn.ModuleList(nn.Embedding(size, width) for size in sizes[:-1])
            self.maps = nn.ModuleList(nn.Linear(p * width, width, bias=False) for p in range(1, len(sizes)))
            self.heads = nn.ModuleList(nn.Linear(width, size) for size in sizes)
            for part in self.maps:
                nn.init.normal_(part.weight, std=_SPREAD / part.in_features**0.5)
            for part in self.heads:
                nn.init.zeros_(part.weight)
                nn.init.zeros_(part.bias)
            for p, part in enumerate(base):
                self.register_buffer(f"base_{p}", torch.from_numpy(part.copy()))

        def forward(self, codes: torch.Tensor) -> torch.Tensor:
            """(records, columns) whole numbers -> (records,) negative log-likelihoods."""
            own = codes[:, list(order)]
            known = (
                torch.cat([part(own[:, p]) for p, part in enumerate(self.vectors)], dim=1) if len(sizes) > 1 else own
            )
            total = torch.zeros(len(codes), device=codes.device)
            for p, head in enumerate(self.heads):
                if p:
                    hidden = torch.tanh(self.maps[p - 1](known[:, : p * width]))
                else:
                    hidden = torch.zeros((len(codes), width), device=codes.device)
                logits = head(hidden) + getattr(self, f"base_{p}")
                total = total + nn.functional.cross_entropy(logits, own[:, p], reduction="none")
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
    n, width = len(order), found["heads.0.weight"].shape[1]
    nothing = np.zeros((width, 0), dtype=np.float32)
    return Weights(
        order=tuple(order),
        base=tuple(base),
        vectors=(
            *(found[f"vectors.{p}.weight"] for p in range(n - 1)),
            np.zeros((len(base[-1]), width), dtype=np.float32),
        ),
        maps=(nothing, *(found[f"maps.{p}.weight"] for p in range(n - 1))),
        heads=tuple(found[f"heads.{p}.weight"] for p in range(n)),
        biases=tuple(found[f"heads.{p}.bias"] for p in range(n)),
    )
