"""What announces a name in a note, and what tells that a name is a thing's: patterns, as data.

Every quantifier is bounded, so that time is linear in the text.
"""

from __future__ import annotations

import re
from functools import cache

from privacy.scrub.lexicon import words

_LETTER = r"[^\W\d_]"
_UPPER = r"[A-ZÀ-ÖØ-ÞĀ-ɏ]"
_CAP = rf"{_UPPER}(?:{_LETTER}|['’-](?={_LETTER})){{1,24}}"
_SOME = rf"{_LETTER}(?:{_LETTER}|['’-](?={_LETTER})){{1,24}}"
_CAPS = (
    rf"(?:{_CAP}|{_UPPER}\.?(?=[ ]))(?:,?[ ]{{1,2}}(?:{_UPPER}\.(?=[ ,;.)]|$)|{_UPPER}(?=[ ,;)]|$)|(?:van|von|der"
    rf"|de|la|del|da|di|bin|al|el)(?=[ ])|{_CAP})){{0,4}}"
)
_FIELD = rf"{_SOME}(?:,?[ ]{{1,2}}(?:{_UPPER}(?:\.(?!\w)|(?![\w.]))|{_SOME})){{0,3}}"
_TITLES = (
    "dr|drs|mr|mrs|ms|miss|mx|prof|professor|doctor|nurse|rev|sir|mister|sgt|capt|officer|judge|sister|father|brother"
)
_ROLES = (
    "patient|pt|client|member|resident|donor|husband|wife|spouse|partner|son|daughter|mother|father|mom|dad|brother"
    "|sister|aunt|uncle|grandmother|grandfather|grandson|granddaughter|niece|nephew|cousin|friend|neighbor|neighbour"
    "|roommate|fiancee?|boyfriend|girlfriend|guardian|caregiver|caretaker|carer|contact|next of kin|nok|poa|proxy"
    "|surgeon|physician|provider|attending|intern|fellow|nurse|rn|np|therapist|pharmacist|interpreter|scribe|manager"
    "|teacher|employer|boss|pcp|attorney|colleague|customer|agent|holder"
)
_VERBS = (
    "seen|signed|dictated|reviewed|referred|examined|performed|written|transcribed|prescribed|ordered|discussed"
    "|accompanied|brought|interviewed|verified|witnessed|reported|called|treated|evaluated|followed|assisted"
    "|supervised|approved|authori[sz]ed|consulted|notified|told|informed|spoke|speak|met|meet|talked|lives|living"
    "|stays|married|contacted|paged|scheduled|follow[- ]?up|f/u|appt|visit"
)


@cache
def rules() -> tuple[tuple[str, re.Pattern[str], float], ...]:
    """(what announces it, pattern with group v, score)."""
    return (
        ("title", re.compile(rf"(?<!\w)(?i:{_TITLES})\.?[ ]{{1,2}}(?P<v>{_CAPS})"), 0.95),
        ("plain", re.compile(rf"(?<!\w)(?:dr|mr|mrs|ms|prof)\.?[ ]{{1,2}}(?P<v>{_SOME}(?:[ ]{_SOME})?)"), 0.8),
        (
            "field",
            re.compile(
                r"(?i)(?<!\w)(?:(?:patient|pt|client|member|guarantor|insured|subscriber|full|first|last|sur|given"
                r"|family|maiden|legal|customer|contact|account holder)?[ _]?name|patient|pt|client|insured"
                r"|subscriber|attending|physician|provider|author|surgeon|dictated by|signed by|referring (?:md"
                r"|physician)|pcp|next of kin|nok|emergency contact|guardian|spouse|re)\s{0,2}[:=][ \t]{0,4}"
                rf"(?P<v>{_FIELD})"
            ),
            0.85,
        ),
        (
            "pair",
            re.compile(
                r"(?i)(?<!\w)(?:(?:patient|pt|client|member|guarantor|insured|subscriber|full|legal|customer|contact"
                r"|account holder)[ _]?name|attending|surgeon|dictated by|signed by|referring (?:md|physician)|pcp"
                r"|next of kin|nok|emergency contact|guardian|spouse|caller|technician|tech|interpreter)\s{0,2}:"
                rf"[ \t]{{0,4}}(?P<v>{_SOME},?[ ]{_SOME})"
            ),
            0.9,
        ),
        (
            "pair",
            re.compile(
                rf"(?<!\w)(?i:wife|husband|son|daughter|mother|father|sister|brother|niece|nephew|neighbou?r|partner|spouse)"
                rf"[ ]{{1,2}}(?P<v>{_CAP}[ ]{_CAP})(?!\w)"
            ),
            0.9,
        ),
        (
            "pair",
            re.compile(
                rf"(?<!\w)(?P<v>{_CAP}[ ]{_CAP})"
                r"(?=,?[ ](?i:is|was)[ ](?i:an?)[ ]\d{1,3}[ -]?(?i:yo|y/o|y\.o\.|year|yr))"
            ),
            0.9,
        ),
        (
            "pair",
            re.compile(
                rf"(?i)(?<!\w)name\s{{0,2}}:[ \t]{{0,4}}(?P<v>{_SOME},?[ ]{_SOME})"
                r"(?=[ \t,;]{1,6}(?:mrn|dob|med rec|ssn)\b)"
            ),
            0.9,
        ),
        (
            "role",
            re.compile(
                rf"(?<!\w)(?i:{_ROLES})(?:['’]s)?(?:[ ]name)?(?:,?[ ](?:is|was|named|called)|:|,|[ ]-)?"
                rf"[ ]{{1,2}}\(?(?P<v>{_CAPS})"
            ),
            0.75,
        ),
        ("kin", re.compile(rf"(?<!\w)(?i:{_ROLES})[ ](?P<v>[a-z]{{3,20}}(?:[ ][a-z]{{3,20}})?)(?![\w-])"), 0.6),
        (
            "verb",
            re.compile(
                rf"(?<!\w)(?i:{_VERBS})(?:[ ][a-z]{{1,12}})?(?:[ ](?:by|with|to|for|from))?[ ]{{1,2}}(?P<v>{_CAPS})"
            ),
            0.6,
        ),
        (
            "greeting",
            re.compile(
                rf"(?<!\w)(?i:dear|hello|hi|hey|thanks|regards|sincerely|cheers|yours truly),?\s{{1,3}}(?P<v>{_CAPS})"
            ),
            0.6,
        ),
        (
            "naming",
            re.compile(
                rf"(?<!\w)(?i:name is|name's|named|called|known as|a\.?k\.?a\.?|n[ée]e|alias|i am|i'm|this is|c/o"
                rf"|attn:?)[ ]{{1,2}}(?P<v>{_CAPS})"
            ),
            0.7,
        ),
        (
            "degree",
            re.compile(
                rf"(?<!\w)(?P<v>{_CAPS}),?[ ]{{1,2}}(?:MD|M\.D\.|DO|D\.O\.|RN|NP|PA-C|PhD|Ph\.D\.|LPN|DDS|PharmD"
                rf"|MBBS|APRN|CRNA|LCSW|FNP|Esq)(?!\w)"
            ),
            0.9,
        ),
    )


