"""Checksums of identifiers: a number that passes one is no accident (1 in 10 to 1 in 97 by chance)."""

from __future__ import annotations

import re
from ipaddress import ip_address

from privacy.scrub.numbers import digits_of, iban_check, luhn_digit

_REPORTING_BODIES = frozenset(
    ["01", "10", "30", "33", "35", "44", "45", "49", "50", "51", "52", "53", "54", "86", "91", "98", "99"]
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_LETTERS = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)
)


def luhn(written: str) -> bool:
    """ISO/IEC 7812-1: payment cards, IMEI."""
    digits = digits_of(written)
    return len(digits) > 1 and len(set(digits)) > 1 and luhn_digit(digits[:-1]) == digits[-1]


def card(written: str) -> bool:
    """A payment card: 12 to 19 digits, Luhn, an issuer's first digit."""
    digits = digits_of(written)
    amex = len(digits) != 15 or digits[:2] in ("34", "37") or digits[:4] in ("1800", "2131")
    return 12 <= len(digits) <= 19 and (digits[0] in "23456" or digits[:4] == "1800") and amex and luhn(digits)


def imei(written: str) -> bool:
    """A mobile device: 15 digits in a row, Luhn, a reporting body that GSMA lists, and no Amex or JCB card."""
    return len(written) == 15 and written.isdecimal() and written[:2] in _REPORTING_BODIES and luhn(written)


def npi(written: str) -> bool:
    """US National Provider Identifier: Luhn over 80840 and the ten digits (CMS)."""
    digits = digits_of(written)
    return len(digits) == 10 and digits[0] in "12" and luhn_digit("80840" + digits[:-1]) == digits[-1]


def iban(written: str) -> bool:
    """ISO 13616: modulo 97."""
    core = re.sub(r"[^A-Z0-9]", "", written.upper())
    return 15 <= len(core) <= 34 and core[:2].isalpha() and core[2:4] == iban_check(core[:2], core[4:])


def nhs(written: str) -> bool:
    """NHS number: ten digits, modulo 11."""
    digits = digits_of(written)
    if len(digits) != 10:
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False))
    return (11 - total % 11) % 11 == int(digits[-1])


def dea(written: str) -> bool:
    """DEA registration: two letters, seven digits, weighted sum."""
    digits = digits_of(written)
    if len(digits) != 7:
        return False
    odd, even = (sum(int(digit) for digit in digits[place:6:2]) for place in (0, 1))
    return (odd + 2 * even) % 10 == int(digits[-1])


def vin(written: str) -> bool:
    """Vehicle identification number: 49 CFR 565.15 check digit in place nine."""
    core = written.upper()
    if len(core) != 17 or not (set(core) <= set("ABCDEFGHJKLMNPRSTUVWXYZ0123456789")):
        return False
    total = sum((int(c) if c.isdigit() else _VIN_LETTERS[c]) * w for c, w in zip(core, _VIN_WEIGHTS, strict=True))
    return core[8] == "0123456789X"[total % 11]


def aba(written: str) -> bool:
    """US bank routing number: nine digits, weights 3 7 1."""
    digits = digits_of(written)
    if len(digits) != 9:
        return False
    return sum(int(digit) * weight for digit, weight in zip(digits, (3, 7, 1) * 3, strict=True)) % 10 == 0


def ssn(written: str) -> bool:
    """A number that the SSA can have issued: no area 000, 666 or 9xx, no group 00, no serial 0000."""
    digits = digits_of(written)
    return len(digits) == 9 and digits[:3] not in ("000", "666") and digits[3:5] != "00" and digits[5:] != "0000"


def phone(written: str) -> bool:
    """7 to 15 digits that are not one digit over and over."""
    digits = digits_of(written)
    return 7 <= len(digits) <= 15 and len(set(digits)) > 1


def ip6(written: str) -> bool:
    """An IPv6 address (RFC 4291) that is not a time of day."""
    try:
        return written.count(":") > 2 and ip_address(written).version == 6
    except ValueError:
        return False
