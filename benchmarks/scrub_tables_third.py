"""A third generator of hospital and bank tables: names of more countries, clinical and bank extracts as they are sent
around, and columns whose short names mean something else in a laboratory (ph, plt, cp, na).

    python -m benchmarks.scrub_tables_third

Names and values were written before any result on them was seen; ``docs/scrub.md`` has the figure of that first run.
"""

# ruff: noqa: E501, SIM905 - one kind of column a line, one list a paragraph

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta

from benchmarks.scrub_tables import (
    Columns,
    _card,
    _iban,
    _imei,
    _integer,
    _mbi,
    _nhs,
    _npi,
    _of,
    _one,
    _shaped,
    _source,
    _vin,
    drawn,
    tell,
)
from privacy.scrub.numbers import luhn_digit

N_ROWS = 240
_MUTE = ("K{}", "item_{}", "fld_{:02d}", "sloupec{}", "dato_{}", "Q{}", "A{}_val")
_GIVEN = (
    "Jan Petra Tomasz Agnieszka Joao Beatriz Sander Femke Astrid Mikkel Giulia Matteo Ayse Mehmet Anjali Rohan Liam "
    "Noah Harper Mateo Zoe Wang Minh Thandiwe Sipho Leila Reza Katarzyna Vaclav Jitka Renata Otto Greta Ewan Rhiannon "
    "Declan Niamh Tatiana Boris Ximena"
).split()
_FAMILY = (
    "Svoboda Dvorakova Nowak Wisniewski Oliveira Ferreira Vermeulen Jansen Lindberg Nilsen Ricci Colombo Yilmaz Demir "
    "Iyer Banerjee Tremblay Gagnon Cooper Ramirez Castillo Li Pham Dlamini Nkosi Hosseini Moradi Kaminska Prochazka "
    "Schulz Winkler MacLeod Griffiths OBrien Walsh Sokolov Petrova Vargas"
).split()
_CITIES = (
    "Brno|Ostrava|Krakow|Gdynia|Curitiba|Recife|Utrecht|Haarlem|Aarhus|Tromso|Bologna|Palermo|Izmir|Pune|Jaipur|"
    "Halifax|Winnipeg|Hobart|Durban|Shiraz|Swansea|Dundee|Galway|Akron|Spokane|Mobile|Yuma|Duluth|Macon|Laredo"
).split("|")


def _name(rng: random.Random) -> str:
    first, last = rng.choice(_GIVEN), rng.choice(_FAMILY)
    return rng.choice([f"{first} {last}", f"{first} {last}", f"{last}, {first}", f"{last} {first}"])


def _street(rng: random.Random) -> str:
    name, number = rng.choice(_FAMILY), rng.randrange(1, 300)
    return rng.choice(
        [f"{number} {name} Rd", f"{name}straat {number}", f"ul. {name} {number}/3", f"Rua {name}, {number}"]
    )


def _day(rng: random.Random) -> str:
    return (date(1931, 1, 1) + timedelta(days=rng.randrange(32_000))).isoformat()


def _mod11(digits: str, weights: range) -> int:
    rest = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    return 0 if rest < 2 else 11 - rest


def _cpf(rng: random.Random) -> str:
    body = _shaped(rng, "#########")
    body += str(_mod11(body, range(10, 1, -1)))
    body += str(_mod11(body, range(11, 1, -1)))
    return f"{body[:3]}.{body[3:6]}.{body[6:9]}-{body[9:]}"


def _pesel(rng: random.Random) -> str:
    body = f"{rng.randrange(40, 99)}{rng.randrange(1, 13):02d}{rng.randrange(1, 29):02d}{rng.randrange(10_000):04d}"
    total = sum(int(d) * w for d, w in zip(body, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), strict=True))
    return f"{body}{-total % 10}"


def _rodne(rng: random.Random) -> str:
    while True:
        month = rng.randrange(1, 13) + rng.choice([0, 50])
        body = f"{rng.randrange(54, 99)}{month:02d}{rng.randrange(1, 29):02d}{rng.randrange(1000):03d}"
        if int(body) % 11 < 10:
            return f"{body[:6]}/{body[6:]}{int(body) % 11}"


def _sin(rng: random.Random) -> str:
    body = str(rng.randrange(1, 8)) + _shaped(rng, "#######")
    body += luhn_digit(body)
    return f"{body[:3]} {body[3:6]} {body[6:]}"


