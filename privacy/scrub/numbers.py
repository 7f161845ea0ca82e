"""Surrogates of numbers, from ranges that are reserved or never issued wherever there are such.

Sources: NANP 555-0100 to 555-0199 for fiction; SSA never issues area 900-999, and group 01-49 there is
no ITIN; RFC 5737 and RFC 3849 for addresses, RFC 2606 for domains; Ofcom's drama numbers 07700 900xxx;
ISO 3166 user-assigned XX for IBANs; ZIP prefixes 694 to 699 are not in use; ISO/IEC 7812 has no issuer
999999; RFC 7042 locally administered MACs.
"""

from __future__ import annotations

import re

from privacy.scrub.keyed import Keyed

_EXTENSION = re.compile(r"(?i)\s?(?:x|ext|extension|#)\.?\s{0,2}\d{1,6}\s*$")
UUID = re.compile(r"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
MAC = re.compile(r"(?i)(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}")


def digits_of(written: str) -> str:
    """The decimal digits of ``written`` as ASCII."""
    if written.isascii():
        return "".join(character for character in written if "0" <= character <= "9")
    return "".join(str(int(character)) for character in written if character.isdecimal())


def refill(written: str, digits: str) -> str:
    """``written`` with its digits replaced, from the right, by ``digits``; the count is the same."""
    supply = iter(digits)
    return "".join(next(supply, "0") if character.isdecimal() else character for character in written)


def phone(keyed: Keyed, written: str) -> str:
    """A fictional number in the same shape; the area code depends on the whole number."""
    extension = _EXTENSION.search(written)
    tail = ""
    if extension and extension.start():
        tail = refill(extension[0], keyed.digits("extension", extension[0], 6))
        written = written[: extension.start()]
    old = digits_of(written)
    return refill(written, _phone_digits(keyed, old, written.lstrip().startswith("+"))) + tail


def _phone_digits(keyed: Keyed, old: str, international: bool) -> str:
    line = f"55501{keyed.number('line', old[-7:], 100):02d}"
    size = len(old)
    if size == 7:
        return line
    if size == 10 and not international and not old.startswith("0"):
        return _area(keyed, old) + line
    if size == 11 and old.startswith("1"):
        return "1" + _area(keyed, old[1:]) + line
    drama = f"7700900{keyed.number('drama', old[-9:], 1000):03d}"
    if size == 12 and old.startswith("44"):
        return "44" + drama
    if size in (10, 11) and old.startswith("0"):
        return ("0" + drama)[:size]
    if size < 7:
        return keyed.digits("short", old, size) if size else ""
    return ("999" + keyed.digits("line", old, min(size, 60) - 3)).ljust(size, "0")


def _area(keyed: Keyed, ten: str) -> str:
    number = keyed.number("area", ten, 8 * 9 * 9)
    hundreds, tens, ones = 2 + number // 81, number // 9 % 9, number % 9
    return f"{hundreds}{tens}{ones if ones != tens else 9}"


def ssn(keyed: Keyed, written: str) -> str:
    """Area 900-999, group 01-49 for a full number; keyed digits for a part of one."""
    old = digits_of(written)
    if len(old) != 9:
        return refill(written, keyed.digits("ssn-part", old, len(old)) if 0 < len(old) <= 60 else "")
    number = keyed.number("ssn", old, 100 * 49 * 9999)
    group, serial = number // 9999 % 49 + 1, number % 9999 + 1
    return refill(written, f"9{number // (49 * 9999):02d}{group:02d}{serial:04d}")


def zip_code(keyed: Keyed, written: str) -> str:
    """A prefix that is not in use; ZIP+4 keeps its length."""
    old = digits_of(written)
    fake = f"69{4 + keyed.number('zip', old[:5], 6)}{keyed.number('zip-tail', old[:5], 100):02d}"
    return refill(written, (fake + keyed.digits("plus4", old, 4) + "0" * len(old))[: len(old)])


def credit_card(keyed: Keyed, written: str) -> str:
    """Prefix 999999, right check digit, same length."""
    old = digits_of(written)
    if len(old) < 12:
        return refill(written, keyed.digits("card-part", old, len(old)) if old else "")
    body = "999999" + keyed.digits("card", old, min(len(old), 60) - 7)
    return refill(written, (body + luhn_digit(body)).ljust(len(old), "0"))


def luhn_digit(body: str) -> str:
    """The check digit that makes ``body`` plus it pass ISO/IEC 7812-1 annex B."""
    total = 0
    for place, character in enumerate(reversed(body)):
        digit = int(character) * (2 if place % 2 == 0 else 1)
        total += digit - 9 if digit > 9 else digit
    return str(-total % 10)


def iban_check(country: str, bban: str) -> str:
    """The two check digits of ISO 13616: 98 minus the number modulo 97."""
    number = "".join(str(int(character, 36)) for character in f"{bban}{country}00")
    return f"{98 - int(number) % 97:02d}"


def ip_address(keyed: Keyed, written: str) -> str:
    """A documentation address of the same family; a port or prefix length stays."""
    if ":" in written and "." not in written:
        tail = keyed.bytes_of("ip", written.lower()).hex()
        return f"2001:db8:{tail[:4]}:{tail[4:8]}::{tail[8:12]}".replace(":0", ":1")
    block = ("192.0.2", "198.51.100", "203.0.113")[keyed.number("ip-block", written, 3)]
    return f"{block}.{1 + keyed.number('ip', written, 254)}"


def hexadecimal(keyed: Keyed, written: str) -> str:
    """A UUID (marked version 4) or a MAC (locally administered) in the same shape and case."""
    supply = iter(keyed.bytes_of("hex", re.sub(r"[^0-9a-f]", "", written.lower())).hex())
    fake = "".join(next(supply) if character.isalnum() else character for character in written)
    fake = f"{fake[:14]}4{fake[15:]}" if len(written) == 36 else f"02{fake[2:]}"
    return fake.upper() if written.upper() == written else fake
