"""Fairness: does the synthetic table treat groups of people as the real one does, no better and no worse?

Owner side. Puts together representation, subgroup performance and the change of unfair gaps.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from evaluation.contest import Contest
from evaluation.encode import Encoded
from evaluation.group_distance import within_groups
from evaluation.groups import groupings
from evaluation.parity import odds, parity, performance_gap
from evaluation.report import Section
from evaluation.representation import representation

MAX_CLASSES = 6
"""Groups are crossed with targets of at most this many classes: more cells leave each too little power."""


def fairness(encoded: Encoded, held: Sequence[Contest], rng: np.random.Generator) -> Section:
    """Representation of every group, distance within each, and three gaps for every declared target."""
    groups = groupings(encoded)
    names = {contest.job.target.name for contest in held}
    crossed = [group for group in groups if group.column in names and len(group.labels) <= MAX_CLASSES]
    shown = representation(encoded, groups, crossed)
    gaps = []
    for contest in held:
        others = [group for group in groups if group.column != contest.job.target.name]
        gaps += [performance_gap(contest, others), parity(contest, others), odds(contest, others)]
    return Section(
        id="fairness",
        title="Fairness",
        question="Is anybody lost, or treated otherwise than in the real table?",
        metrics=(*shown.metrics, within_groups(encoded, groups, rng), *gaps),
        figures=shown.figures,
        tables=shown.tables,
    )
