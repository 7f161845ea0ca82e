"""mostlyai-engine's LSTM language model, with DP-SGD as shipped, on notes with a class.

    .bench/mostlyai/bin/python benchmarks/peers/text_mostlyai.py ROWS.jsonl MADE.jsonl EPSILON NOTES MINUTES

``ROWS``: objects with a class and a text, the text in the last column. ``EPSILON``: a number, or ``inf`` for none.
Its value protection spends an epsilon of its own on top, and its vocabulary is learnt from the text without any.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pandas as pd
from mostlyai.engine import LanguageModel
from mostlyai.engine.domain import DifferentialPrivacyConfig


def main() -> None:
    """Train for at most MINUTES, write NOTES rows, print how long both took."""
    rows, made, epsilon, notes, minutes = sys.argv[1:6]
    table = pd.DataFrame([json.loads(line) for line in Path(rows).read_text(encoding="utf-8").splitlines()])
    *_, text = table.columns
    privacy = None if epsilon == "inf" else DifferentialPrivacyConfig(max_epsilon=float(epsilon), delta=1e-5)
    model = LanguageModel(
        model="MOSTLY_AI/LSTMFromScratch-3m",
        tgt_encoding_types={
            name: "LANGUAGE_TEXT" if name == text else "LANGUAGE_CATEGORICAL" for name in table.columns
        },
        differential_privacy=privacy,
        max_training_time=float(minutes),
        device="cpu",
        random_state=0,
    )
    started = time.process_time()
    model.fit(table)
    fit_s, started = time.process_time() - started, time.process_time()
    found = model.sample(n_samples=int(notes))
    print(json.dumps({"fit_cpu_s": round(fit_s, 1), "write_cpu_s": round(time.process_time() - started, 1)}))
    found.to_json(made, orient="records", lines=True)


if __name__ == "__main__":
    main()
