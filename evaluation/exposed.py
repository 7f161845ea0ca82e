"""Who stands nearest to a synthetic row? The people whom an attack would name first, under names of the owner's own.

Owner side. An audited person who was trained on is named by a keyed digest of their id, or by the number of their row
where the reader holds the table; never by the id itself. Beside each stands how many people never trained on the attack
would have named as early: a person on this list is exposed only where these are few.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pyarrow as pa

from evaluation.membership import Audit
from evaluation.report import Disclosure, Table

MOST = 20
ROW = "understudy:row"
"""A column of the audited rows that holds their number in the reader's own table, from 1."""

Naming = Callable[[int], str]


def naming(members: pa.Table, column: str | None, key: bytes) -> Naming | None:
    """How a row of `members` is called; None where no name could be told that tells nothing.

    `column` holds the person. Guarantees: without the key, nobody who guesses an id can check the guess.
    """
    if ROW in members.column_names:
        return lambda place: f"row {members[ROW][place].as_py():,}"
    if column is None or column not in members.column_names or not key:
        return None

    def keyed(place: int) -> str:
        told = str(members[column][place].as_py()).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(told, key=key[:64], digest_size=6).hexdigest()

    return keyed


def exposed(people: Audit | None, name: Naming | None) -> tuple[Table, ...]:
    """The 20 people trained on with the highest score of the membership attack; none without a name for them."""
    if people is None or name is None or not people.member.any() or people.member.all():
        return ()
    inside = np.flatnonzero(people.member)
    first = inside[np.argsort(-people.score[inside], kind="stable")[:MOST]]
    strangers, apart = np.sort(people.score[~people.member]), np.sort(people.isolation)
    rows = tuple(
        (
            name(int(people.row[i])),
            f"{np.exp(-people.score[i]):.3g}",
            f"{len(strangers) - np.searchsorted(strangers, people.score[i]):,} of {len(strangers):,}",
            f"{1 - np.searchsorted(apart, people.isolation[i]) / len(apart):.1%}",
        )
        for i in first
    )
    return (
        Table(
            id="risk-exposed",
            title="People most exposed",
            header=("Person", "Distance to synthetic, over the usual", "Never seen, as exposed", "Most isolated"),
            rows=rows,
            disclosure=Disclosure.OWNER,
            note=f"The {len(rows)} audited people whom the membership attack would name first. A person is named by a "
            "keyed digest of the id, or by the number of the row in the table that was given. “Most isolated” is the "
            "share of all audited people who are as far from everybody else. Where people never seen are as exposed, "
            "nearness is what the population looks like.",
        ),
    )
