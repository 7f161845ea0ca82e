"""The kind of a column from its name alone: a public fact, so it may decide without a budget.

A name is cut into words (``patientLastName`` -> patient, last, name) and compared with synonyms in
several languages. Dates, dates of birth too, are no kind: they are modelled.
"""

from __future__ import annotations

import re

from privacy.scrub.lexicon import words as _set

_NOT_ABOUT_THE_VALUE = _set(
    """
    type flag count has is opt verified status num_of valid available present missing match score length len
    hash format source category class group density balance rate amount age since date time year updated created
    changed consent service services model usage minutes calls population size area index ratio limit default
    change distance brand tier level preference
    """
)
"""With one of these words a column tells something about an identifier and is none itself."""

_THINGS = _set(
    """
    drug medication med product item test lab procedure hospital clinic facility department dept ward unit site
    study trial file table column field event model brand company organization organisation org employer vendor
    merchant bank branch school university country state county region city category class group program plan
    payer insurance insurer campaign channel app sample species dish movie song game ship gene protein process
    device disease diagnosis dx condition code variable feature host server domain street road user account
    screen display
    """
)
"""What else has a name: ``drug_name`` is no person's."""

_PEOPLE = _set(
    """
    patient pt customer client member person subject guarantor insured subscriber employee staff provider
    physician doctor dr nurse attending surgeon contact kin relative spouse mother father parent guardian child
    holder cardholder owner applicant borrower beneficiary payee payor sender recipient author resident tenant
    student teacher agent manager emergency referring clinician practitioner prescriber technician donor
    participant respondent signatory
    """
)

_PHRASES: tuple[tuple[str, str], ...] = (
    # kind, phrases: all words of one phrase must be in the name
    (
        "text",
        "notes|note|comment|comments|narrative|remark|remarks|free text|freetext|impression text|discharge summary"
        "|hpi|clinical text|progress note|report text|message body|transcript|bemerkung|kommentar|notiz|commentaire"
        "|observaciones|notas",
    ),
    ("name", "account holder|account holder name|account owner|card holder|cardholder name|loan holder"),
    ("email", "email|e mail|mail address|mailaddress|emailaddress|correo|courriel|email addr"),
    ("ip_address", "ip|ip address|ipaddress|ip addr|ipv4|ipv6|client ip|remote addr"),
    ("url", "url|website|web site|homepage|web page|webpage|uri|profile link|linkedin"),
    (
        "username",
        "username|user name|login|portal login|user login|login id|login name|screen name"
        "|handle|userid name|nickname|twitter",
    ),
    ("fax", "fax|fax number|telefax|faxnumber"),
    (
        "phone",
        "phone|telephone|tel|mobile|cell|cell no|cell number|cellphone|phonenumber|phone number|telefon|telefono"
        "|handy|movil|telno|phoneno|pager|msisdn|mobile no|contact number|contact no|home number|telefonnummer",
    ),
    (
        "ssn",
        "ssn|social security|socialsecurity|soc sec|sin number|nino|national insurance|national id|nationalid|tax id"
        "|taxid|tin|itin|personnummer|cpf|dni|nie|curp|pesel|codice fiscale|aadhaar|pan number|bsn|steuer id"
        "|sozialversicherungsnummer|ssn4",
    ),
    ("nhs_number", "nhs|nhs number|nhs no|nhsnumber|nhsno|nhs num|chi number"),
    ("npi", "npi|npi number|national provider identifier|national provider id"),
    ("mbi", "mbi|medicare id|medicare number|medicare no|medicare beneficiary identifier|medicare beneficiary id"),
    (
        "health_plan_id",
        "hicn|hic|medicaid id|medicaid number|member id|member number"
        "|member no|memberid|policy number|policy no|policy id|policynumber|insurance id|insurance number|insurance "
        "no|subscriber id|subscriber number|health plan id|health plan number|beneficiary id"
        "|plan member|health card|kvnr|group number",
    ),
    (
        "mrn",
        "mrn|medical record|medicalrecord|med rec|chart number|chart no|chart id|hospital number|patient number"
        "|patient no|record number|medrecno|mr number|mr no|unit number|patientennummer|pat nr",
    ),
    ("iban", "iban"),
    (
        "credit_card",
        "credit card|creditcard|card number|card no|cardnumber|card num|cc number|cc num|ccnum|debit card|pan"
        "|kreditkarte",
    ),
    (
        "account_number",
        "account number|account no|account num|account nbr|account id|acct number|acct no|acct num|acct id|acctno"
        "|accountnumber|acct|account|accountno|bank account|routing number|routing no|sort code|kontonummer|konto"
        "|cuenta|loan number|loan no|loan id|guarantor number|billing number|swift|bic",
    ),
    (
        "license",
        "license|licence|license number|license no|driver license|drivers license|driving licence|dl number|dl no"
        "|dea|dea number|passport|passport number|certificate number|certificate no|upin|medical license"
        "|fuehrerschein",
    ),
    (
        "license_plate",
        "license plate|licence plate|plate|plate number|plate no|number plate|registration plate|vehicle registration"
        "|registration mark|vrm|tag number|kennzeichen|license plate number|licence plate number",
    ),
    ("vehicle_id", "vin|vehicle id|vehicle number|vehicle identification number|chassis number"),
    ("imsi", "imsi|imsi number|subscriber imsi"),
    (
        "device_id",
        "device id|device serial|serial number|serial no|serialno|serialnumber|imei|iccid|udi|mac address|mac "
        "addr|macaddress|implant id|pacemaker serial|device identifier|device number|android id|idfa|meid|hardware "
        "id",
    ),
    (
        "zip",
        "zip|zipcode|zip code|postal|postal code|postcode|post code|postalcode|plz|cep|codigo postal|code postal"
        "|zip5|zip4",
    ),
    (
        "address",
        "address|addr|street|street address|address line|addressline|addr1|addr2|address1|address2|strasse|straße"
        "|anschrift|direccion|adresse|residence|mailing address|home address|domicilio|rue",
    ),
    ("city", "city|town|municipality|ort|stadt|ciudad|ville|suburb|locality|birthplace|place of birth|hometown"),
    (
        "first_name",
        "first name|firstname|fname|given name|givenname|forename|vorname|prenom|nombre|first nm|middle name"
        "|middlename|mname|name first|preferred name",
    ),
    (
        "last_name",
        "last name|lastname|lname|surname|family name|familyname|maiden name|maidenname|nachname|apellido|apellidos"
        "|last nm|name last|nom famille|nom",
    ),
    ("name", "fullname|full name|name|patientname|customername|clientname|patient nm|nom complet|namn"),
    (
        "pii",
        "photo|picture|face image|fingerprint|biometric|signature|voice print|voiceprint|retina|iris scan|genome"
        "|password|passwd|secret|pin code",
    ),
)

