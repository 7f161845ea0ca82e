"""A fitted marginal model: rows from it, under conditions, and its artifact. Holds released numbers only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from synthesizers import artifact
from synthesizers.conditions import Conditions, sampled
from synthesizers.constraints import broken
from synthesizers.constraints import stored as stored_constraints
from synthesizers.imputation import imputed, missing_code, unknown_column
from synthesizers.tabular.condition import Tree, Wanted
from synthesizers.tabular.evidence import code_weights, possible, type_of
from synthesizers.tabular.impute import Completion
from synthesizers.tabular.junction import Node
from synthesizers.tabular.levels import Axis
from synthesizers.tabular.model import Model
from synthesizers.tabular.sample import COMPILED_FROM, shards
from synthesizers.tabular.steps import Codes
from understudy.errors import UsageError
from understudy.rules import Constraint

if TYPE_CHECKING:
    import pyarrow as pa

    from privacy.discretisation import Discretisation

KIND = "marginal"
VERSION = 1
_LEAST = 1e-9
"""Below such a share of the model, a condition is not met by anything but noise."""
_LEAST_ROWS = 0.5
"""Rows that have a value, as the model has it, below which it is said to have none."""
_DECODINGS = 8
"""How often a row's codes are decoded anew if its values break a constraint, before the row counts as broken."""


