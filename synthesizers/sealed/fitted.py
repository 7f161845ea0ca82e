"""What a sealed engine leaves: rows of codes. They are the model; sampling deals them out again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthesizers import artifact
from synthesizers.conditions import Conditions, sampled
from synthesizers.constraints import stored as stored_constraints
from synthesizers.imputation import Gaps, imputed
from synthesizers.sealed.donors import completed
from understudy.rules import Constraint

if TYPE_CHECKING:
    import pyarrow as pa

    from privacy.discretisation import Discretisation

KIND = "sealed"
VERSION = 1


class FittedSealed:
    """Rows that a sealed engine made, and the meaning of their codes.

    The library's own model dies with its process, for there is no way to keep it but to pickle it. So more rows than
    it has made are the same rows again, each as often as any other, in another order.
    """

    def __init__(
        self,
        codes: NDArray[np.int64],
        discretisation: Discretisation,
        *,
        total: int,
        types: Mapping[str, str],
        constraints: tuple[Constraint, ...] = (),
    ) -> None:
        """``codes``: (rows, columns of the domain), at least one row. ``total``: the noisy number of real rows."""
        self._codes = codes
        self._discretisation = discretisation
        self._total = total
        self._types = dict(types)
        self._constraints = constraints

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """The schema's."""
        return self._constraints

    @property
    def discretisation(self) -> Discretisation:
        """What the codes mean."""
        return self._discretisation

    @property
    def n_made(self) -> int:
        """Rows that the engine has made."""
        return int(self._codes.shape[0])

    def sample(self, n_rows: int | None, *, seed: int, conditions: Conditions | None = None) -> pa.Table:
        """Synthetic rows in canonical types; the same arguments give the same rows. Raises: UsageError."""
        return sampled(self, n_rows, seed=seed, conditions=conditions).rows

    def impute(self, rows: pa.Table, columns: Sequence[str], *, seed: int) -> pa.Table:
        """The rows with the empty cells of these columns filled from the engine's rows that are nearest to them."""
        return imputed(self, rows, columns, seed=seed).rows

    def completed(
        self, codes: list[NDArray[np.int64]], holes: NDArray[np.bool_], banned: NDArray[np.bool_], *, seed: int
    ) -> list[NDArray[np.int64]]:
        """The rows with every hole from a donor; see ``imputation.Completes``. Raises: UsageError (impute-unknown)."""
        codecs = self._discretisation.codecs
        gaps = Gaps.of(codecs, codes, holes, banned)
        return completed(self._codes, codecs, gaps, np.random.default_rng([seed, 5]))

    def conditioned(self, conditions: Conditions) -> None:
        """The engine is gone: conditions are met by rejection."""

    def propose(self, n_rows: int | None, *, seed: int) -> pa.Table:
        """The rows dealt out in random order, none more than once more often than another."""
        rng = np.random.default_rng([seed, 0])
        count = self._total if n_rows is None else n_rows
        places = [rng.permutation(self.n_made) for _ in range(-(-count // self.n_made))]
        chosen = self._codes[np.concatenate([*places, np.zeros(0, dtype=np.intp)])[:count].astype(np.intp)]
        columns = dict(zip(self._discretisation.domain.names, chosen.T, strict=True))
        return self._discretisation.decode(columns, np.random.default_rng([seed, 1]))

    def save(self, directory: Path) -> None:
        """Write manifest.json and arrays.npz: what the engine gave back, and declared facts."""
        domain, arrays = self._discretisation.parts()
        stored: dict[str, NDArray[Any]] = {f"domain.{name}": array for name, array in arrays.items()}
        stored["codes"] = self._codes.astype(np.uint32)
        manifest = {
            "domain": domain,
            "total": self._total,
            "types": self._types,
            "constraints": [one.as_dict() for one in self._constraints],
        }
        artifact.save(directory, kind=KIND, version=VERSION, manifest=manifest, arrays=stored)

    @classmethod
    def load(cls, directory: Path) -> FittedSealed:
        """Read what ``save`` wrote. Raises: Failed."""
        from privacy.discretisation import Discretisation

        _, manifest, arrays = artifact.load(directory, kind=KIND, versions=(VERSION,))
        domain = {name.removeprefix("domain."): array for name, array in arrays.items() if name.startswith("domain.")}
        return cls(
            arrays["codes"].astype(np.int64),
            Discretisation.from_parts(manifest["domain"], domain),
            total=int(manifest["total"]),
            types=manifest["types"],
            constraints=stored_constraints(manifest["constraints"], manifest["types"]),
        )
