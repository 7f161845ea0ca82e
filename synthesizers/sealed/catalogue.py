"""The sealed engines: what each is, what it promises, where it stops. Facts only; reasons: docs/engines.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Pricing(StrEnum):
    """How an engine is paid. ZCDP: one rho for all it does. POISSON: a training. NONE: no guarantee at any price."""

    ZCDP = "zcdp"
    POISSON = "poisson"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpec:
    """One sealed engine.

    ``environment``: the name of the Python environment it needs; empty for none but ours. ``runner`` and ``model``:
    which part of the worker does it. ``max_columns``, ``max_cells`` (codes of all columns together): beyond them it is
    refused, for it would not end. ``options``: plain JSON for the runner.
    """

    name: str
    summary: str
    mechanism: str
    runner: str
    model: str
    pricing: Pricing
    environment: str = ""
    max_columns: int = 100
    max_cells: int = 20_000
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_private(self) -> bool:
        """Whether it holds a formal guarantee."""
        return self.pricing is not Pricing.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A set of packages that only a sealed process may import."""

    name: str
    summary: str
    licence: str
    notice: str = ""
    from_source: tuple[str, ...] = ()
    """Packages of which there is no wheel; all others are taken as wheels only."""


ENVIRONMENTS: tuple[Environment, ...] = (
    Environment(
        name="smartnoise",
        summary="smartnoise-synth 1.0.8 with opacus 0.14 and mbi 1.1.0",
        licence="MIT",
        from_source=("antlr4-python3-runtime",),
    ),
    Environment(
        name="sdv",
        summary="sdv 2.0.0 with rdt, ctgan, copulas and deepecho",
        licence="BUSL-1.1",
        notice=(
            "SDV, rdt, ctgan, copulas and deepecho are under the Business Source Licence 1.1: use is granted except "
            "for a commercial service that gives third parties synthetic data. They are no part of Understudy. Read "
            "their licences before you go on."
        ),
    ),
)


def environment_of(name: str) -> Environment | None:
    """The environment of that name."""
    return next((one for one in ENVIRONMENTS if one.name == name), None)


_NETWORK = {"batch_size": 250, "steps": 400, "expected_rows": 20_000}
_EPOCHS = {"epochs": 20}
_ITERATIONS = {"iterations": 200}

SPECS: tuple[EngineSpec, ...] = (
    EngineSpec(
        name="smartnoise-mst",
        summary="SmartNoise's MST: a tree of noisy pairs. Few columns suffice it, and little epsilon.",
        mechanism="Gaussian noise on one-way and pair counts, exponential mechanism for the tree",
        runner="smartnoise",
        model="mst",
        pricing=Pricing.ZCDP,
        environment="smartnoise",
        max_columns=40,
        options={"mirror_steps": 5000},
    ),
    EngineSpec(
        name="smartnoise-aim",
        summary="SmartNoise's AIM: pairs chosen round by round, refitted each time. Slow: minutes to an hour.",
        mechanism="Gaussian noise on counts, exponential mechanism for each round",
        runner="smartnoise",
        model="aim",
        pricing=Pricing.ZCDP,
        environment="smartnoise",
        max_columns=20,
        max_cells=5_000,
        options={"rounds_per_column": 2, "max_model_mib": 20, "max_cells": 10_000},
    ),
    EngineSpec(
        name="smartnoise-mwem",
        summary="SmartNoise's MWEM: full histograms of small groups of columns. For a handful of small columns.",
        mechanism="Laplace noise on counts, exponential mechanism for each round",
        runner="smartnoise",
        model="mwem",
        pricing=Pricing.ZCDP,
        environment="smartnoise",
        max_columns=12,
        max_cells=600,
    ),
    EngineSpec(
        name="smartnoise-dpctgan",
        summary="SmartNoise's DP-CTGAN with true Poisson sampling and without its condition vector.",
        mechanism="DP-SGD on the discriminator",
        runner="smartnoise_network",
        model="dpctgan",
        pricing=Pricing.POISSON,
        environment="smartnoise",
        max_cells=2_000,
        options=_NETWORK,
    ),
    EngineSpec(
        name="smartnoise-pacsynth",
        summary="PAC-Synth, not private here: the range of its percentile is read from the rows.",
        mechanism="none",
        runner="smartnoise_unproven",
        model="pacsynth",
        pricing=Pricing.NONE,
        environment="smartnoise",
        max_columns=30,
    ),
    EngineSpec(
        name="smartnoise-patectgan",
        summary="PATE-CTGAN, not private here: all its teachers are one network that sees every part of the rows.",
        mechanism="none",
        runner="smartnoise_unproven",
        model="patectgan",
        pricing=Pricing.NONE,
        environment="smartnoise",
        max_cells=2_000,
        options=_ITERATIONS,
    ),
    EngineSpec(
        name="smartnoise-pategan",
        summary="PATE-GAN, not private here: its loop ends after its budget does.",
        mechanism="none",
        runner="smartnoise_unproven",
        model="pategan",
        pricing=Pricing.NONE,
        environment="smartnoise",
        max_cells=2_000,
        options=_ITERATIONS,
    ),
    EngineSpec(
        name="smartnoise-dpgan",
        summary="DPGAN, not private here: it sets its clipping norm from the gradients of the rows.",
        mechanism="none",
        runner="smartnoise_unproven",
        model="dpgan",
        pricing=Pricing.NONE,
        environment="smartnoise",
        max_cells=2_000,
        options=_EPOCHS,
    ),
    EngineSpec(
        name="sdv-gaussian-copula",
        summary="SDV's GaussianCopula, without differential privacy.",
        mechanism="none",
        runner="sdv",
        model="gaussian-copula",
        pricing=Pricing.NONE,
        environment="sdv",
    ),
    EngineSpec(
        name="sdv-ctgan",
        summary="SDV's CTGAN, without differential privacy.",
        mechanism="none",
        runner="sdv",
        model="ctgan",
        pricing=Pricing.NONE,
        environment="sdv",
        max_cells=3_000,
        options={"epochs": 100},
    ),
    EngineSpec(
        name="sdv-tvae",
        summary="SDV's TVAE, without differential privacy.",
        mechanism="none",
        runner="sdv",
        model="tvae",
        pricing=Pricing.NONE,
        environment="sdv",
        max_cells=3_000,
        options={"epochs": 100},
    ),
)

INDEPENDENT = EngineSpec(
    name="independent",
    summary="Noisy one-ways, columns independent: the door's own test engine.",
    mechanism="rounded Gaussian noise on one-way counts",
    runner="fake",
    model="independent",
    pricing=Pricing.ZCDP,
    max_columns=400,
    max_cells=100_000,
)
"""Not offered. It needs no environment, so that every test of the door runs everywhere."""
