"""Keyed, consistent surrogates: one value, one fake, in every column, row, table and note of a key.

Each fake is a function of (key, kind, normalised value) and of nothing else: no stored map, no look at
another row. Names come from invented pools, numbers from reserved ranges where there are such, codes
keep their format. Surrogates hide; they do not make a scrubbed table anonymous.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from privacy.scrub import fpe, numbers
from privacy.scrub.folding import fold
from privacy.scrub.keyed import Keyed
from privacy.scrub.persons import Part, Persons
from privacy.scrub.pools import Pools, pools

REDACTED = "[REDACTED]"
MAX_CHARACTERS = 20_000
"""A longer identifying value is no identifier that anybody reads: it is dropped."""

_PREFIX = re.compile(
    r"(?i)(?:MRN|ACCT|ACC|PAT|PT|ID|MEM|MBR|POL|NPI|SN|DEV|CLM|ENC|ADM|CUST|CASE|REF|UDI|IMEI|LIC|DL)(?=[-_#:. "
    r"]{0,3}\d|[-_#:]\w)[-_#:. ]{0,3}"
)
_UNIT = re.compile(r"(?i)[,\s]\s{0,3}(?:(?:apt|apartment|unit|suite|ste|floor|fl|room|rm)\b\.?|#)\s{0,2}#?[\w-]{0,8}")
_STATE = re.compile(r"\b([A-Z]{2})\b(?=\.?,?\s{1,3}\d{5}(?:-\d{4})?\s*$)")
_ABBREVIATED = {"street": "st", "avenue": "ave", "road": "rd", "drive": "dr", "lane": "ln", "boulevard": "blvd",
                "court": "ct", "place": "pl", "north": "n", "south": "s", "east": "e", "west": "w"}  # fmt: skip
_FACILITY = re.compile(
    r"(?i)(?:medical center|health system|hospital|clinic|infirmary|hospice|pharmacy|laborator\w+)\s*$"
)


CODES = (
    "mrn",
    "health_plan_id",
    "account_number",
    "license",
    "vehicle_id",
    "device_id",
    "npi",
    "mbi",
    "nhs_number",
    "imsi",
    "license_plate",
    "identifier",
)
"""Kinds whose surrogate is a token in the same format."""
_DIGITS_ONLY = frozenset({"phone", "fax", "credit_card"})
_PHONE_WORDS = re.compile(
    r"(?i)(?<![a-z])(?:x|ext|extension|tel|phone|ph|cell|mobile|home|work|fax|pager|office|h|w|c|m|f|p)(?![a-z])"
)


class Surrogates:
    """All fakes of one key. Cheap to make; keep one for a whole table, its caches speed it up."""

    def __init__(self, key: bytes, names: Pools | None = None) -> None:
        self._keyed = Keyed(key).child("surrogates 1")
        self._pools = names or pools()
        self.persons = Persons(self._keyed.child("persons"), self._pools)
        self._permutations: dict[str, fpe.Permutation] = {}
        self._of_kind: dict[str, Callable[[str], str]] = {
            "name": self.persons.full,
            "first_name": lambda written: self.persons.only(written, "first"),
            "last_name": lambda written: self.persons.only(written, "last"),
            "address": self.address,
            "city": self._city,
            "zip": self._zip,
            "phone": lambda written: numbers.phone(self._keyed, written),
            "fax": lambda written: numbers.phone(self._keyed, written),
            "email": self._email,
            "ssn": self._ssn,
            "credit_card": lambda written: numbers.credit_card(self._keyed, written),
            "iban": self._iban,
            "url": self._url,
            "ip_address": lambda written: numbers.ip_address(self._keyed, written.strip()),
            "username": self._username,
            "organization": self._organization,
        }
        for kind in CODES:
            self._of_kind[kind] = self.token

    def fake(self, kind: str, written: str) -> str | None:
        """The surrogate of ``written``; None where the kind has none (``pii``) or the value is absurdly long.

        Guarantees: a function of the key, the kind's family and the value alone; never the value itself.
        """
        surrogate = self._of_kind.get(kind)
        if surrogate is None or len(written) > MAX_CHARACTERS:
            return None
        if not any(character.isalnum() for character in written):
            return "" if not written.strip() else None
        if kind in _DIGITS_ONLY and re.search(r"[^\W\d_]", _PHONE_WORDS.sub("", written)):
            return None  # words in a number's place: digits alone would be replaced
        return surrogate(written)

    def fake_integer(self, kind: str, value: int) -> int | None:
        """The surrogate of an int64, again an int64; None where the kind has none."""
        if kind not in self._of_kind:
            return None
        if kind in ("zip", "ssn", "phone", "fax", "credit_card"):
            width = {"zip": 5, "ssn": 9}.get(kind, 0)
            fake = self.fake(kind, str(abs(value)).zfill(width))
            number = int(fake) if fake else None
            return number if number is not None and number < 2**63 else None
        return self._integer(value)

    def token(self, written: str) -> str:
        """A code in the same format: digits to digits, letters to letters, separators and known prefixes stay.

        Two codes of one format never share a token (up to 2**128 of them).
        """
        if len(written) in (14, 17, 36) and (numbers.UUID.fullmatch(written) or numbers.MAC.fullmatch(written)):
            return numbers.hexadecimal(self._keyed, written)
        prefix = _PREFIX.match(written)
        head = prefix[0] if prefix else ""
        rest = unicodedata.normalize("NFKC", written[len(head) :]) if not written.isascii() else written[len(head) :]
        core = re.sub(r"[^A-Z0-9]", "", rest.upper()) if rest.isascii() else _ascii_core(rest)
        if core == rest:
            return head + self._core(core)
        fake = iter(self._core(core))
        return head + "".join(_in_place(character, fake, self._keyed) for character in rest)

    def address(self, written: str) -> str:
        """Another house in another street; unit, town, state and ZIP only where the original has them."""
        line = re.split(r"[,\n]", written, maxsplit=1)[0]
        unit = _UNIT.search(written)
        if unit is not None and unit.start() < len(line):
            line = line[: unit.start()]
        words = re.findall(r"\w+", fold(line))
        plain = " ".join(_ABBREVIATED.get(word, word) for word in words)
        number = self._keyed.number
        if "box" in words and ("po" in words or "p" in words):
            box = f"PO Box {self._keyed.number('box', plain, 9899) + 1}"
            return ", ".join([box, *self._locality(written[len(line) :])])
        name = self._pools.last[number("street", plain, len(self._pools.last))]
        road = self._pools.streets[number("road", plain, len(self._pools.streets))]
        pieces = [f"{1 + number('house', plain, 9899)} {name} {road}"]
        if unit is not None:
            pieces.append(f"Apt {1 + number('unit', plain + fold(unit[0]), 99)}")
        return ", ".join(pieces + self._locality(written[len(line) :] if unit is None else written[unit.end() :]))

    def _locality(self, rest: str) -> list[str]:
        """Town, and state with ZIP, of the part of an address after the street."""
        places: list[str] = []
        code = re.search(r"\b\d{5}(?:-\d{4})?\s*$", rest)
        state = _STATE.search(rest)
        town = rest[: (state or code).start()] if state or code else rest  # type: ignore[union-attr]
        if any(character.isalpha() for character in town):
            places.append(self._city(town.strip(" ,\n")))
        if code:
            places.append(f"{state[1] + ' ' if state else ''}{self._zip(code[0].strip())}")
        return places

    def _city(self, written: str) -> str:
        return self._pools.towns[self._keyed.number("city", _squash(written), len(self._pools.towns))]

    def _organization(self, written: str) -> str:
        tail = _FACILITY.search(written)
        name = self._pools.last[self._keyed.number("organization", _squash(written), len(self._pools.last))]
        return f"{name} {tail[0].strip() if tail else 'Group'}"

    def _zip(self, written: str) -> str:
        return self.token(written) if re.search(r"[^\W\d_]", written) else numbers.zip_code(self._keyed, written)

    def _ssn(self, written: str) -> str:
        masked = re.sub(r"(?i)[x*#]", "", written)
        if re.search(r"[^\W\d_]", masked):
            return self.token(written)
        return numbers.ssn(self._keyed, written)

    def _email(self, written: str) -> str:
        local, at, domain = written.strip().rpartition("@")
        if not at:
            local, domain = domain, ""
        ending = ("org", "com", "net")[self._keyed.number("domain", fold(domain), 3)]
        return f"{self._username(local)}@example.{ending}"

    def _username(self, written: str) -> str:
        """Letters become names, digits become digits; a single word gets digits, for there are many Annas."""
        words = re.findall(r"[^\W\d_]{2,60}", written)
        parts = iter(["first"] + ["last"] * len(words) if len(words) > 1 else ["last"])
        fake = re.sub(r"[^\W\d_]+", lambda word: self._word(word[0], parts), written[:200])
        least = 3 if len(words) < 2 else 1
        whole = fold(written)
        fake = re.sub(
            r"\d+",
            lambda run: self._keyed.digits("run", f"{run.start()} {whole}", min(max(len(run[0]), least), 60)),
            fake,
        )
        if len(words) < 2 and not re.search(r"\d", fake):
            fake += self._keyed.digits("username", whole, 3)
        return re.sub(r"[^\w.+-]", "", fake)

    def _word(self, word: str, parts: object) -> str:
        if len(word) < 2:
            return self.persons.initial(word)
        part: Part = "first" if next(parts, "last") == "first" else "last"  # type: ignore[call-overload]
        return self.persons.part(word, part)

    def _url(self, written: str) -> str:
        scheme = re.match(r"(?i)(?:[a-z][a-z0-9+.-]{1,10}://)?(?:www\.)?", written)
        return f"{scheme[0] if scheme else ''}example.org/{self._keyed.bytes_of('url', fold(written)).hex()[:8]}"

    def _iban(self, written: str) -> str:
        core = "".join(character.upper() for character in written if character.isascii() and character.isalnum())
        if not 6 <= len(core) <= 34:
            return self.token(written)
        bban = self._core(core[4:])
        fake = iter(f"XX{numbers.iban_check('XX', bban)}{bban}")
        return "".join(
            next(fake, "") if character.isascii() and character.isalnum() else character for character in written
        )

    def _core(self, core: str) -> str:
        """The permuted alphanumeric core of a code; digits alone become what the same integer becomes."""
        if core.isdecimal() and len(core) <= 18:
            if core[0] != "0" or len(core) == 1:
                return str(self._integer(int(core)))
            return str(self._permutation(f"zero {len(core)}", 10 ** (len(core) - 1))(int(core))).zfill(len(core))
        shape = fpe.shape_of(core)
        x, size = fpe.encode(core) if 0 < len(core) <= 40 else (0, 0)
        if size == 0 or size.bit_length() > fpe.MAX_BITS:
            return fpe.stream(self._keyed.bytes_of("stream", shape[:64]), core)
        return fpe.decode(self._permutation(shape, size)(x), shape)

    def _integer(self, value: int) -> int:
        """Same sign and number of decimal digits, one-to-one among those."""
        size = len(str(abs(value)))
        low = 10 ** (size - 1) if size > 1 else 0
        high = min(10**size, 2**63)
        fake = self._permutation(f"integer {size}", high - low)(abs(value) - low) + low
        return fake if value >= 0 else -fake

    def _permutation(self, label: str, size: int) -> fpe.Permutation:
        known = self._permutations.get(label)
        if known is None:
            if len(self._permutations) > 500:
                self._permutations.clear()
            known = self._permutations[label] = fpe.Permutation(self._keyed.bytes_of("permutation", label), size)
        return known


def _in_place(character: str, fake: object, keyed: Keyed) -> str:
    """The next fake symbol in the case of the old one; letters of other scripts become Latin ones."""
    if character.isascii() and character.isalnum():
        symbol = str(next(fake))  # type: ignore[call-overload]
        return symbol.lower() if character.islower() else symbol
    if character.isalnum():
        return "ABCDEFGHJKLMNPQRSTUVWXYZ"[keyed.number("letter", character, 24)]
    return character


def _ascii_core(rest: str) -> str:
    return "".join(character.upper() for character in rest if character.isascii() and character.isalnum())


def _squash(written: str) -> str:
    return " ".join(re.findall(r"\w+", fold(written)))