EPONYM = re.compile(
    r"(?i)(?:['’]s?)?[ ](?:disease|syndrome|palsy|sign|test|catheter|criteria|score|scale|procedure|maneuver|stain"
    r"|virus|lymphoma|sarcoma|tumou?r|classification|index|equation|tube|drain|contracture|phenomenon|thyroiditis"
    r"|esophagus|chorea|ataxia|dementia|fracture|clamps?|forceps|scissors|retractors?|needles?|fascia|ligaments?"
    r"|valves?|cannula|elevators?|blades?|sutures?|holes?|clips?|dilators?|speculum|technique|approach|flaps?|repair"
    r"|position|incision|nodes?|nodules?|glands?|pouch|ducts?|limb|ring|bands?|pins?|screws?|rods?|plates?|wires?"
    r"|nails?|prosthesis|grafts?|frame|stand|cast|splint|brace|collar|gauze|sounds|stage|grade|fashion|method"
    r"|operation)(?!\w)"
)
"""What follows the name of a disease, a sign, an instrument or a technique: that name stays."""
ARTICLE = re.compile(r"(?i)(?<!\w)(?:the|an?|curved|straight|blunt|this|each|another|french|#\d{1,2}|\d{1,2}-)[ ]?$")
"""Before a lone capitalised word these tell of a thing: 'a Kocher', 'the Mayo'. People go without."""
TOKEN = re.compile(rf"{_LETTER}(?:{_LETTER}|['’](?={_LETTER})){{0,40}}")

DISEASES = frozenset(
    words(
        "alzheimer asperger babinski barrett behcet brudzinski buerger chagas charcot chvostek crohn cushing dupuytren "
        "guillain hashimoto hirschsprung hodgkin homan huntington jakob kaposi kernig korsakoff kussmaul lachman "
        "lhermitte lyme marfan mcburney meckel meniere osgood paget parkinson perthes peyronie phalen raynaud reiter "
        "romberg sjogren spurling takayasu tinel tourette trousseau wegener wernicke"
    )
)
"""Names that in a note nearly always mean a disease or a sign, also alone: 'denies Parkinson\'s'."""
OFTEN_PEOPLE = frozenset(words("addison bell down graves murphy still turner wilson"))
"""Names of diseases that are common surnames: only 'Bell\'s' at the end of a clause is taken for the disease."""
CLAUSE_END = re.compile(r"\s{0,2}(?:[.,;:)/\n]|$|(?:and|or|but|is|was|since|on|with|stable)\b)")
RELATIVE = re.compile(
    r"(?i)\s{1,2}(?:wife|husband|son|daughter|mother|father|brother|sister|family|chart|room|house|nurse|doctor)\b"
)
"""After a genitive these tell of a person: 'Parkinson\'s wife'."""
TITLED = re.compile(r"(?i)\b(?:dr|mr|mrs|ms|prof|doctor|nurse|miss|sir)\.?\s{1,2}$")
