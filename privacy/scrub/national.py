"""Numbers that a state gives its people, by their form and check digits: what a column's values say of themselves.

Each check takes one value as it is written, with or without the separators that are usual.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from privacy.scrub.numbers import digits_of, luhn_digit

_NIF = "TRWAGMYFPDXBNJZSQVHLCKE"
_VERHOEFF = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
    (1, 5, 7, 6, 2, 8, 3, 0, 9, 4),
    (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7),
    (9, 4, 5, 3, 1, 2, 6, 8, 7, 0),
    (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5),
    (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)


def _sum(digits: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def _day(month: str, day: str) -> bool:
    return 1 <= int(month) <= 12 and 1 <= int(day) <= 31


def cpf(digits: str) -> bool:
    """Brazil, Cadastro de Pessoas Fisicas: two check digits modulo 11."""
    for size in (9, 10):
        rest = _sum(digits[:size], range(size + 1, 1, -1)) % 11
        if int(digits[size]) != (0 if rest < 2 else 11 - rest):
            return False
    return len(set(digits)) > 1


def pesel(digits: str) -> bool:
    """Poland: a birth date, its century in the month, and a check digit."""
    total = _sum(digits[:10], (1, 3, 7, 9, 1, 3, 7, 9, 1, 3))
    return _day(f"{int(digits[2:4]) % 20:02d}", digits[4:6]) and -total % 10 == int(digits[10])


def steuer_id(digits: str) -> bool:
    """Germany, Steuer-Identifikationsnummer: one digit repeats, ISO 7064 modulo 11, 10."""
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return digits[0] != "0" and len(set(digits[:10])) in (8, 9) and (11 - product) % 10 == int(digits[10])


def birth_number(digits: str) -> bool:
    """Czechia and Slovakia, rodne cislo: a birth date, women's months plus 50 (or 20 more), modulo 11."""
    month = int(digits[2:4]) % 50
    rest = int(digits[:9]) % 11 % 10
    return _day(f"{month - 20 if month > 20 else month:02d}", digits[4:6]) and int(digits[9]) == rest


def personnummer(digits: str) -> bool:
    """Sweden: a birth date, Luhn over ten digits."""
    return _day(digits[2:4], digits[4:6]) and luhn_digit(digits[:9]) == digits[9]


def bsn(digits: str) -> bool:
    """The Netherlands: the eleven test."""
    return (_sum(digits[:8], range(9, 1, -1)) - int(digits[8])) % 11 == 0 and len(set(digits)) > 1


def sin(digits: str) -> bool:
    """Canada: Luhn over nine digits."""
    return digits[0] not in "08" and luhn_digit(digits[:8]) == digits[8]


def aadhaar(digits: str) -> bool:
    """India: Verhoeff's check digit; none begins with 0 or 1."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = _dihedral(check, _VERHOEFF[place % 8][int(digit)])
    return digits[0] not in "01" and check == 0


def _dihedral(a: int, b: int) -> int:
    """The product of the dihedral group of ten elements."""
    if a < 5:
        return (a + b) % 5 + (5 if b >= 5 else 0)
    return (a - b) % 5 + (0 if b >= 5 else 5)


def nif(written: str) -> bool:
    """Spain, DNI and NIE: a number and the letter that it leaves modulo 23."""
    core = written.upper().translate(str.maketrans("XYZ", "012")) if written[:1].upper() in "XYZ" else written.upper()
    return core[:8].isdecimal() and core[-1:] == _NIF[int(core[:8]) % 23]


_DIGITS: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (re.compile(r"\d{3}\.\d{3}\.\d{3}-\d\d|\d{11}"), cpf),
    (re.compile(r"\d{11}"), pesel),
    (re.compile(r"\d{2} ?\d{3} ?\d{3} ?\d{3}"), steuer_id),
    (re.compile(r"\d{6}/?\d{4}"), birth_number),
    (re.compile(r"(?:19|20)?\d{6}[-+]?\d{4}"), lambda digits: personnummer(digits[-10:])),
    (re.compile(r"\d{9}|\d{4}\.\d\d\.\d{3}"), bsn),
    (re.compile(r"\d{3}[ -]?\d{3}[ -]?\d{3}"), sin),
    (re.compile(r"\d{4} ?\d{4} ?\d{4}"), aadhaar),
)
_WRITTEN: tuple[re.Pattern[str], ...] = (
    re.compile(r"(?i)[a-z]{6}\d\d[a-ehlmprst]\d\d[a-z]\d{3}[a-z]"),  # Italy, codice fiscale
    re.compile(r"(?i)[a-ceghj-prtw-z][a-ceghj-nprtw-z] ?\d\d ?\d\d ?\d\d ?[a-d]"),  # United Kingdom, NINO
    re.compile(
        r"(?i)[12][ ]?\d\d[ ]?(?:0[1-9]|1[0-2]|[2-9]\d)[ ]?(?:\d\d|2[ab])[ ]?\d{3}[ ]?\d{3}(?:[ ]?\d\d)"
    ),  # France
)
SHARE = 0.95
"""Of the distinct values, that must pass one check: by chance one in ten or eleven does."""
LEAST = 20


def is_national(distinct: Sequence[str]) -> bool:
    """Whether one country's check explains the values, which chance cannot."""
    return len(distinct) >= LEAST and any(sum(map(fits, distinct)) >= SHARE * len(distinct) for fits in _checks())


def _checks() -> Iterator[Callable[[str], bool]]:
    for form, check in _DIGITS:
        yield lambda value, form=form, check=check: form.fullmatch(value) is not None and check(digits_of(value))  # type: ignore[misc]
    yield lambda value: re.fullmatch(r"(?i)[\dxyz]\d{7}-?[a-z]", value) is not None and nif(value)
    for written in _WRITTEN:
        yield lambda value, written=written: written.fullmatch(value) is not None  # type: ignore[misc]
