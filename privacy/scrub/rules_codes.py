"""Rules for codes that a word announces (MRN, account, member id), or that pass a checksum."""

from __future__ import annotations

import re
from collections.abc import Callable

from privacy.scrub import checks
from privacy.scrub.rule import Rule

_CODE = r"(?P<v>(?=[\w./-]{0,24}\d)[A-Za-z0-9](?:[A-Za-z0-9]|[-./](?=[A-Za-z0-9])){1,29})(?![\w@])"
_SPACED = r"(?P<v>[A-Za-z]{0,4}\d[\d ./-]{4,16}\d(?:-?[A-Za-z]{1,2})?)(?!\w)"
_LINK = (
    r"(?:\s{0,3}(?:number|numbers|num|nbr|no|nr|id|identifier|code|#)\b\.?|\s{0,2}#)?\s{0,2}(?:is|was|are|of|ending "
    r"in|ending|=|:|#|-|\()?[\s:#=-]{0,4}"
)


_PART = re.compile(r"\\.|\[[^\]]*\]|\{[^}]*\}|\(\?[:=!]|.")


def needs_of(cues: str) -> tuple[str, ...]:
    """For each alternative of the pattern ``cues`` the longest run of letters that it cannot do without."""
    depth, runs = 0, [[""]]
    for part in _PART.findall(cues):
        depth += part.startswith("(") - (part == ")")
        if depth or part == ")":
            runs[-1].append("")
        elif part == "|":
            runs.append([""])
        elif part in "?*":
            runs[-1][-1:] = [runs[-1][-1][:-1], ""]
        elif part.isalpha() or part == "/":
            runs[-1][-1] += part
        else:
            runs[-1].append("")
    return tuple(dict.fromkeys(max(alternative, key=len) for alternative in runs))


def _announced(
    entity: str,
    name: str,
    cues: str,
    *,
    code: str = _CODE,
    score: float = 0.85,
    check: Callable[[str], bool] | None = None,
) -> Rule:
    """A code that follows one of the ``cues``; the cues' first letters must not continue a word."""
    regex = rf"(?<![A-Za-z])(?:{cues}){_LINK}{code}"
    return Rule(entity=entity, name=name, regex=regex, score=score, needs=needs_of(cues), check=check, digits=True)


def _tells(code: str) -> bool:
    """Whether a code is long enough to be one person's: 'ticket 61' and 'visit 2' are not."""
    return sum(character.isalnum() for character in code) >= 4 or sum(map(str.isdecimal, code)) >= 3


