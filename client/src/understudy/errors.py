"""Every error a caller can meet, in one tree.

    UnderstudyError
    ├── UsageError            the call or the schema is wrong           exit 2
    │   ├── SchemaError         schema-invalid
    │   └── PrivacyParameterError  privacy-parameter-invalid
    ├── BudgetError           the ledger says no                        exit 3
    │   ├── BudgetExceeded      budget-exceeded
    │   └── PlanExceeded        plan-exceeded
    ├── InputRefused          the table cannot be taken in              exit 4
    ├── AccessError           who are you, may you                      exit 2
    │   ├── Unauthenticated     unauthenticated
    │   ├── Forbidden           forbidden
    │   └── NotFound            not-found
    ├── Conflict              conflict
    ├── RateLimited           rate-limited                            exit 5
    └── Failed                something broke on our side               exit 5

A ``code`` is stable for ever: clients match on it. A ``message`` is fixed text plus public facts; it
never holds a cell value, a path or another library's words. ``where`` says the place: a JSON pointer
in a schema, or line and column in a table.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the fault lies. ``line`` counts from 1 and includes the header line of a CSV."""

    line: int | None = None
    column: str | None = None
    pointer: str | None = None

    def __str__(self) -> str:
        parts = [
            f"line {self.line}" if self.line is not None else "",
            f"column {self.column!r}" if self.column is not None else "",
            f"at {self.pointer}" if self.pointer is not None else "",
        ]
        return ", ".join(part for part in parts if part)

    def as_dict(self) -> dict[str, str | int]:
        """The fields that are known."""
        return {key: value for key, value in asdict(self).items() if value is not None}


class UnderstudyError(Exception):
    """Base of every error that may reach a caller."""

    code: ClassVar[str] = "failed"
    exit_code: ClassVar[int] = 5

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        where: tuple[Place, ...] = (),
        facts: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = code or type(self).code
        self.where = where
        self.facts = dict(facts or {})

    def __str__(self) -> str:
        places = "; ".join(str(place) for place in self.where)
        return f"{self.message} ({places})" if places else self.message


class UsageError(UnderstudyError):
    """The call is wrong: read the message, change the call."""

    code = "usage"
    exit_code = 2


class SchemaError(UsageError):
    """The schema is wrong at ``where[i].pointer``."""

    code = "schema-invalid"


class PrivacyParameterError(UsageError):
    """Epsilon, delta or a cap is out of range. Such values are refused, never clamped."""

    code = "privacy-parameter-invalid"


class BudgetError(UnderstudyError):
    """The ledger says no. Nothing was charged."""

    code = "budget"
    exit_code = 3


class BudgetExceeded(BudgetError):
    """The account cannot cover the job; ``facts`` has requested, left and the scope."""

    code = "budget-exceeded"


class PlanExceeded(BudgetError):
    """A mechanism asked for more than its plan holds; nothing was read."""

    code = "plan-exceeded"


class InputRefused(UnderstudyError):
    """The table cannot be taken in. ``reason`` says why, ``where`` the first places."""

    code = "input-refused"
    exit_code = 4


class AccessError(UnderstudyError):
    """Identity or permission."""

    code = "access"
    exit_code = 2


class Unauthenticated(AccessError):
    """No key, or a key that is not known."""

    code = "unauthenticated"


class Forbidden(AccessError):
    """The key is known and may not do this."""

    code = "forbidden"


class NotFound(AccessError):
    """No such thing for this tenant. Another tenant's things are answered the same way."""

    code = "not-found"


class Conflict(UnderstudyError):
    """The thing is not in a state that allows this."""

    code = "conflict"
    exit_code = 2


class RateLimited(UnderstudyError):
    """Too many requests of this caller or this tenant. Nothing was done; ``facts`` say when to ask again."""

    code = "rate-limited"
    exit_code = 5

    @property
    def retry_after_s(self) -> int:
        """After how many seconds the same request may be sent again; at least 1."""
        told = self.facts.get("retry_after_s", "")
        return max(1, int(told)) if told.isdecimal() else 1


class Failed(UnderstudyError):
    """Something broke on our side. The log of the service has the redacted cause."""

    code = "failed"
    exit_code = 5


ERRORS: dict[str, type[UnderstudyError]] = {
    kind.code: kind
    for kind in (
        UsageError,
        SchemaError,
        PrivacyParameterError,
        BudgetError,
        BudgetExceeded,
        PlanExceeded,
        InputRefused,
        AccessError,
        Unauthenticated,
        Forbidden,
        NotFound,
        Conflict,
        RateLimited,
        Failed,
    )
}
"""Class by its own code; an error's ``reason`` may be finer than its class's code."""
