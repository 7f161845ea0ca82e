"""The words that column names are made of, by kind: a public vocabulary in several languages."""

from __future__ import annotations

from privacy.scrub.lexicon import words as _set

NOT_ABOUT_THE_VALUE = _set(
    """
    age amount area available balance brand calls category change changed class consent count created date default
    density distance flag format group has hash index is len length level limit match minutes missing model num_of
    opt population preference present rate ratio score service services since size source status tier time type
    updated usage valid verified year
    domain country income median mean state expiry expires expiration expired location make
    """
)
"""With one of these words a column tells something about an identifier and is none itself."""

THINGS = _set(
    """
    account app bank branch brand campaign category channel city class clinic code column company condition country
    county department dept device diagnosis disease dish display domain drug dx employer event facility feature
    field file game gene group hospital host insurance insurer item lab med medication merchant model movie org
    organisation organization payer plan procedure process product program protein region road sample school screen
    server ship site song species state street study table test trial unit university user variable vendor ward
    """
)
"""What else has a name: ``drug_name`` is no person's."""

PEOPLE = _set(
    """
    agent applicant attending author beneficiary borrower cardholder child client clinician contact customer doctor
    donor dr emergency employee father officer guarantor guardian holder insured kin manager member mother nurse owner
    parent participant patient payee payor person physician practitioner prescriber provider pt recipient referring
    relative resident respondent sender signatory spouse staff student subject subscriber surgeon teacher technician
    tenant
    betreuer geburts
    """
)
"""Beside these a word still names the person's own: ``patient_phone``."""

