"""A trained network and the meaning of its codes: rows, and the artifact. Needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthesizers import artifact
from synthesizers.conditions import Conditions, sampled
from synthesizers.constraints import stored as stored_constraints
from synthesizers.imputation import Gaps, imputed, unknown_column
from synthesizers.network.impute import completed
from synthesizers.network.weights import Weights
from understudy.rules import Constraint

if TYPE_CHECKING:
    import pyarrow as pa

    from privacy.discretisation import Discretisation

KIND = "network"
VERSION = 1


@dataclass(frozen=True, slots=True, eq=False)
class FittedNetwork:
    """Released numbers only. ``total``: the noisy number of real rows."""

    weights: Weights
    discretisation: Discretisation
    total: int
    types: Mapping[str, str]
    constraints: tuple[Constraint, ...] = ()

    def sample(self, n_rows: int | None, *, seed: int, conditions: Conditions | None = None) -> pa.Table:
        """Synthetic rows in canonical types; the same arguments give the same rows. Raises: UsageError."""
        return sampled(self, n_rows, seed=seed, conditions=conditions).rows

    def impute(self, rows: pa.Table, columns: Sequence[str], *, seed: int) -> pa.Table:
        """The rows with the empty cells of these columns filled from the network, given the others."""
        return imputed(self, rows, columns, seed=seed).rows

    def completed(
        self, codes: list[NDArray[np.int64]], holes: NDArray[np.bool_], banned: NDArray[np.bool_], *, seed: int
    ) -> list[NDArray[np.int64]]:
        """The rows with every hole drawn; see ``imputation.Completes``. Raises: UsageError (impute-unknown)."""
        codecs = self.discretisation.codecs
        gaps = Gaps.of(codecs, codes, holes, banned)
        for codec, code in zip(codecs, gaps.shut, strict=True):
            if code == 0:
                raise unknown_column(codec.name)
        return completed(self.weights, gaps, np.random.default_rng([seed, 5]))

    def conditioned(self, conditions: Conditions) -> None:
        """Columns are drawn one after another, so what comes later cannot be known earlier: rejection does it."""

    def propose(self, n_rows: int | None, *, seed: int) -> pa.Table:
        """Rows as the network has them."""
        codes = self.weights.sample(self.total if n_rows is None else n_rows, seed=seed)
        columns = dict(zip(self.discretisation.domain.names, codes, strict=True))
        return self.discretisation.decode(columns, np.random.default_rng([seed, 1]))

    def save(self, directory: Path) -> None:
        """Write manifest.json and arrays.npz: the weights and declared facts."""
        domain, arrays = self.discretisation.parts()
        stored: dict[str, NDArray[Any]] = {f"domain.{name}": array for name, array in arrays.items()}
        stored |= {f"net.{name}": array for name, array in self.weights.arrays().items()}
        manifest = {
            "domain": domain,
            "total": self.total,
            "types": dict(self.types),
            "constraints": [one.as_dict() for one in self.constraints],
        }
        artifact.save(directory, kind=KIND, version=VERSION, manifest=manifest, arrays=stored)

    @classmethod
    def load(cls, directory: Path) -> FittedNetwork:
        """Read what ``save`` wrote. Raises: Failed."""
        from privacy.discretisation import Discretisation

        _, manifest, arrays = artifact.load(directory, kind=KIND, versions=(VERSION,))

        def under(prefix: str) -> dict[str, NDArray[Any]]:
            return {name.removeprefix(prefix): part for name, part in arrays.items() if name.startswith(prefix)}

        return cls(
            Weights.of(under("net.")),
            Discretisation.from_parts(manifest["domain"], under("domain.")),
            total=int(manifest["total"]),
            types=manifest["types"],
            constraints=stored_constraints(manifest["constraints"], manifest["types"]),
        )
