"""The appendix for whoever has to sign: evidence in the order in which the law asks for it. It judges nothing twice.

The words of the law stay with the lawyers: this section says what was measured and what the owner has to add.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from evaluation.dossier import expert_determination, iso_27559, wp29
from evaluation.report import Metric, Section
from evaluation.safe_harbor import safe_harbor
from evaluation.statement import PrivacyStatement
from understudy.schema import TableSchema


def evidence(
    schema: TableSchema,
    synthetic: pa.Table,
    statement: PrivacyStatement,
    sections: Sequence[Section],
    job: Mapping[str, object],
    limits: Sequence[str],
    *,
    more: Sequence[Metric] = (),
) -> Section:
    """Safe Harbor scan (releasable), three forms for the owner that point into other sections, and `more` metrics."""
    found = {metric.id: metric for section in sections for metric in section.metrics}
    metric, scan = safe_harbor(schema, synthetic)
    return Section(
        id="evidence",
        title="Evidence for the file",
        question="What does a regulator's form ask for, and where does it stand here?",
        metrics=(metric, *more),
        tables=(wp29(found), scan, expert_determination(statement, found, job, limits), iso_27559()),
    )