_WHOLE = _set(
    """
    account acct cell mobile handy handle login plate street residence photo picture signature secret pan tin
    nie dni cep ort nom nombre rue ville bic hic swift tel town password passwd login konto cuenta nhs
    license licence certificate
    """
)
"""Words that name an identifier only as the whole name, or with nothing but people beside them."""

_PRACTITIONERS = _set(
    """
    physician doctor surgeon attending spouse guardian cardholder clinician prescriber practitioner nok
    """
)

_IDENTIFIED = _set(
    """
    patient pt customer client member person subject participant user employee staff donor student applicant
    borrower encounter visit admission hadm stay icustay case claim transaction txn trans order invoice record
    row accession specimen sample event session household respondent guarantor individual cust pat subj enc mbr
    contact provider physician prescriber doctor card policyholder family
    """
)
"""With ``id``, ``no``, ``key`` or ``number``: names one person or thing."""
_ID_WORDS = _set(
    """
    id ids identifier no nr num nbr number key uuid guid ref pseudonym hash code
    """
)
_ALONE = _set(
    """
    id uuid guid identifier rowid recordid patientid personid subjectid customerid userid clientid caseid
    claimid encounterid visitid hadm_id pid empi upi csn recno
    """
)  # fmt: skip


def kind_from_name(name: str) -> str | None:
    """The kind that a column of this name most likely has, or None. Reads no data."""
    words = _words(name)
    if not words:
        return None
    about = set(words) & _NOT_ABOUT_THE_VALUE
    for kind, phrases in _PHRASES:
        phrase = _match(words, phrases)
        if phrase is None or about - set(phrase):
            continue
        others = set(words) - set(phrase) - _PEOPLE
        if others & _THINGS and len(phrase) == 1 and kind in ("name", "first_name", "last_name"):
            continue
        if others and len(phrase) == 1 and (phrase[0] in _WHOLE or kind == "name"):
            continue
        return kind
    if words[-1] in _PRACTITIONERS or tuple(words[-3:]) == ("next", "of", "kin") or words == ["emergency", "contact"]:
        return None if about else "name"
    return None if about - {"hash"} else _identifier(words)


def _identifier(words: list[str]) -> str | None:
    if "".join(words) in _ALONE or (len(words) == 1 and words[0] in _ALONE):
        return "identifier"
    if set(words) & _IDENTIFIED and words[-1] in _ID_WORDS - {"code"}:
        return "identifier"
    return None


def _match(words: list[str], phrases: str) -> tuple[str, ...] | None:
    """The longest phrase whose words stand next to each other in the name."""
    best: tuple[str, ...] | None = None
    for phrase in phrases.split("|"):
        parts = tuple(phrase.split())
        if (best is None or len(parts) > len(best)) and any(
            tuple(words[place : place + len(parts)]) == parts for place in range(len(words) - len(parts) + 1)
        ):
            best = parts
    return best


def _words(name: str) -> list[str]:
    """Lower-case words of a snake, kebab, camel or spaced name; trailing numbers are dropped."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name.strip()[:200])
    words = [re.sub(r"(?<=[^\W\d]{2})\d{1,2}$", "", word) or word for word in re.findall(r"[^\W_]+", spaced.lower())]
    while len(words) > 1 and words[-1].isdecimal():
        words.pop()
    return words
