"""Rules for streets, boxes, towns, postal codes and facilities."""

from __future__ import annotations

from privacy.scrub.rule import Rule

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
_PART = r"[A-ZÀ-ÖØ-ÞĀ-ɏ][\w'’-]{1,24}"
_TOWN = rf"(?:(?:St|Ste|Ft|Mt|Pt)\. )?{_PART}(?: {_PART}){{0,2}}"
"""No full stop inside, but for 'St.': the next sentence is none of the town's."""
_ZIP = r"\d{5}(?:-\d{4})?(?!\d)"
_UNIT = (
    r"(?:,?\s{1,3}(?:(?:[Aa]pt|APT|[Aa]partment|[Uu]nit|UNIT|[Ss]uite|SUITE|[Ss]te|STE|[Ff]loor|[Ff]l|[Rr]oom"
    r"|[Rr]m)\.?|#)\s{0,2}#?[\w-]{1,6})"
)
_LOCALITY = (
    rf"(?:,?\s{{1,3}}{_TOWN},?\s{{1,3}}(?:{_STATES}|{_STATE_NAMES})\.?(?:,?\s{{1,3}}{_ZIP})?(?!\w)"
    rf"|,?\s{{1,3}}{_TOWN},?\s{{1,3}}{_ZIP})"
)

PLACES: tuple[Rule, ...] = (
    Rule(
        entity="LOCATION",
        name="town-with-state",
        regex=rf"(?<![\w.-])[A-Z][\w'’.-]{{2,24}}(?: [A-Z][\w'’.-]{{1,24}}){{0,2}},[ ]{{1,2}}(?:{_STATES})(?!\w)",
        score=0.6,
        flags=0,
    ),
    Rule(
        entity="STREET_ADDRESS",
        name="street",
        digits=True,
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
        digits=True,
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
        digits=True,
        regex=rf"(?<![\w.,/-])\d{{1,6}}[ ]{{1,2}}(?:[NSEW]\.?[ ])?(?:Broadway|Rue|Calle|Via|Avenida|Rua|Plaza)(?:[ "
        rf"]{_CAP}){{0,4}}{_UNIT}?{_LOCALITY}?",
        score=0.7,
        flags=0,
    ),
    Rule(
        entity="STREET_ADDRESS",
        name="street-numbered",
        digits=True,
        regex=rf"(?<![\w.,/-])\d{{2,6}}(?:[ ]\d{{1,4}})?[ ]{_CAP}(?:[ ](?:de|do|da|dos|del|la|las|van|der|den|af|di"
        rf"|el|al|{_CAP})){{0,4}}[ ]\d{{1,4}}(?![\w%/]|\.\d|[ ]?(?:mg|mcg|ml|units?|g)\b)",
        score=0.5,
        flags=0,
    ),
    Rule(
        entity="STREET_ADDRESS",
        name="address-announced",
        digits=True,
        regex=r"(?<!\w)(?:lives at|living at|resid(?:es|ing) at|address(?: is|:)|located at|deliver(?:ed)? to"
        r"|ship(?:ped)? to|return to|moved to)[ ]{1,2}(?P<v>(?:unit )?\d{1,6} [^.;\n]{3,60}?)(?=[.;\n]|$| (?:in|and"
        r"|with|since|where|for|by|before|on|at|if|from|until|instead|when|while) |[, ] ?\(?(?:ssn|social security"
        r"|mrn|dob|born|phone|tel|telephone|cell|mobile|fax|e-?mail|acct|account|policy|member|npi|nhs|passport"
        r"|licen[cs]e|insurance)\b)",
        score=0.6,
        needs=("lives", "living", "resid", "address", "located", "deliver", "ship", "return", "moved"),
    ),
    Rule(
        entity="STREET_ADDRESS",
        name="unit",
        digits=True,
        regex=r"(?<!\w)(?:Apt|Suite|Ste|Apartment)\.?[ ]{1,2}#?\d{1,5}[A-Za-z]?(?!\w)",
        score=0.6,
        flags=0,
    ),
    Rule(
        entity="STREET_ADDRESS",
        name="military",
        digits=True,
        regex=r"(?<!\w)(?:PSC|Unit|CMR)\s\d{1,5},?\sBox\s\d{1,5}(?:\s{1,2}(?:APO|FPO|DPO)\s(?:AA|AE|AP)\s\d{5})?",
        score=0.8,
        flags=0,
        needs=("box",),
    ),
    Rule(
        entity="STREET_ADDRESS",
        name="street-european",
        digits=True,
        regex=rf"(?<!\w)(?:{_CAP}[ -]){{0,2}}[A-ZÄÖÜ][\wäöüß'-]{{1,24}}(?:straße|strasse|str\.|gasse|weg|allee|platz"
        rf"|straat|laan|gatan|vej|gade|utca|veien|katu)[ ]{{1,2}}\d{{1,4}}[a-z]?(?!\w)(?:,?\s{{1,3}}\d{{4,5}}(?:[ "
        rf"]{_CAP}){{1,2}})?",
        score=0.85,
        flags=0,
    ),
    Rule(
        entity="STREET_ADDRESS",
        name="box",
        digits=True,
        regex=rf"(?<!\w)(?:P\.?\s?O\.?\s{{0,2}}|Post Office )Box\s{{1,2}}#?\d{{1,8}}(?:(?-i:{_LOCALITY}))?",
        score=0.9,
        needs=("box",),
    ),
    Rule(
        entity="LOCATION",
        name="town-state-zip",
        digits=True,
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
        digits=True,
        regex=r"(?<![a-z])(?:zip|zip ?code|postal ?code|postcode|plz)[\s:#=-]{0,4}(?:is |was )?(?P<v>"
        r"\d{4,6}(?:-\d{3,4})?|\d{3} \d{2}|\d{4} [a-z]{2}|[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}"
        r"|[a-z]\d[a-z] ?\d[a-z]\d)(?!\w)",
        score=0.85,
        needs=("zip", "post", "plz"),
    ),
    Rule(
        entity="ZIP_CODE",
        name="state-zip",
        digits=True,
        regex=rf"(?<!\w)(?:{_STATES})\.?,?\s{{1,3}}(?P<v>{_ZIP})",
        score=0.8,
        flags=0,
    ),
    Rule(
        entity="ZIP_CODE",
        name="uk-postcode",
        digits=True,
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