PHRASES: tuple[tuple[str, str], ...] = (
    (
        "text",
        "notes|note|comment|comments|narrative|remark|remarks|free text|freetext|impression text"
        "|discharge summary|hpi|clinical text|progress note|report text|message body|transcript|bemerkung"
        "|kommentar|notiz|commentaire|observaciones|notas",
    ),
    (
        "name",
        "nom prenom|prenom nom|vorname nachname|nombre apellidos|apellidos nombre|nombre completo|nombre patient"
        "|nombre customer|nom patient|nom customer|patient nom|nombre paciente|nombre cliente|nom client",
    ),
    (
        "name",
        "account holder|account holder name|account owner|card holder|cardholder name|loan holder|name first last",
    ),
    ("imsi", "imsi"),
    ("device_id", "imei|meid|iccid"),
    ("license", "id card|id card number|identity card|identity card number"),
    (
        "email",
        "email|e mail|mail address|mailaddress|emailaddress|correo|courriel|email addr"
        "|adresse mail|adresse email|address email|elektronicka posta|e mailadres",
    ),
    (
        "ip_address",
        "ip|source ip|src ip|ip address|ipaddress|ip addr|ipv4|ipv6|client ip|remote addr|ipv addr|ipv|ipv address",
    ),
    ("url", "url|home page|website|web site|homepage|web page|webpage|uri|profile link|linkedin"),
    (
        "username",
        "username|user name|login|portal login|user login|login id|login name|screen name|handle|userid name"
        "|nickname|twitter|name user"
        "|user handle|twitter handle|instagram handle|web login|portal user|banking login|online login|app login",
    ),
    ("fax", "fax|fax number|telefax|faxnumber"),
    (
        "phone",
        "phone|telephone|tel|mobile|cell|cell no|cell number|cellphone|phonenumber|phone number|telefon|telefono"
        "|handy|movil|telno|phoneno|pager|msisdn|mobile no|contact number|contact no|home number|telefonnummer"
        "|mobil|mobilnr|rufnummer|ruf number|phone privat|mobile number|contact phone|alt phone",
    ),
    (
        "ssn",
        "ssn|social security|socialsecurity|soc sec|sin number|nino|national insurance|national id|nationalid"
        "|tax id|taxid|tin|itin|personnummer|cpf|dni|nie|curp|pesel|codice fiscale|aadhaar|pan number|bsn"
        "|securite sociale|seguridad social|steuer id|sozialversicherungsnummer|ssn4"
        "|number ss|num ss|nir|sin|social insurance|pnr|person nr|person number|personal number|cod fiscale"
        "|fiscal code|cf"
        "|code fiscale|code fiscal|rodne cislo|rodne number|birth number|rc|uidai|uidai number"
        "|steuer identifikationsnummer|taxpayer id|tax number"
        "|taxpayer identification|tax identification|tax identification number|tax file number|tfn|ni number|nin"
        "|national identification|citizen id|citizen number|cpr number|cpr|oib|jmbg|amka|egn|cnp|pps|ppsn"
        "|pps number|nric"
        "|ahv|sv number|svnr|cedula|rut|cuit|cuil|snils|hkid|social number|ssn number|steuer number",
    ),
    ("nhs_number", "nhs|nhs id|nhs number|nhs no|nhsnumber|nhsno|nhs num|chi number"),
    ("npi", "npi|npi number|national provider identifier|national provider id"),
    (
        "mbi",
        "mbi|medicare beneficiary|medicare beneficiary number|medicare id|medicare number|medicare no"
        "|medicare beneficiary identifier|medicare beneficiary id",
    ),
    (
        "health_plan_id",
        "hicn|hic|medicaid id|medicaid number|member id|member number|member no|memberid|policy number|policy no"
        "|policy id|policynumber|insurance id|insurance number|insurance no|subscriber id|subscriber number"
        "|health plan id|health plan number|beneficiary id|plan member|health card|kvnr|group number"
        "|insured number|number insured|number policy|ins id|ins number|ins member"
        "|health plan beneficiary|insured id|plan id number|plan id|beneficiary number"
        "|vers number|versnr|group no|grp no",
    ),
    (
        "mrn",
        "mrn|medical record|medicalrecord|med rec|chart number|chart no|chart id|hospital number|patient number"
        "|patient no|record number|medrecno|mr number|mr no|unit number|patientennummer|pat nr|history number"
        "|number history|clinical history|history clinical|dossier number|number dossier|dossier|ipp"
        "|number kartoteki|kartoteka",
    ),
    ("iban", "iban"),
    (
        "credit_card",
        "credit card|creditcard|number card|card number|card no|cardnumber|card num|cc number|cc num|ccnum"
        "|debit card|pan|kreditkarte"
        "|card last|cc last|pan masked|card masked",
    ),
    (
        "account_number",
        "account number|account no|account num|account nbr|account id|acct number|acct no|acct num|acct id|acctno"
        "|accountnumber|acct|account|accountno|bank account|routing number|routing no|sort code|kontonummer|konto"
        "|cuenta|loan number|loan no|loan id|guarantor number|billing number|swift|bic|number account|number loan"
        "|routing|sortcode|swift bic|bic swift|to account|from account|mortgage account|mortgage number"
        "|deposit account"
        "|counterparty account|src account|source account|dest account|destination account|debit account"
        "|credit account|beneficiary account|loan account|savings account|checking account|ifsc|bsb"
        "|clabe|number conta|conta"
        "|bankverbindung|bank verbindung|bic code|swift code",
    ),
    (
        "license",
        "license|licence|license number|license no|driver license|drivers license|driving licence|dl number|dl no"
        "|dea|dea number|passport|passport number|certificate number|certificate no|upin|medical license"
        "|fuehrerschein|pass number|number pass|number license|pass|license driving|driving license"
        "|state license|nursing license|nurse license|professional license|pharmacy license"
        "|obcansky prukaz|rg|dowod osobisty|dowod|visa number|cnh",
    ),
    (
        "license_plate",
        "license plate|licence plate|plate|plate number|plate no|number plate|registration plate"
        "|vehicle registration|registration mark|vrm|tag number|kennzeichen|license plate number"
        "|licence plate number|vehicle plate"
        "|vrn|car plate|auto plate|spz|rejestracyjny|number rejestracyjny|reg plate|veh reg|vehicle reg"
        "|car reg|car registration"
        "|tag no|rendszam|plaka"
        "|registration number vehicle|vehicle registration number|registracni znacka",
    ),
    ("vehicle_id", "vin|vehicle id|vehicle number|vehicle identification number|chassis number"),
    ("imsi", "imsi|imsi number|subscriber imsi"),
    (
        "device_id",
        "device id|device serial|implant serial|pump serial|serial|number serial|serial number|serial no|serialno"
        "|serialnumber|imei|iccid|udi|mac address|mac addr|macaddress|implant id|pacemaker serial"
        "|device identifier|device number|android id|idfa|meid|hardware id",
    ),
    (
        "zip",
        "zip|zipcode|zip code|postal|postal code|postcode|post code|postalcode|plz|cep|codigo postal|code postal"
        "|zip5|zip4|postcd"
        "|cp|kod pocztowy|pocztowy|cap",
    ),
    (
        "address",
        "address|addr|street|street address|address line|addressline|addr1|addr2|address1|address2|strasse|straße"
        "|anschrift|direccion|adresse|residence|mailing address|home address|domicilio|rue"
        "|haus number|hausnr|hausnummer|ulice|ulica|gade|adresa trvala",
    ),
    (
        "city",
        "city|town|municipality|ort|stadt|ciudad|ville|suburb|locality|birthplace|place of birth|hometown"
        "|wohnsitz|commune|comune|cidade",
    ),
    (
        "first_name",
        "first name|firstname|fname|given name|givenname|forename|vorname|prenom|nombre|first nm|middle name"
        "|middlename|mname|name first|preferred name"
        "|mid initial|mid init|middle initial|primer nombre|segundo nombre|nome|voornaam|jmeno|imie|fornamn"
        "|primeiro nome|first nome|christian name|keresztnev|isim"
        "|patient first|customer first|member first|first patient",
    ),
    (
        "last_name",
        "last name|lastname|lname|surname|family name|familyname|maiden name|maidenname|nachname|apellido"
        "|achternaam|prijmeni|nazwisko|sobrenome|efternamn|etternavn|soyad|soyadi|cognome"
        "|apellidos|last nm|name last|nom famille|nom"
        "|patient last|customer last|member last|last patient",
    ),
    (
        "name",
        "fullname|full name|name|patientname|customername|clientname|patient nm|nom complet|namn|name complete"
        "|name full|complete name",
    ),
    (
        "pii",
        "photo|picture|face image|fingerprint|biometric|signature|voice print|voiceprint|retina|iris scan|genome"
        "|password|passwd|secret|pin code"
        "|face photo|facial image|face picture|retinal scan|biometric hash|biometric template|photo path"
        "|photo url|photo image|photo id image|profile photo|id photo|finger print|voice sample"
        "|signature img|signature image|face scan"
        "|voice recording",
    ),
)
"""Kind, phrases: the words of one phrase stand next to each other in the name. The first kind that has one wins."""