CODES: tuple[Rule, ...] = (
    _announced(
        "ID",
        "national",
        r"cpf|cnpj|dni|nie|nif|curp|rfc|sin|nino|national insurance|national id|tax id|tin|tfn|aadhaa?r|pesel|bsn|cpr"
        r"|personnummer|steuer-?id|codice fiscale",
        code=_SPACED,
        score=0.9,
    ),
    _announced(
        "MEDICAL_RECORD",
        "mrn",
        r"mrn|mr ?#|m\.r\.n\.?|med(?:ical)?\.?\s{1,2}rec(?:ord)?s?|health record|chart|hospital (?:no|number|id)"
        r"|unit (?:no|number)|patient\.?\s{0,2}(?:id|no|number|identifier|#)"
        r"|pt\.?\s{0,2}(?:id|no|number|identifier|#)|hosp(?:ital)? ?#",
        score=0.95,
    ),
    _announced(
        "HEALTH_PLAN_ID",
        "plan",
        r"member(?:ship)?(?: id)?|subscriber(?: id)?|policy(?:holder)?|insurance(?: id| policy)?|beneficiary|group "
        r"(?:no|number|id|#)|plan (?:id|no|number|#)|medicare|medicaid|mbi|hicn?|nhs|health ?(?:plan|card)|payer id"
        r"|aetna|cigna|humana|bcbs|uhc",
    ),
    _announced(
        "ACCOUNT_NUMBER",
        "account",
        r"acc(?:oun)?t|a/c|acc|guarantor|billing|loan|checking|savings|mortgage|routing|aba|rtn|sort code|swift|bic"
        r"|invoice",
    ),
    _announced(
        "LICENSE",
        "licence",
        r"npi|dea|upin|(?:driver'?s?|driving|medical|state|nursing|pharmacy)?\s?licen[sc]e|lic|dl|cert(?:ificate)?"
        r"|passport|visa (?:no|number|#)|national id|id card|registration",
    ),
    _announced(
        "VEHICLE_ID",
        "vehicle",
        r"vin|(?:license |licence |number )?plates?|tag(?= ?(?:#|no|number))|vehicle(?: id)?|registration plate",
    ),
    _announced(
        "DEVICE_ID",
        "device",
        r"serial|s/n|sn|udi|imei|imsi|iccid|device(?: id| serial)?|implant(?: serial)?|pacemaker(?: serial| id)?|lot"
        r"|model ?#|asset",
    ),
    _announced(
        "ID",
        "case",
        r"accession|specimen|case|claim|encounter|visit|csn|fin|admission|order|ticket|reference|ref|confirmation"
        r"|employee|badge|student|study|subject|participant|record|file|transaction|customer|client|user|person"
        r"|tracking|prescription|rx|auth(?:orization)?|referral|requisition|id(?= ?(?:#|:|no|number|is))",
        score=0.6,
        check=_tells,
    ),
    Rule(
        entity="LICENSE",
        name="dea",
        digits=True,
        regex=r"(?<!\w)[ABFGMPR][A-Z9]\d{7}(?!\w)",
        score=0.7,
        check=checks.dea,
        flags=0,
    ),
    Rule(
        entity="LICENSE", name="npi", digits=True, regex=r"(?<![\w.-])[12]\d{9}(?![\w-])", score=0.7, check=checks.npi
    ),
    Rule(
        entity="UK_NHS",
        name="nhs",
        digits=True,
        regex=r"(?<![\w.-])\d{3}[ -]?\d{3}[ -]?\d{4}(?![\w-])",
        score=0.5,
        check=checks.nhs,
    ),
    Rule(
        entity="VEHICLE_ID",
        name="plate-spaced",
        digits=True,
        regex=r"(?<![a-z])(?:plates?|tag|registration)(?:\s{0,2}(?:number|no|#)\.?)?[\s:#]{1,3}"
        r"(?P<v>[a-z]{1,3}\d{0,2}[ -]"
        r"(?:\d{1,5}|[a-z]{3})[a-z]{0,2}(?: \d{1,4})?)(?!\w)",
        score=0.8,
        needs=("plate", "tag", "registration"),
    ),
    Rule(
        entity="VEHICLE_ID",
        name="vin",
        digits=True,
        regex=r"(?<!\w)[A-HJ-NPR-Z0-9]{17}(?!\w)",
        score=0.9,
        check=checks.vin,
    ),
    Rule(
        entity="ID",
        name="uk-nino",
        digits=True,
        regex=r"(?<![\w-])[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D](?![\w-])",
        score=0.85,
        flags=0,
    ),
    Rule(
        entity="ID",
        name="wallet",
        digits=True,
        regex=r"(?<!\w)(?:bc1[a-z0-9]{25,60}|[13][1-9A-HJ-NP-Za-km-z]{25,34}|0x[0-9a-fA-F]{40})(?!\w)",
        score=0.9,
        flags=0,
    ),
    Rule(
        entity="ID",
        name="prefixed",
        digits=True,
        regex=r"(?<![\w-])(?:MRN|ACCT|PAT|PT|MBR|MEM|POL|CLM|ENC|ADM|CUST|REF|INV|TXN|EMP|DEV"
        r"|SN)[-_#]?\d{4,14}(?![\w-])",
        score=0.8,
    ),
    Rule(
        entity="USERNAME",
        name="username",
        regex=r"(?<![a-z])(?:user ?name|user ?id|login|log-?in|handle|twitter|instagram|facebook|skype|screen name"
        r"|portal)(?:\s{1,2}(?:is|name|id|as|account|handle)){0,2}(?:\s{0,2}[:=]\s{0,2}"
        r"|\s{1,2})[\"'(]?(?P<v>@?(?=[\w.-]{0,30}[\d_.@]|[\w.-]{2,30}[\"')])[a-z][\w.-]{2,30}\w)",
        score=0.7,
        needs=("user", "log", "handle", "twitter", "instagram", "facebook", "skype", "screen", "portal"),
    ),
    Rule(entity="USERNAME", name="handle", regex=r"(?<![\w.@/])@[a-z_]\w{2,30}(?![\w@]|\.\w)", score=0.6, needs=("@",)),
)
