"""At most max_rows rows of each unit, where rows cannot leave a database: ranked there by a salted hash.

HMAC, by which ``privacy.ingest.bound_rows`` ranks rows, cannot run in SQL, and a key has no place in a query. So a
unit's rows are ranked by SHA-256 of ``salt + unit + "|" + its row's codes joined by ","``. That is all the guarantee
needs: which rows a unit keeps follows from its own rows alone. Rows with equal codes are equal as far as counts go, so
ties do not matter, and every database that has SHA-256 keeps the same counts. Who knows the salt can foresee which of
his own rows are kept, nothing else. Rows without a unit are nobody's, and are left out. (docs/adr/0010)
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from understudy.errors import UsageError
from understudy.schema import TableSchema

_PURPOSE = b"understudy/push-down-cap/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """Whose rows are capped, how many are kept, and by which salt (hexadecimal) they are ranked."""

    column: str
    max_rows: int
    salt: str

    @classmethod
    def of(cls, schema: TableSchema, *, key: bytes) -> Cap | None:
        """The schema's cap; None if every row is a unit of its own. The salt is a one-way function of the key.

        Raises: UsageError (unit-type) if the unit is neither text nor a whole number: its text would differ between
        databases.
        """
        column = schema.unit.column
        if column is None:
            return None
        if schema[column].type not in ("string", "integer"):
            raise UsageError("A privacy unit in a database is text or a whole number.", code="unit-type")
        salt = hmac.digest(key, _PURPOSE, "sha256").hex()
        return cls(column=column, max_rows=schema.unit.max_rows, salt=salt)
