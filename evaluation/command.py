"""``understudy statement verify FILE``: a command that needs no service, and so imports none."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from evaluation.statement import PrivacyStatement
from understudy.errors import Conflict, UsageError


class StatementAction(StrEnum):
    """What can be done with a privacy statement."""

    VERIFY = "verify"


def statement(
    action: Annotated[StatementAction, typer.Argument(help="verify: price its events again, by two accountants.")],
    file: Annotated[Path, typer.Argument(help="A privacy_statement.json.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Check a privacy statement from the document alone: no service, no database, no row is needed."""
    from evaluation.recompute import recompute  # accountants take a second to import, and help needs none

    del action  # there is only one
    found = recompute(_read_statement(file))
    if as_json:
        print(json.dumps(asdict(found) | {"agrees": found.agrees}))
    else:
        print(f"stated          epsilon {found.stated} at delta {found.delta}")
        print(f"recomputed      epsilon {found.ours:.9f}")
        for name, epsilon in sorted(found.dp_accounting.items()):
            print(f"dp_accounting   epsilon {epsilon:.9f} ({name})")
        for fault in found.faults:
            print(fault)
    if not found.agrees:
        raise Conflict("The statement does not hold.", code="statement-wrong")


def _read_statement(file: Path) -> PrivacyStatement:
    try:
        return PrivacyStatement.from_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        raise UsageError("This is no privacy statement of a known version.", code="statement-unknown") from None