WHOLE = _set(
    """
    account acct bic cell cep certificate cuenta dni dossier handle handy hic konto licence license login mobile nhs
    nie nom nombre ort pan pass passwd password photo picture plate residence rue secret serial signature street
    swift tel tin town user ville
    cp sin nir vrn commune mobil pnr cf rc rg conta cap nome uidai cpr cnp egn oib rut pps ahv cedula dowod nin ifsc bsb
    """
)
"""Words that name an identifier only as the whole name, or with nothing but people beside them."""

PRACTITIONERS = _set(
    """
    attending cardholder clinician doctor guardian nok physician practitioner prescriber spouse surgeon
    holder
    """
)
"""As the last word these stand for the name of one."""

IDENTIFIED = _set(
    """
    accession admission applicant borrower card case claim client contact cust customer doctor donor employee enc
    encounter event family guarantor hadm household icustay individual invoice mbr member order participant pat
    patient person physician policyholder prescriber provider pt record respondent row sample session specimen staff
    stay student subj subject trans transaction txn user visit
    attending emp employee auth authorization rx prescription account application party
    """
)
"""With ``id``, ``no``, ``key`` or ``number``: names one person or thing."""

ID_WORDS = _set(
    """
    code guid hash id identifier ids key nbr no nr num number pseudonym ref uuid
    """
)
"""What an identifier is called."""

ALONE = _set(
    """
    caseid claimid clientid csn customerid empi encounterid guid hadm_id id identifier patientid personid pid recno
    recordid rowid subjectid upi userid uuid visitid
    empno empid
    """
)
"""Identifiers by themselves."""
