"""The table of identifiers says what the detectors do, and the docs say what the table does."""

from __future__ import annotations

from pathlib import Path

from privacy.scrub.base import KIND_OF_ENTITY
from privacy.scrub.coverage import FINANCE, SAFE_HARBOR, as_markdown
from understudy.schema import KINDS, PII_KINDS

DOCS = Path(__file__).parents[4] / "docs" / "scrub.md"


def test_the_eighteen_are_there_in_order() -> None:
    assert "".join(entry.letter for entry in SAFE_HARBOR) == "ABCDEFGHIJKLMNOPQR"


def test_every_kind_of_a_field_is_somebodys_and_every_entity_is_known() -> None:
    listed = {kind for entry in (*SAFE_HARBOR, *FINANCE) for kind in entry.kinds}
    assert listed == set(PII_KINDS) | {"identifier"}
    assert listed <= set(KINDS)
    entities = {entity for entry in (*SAFE_HARBOR, *FINANCE) for entity in entry.entities}
    assert entities <= set(KIND_OF_ENTITY)
    assert set(KIND_OF_ENTITY) - entities == {"NRP", "TITLE"}  # found and reported, no identifiers


def test_the_docs_show_the_table_as_it_is() -> None:
    assert as_markdown() in DOCS.read_text(encoding="utf-8")
