"""Rules for codes that a word announces (MRN, account, member id), or that pass a checksum."""

from __future__ import annotations

from privacy.scrub import checks
from privacy.scrub.rule import Rule

_CODE = r"(?P<v>(?=[\w./-]{0,24}\d)[A-Za-z0-9](?:[A-Za-z0-9]|[-./](?=[A-Za-z0-9])){1,29})(?![\w@])"
_LINK = (
    r"(?:\s{0,3}(?:number|numbers|num|nbr|no|nr|id|identifier|code|#)\b\.?|\s{0,2}#)?\s{0,2}(?:is|was|are|of|ending "
    r"in|ending|=|:|#|-|\()?[\s:#=-]{0,4}"
)


def _announced(entity: str, name: str, cues: str, *needs: str, score: float = 0.85) -> Rule:
    """A code that follows one of the ``cues``; the cues' first letters must not continue a word."""
    return Rule(entity=entity, name=name, regex=rf"(?<![A-Za-z])(?:{cues}){_LINK}{_CODE}", score=score, needs=needs)


CODES: tuple[Rule, ...] = (
    _announced(
        "MEDICAL_RECORD",
        "mrn",
        r"mrn|mr ?#|m\.r\.n\.?|med(?:ical)?\.?\s{1,2}rec(?:ord)?s?|health record|chart|hospital (?:no|number|id)"
        r"|unit (?:no|number)|(?:patient|pt)\.?\s{0,2}(?:id|no|number|identifier|#)|hosp(?:ital)? ?#",
        "mr",
        "m.r",
        "rec",
        "chart",
        "hosp",
        "unit",
        "patient",
        "pt",
        score=0.95,
    ),
    _announced(
        "HEALTH_PLAN_ID",
        "plan",
        r"member(?:ship)?(?: id)?|subscriber(?: id)?|policy(?:holder)?|insurance(?: id| policy)?|beneficiary|group "
        r"(?:no|number|id|#)|plan (?:id|no|number|#)|medicare|medicaid|mbi|hicn?|nhs|health ?(?:plan|card)|payer id"
        r"|aetna|cigna|humana|bcbs|uhc",
        "mem",
        "subs",
        "pol",
        "insur",
        "benef",
        "group",
        "plan",
        "medic",
        "mbi",
        "hic",
        "nhs",
        "health",
        "payer",
        "aetna",
        "cigna",
        "humana",
        "bcbs",
        "uhc",
    ),
    _announced(
        "ACCOUNT_NUMBER",
        "account",
        r"acc(?:oun)?t|a/c|acc|guarantor|billing|loan|checking|savings|mortgage|routing|aba|rtn|sort code|swift|bic"
        r"|invoice",
        "acc",
        "a/c",
        "guarantor",
        "bill",
        "loan",
        "check",
        "saving",
        "mortgage",
        "routing",
        "aba",
        "rtn",
        "sort",
        "swift",
        "bic",
        "invoice",
    ),
    _announced(
        "LICENSE",
        "licence",
        r"npi|dea|upin|(?:driver'?s?|driving|medical|state|nursing|pharmacy)?\s?licen[sc]e|lic|dl|cert(?:ificate)?"
        r"|passport|visa (?:no|number|#)|national id|id card|registration",
        "npi",
        "dea",
        "upin",
        "licen",
        "lic",
        "dl",
        "cert",
        "passport",
        "visa",
        "national",
        "id card",
        "registration",
    ),
    _announced(
        "VEHICLE_ID",
        "vehicle",
        r"vin|(?:license |licence |number )?plates?|tag(?= ?(?:#|no|number))|vehicle(?: id)?|registration plate",
        "vin",
        "plate",
        "tag",
        "vehicle",
    ),
    _announced(
        "DEVICE_ID",
        "device",
        r"serial|s/n|sn|udi|imei|imsi|iccid|device(?: id| serial)?|implant(?: serial)?|pacemaker(?: serial| id)?|lot"
        r"|model ?#|asset",
        "serial",
        "s/n",
        "sn",
        "udi",
        "im",
        "iccid",
        "device",
        "pacemaker",
        "lot",
        "model",
        "asset",
    ),
    _announced(
        "ID",
        "case",
        r"accession|specimen|case|claim|encounter|visit|csn|fin|admission|order|ticket|reference|ref|confirmation"
        r"|employee|badge|student|study|subject|participant|record|file|transaction|customer|client|user|person"
        r"|tracking|prescription|rx|auth(?:orization)?|referral|requisition|id(?= ?(?:#|:|no|number|is))",
        "acces",
        "speci",
        "case",
        "claim",
        "encoun",
        "visit",
        "csn",
        "fin",
        "admis",
        "order",
        "ticket",
        "ref",
        "confirm",
        "employee",
        "badge",
        "student",
        "study",
        "subject",
        "participant",
        "record",
        "file",
        "trans",
        "customer",
        "client",
        "user",
        "person",
        "track",
        "presc",
        "rx",
        "auth",
        "requis",
        "id",
        score=0.6,
    ),
    Rule(
        entity="LICENSE", name="dea", regex=r"(?<!\w)[ABFGMPR][A-Z9]\d{7}(?!\w)", score=0.7, check=checks.dea, flags=0
    ),
    Rule(entity="LICENSE", name="npi", regex=r"(?<![\w.-])[12]\d{9}(?![\w-])", score=0.7, check=checks.npi),
    Rule(
        entity="UK_NHS", name="nhs", regex=r"(?<![\w.-])\d{3}[ -]?\d{3}[ -]?\d{4}(?![\w-])", score=0.5, check=checks.nhs
    ),
    Rule(
        entity="VEHICLE_ID",
        name="plate-spaced",
        regex=r"(?<![a-z])(?:plates?|tag|registration)(?:\s{0,2}(?:number|no|#)\.?)?[\s:#]{1,3}"
        r"(?P<v>[a-z]{1,3}\d{0,2}[ -]"
        r"(?:\d{1,5}|[a-z]{3})[a-z]{0,2}(?: \d{1,4})?)(?!\w)",
        score=0.8,
        needs=("plate", "tag", "registration"),
    ),
    Rule(entity="VEHICLE_ID", name="vin", regex=r"(?<!\w)[A-HJ-NPR-Z0-9]{17}(?!\w)", score=0.9, check=checks.vin),
    Rule(
        entity="ID",
        name="prefixed",
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