class FittedMarginal:
    """A fitted model and the meaning of its codes."""

    def __init__(self, model: Model, discretisation: Discretisation, constraints: tuple[Constraint, ...] = ()) -> None:
        self._model = model
        self._discretisation = discretisation
        self._constraints = constraints

    @property
    def constraints(self) -> tuple[Constraint, ...]:
        """The schema's."""
        return self._constraints

    @property
    def discretisation(self) -> Discretisation:
        """What the codes mean."""
        return self._discretisation

    def sample(self, n_rows: int | None, *, seed: int, conditions: Conditions | None = None) -> pa.Table:
        """Synthetic rows in canonical types; the same arguments give the same rows. Raises: UsageError."""
        return sampled(self, n_rows, seed=seed, conditions=conditions).rows

    def impute(self, rows: pa.Table, columns: Sequence[str], *, seed: int) -> pa.Table:
        """The rows with the empty cells of these columns filled: exactly by the model, given the others."""
        return imputed(self, rows, columns, seed=seed).rows

    def completed(
        self, codes: list[NDArray[np.int64]], holes: NDArray[np.bool_], banned: NDArray[np.bool_], *, seed: int
    ) -> list[NDArray[np.int64]]:
        """The rows with every hole drawn; see ``imputation.Completes``. Raises: UsageError (impute-unknown)."""
        model, codecs = self._model, self._discretisation.codecs
        shut = [missing_code(codec) if ban else None for codec, ban in zip(codecs, banned, strict=True)]
        tree = Tree(model.axes, model.nodes, model.beliefs)
        for place, code in enumerate(shut):
            if code is not None and (1 - tree.marginal(place)[code]) * model.total < _LEAST_ROWS:
                raise unknown_column(codecs[place].name)
        completion = Completion(model.axes, model.nodes, model.beliefs, shut)
        return completion.completed(codes, holes, np.random.default_rng([seed, 5]))

    def conditioned(self, conditions: Conditions) -> FittedMarginal:
        """The model under evidence: exact for shares and for values that have a code; the rest of a bin is rejected.

        Raises: UsageError (condition-unknown) if the model has no such rows.
        """
        codecs, model = self._discretisation.codecs, self._model
        places = {codec.name: place for place, codec in enumerate(codecs)}
        tree = Tree(model.axes, model.nodes, model.beliefs)
        evidence = {
            places[name]: possible(codecs[places[name]], wanted).astype(float)
            for name, wanted in conditions.where.items()
        }
        wanted = []
        for name, shares in conditions.shares.items():
            groups, parts = code_weights(shares, codecs[places[name]])
            wanted.append(Wanted(places[name], tuple(groups), np.array(parts)))
        if (evidence and tree.reweight(evidence) < _LEAST) or not tree.rebalance(wanted):
            raise UsageError("The model has no rows as they are asked for.", code="condition-unknown")
        under = replace(model, beliefs=tuple(tree.beliefs))
        return FittedMarginal(under, self._discretisation, self._constraints)

    def propose(self, n_rows: int | None, *, seed: int) -> pa.Table:
        """Rows as the model has them; few of them break a constraint."""
        import pyarrow as pa

        return pa.concat_tables(self.shards(n_rows, seed=seed))

    def shards(self, n_rows: int | None, *, seed: int, dictionaries: bool = False) -> Iterator[pa.Table]:
        """The rows of ``propose``, at most ``sample.SHARD`` at a time, each shard by its own (seed, shard).

        ``dictionaries``: listed words as dictionary arrays; not where there are constraints.
        """
        count, sampler = self._model.n_rows(n_rows), self._model.sampler()
        for shard, size in shards(count):
            codes = sampler.shard(size, seed=seed, shard=shard, compiled=count >= COMPILED_FROM)
            yield self._decoded(codes, np.random.Generator(np.random.SFC64([seed, shard, 1])), dictionaries)

    def _decoded(self, codes: Sequence[Codes], rng: np.random.Generator, dictionaries: bool = False) -> pa.Table:
        """Typed rows. Where a row breaks a constraint, its codes are decoded anew, for a better place in its bins.

        So that two amounts that share a bin keep their order, and the bins their shares, which rejection would take
        from them.
        """
        import pyarrow as pa

        by_name = dict(zip(self._names, codes, strict=True))
        rows = self._discretisation.decode(by_name, rng, dictionaries=dictionaries and not self._constraints)
        parts, place = [rows], np.arange(rows.num_rows)
        bad = np.flatnonzero(broken(rows, self._constraints)) if self._constraints else place[:0]
        for _ in range(_DECODINGS):
            if not bad.size:
                break
            again = self._discretisation.decode({name: own[bad] for name, own in by_name.items()}, rng)
            place[bad] = sum(part.num_rows for part in parts) + np.arange(bad.size)
            parts.append(again)
            bad = bad[broken(again, self._constraints)]
        return rows if len(parts) == 1 else pa.concat_tables(parts).take(place)

    @property
    def _names(self) -> tuple[str, ...]:
        return self._discretisation.domain.names

    def save(self, directory: Path) -> None:
        """Write manifest.json and arrays.npz: released numbers and declared facts only."""
        domain, arrays = self._discretisation.parts()
        stored: dict[str, NDArray[Any]] = {f"domain.{name}": array for name, array in arrays.items()}
        for column, axis in enumerate(self._model.axes):
            stored[f"order.{column}"] = axis.order
            for level, starts in enumerate(axis.starts):
                stored[f"starts.{column}.{level}"] = starts
        for index, belief in enumerate(self._model.beliefs):
            stored[f"belief.{index}"] = belief
        manifest = {
            "domain": domain,
            "total": self._model.total,
            "constraints": [one.as_dict() for one in self._constraints],
            "types": {codec.name: type_of(codec) for codec in self._discretisation.codecs},
            "levels": [len(axis.starts) for axis in self._model.axes],
            "nodes": [
                {"members": sorted(node.members), "separator": node.separator, "axes": node.axes, "parent": node.parent}
                for node in self._model.nodes
            ],
        }
        artifact.save(directory, kind=KIND, version=VERSION, manifest=manifest, arrays=stored)

    @classmethod
    def load(cls, directory: Path) -> FittedMarginal:
        """Read what ``save`` wrote. Raises: Failed."""
        from privacy.discretisation import Discretisation

        _, manifest, arrays = artifact.load(directory, kind=KIND, versions=(VERSION,))
        axes = tuple(
            Axis(arrays[f"order.{column}"], tuple(arrays[f"starts.{column}.{level}"] for level in range(levels)))
            for column, levels in enumerate(manifest["levels"])
        )
        nodes = tuple(
            Node(
                members=frozenset((int(column), int(level)) for column, level in node["members"]),
                axes=tuple((int(column), int(level)) for column, level in node["axes"]),
                separator=tuple((int(column), int(level)) for column, level in node["separator"]),
                parent=int(node["parent"]),
            )
            for node in manifest["nodes"]
        )
        beliefs = tuple(arrays[f"belief.{index}"] for index in range(len(nodes)))
        domain = {name.removeprefix("domain."): array for name, array in arrays.items() if name.startswith("domain.")}
        return cls(
            Model(axes, nodes, beliefs, float(manifest["total"])),
            Discretisation.from_parts(manifest["domain"], domain),
            stored_constraints(manifest.get("constraints", []), manifest.get("types", {})),
        )