def _personnummer(rng: random.Random) -> str:
    body = f"{rng.randrange(30, 99)}{rng.randrange(1, 13):02d}{rng.randrange(1, 29):02d}{rng.randrange(1000):03d}"
    return f"{body[:6]}-{body[6:]}{luhn_digit(body)}"


def _bsn(rng: random.Random) -> str:
    while True:
        body = str(rng.randrange(1, 9)) + _shaped(rng, "#######")
        rest = sum(int(d) * w for d, w in zip(body, range(9, 1, -1), strict=True)) % 11
        if rest < 10:
            return f"{body}{rest}"


def _note(rng: random.Random) -> str:
    return rng.choice(
        [
            f"Spoke with {_name(rng)} about the refill; she will call the pharmacy tomorrow and report back.",
            f"Klient {_name(rng)} zada o odklad splatky a zavola znovu pristi tyden kvuli podpisu smlouvy.",
            "No change since the last visit; continue the same dose and come back in six weeks for bloods.",
        ]
    )


def _real(low: float, high: float, places: int = 1) -> Callable[[random.Random], object]:
    return lambda rng: round(rng.uniform(low, high), places)


PEOPLE = (
    _source("first_name", "given_names|voornaam|jmeno|imie|nome|fornamn|Pt First Nm|legal_first_name|primeiro_nome|Christian Name|ad", _one(*_GIVEN), speaks=True),
    _source("last_name", "achternaam|prijmeni|nazwisko|sobrenome|efternamn|Pt Last Nm|legal_last_name|birth_name|second_surname|soyad", _one(*_FAMILY), speaks=True),
    _source("name", "pt_name|policyholder_name|payer_nm|next_of_kin_name|legal_name|cust_full_nm|nome_completo|Naam klant|imie_i_nazwisko|co_borrower_name|referring_physician|PCP_name|ordering_provider_name", _name),
    _source("phone", "phone_1|daytime_phone|telefoonnummer|telefon_domu|celular|mobilnummer|evening_tel|cel_phone_no|contact_phone|nok_phone", _of("+48 ### ### ###", "(##) #####-####", "06-########", "###-###-####")),
    _source("phone", "phone_2|alt_phone|cell_phone|mobiel|emergency_phone", _of("+1 (###) ###-####", "+31 6 ########", "+420 ### ### ###"), speaks=True),
    _source("email", "email_1|mail_addr|elektronicka_posta|eposta|epost|e_mailadres|contact_mail|secure_email", lambda r: f"{r.choice(_GIVEN).lower()}.{r.choice(_FAMILY).lower()}@post{r.randrange(9)}.example", speaks=True),
    _source("address", "home_addr|adres|ulice|ulica|endereco|indirizzo|street_1|addr_line_2|permanent_address|billing_address|adresa_trvala|gatuadress", _street),
    _source("city", "city_of_residence|miasto|mesto|woonplaats|cidade|citta|stad|birth_city|town_city|home_town", _one(*_CITIES), speaks=True),
    _source("zip", "zip5|postcode|psc|kod_pocztowy|cep|cap|postnummer|postal|zip_plus4|mailing_zip", _of("#####", "##-###", "####", "#####-####")),
    _source("ssn", "cpf|cpf_cliente|CPF_titular|nr_cpf", _cpf, speaks=True),
    _source("ssn", "pesel|PESEL_pacjenta|nr_pesel", _pesel, speaks=True),
    _source("ssn", "rodne_cislo|birth_number|rc|RodneCislo", _rodne, speaks=True),
    _source("ssn", "sin|SIN_no|social_insurance_number|sin_number", _sin),
    _source("ssn", "personnummer|pnr|person_nr|personnr", _personnummer, speaks=True),
    _source("ssn", "bsn|burgerservicenummer|BSN_patient", _bsn),
    _source("ssn", "nino|ni_number|national_insurance_no|NINO", _of("AB######C", "CE ## ## ## A")),
    _source("ssn", "aadhaar|aadhaar_no|uidai_number|aadhar_number", _of("#### #### ####")),
    _source("ssn", "codice_fiscale|CF|cod_fiscale|codfis", _of("RSSMRA##A##H###Z", "VRDLGU##C##F###Y"), speaks=True),
    _source("ssn", "tax_id|tin|taxpayer_id|steuer_identifikationsnummer|steueridnr|itin|tax_identification_number|last4_ssn|ssn_last_4", _of("9##-##-####", "## ### ### ###")),
    _source("username", "user_nm|web_login|portal_user|app_username|uzivatel|online_banking_login", lambda r: f"{r.choice(_GIVEN).lower()}_{r.randrange(999)}"),
    _source("ip_address", "login_ip|ip_addr|session_ip|source_ip_address|host_ip", lambda r: ".".join(str(r.randrange(1, 255)) for _ in range(4)), speaks=True),
    _source("url", "portal_url|patient_portal_link|facebook_url|avatar_url|document_url|web_address", lambda r: f"https://portal.example/u/{r.randrange(99_999)}", speaks=True),
    _source("text", "clinical_note|case_notes|poznamka|uwagi|opmerkingen|observacoes|call_notes|visit_summary|chief_complaint_text", _note, speaks=True),
    _source("license", "passport_no|cislo_pasu|rg|id_card_no|obcansky_prukaz|drivers_lic_no|dowod_osobisty|visa_no|rijbewijsnummer", _of("??######", "#########", "?##-###-###")),
    _source("", "dob|date_of_birth|birth_dt|geboortedatum|data_urodzenia|data_nascimento|BirthDate", _day),
    _source("", "age_at_admission|vek|wiek|leeftijd|idade|age_grp_lo", _integer(0, 101)),
    _source("", "sex_at_birth|pohlavi|plec|geslacht|genero|gender_identity", _one("F", "M", "X")),
    _source("", "race|ethnicity|marital_status|religion|primary_language|education_level", _one("a", "b", "c", "d", "e")),
    _source("", "state_province|stat|wojewodztwo|country_of_birth|nationality|kraj", _one("ON", "QC", "CZ", "PL", "NL", "BR")),
)  # fmt: skip
HOSPITAL = (
    _source("mrn", "pt_mrn|mrn_no|hosp_no|nr_kartoteki|chart_num|medical_record_nbr|MedicalRecordNum|pat_chart_id|epic_mrn|unit_no", _of("########", "M######", "##-##-##")),
    _source("identifier", "pat_enc_csn_id|visit_id|hsp_account_id|encounter_no|admission_id|stay_id|order_proc_id|study_id|subject_no|donor_id", _integer(1_000_000, 9_999_999)),
    _source("identifier", "accession_no|lab_order_no|specimen_no|sample_id|requisition_no|rx_number|prescription_no|claim_no", _of("A##-#####", "RQ#######")),
    _source("npi", "prescriber_npi|billing_npi|npi_number|phys_npi|attending_physician_npi", _npi, speaks=True),
    _source("mbi", "medicare_id|mbi_no|medicare_beneficiary_id|bene_mbi_id", _mbi, speaks=True),
    _source("nhs_number", "nhs_num|nhsno|patient_nhs_number|NHS Number", _nhs, speaks=True),
    _source("health_plan_id", "ins_member_no|plan_member_id|health_plan_beneficiary_no|insurance_policy_no|group_no|medicaid_id|cislo_pojistence|polisnummer|primary_ins_id", _of("???######", "##########W")),
    _source("device_id", "implant_serial|pacemaker_sn|device_sn|device_serial_no|lead_serial_number|udi|scanner_serial|monitor_id_serial", _of("SN-######?", "??###-####")),
    _source("license", "provider_license_no|state_license|dea_no|license_num|medical_license_number|nurse_license", _of("MD######", "B?#######")),
    _source("pii", "face_photo|patient_photo|fingerprint_template|voiceprint|retina_scan|signature_image|biometric_hash", _of("blob_######.bin")),
    _source("", "ph|arterial_ph|urine_ph", _real(6.8, 7.9, 2)),
    _source("", "plt|platelets|plt_count", _integer(90, 450)),
    _source("", "cp|ca|thal|slope|nyha_class|asa_score", _integer(0, 4)),
    _source("", "na|k|cl|hco3|bun|cr", _integer(2, 160)),
    _source("", "pt|ptt|inr|pt_sec", _real(9, 60)),
    _source("", "cell_count|rbc|wbc|hct|mcv", _real(3, 60)),
    _source("", "temp_c|bmi|weight_kg|height_cm|spo2|rr", _real(12, 190)),
    _source("", "admit_type|disch_disp|adm_source|insurance_type|payer_type|patient_class|hosp_service|dept_name|facility_name|clinic_name", _one("ER", "Home", "Transfer", "SNF", "Private")),
    _source("", "icd10_cd|cpt_cd|ndc_no|snomed_id|loinc_num|drg_no|atc|rxnorm_cui", _of("####-#", "?##.##")),
    _source("", "drug|test_name|procedure_name|allergy|diagnosis|specimen_type|organism_name", _one("Ramipril", "MRI knee", "E. coli", "Penicillin", "Asthma")),
    _source("", "readmit_flag|is_deceased|smoker|diabetic|ventilated|mobile|address_verified", _one("Y", "N")),
    _source("", "bed|room|ward_no|bed_no|floor|unit", _of("#?", "##")),
)  # fmt: skip
BANK = (
    _source("account_number", "acct_no|acct|account_nbr|rekeningnummer|cislo_uctu|nr_konta|conta|acct_nbr_from|to_account|counterparty_account|deposit_acct_no|konto_nr", _of("##########", "########", "######-##########")),
    _source("iban", "iban_no|customer_iban|creditor_iban|debtor_iban|IBANNumber|iban_to", _iban, speaks=True),
    _source("credit_card", "card_no|cc_number|ccnum|debit_card_no|card_nbr|cislo_karty|primary_account_number|cartao|nr_karty", _card, speaks=True),
    _source("identifier", "cust_no|customer_key|client_id|txn_id|transaction_ref|cif|party_id|household_id|application_id|trans_no", _integer(10_000, 9_999_999)),
    _source("account_number", "loan_no|mortgage_no|mortgage_account|swift_bic|aba_no|aba_routing|bank_routing_no|sortcode|loan_acct", _of("#########", "LN########")),
    _source("license_plate", "reg_plate|vehicle_plate_no|spz|kenteken|nr_rejestracyjny|placa|car_registration|tag_no|registration_no_vehicle|veh_reg", _of("?#? ####", "??-###-?", "??# ?##")),
    _source("vehicle_id", "vehicle_vin|vin_no|chassis|VINNumber|vehicle_identification_no", _vin, speaks=True),
    _source("imsi", "imsi_no|sim_imsi_number|IMSI_ID", lambda r: "23415" + _shaped(r, "##########")),
    _source("device_id", "imei_no|phone_imei|device_imei|imei2|deviceid", _imei, speaks=True),
    _source("device_id", "mac_id|router_mac|bt_mac_address|ethernet_mac", lambda r: ":".join(f"{r.randrange(256):02x}" for _ in range(6)), speaks=True),
    _source("", "avg_balance|loan_amnt|annual_inc|apr|int_rate|dti|installment|revol_bal|txn_amt|amount_eur", _real(1, 90_000, 2)),
    _source("", "ccy_code|loan_purpose|account_status|home_ownership|card_brand|channel_code|product_name|account_class|card_network", _one("CZK", "PLN", "BRL", "car", "debt")),
    _source("", "n_accounts|open_acc|pub_rec|delinq_2yrs|num_trans|term_months|cards|emp_length|n_addresses", _integer(0, 60)),
    _source("", "branch_city_code|mcc_code|sic_code|naics|branch_id_code|region_code|merchant_category_code", _integer(1000, 9999)),
    _source("", "company_name|merchant|employer|vendor_name|org_name|issuer_name|bank_nm", _one("Blue Mill", "Harbor Freight", "Nordic Foods", "Rapid Taxi")),
    _source("", "issued|opened_date|last_pymnt_d|maturity_date|value_date|statement_date", _day),
    _source("", "has_phone|email_verified|default_flag|own_telephone|foreign_worker|phone_service|mobile_banking", _one("yes", "no")),
)  # fmt: skip


def tables(seed: int = 71) -> list[Columns]:
    """Each with the right kinds of its columns."""
    return drawn(
        (PEOPLE + HOSPITAL, PEOPLE + BANK),
        seed=seed,
        n_rows=N_ROWS,
        mute=_MUTE,
        share=0.25,
        is_mute=lambda one: one.speaks or one.right == {None},
        gaps=(0.0, 0.0, 0.05, 0.5),
    )


if __name__ == "__main__":
    tell(tables())
