"""SDV's GaussianCopula, CTGAN and TVAE on codes. No formal guarantee of any kind.

Codes of an order (bins of numbers and dates, long ranges) are numbers to the copula, all others are categories.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .task import Codes, Task

_TABLE = "table"


def run(codes: Codes, document: dict[str, Any]) -> Codes:
    """Rows of the model. Columns of one code are put aside, for they tell nothing."""
    task = Task.of(document)
    busy = [column for column, size in enumerate(task.sizes) if size > 1]
    made = np.zeros((task.n_rows, len(task.sizes)), dtype=np.int64)
    if not busy or len(codes) == 0 or task.n_rows == 0:
        return made
    ordered = [task.model == "gaussian-copula" and bool(task.options["ordered"][column]) for column in busy]
    names = [f"c{column}" for column in busy]
    rows = pd.DataFrame(codes[:, busy], columns=names)
    for name, is_number in zip(names, ordered, strict=True):
        rows[name] = rows[name].astype("int64" if is_number else "str")
    model = _model(task, names, ordered)
    model.fit({_TABLE: rows})
    found = model.sample(num_rows=task.n_rows)
    found = found[_TABLE] if isinstance(found, dict) else found
    for column, name in zip(busy, names, strict=True):
        values = pd.to_numeric(found[name]).fillna(0).round().to_numpy()
        made[:, column] = np.clip(values, 0, task.sizes[column] - 1).astype(np.int64)
    return made


def _model(task: Task, names: list[str], ordered: list[bool]) -> Any:
    from sdv.metadata import Metadata
    from sdv.single_table import CTGANSynthesizer, GaussianCopulaSynthesizer, TVAESynthesizer

    kinds = {
        name: {"sdtype": "numerical" if is_number else "categorical"}
        for name, is_number in zip(names, ordered, strict=True)
    }
    metadata = Metadata.load_from_dict({"tables": {_TABLE: {"columns": kinds}}, "relationships": []})
    if task.model == "gaussian-copula":
        return GaussianCopulaSynthesizer(metadata)
    kind = CTGANSynthesizer if task.model == "ctgan" else TVAESynthesizer
    return kind(metadata, epochs=int(task.options["epochs"]), **_device(kind))


def _device(kind: Any) -> dict[str, Any]:
    """CTGAN and TVAE on the processor, by the name that this version has for it."""
    import inspect

    known = inspect.signature(kind.__init__).parameters
    return {"enable_gpu": False} if "enable_gpu" in known else {"cuda": False}
