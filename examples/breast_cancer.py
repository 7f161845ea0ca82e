"""Writes scikit-learn's breast-cancer table (Wisconsin diagnostic, 569 biopsies) with a schema.

The bounds are not the table's own, which would be a leak: they are round numbers that hold for cell nuclei in images
of this scale. A radius of at most 40 pixels bounds the perimeter and the area; the others are shares or ratios.

    python examples/breast_cancer.py DIRECTORY      writes breast_cancer.csv and breast_cancer.schema.json
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

from sklearn.datasets import load_breast_cancer

POPULATION = "breast-cancer"
TARGET = "diagnosis"

MAXIMUM = {
    "radius": 40.0,
    "texture": 60.0,
    "perimeter": 300.0,
    "area": 5_000.0,
    "smoothness": 0.3,
    "compactness": 1.5,
    "concavity": 2.0,
    "concave points": 0.4,
    "symmetry": 0.8,
    "fractal dimension": 0.3,
}
"""Of a cell nucleus: lengths and areas in pixels, the rest without unit. The least is 0."""

ERROR_SHARE = 0.25
"""The standard error over the nuclei of one image is at most this share of the measurement's own bound."""


def maximum_of(name: str) -> float:
    """The public bound of one of the 30 measurements, such as "mean radius" or "area error"."""
    for measure, bound in MAXIMUM.items():
        if measure in name:
            return bound * ERROR_SHARE if name.endswith("error") else bound
    raise KeyError(name)


def make_schema(names: list[str]) -> dict[str, object]:
    """30 bounded numbers and the diagnosis."""
    fields: list[dict[str, object]] = [
        {
            "name": name.replace(" ", "_"),
            "type": "number",
            "constraints": {"minimum": 0.0, "maximum": round(maximum_of(name), 6)},
        }
        for name in names
    ]
    diagnosis: dict[str, object] = {
        "name": TARGET,
        "type": "string",
        "constraints": {"enum": ["malignant", "benign"], "required": True},
        "understudy:target": True,
    }
    return {
        "name": "breast-cancer",
        "title": "Breast cancer, Wisconsin diagnostic",
        "description": "Measurements of cell nuclei in fine-needle biopsies. UCI, CC BY 4.0; one row is one patient.",
        "fields": [*fields, diagnosis],
        "missingValues": [""],
        "understudy:population": POPULATION,
    }


def write_breast_cancer(directory: Path) -> tuple[Path, Path]:
    """Write the table and its schema; returns their paths."""
    data = load_breast_cancer()
    names = [str(name) for name in data.feature_names]
    table, schema = directory / "breast_cancer.csv", directory / "breast_cancer.schema.json"
    with table.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([*(name.replace(" ", "_") for name in names), TARGET])
        for values, label in zip(data.data.tolist(), data.target.tolist(), strict=True):
            writer.writerow([*values, str(data.target_names[label])])
    schema.write_text(json.dumps(make_schema(names), indent=2) + "\n", encoding="utf-8")
    return table, schema


if __name__ == "__main__":
    write_breast_cancer(Path(sys.argv[1]))
