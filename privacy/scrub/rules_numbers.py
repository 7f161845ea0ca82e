"""Rules for numbers, addresses of the net, telephones and ages: identifiers with a shape of their own."""

from __future__ import annotations

from privacy.scrub import checks
from privacy.scrub.lexicon import words
from privacy.scrub.rule import Rule

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

NUMBERS: tuple[Rule, ...] = (
    Rule(entity="US_SSN", name="ssn", digits=True, regex=r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])", score=0.9),
    Rule(
        entity="US_SSN",
        name="ssn-spaced",
        digits=True,
        regex=r"(?<![\w-])\d{3}[ .]\d{2}[ .]\d{4}(?![\w-])",
        score=0.6,
        check=checks.ssn,
    ),
    Rule(
        entity="US_SSN",
        name="ssn-masked",
        digits=True,
        regex=r"(?<!\w)[x*#]{3}[- ]?[x*#]{2}[- ]?\d{4}(?!\w)",
        score=0.9,
    ),
    Rule(
        entity="US_SSN",
        name="ssn-announced",
        digits=True,
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
        digits=True,
        regex=r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)",
        score=0.8,
    ),
    Rule(
        entity="IP_ADDRESS",
        name="ipv6",
        regex=r"(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,8}(?![\w:])",
        score=0.8,
        needs=(":",),
        check=checks.ip6,
    ),
    Rule(
        entity="MAC_ADDRESS",
        name="mac",
        digits=True,
        regex=r"(?<![\w:-])[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}(?![\w:-])",
        score=0.8,
    ),
    Rule(
        entity="UUID",
        name="uuid",
        digits=True,
        regex=r"(?<![\w-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![\w-])",
        score=0.9,
        needs=("-",),
    ),
    Rule(
        entity="US_MBI",
        name="mbi",
        regex=r"(?<![\w-])[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y\d]\d-?"
        r"[AC-HJKMNP-RT-Y]{2}\d{2}(?![\w-])",
        score=0.7,
        digits=True,
    ),
    Rule(
        entity="IBAN_CODE",
        name="iban",
        digits=True,
        regex=r"(?<![\w-])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?(?![\w-])",
        score=1.0,
        check=checks.iban,
        flags=0,
    ),
    Rule(
        entity="IBAN_CODE",
        name="iban-close",
        digits=True,
        regex=r"(?<!\w)[A-Z]{2}\d{2}[A-Z0-9]{11,30}(?!\w)",
        score=0.7,
    ),
    Rule(
        entity="CREDIT_CARD",
        name="card",
        digits=True,
        regex=r"(?<![\w.-])\d(?:[ -]?\d){11,18}(?![\w-])",
        score=0.95,
        check=checks.card,
    ),
    Rule(
        entity="CREDIT_CARD",
        name="card-announced",
        digits=True,
        regex=r"(?<![a-z])(?:card|visa|mastercard|amex|cc|american express|discover|debit|credit)(?:\s{1,2}(?:card"
        r"|number|no|num)\.?){0,2}[\s:#=-]{0,4}(?:is|was|ending(?: in| with)?)?[\s:#=-]{0,4}(?P<v>\d(?:[ "
        r"-]?\d){11,18}|[x*]{2,12}[ -]?\d{4}|\d{4}(?=\D|$))",
        score=0.8,
        needs=("card", "visa", "amex", "cc", "american express", "discover", "debit", "credit"),
    ),
)
"""Numbers with a shape of their own."""

TELEPHONES: tuple[Rule, ...] = (
    Rule(
        entity="PHONE_NUMBER",
        name="nanp",
        digits=True,
        regex=r"(?<![\w.(/-])(?:\+?1[ .-]{0,2})?(?:\(\d{3}\)[ .-]{0,2}|\d{3}[ ./-]{1,2})\d{3}[ .-]{1,2}\d{4}"
        r"(?:\s{0,2},?(?:x|ext|extension)\.?\s{0,2}\d{1,6})?(?![\w-])",
        score=0.85,
    ),
    Rule(
        entity="PHONE_NUMBER",
        name="international",
        digits=True,
        regex=r"(?<![\w.])(?:\+[1-9]\d{0,2}|00[1-9]\d{0,2}(?=[ ./-]))(?:[ ./-]{0,2}(?:\(\d{1,5}\)"
        r"|\d{1,6})){1,6}(?:\s{0,2}(?:x|ext)\.?\s{0,2}\d{1,6})?(?![\w-])",
        score=0.85,
        check=checks.phone,
    ),
    Rule(
        entity="PHONE_NUMBER",
        name="trunk",
        digits=True,
        regex=r"(?<![\w.+-])\(?0\d{2,5}\)?[ /-]{1,2}\d{2,4}(?:[ -]?\d{2,4}){1,3}(?:\s{0,2}(?:x"
        r"|ext)\.?\s{0,2}\d{1,6})?(?![\w-])",
        score=0.6,
        check=checks.phone,
    ),
    Rule(
        entity="PHONE_NUMBER",
        name="phone-announced",
        digits=True,
        regex=rf"(?<![A-Za-z])(?:{_PHONE_CUES})(?:\s{{1,2}}(?:number|no|num|phone|at|me|us|her|him|them|back|is|was"
        rf"|on|to|#)\.?){{0,4}}[\s.:#=-]{{1,4}}"
        r"(?P<v>\+?(?:\(\d{1,5}\)|\d{1,5})(?:[ ./-]{0,2}(?:\(\d{2,5}\)|\d{2,5})){1,5}(?:\s{0,2}(?:x"
        r"|ext)\.?\s{0,2}\d{1,6})?)(?![\w]|[-/.]\d)",
        score=0.8,
        needs=_PHONE_NEEDS,
        check=checks.phone,
    ),
    Rule(entity="PHONE_NUMBER", name="local", digits=True, regex=r"(?<![\w./-])[2-9]\d{2}-\d{4}(?![\w-])", score=0.6),
    Rule(
        entity="PHONE_NUMBER", name="dotted", digits=True, regex=r"(?<![\w.])\d{3}[./]\d{3}[./-]\d{4}(?!\w)", score=0.8
    ),
    Rule(
        entity="PHONE_NUMBER",
        name="pager",
        digits=True,
        regex=r"(?<![A-Za-z])(?:pager|beeper|paged?|ext|extension|x)(?:\s{0,2}(?:no|number"
        r"|#))?[\s.:#]{0,3}(?P<v>\d{4,6})(?![\w-])",
        score=0.7,
        needs=("page", "beep", "ext", "x"),
    ),
)

AGES: tuple[Rule, ...] = (
    Rule(
        entity="AGE",
        name="age-over-89",
        digits=True,
        regex=r"(?<![\w./-])(?P<v>9\d|1[0-2]\d)\s?-?\s?(?:years?|yrs?|y/?o|yo|y\.o\.?|yr)(?![a-z])",
        score=0.8,
        needs=("y",),
    ),
    Rule(
        entity="AGE",
        name="age-announced",
        digits=True,
        regex=r"(?<![a-z])(?:aged?(?: of| is|d)?|turned|turning|turns"
        r"|died at(?: age)?|lived to)[\s:=]{1,3}(?P<v>9\d|1[0-2]\d)(?![\w/%]|\.\d)",
        score=0.8,
        needs=("age", "turn", "died", "lived"),
    ),
    Rule(
        entity="AGE",
        name="age-sex",
        digits=True,
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
)
"""Ages over 89; younger ones are no identifier under Safe Harbor."""
