"""The rules for notes, as data: what each identifier looks like and which words announce it.

Every quantifier is bounded, so that time is linear in the text. A rule whose ``needs`` is set is tried
only where one of those words stands in the folded text. Where a rule has a group ``v``, that group is
the identifier; otherwise the whole match is. Facts: 45 CFR 164.514(b)(2), the eighteen Safe Harbor
identifiers, and the finance ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from privacy.scrub import checks
from privacy.scrub.lexicon import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One shape of one entity. ``check`` refuses a match; ``needs`` are folded words, one of which must occur."""

    entity: str
    name: str
    regex: str
    score: float
    needs: tuple[str, ...] = ()
    check: Callable[[str], bool] | None = None
    flags: int = re.IGNORECASE


_CODE = r"(?P<v>(?=[\w./-]{0,24}\d)[A-Za-z0-9](?:[A-Za-z0-9]|[-./](?=[A-Za-z0-9])){1,29})(?![\w@])"
_LINK = (
    r"(?:\s{0,3}(?:number|numbers|num|nbr|no|nr|id|identifier|code|#)\b\.?|\s{0,2}#)?\s{0,2}(?:is|was|are|of|ending "
    r"in|ending|=|:|#|-|\()?[\s:#=-]{0,4}"
)


def _announced(entity: str, name: str, cues: str, *needs: str, score: float = 0.85) -> Rule:
    """A code that follows one of the ``cues``; the cues' first letters must not continue a word."""
    return Rule(entity=entity, name=name, regex=rf"(?<![A-Za-z])(?:{cues}){_LINK}{_CODE}", score=score, needs=needs)


_STREET = (
    r"street|st|avenue|ave|av|road|rd|drive|dr|lane|ln|boulevard|blvd|court|ct|place|pl|way|terrace|ter|circle|cir"
    r"|trail|trl|parkway|pkwy|highway|hwy|square|sq|alley|crescent|cres|close|loop|pike|turnpike|run|row|plaza"
    r"|commons|expressway|path"
)
_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK"
    "|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|PR|AS|GU|MP|VI|AA|AE|AP"
)
_STATE_NAMES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia|Hawaii|Idaho|Illinois"
    "|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts|Michigan|Minnesota|Mississippi|Missouri"
    "|Montana|Nebraska|Nevada|New Hampshire|New Jersey|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma"
    "|Oregon|Pennsylvania|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington"
    "|West Virginia|Wisconsin|Wyoming"
)
_CAP = r"[A-ZÀ-ÖØ-ÞĀ-ɏ][\w'’.-]{1,24}"
_TOWN = rf"{_CAP}(?: {_CAP}){{0,2}}"
_ZIP = r"\d{5}(?:-\d{4})?(?!\d)"
_UNIT = (
    r"(?:,?\s{1,3}(?:(?:[Aa]pt|APT|[Aa]partment|[Uu]nit|UNIT|[Ss]uite|SUITE|[Ss]te|STE|[Ff]loor|[Ff]l|[Rr]oom"
    r"|[Rr]m)\.?|#)\s{0,2}#?[\w-]{1,6})"
)
_LOCALITY = (
    rf"(?:,?\s{{1,3}}{_TOWN},?\s{{1,3}}(?:{_STATES}|{_STATE_NAMES})\.?(?:,?\s{{1,3}}{_ZIP})?(?!\w)"
    rf"|,?\s{{1,3}}{_TOWN},?\s{{1,3}}{_ZIP})"
)
_PHONE_CUES = (
    r"call(?:ed|s|ing|back)?|phone|phones|phoned|telephone|tel|ph|cell|cellular|mobile|fax|faxed|pager|paged|page"
    r"|beeper|beep|contact|reach(?:ed)?|answer(?:ing|ed|s)?|registered|home|work|office|text(?:ed)?|dial|voicemail"
    r"|hotline|extension|ext|c|h|w|m|p|f|t"
)
_PHONE_NEEDS = tuple(
    words(
        "call phone tel ph cell mobile fax page beep contact reach answer registered home work office text dial voice "
        "hotline ext :"
    )
)

