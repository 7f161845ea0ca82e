"""What becomes of a network's opinion of words: the mean of several, and spans that common sense lets through."""

from __future__ import annotations

import numpy as np
import pytest

from privacy.scrub.labels import LABELS, spans_of
from privacy.scrub.tagger import Network, Tagger
from privacy.scrub.tokens import ROWS, TOKEN, WORD_COLUMN, Words

F = np.float32


def _said(text: str, label: str, *words: str) -> list[tuple[str, str]]:
    """The spans of a network that is sure of ``label`` for these words and of nothing else."""
    tokens = [match.span() for match in TOKEN.finditer(text)]
    chances = np.full((len(tokens), len(LABELS)), 0.0, F)
    for place, (start, end) in enumerate(tokens):
        chances[place, LABELS.index(label) if text[start:end] in words else 0] = 1.0
    found = spans_of(text, tokens, chances, np.full(len(LABELS), 0.5, F))
    return [(text[span.start : span.end], span.entity) for span in found]


@pytest.mark.parametrize(
    ("text", "label", "words", "found"),
    [
        ("May may march", "DATE", ("May", "may", "march"), [("May", "DATE_TIME")]),
        ("he may march", "DATE", ("may", "march"), []),
        ("in March 2020", "DATE", ("March", "2020"), [("March 2020", "DATE_TIME")]),
        ("in the 60s", "AGE", ("60",), []),
        ("aged 60 now", "AGE", ("60",), [("60", "AGE")]),
        ("lives in 25/3 now", "ADDRESS", ("25", "/", "3"), [("25/3", "STREET_ADDRESS")]),
        ("Na 138, given", "ADDRESS", ("138",), []),
        ("in 61682 Oslo", "ADDRESS", ("61682",), [("61682", "STREET_ADDRESS")]),
        ("a 1.5.2.9 version", "ADDRESS", ("1", ".", "5", "2", "9"), []),
    ],
)
def test_what_a_sure_network_may_not_find(
    text: str, label: str, words: tuple[str, ...], found: list[tuple[str, str]]
) -> None:
    assert _said(text, label, *words) == found


def test_several_networks_speak_with_one_voice() -> None:
    rng = np.random.default_rng(3)

    def network() -> Network:
        layers = ((rng.normal(0, 1, (20, 6)).astype(F), np.zeros(6, F)),)
        out = rng.normal(0, 1, (6, len(LABELS))).astype(F), np.zeros(len(LABELS), F)
        return Network(table=rng.normal(0, 1, (ROWS, 4)).astype(F), layers=layers, out=out)

    one, other = network(), network()
    tagger = Tagger(networks=(one, other), words=Words({}), thresholds=np.full(len(LABELS), 0.5, F))
    [(_, rows, chances)] = tagger.seen("Ann met Bo")
    assert np.allclose(chances, (one.probabilities(rows) + other.probabilities(rows)) / 2, atol=1e-6)
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-5)
    [(_, _, looks)] = tagger.seen("Ann met Bo", twice=True)
    hidden = rows.copy()
    hidden[:, WORD_COLUMN] = 0
    assert np.allclose(looks, (chances + tagger.chances(hidden)) / 2, atol=1e-6)
    assert not np.allclose(looks, chances)