RULES: tuple[Rule, ...] = (
    # numbers with a shape of their own
    Rule(entity="US_SSN", name="ssn", regex=r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])", score=0.9),
    Rule(
        entity="US_SSN",
        name="ssn-spaced",
        regex=r"(?<![\w-])\d{3}[ .]\d{2}[ .]\d{4}(?![\w-])",
        score=0.6,
        check=checks.ssn,
    ),
    Rule(entity="US_SSN", name="ssn-masked", regex=r"(?<!\w)[x*#]{3}[- ]?[x*#]{2}[- ]?\d{4}(?!\w)", score=0.9),
    Rule(
        entity="US_SSN",
        name="ssn-announced",
        regex=r"(?<![a-z])(?:ssn?|soc(?:ial)?\.?\s{0,2}sec(?:urity)?\.?|social|tin|itin|tax id)(?:\s{0,2}(?:number"
        r"|num|no|#)\.?)?[\s:#=-]{0,4}(?:is|was|ending(?: in)?|last (?:four|4)(?: "
        r"digits)?)?[\s:#=-]{0,4}(?P<v>\d{3}[ .-]{0,3}\d{2}[ .-]{0,3}\d{4}|\d{4})(?!\d)",
        score=0.95,
        needs=("ss", "soc", "tin", "tax"),
    ),
    Rule(
        entity="EMAIL_ADDRESS",
        name="email",
        regex=r"(?<![\w.+-])[\w.!#$%&'*+/=?^`{|}~-]{1,64}\s?(?:@|\(at\)"
        r"|\[at\])\s?(?:[\w-]{1,63}\.){1,5}[a-z]{2,24}(?![\w-])",
        score=1.0,
        needs=("@", "(at)", "[at]"),
    ),
    Rule(
        entity="URL",
        name="url",
        regex=r"(?<![\w@.])(?:(?:https?|ftp)://[^\s<>\"']{2,500}|www\d?\.[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}(?:[/?#][^"
        r"\s<>\"']{0,400})?)",
        score=0.95,
        needs=("://", "www"),
    ),
    Rule(
        entity="URL",
        name="domain",
        regex=r"(?<![\w@.-])(?:[a-z0-9][a-z0-9-]{0,62}\.){1,4}(?:com|org|net|edu|gov|io|info|biz|health|us|uk|de|fr"
        r"|ca|eu|co|me|ly|dk|se|nl|es|it|ru|br|jp|cn|in|au|ch|at|be|pl|cz|fi|no)(?:/[^\s<>\"']{0,300})?(?![\w@-]"
        r"|\.\w)",
        score=0.6,
        needs=(".",),
    ),
    Rule(
        entity="IP_ADDRESS",
        name="ipv4",
        regex=r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)",
        score=0.8,
    ),
    Rule(
        entity="IBAN_CODE",
        name="iban",
        regex=r"(?<![\w-])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?![\w-])",
        score=1.0,
        check=checks.iban,
        flags=0,
    ),
    Rule(entity="IBAN_CODE", name="iban-close", regex=r"(?<!\w)[A-Z]{2}\d{2}[A-Z0-9]{11,30}(?!\w)", score=0.7),
    Rule(
        entity="CREDIT_CARD",
        name="card",
        regex=r"(?<![\w.-])\d(?:[ -]?\d){11,18}(?![\w-])",
        score=0.95,
        check=checks.card,
    ),
    Rule(
        entity="CREDIT_CARD",
        name="card-announced",
        regex=r"(?<![a-z])(?:card|visa|mastercard|amex|cc|american express|discover|debit|credit)(?:\s{1,2}(?:card"
        r"|number|no|num)\.?){0,2}[\s:#=-]{0,4}(?:is|was|ending(?: in| with)?)?[\s:#=-]{0,4}(?P<v>\d(?:[ "
        r"-]?\d){11,18}|[x*]{2,12}[ -]?\d{4}|\d{4}(?=\D|$))",
        score=0.8,
        needs=("card", "visa", "amex", "cc", "american express", "discover", "debit", "credit"),
    ),
    # telephones
    Rule(
        entity="PHONE_NUMBER",
        name="nanp",
        regex=r"(?<![\w.(/-])(?:\+?1[ .-]{0,2})?(?:\(\d{3}\)[ .-]{0,2}|\d{3}[ ./-]{1,2})\d{3}[ .-]{1,2}\d{4}"
        r"(?:\s{0,2},?(?:x|ext|extension)\.?\s{0,2}\d{1,6})?(?![\w-])",
        score=0.85,
    ),
    Rule(
        entity="PHONE_NUMBER",
        name="international",
        regex=r"(?<![\w.])(?:\+[1-9]\d{0,2}|00[1-9]\d{0,2}(?=[ ./-]))(?:[ ./-]{0,2}(?:\(\d{1,5}\)"
        r"|\d{1,6})){1,6}(?:\s{0,2}(?:x|ext)\.?\s{0,2}\d{1,6})?(?![\w-])",
        score=0.85,
        check=checks.phone,
    ),
    Rule(
        entity="PHONE_NUMBER",
        name="trunk",
        regex=r"(?<![\w.+-])\(?0\d{2,5}\)?[ /-]{1,2}\d{2,4}(?:[ -]?\d{2,4}){1,3}(?:\s{0,2}(?:x"
        r"|ext)\.?\s{0,2}\d{1,6})?(?![\w-])",
        score=0.6,
        check=checks.phone,
    ),
    Rule(
        entity="PHONE_NUMBER",
        name="phone-announced",
        regex=rf"(?<![A-Za-z])(?:{_PHONE_CUES})(?:\s{{1,2}}(?:number|no|num|phone|at|me|us|her|him|them|back|is|was"
        rf"|on|to|#)\.?){{0,4}}[\s.:#=-]{{1,4}}"
        r"(?P<v>\+?(?:\(\d{1,5}\)|\d{1,5})(?:[ ./-]{0,2}(?:\(\d{2,5}\)|\d{2,5})){1,5}(?:\s{0,2}(?:x"
        r"|ext)\.?\s{0,2}\d{1,6})?)(?![\w]|[-/.]\d)",
        score=0.8,
        needs=_PHONE_NEEDS,
        check=checks.phone,
    ),
    Rule(entity="PHONE_NUMBER", name="local", regex=r"(?<![\w./-])[2-9]\d{2}-\d{4}(?![\w-])", score=0.6),
    Rule(entity="PHONE_NUMBER", name="dotted", regex=r"(?<![\w.])\d{3}[./]\d{3}[./-]\d{4}(?!\w)", score=0.8),
    Rule(
        entity="PHONE_NUMBER",
        name="pager",
        regex=r"(?<![A-Za-z])(?:pager|beeper|paged?|ext|extension|x)(?:\s{0,2}(?:no|number"
        r"|#))?[\s.:#]{0,3}(?P<v>\d{4,6})(?![\w-])",
        score=0.7,
        needs=("page", "beep", "ext", "x"),
    ),
    # codes that are announced
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
    # ages over 89
    Rule(
        entity="AGE",
        name="age-over-89",
        regex=r"(?<![\w./-])(?P<v>9\d|1[0-2]\d)\s?-?\s?(?:years?|yrs?|y/?o|yo|y\.o\.?|yr)(?![a-z])",
        score=0.8,
        needs=("y",),
    ),
    Rule(
        entity="AGE",
        name="age-announced",
        regex=r"(?<![a-z])(?:aged?(?: of| is|d)?|turned|turning|turns)[\s:=]{1,3}(?P<v>9\d|1[0-2]\d)(?![\w/%]|\.\d)",
        score=0.8,
        needs=("age", "turn"),
    ),
    Rule(
        entity="AGE",
        name="age-sex",
        regex=r"(?<![\w./-])(?P<v>9\d|1[0-2]\d)\s?(?:[MF](?![\w/])|male|female|woman|man|lady|gentleman)",
        score=0.6,
    ),
    Rule(
        entity="AGE",
        name="age-words",
        regex=r"(?<![a-z])(?P<v>(?:ninety(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?|(?:one |a "
        r")?hundred(?: and)?(?:[- ](?:one|two|three|four|five|six|seven|eight|nine|ten))?))[- ]years?[- ]old",
        score=0.8,
        needs=("ninety", "hundred"),
    ),
    # places
    Rule(
        entity="STREET_ADDRESS",
        name="street",
        regex=rf"(?<![\w.,/-])\d{{1,6}}[A-Za-z]?(?:-\d{{1,5}})?,?[ ]{{1,2}}(?:(?:[NSEW]{{1,2}}\.?|North|South|East"
        rf"|West)[ ]{{1,2}})?(?:(?:{_CAP}|\d{{1,3}}(?:st|nd|rd|th|ST|ND|RD|TH))[ "
        rf"]{{1,2}}){{1,4}}(?i:{_STREET})(?![\w'])\.?(?:[ ](?:[NSEW]{{1,2}}|North|South|East"
        rf"|West)(?!\w))?{_UNIT}?{_LOCALITY}?",
        score=0.9,
        flags=0,
    ),
    Rule(
        entity="STREET_ADDRESS",
        name="street-plain",
        regex=r"(?<![\w.,/-])\d{1,6}[a-z]? (?:[nsew]\.? )?(?!(?:mg|mcg|ml|g|kg|cm|mm|units?|tabs?|pills?|days?|weeks?"
        r"|hours?|hrs?|mins?|years?|months?|times?|of|on|in|the|to|a|at|x|and|or|by|from"
        r"|patients?)\b)[a-z'.-]{2,20}(?: (?!(?:of|on|in|the|to|a|at|and|or|by)\b)[a-z'.-]{2,20})? (?:street|st"
        r"|avenue|ave|road|rd|drive|lane|ln|boulevard|blvd|terrace|parkway|pkwy|highway|hwy)(?![\w'])\.?(?:,? (?:apt"
        r"|unit|suite|ste|#)\.? ?#?[\w-]{1,6})?(?:,? {1,2}[a-z'.-]{2,20}(?: [a-z'.-]{2,20})?,? {1,2}[a-z]{2},? "
        r"{1,2}\d{5}(?:-\d{4})?)?",
        score=0.75,
        needs=(" st", " ave", " r", " dr", " l", " b", " ter", " p", " h"),
    ),
    Rule(
        entity="STREET_ADDRESS",
        name="street-broadway",
        regex=rf"(?<![\w.,/-])\d{{1,6}}[ ]{{1,2}}(?:[NSEW]\.?[ ])?(?:Broadway|Rue|Calle|Via|Avenida|Rua|Plaza)(?:[ "
        rf"]{_CAP}){{0,4}}{_UNIT}?{_LOCALITY}?",
        score=0.7,
        flags=0,
    ),
    Rule(
        entity="STREET_ADDRESS",
        name="street-numbered",
        regex=rf"(?<![\w.,/-])\d{{2,6}}(?:[ ]\d{{1,4}})?[ ]{_CAP}(?:[ ](?:de|do|da|dos|del|la|las|van|der|den|af|di"
        rf"|el|al|{_CAP})){{0,4}}[ ]\d{{1,4}}(?![\w%/]|\.\d|[ ]?(?:mg|mcg|ml|units?|g)\b)",
        score=0.5,
        flags=0,
    ),
    Rule(
        entity="STREET_ADDRESS",
        name="address-announced",
        regex=r"(?<!\w)(?:lives at|living at|resid(?:es|ing) at|address(?: is|:)|located at|deliver(?:ed)? to"
        r"|ship(?:ped)? to|return to|moved to)[ ]{1,2}(?P<v>(?:unit )?\d{1,6} [^.;\n]{3,60}?)(?=[.;\n]|$| (?:in|and"
        r"|with|since|where|for) )",
        score=0.6,
        needs=("lives", "living", "resid", "address", "located", "deliver", "ship", "return", "moved"),
    ),
    Rule(
        entity="STREET_ADDRESS",
        name="unit",
        regex=r"(?<!\w)(?:Apt|Suite|Ste|Apartment)\.?[ ]{1,2}#?\d{1,5}[A-Za-z]?(?!\w)",
        score=0.6,
        flags=0,
    ),
    Rule(
        entity="STREET_ADDRESS",
        name="military",
        regex=r"(?<!\w)(?:PSC|Unit|CMR)\s\d{1,5},?\sBox\s\d{1,5}(?:\s{1,2}(?:APO|FPO|DPO)\s(?:AA|AE|AP)\s\d{5})?",
        score=0.8,
        flags=0,
        needs=("box",),
    ),
    Rule(
        entity="STREET_ADDRESS",
        name="street-european",
        regex=rf"(?<!\w)(?:{_CAP}[ -]){{0,2}}[A-ZÄÖÜ][\wäöüß'-]{{1,24}}(?:straße|strasse|str\.|gasse|weg|allee|platz"
        rf"|straat|laan|gatan|vej|gade|utca|veien|katu)[ ]{{1,2}}\d{{1,4}}[a-z]?(?!\w)(?:,?\s{{1,3}}\d{{4,5}}(?:[ "
        rf"]{_CAP}){{1,2}})?",
        score=0.85,
        flags=0,
    ),
    Rule(
        entity="STREET_ADDRESS",
        name="box",
        regex=rf"(?<!\w)(?:P\.?\s?O\.?\s{{0,2}}|Post Office )Box\s{{1,2}}#?\d{{1,8}}(?:(?-i:{_LOCALITY}))?",
        score=0.9,
        needs=("box",),
    ),
    Rule(
        entity="LOCATION",
        name="town-state-zip",
        regex=rf"(?<!\w){_TOWN},?\s{{1,3}}(?:{_STATES})\.?,?\s{{1,3}}{_ZIP}",
        score=0.85,
        flags=0,
    ),
    Rule(
        entity="LOCATION",
        name="town-state",
        regex=rf"(?:\b(?:in|from|of|at|near|to|outside|via|toward)[ ]{{1,2}})(?P<v>{_TOWN}),[ ]{{0,2}}(?:{_STATES}"
        rf"|{_STATE_NAMES})(?!\w)",
        score=0.8,
        flags=0,
    ),
    Rule(
        entity="LOCATION",
        name="lives-in",
        regex=rf"\b(?:[Ll]iv(?:es|ed|ing)|[Rr]esid(?:es|ed|ing|ent)|[Mm]oved|[Rr]elocated|[Bb]orn|[Rr]aised|[Nn]ative"
        rf"|[Tt]ravel(?:s|l?ed|l?ing)|[Ff]lew|[Hh]ometown|[Vv]isit(?:ed|ing)|[Tt]rip)(?: [a-z]{{2,12}}){{0,2}} (?:in"
        rf"|at|to|from|of|is) (?P<v>{_TOWN})(?!\w)",
        score=0.6,
        flags=0,
    ),
    Rule(
        entity="ZIP_CODE",
        name="zip-announced",
        regex=r"(?<![a-z])(?:zip|zip ?code|postal ?code|postcode|plz)[\s:#=-]{0,4}(?:is |was )?(?P<v>\d{3} ?\d{2}"
        r"|\d{4} [a-z]{2}|\d{4,6}(?:-\d{3,4})?|[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}|[a-z]\d[a-z] ?\d[a-z]\d)(?!\w)",
        score=0.85,
        needs=("zip", "post", "plz"),
    ),
    Rule(
        entity="ZIP_CODE",
        name="state-zip",
        regex=rf"(?<!\w)(?:{_STATES})\.?,?\s{{1,3}}(?P<v>{_ZIP})",
        score=0.8,
        flags=0,
    ),
    Rule(
        entity="ZIP_CODE",
        name="uk-postcode",
        regex=r"(?<!\w)[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}(?!\w)",
        score=0.6,
        flags=0,
    ),
    Rule(
        entity="ORGANIZATION",
        name="facility",
        regex=rf"(?<!\w)(?!(?:The|This|Our|Your|Their|At|In|To|From)[ ])(?:St\.? )?{_CAP}(?:[ ](?:{_CAP}|of|and"
        rf"|&)){{0,4}}[ ](?:Hospital|Medical Center|Clinic|Health System|Healthcare|Infirmary|Hospice|Nursing Home"
        rf"|Rehabilitation Center|Cancer Center|Health Center|Pharmacy|Laboratories|Bank|Credit Union)(?!\w)",
        score=0.5,
        flags=0,
        needs=(
            "hospital",
            "medical",
            "clinic",
            "health",
            "infirm",
            "hospice",
            "nursing",
            "rehab",
            "cancer",
            "pharm",
            "labor",
            "bank",
            "credit",
        ),
    ),
)
"""In no order: overlaps are settled by ``base.resolve``."""
