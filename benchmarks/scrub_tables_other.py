"""A second generator of hospital and bank tables, apart from ``scrub_tables``: other names, languages and layouts.

    python -m benchmarks.scrub_tables_other

Names are abbreviated, German, Spanish or French, or say nothing at all (c1, V7, Spalte_3); values come in other
layouts than the first generator's. Whoever has only names and values to go by is right if the kind is, or if the
column cannot be known from either and gets none.
"""

# ruff: noqa: E501, SIM905 - one kind of column a line, one list a paragraph

from __future__ import annotations

import random
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

N_ROWS = 250
_MUTE = ("c{}", "V{}", "Spalte_{}", "var{:03d}", "champ{}", "Unnamed: {}", "COL{}", "q{}_txt")
_GIVEN = (
    "Anna Lukas Marie Felix Sophie Jonas Lena Paul Emma Leon Carmen Javier Lucia Pablo Elena Diego Camille Louis Chloe "
    "Hugo Manon Jules Aisha Omar Fatima Yusuf Priya Arjun Mei Hiroshi Olga Dmitri Ingrid Lars Siobhan Connor Aaliyah "
    "Tyrone Keisha Brandon Megan Kyle Dolores Ernesto Wendy Craig"
).split()
_FAMILY = (
    "Schmidt Becker Hoffmann Krause Vogel Garcia Fernandez Moreno Romero Delgado Dubois Lefebvre Moreau Girard Faure "
    "Khan Hussain Patel Sharma Tanaka Suzuki Ivanov Petrov Johansson Nilsson Murphy Byrne Washington Jefferson Nguyen "
    "Kowalski Novak Horvath Rossi Esposito Silva Pereira Bauer Peterson Fletcher Whitaker Sandoval"
).split()
_CITIES = (
    "Hamburg|Leipzig|Dortmund|Sevilla|Zaragoza|Lyon|Toulouse|Cleveland|Tucson|Omaha|Leeds|Cardiff|Gdansk|Torino|Porto"
    "|Boise|El Paso|Saint Paul|Bordeaux|Bilbao|Nantes|Kassel|Mainz|Tampa|Reno|Fresno|Bergen|Uppsala"
).split("|")
_ROADS = (
    "Birch Street|Elm Ave|Kirchweg|Hauptstr.|rue des Lilas|Calle Mayor|Mill Rd|County Road|Lindenallee|Oak Blvd".split(
        "|"
    )
)
_WARDS = "A1|A2|B1|ICU|OPD|ENT".split("|")


def _person(rng: random.Random) -> str:
    given, family = rng.choice(_GIVEN), rng.choice(_FAMILY)
    return f"{given} {family}" if rng.random() < 0.9 else f"{given} {rng.choice('ABCDEKLMRST')}. {family}"


def _reversed(rng: random.Random) -> str:
    return f"{rng.choice(_FAMILY).upper()}, {rng.choice(_GIVEN)}"


def _street(rng: random.Random) -> str:
    road, number = rng.choice(_ROADS), rng.randrange(1, 400)
    return f"{number} {road}" if rng.random() < 0.5 else f"{road} {number}"


def _login(rng: random.Random) -> str:
    return f"{rng.choice(_GIVEN)[0].lower()}{rng.choice(_FAMILY).lower()}{rng.randrange(100):02d}"


def _mail(rng: random.Random) -> str:
    return f"{rng.choice(_GIVEN)}.{rng.choice(_FAMILY)}@{rng.choice(['gmx.de', 'wanadoo.fr', 'outlook.com'])}".lower()


def _moment(rng: random.Random) -> str:
    day = date(1940, 1, 1) + timedelta(days=rng.randrange(30_000))
    return rng.choice([day.isoformat(), f"{day.day:02d}.{day.month:02d}.{day.year}"])


def _remark(rng: random.Random) -> str:
    return rng.choice(
        [
            f"Pt {rng.choice(_FAMILY)} called about the refill, will ring again on Tuesday if nothing changes.",
            "Kunde wuenscht einen Rueckruf wegen der letzten Abrechnung und bittet um Geduld.",
            f"Family of {_person(rng)} was told about the results and had no more questions today.",
        ]
    )


PEOPLE = (
    _source("first_name", "PAT_FIRST|vname|Vorname|nombre|prenom|GivenNm|frst_nm", _one(*_GIVEN), speaks=True),
    _source("last_name", "PAT_LAST|Nachname|Familienname|apellido1|nom_famille|SurName|lst_nm", _one(*_FAMILY), speaks=True),
    _source("name", "PAT_NM|Patientenname|nombre_completo|nom_prenom|KundenName|ptname|Acct_Holder_Nm", _person, speaks=True),
    _source("name", "PatName|Kontoinhaber|titular|insured_nm|attending_md|Hausarzt|nm_full", _reversed, speaks=True),
    _source("phone", "TEL_NO|Telefonnummer|telefono|num_tel|MobileTelNbr|ph_home|Handynummer", _of("+49 1## #######", "0##-#######", "(###) ###-####"), speaks=False),
    _source("phone", "work_ph|PhoneNbr|cell_ph|telephone_domicile|movil", _of("+1-###-555-####", "+44 7### ######", "+33 6 ## ## ## ##"), speaks=True),
    _source("fax", "FAX_NO|Telefaxnummer|fax_nbr|num_fax", _of("+49 ### ######", "###-###-####")),
    _source("email", "EMAIL_ADDR|eMailAdresse|correo_electronico|courriel|e_mail_1|PrimaryEmail", _mail, speaks=True),
    _source("address", "ADDR_LN_1|Strasse_Hausnr|Anschrift|direccion|adresse_1|MailingAddr|str_addr", _street),
    _source("city", "CITY_NM|Wohnort|ciudad|ville|Ort|res_city|Stadt", _one(*_CITIES), speaks=True),
    _source("zip", "ZIP_CD|Postleitzahl|cod_postal|code_postal|PLZ|postal_cd|PostCd", _of("#####")),
    _source("ssn", "SSN_NBR|soc_sec_no|SocSecNum|pt_ssn|ssn_full", _of("###-##-####"), speaks=True),
    _source("ssn", "SteuerID|dni|NIF|num_secu|numero_securite_sociale|tax_id_no", _of("###########", "########?")),
    _source("username", "USR_LOGIN|Benutzername|usuario|nom_utilisateur|login_id|UserNm", _login),
    _source("ip_address", "LAST_IP|ip_adresse|direccion_ip|src_ip|ClientIPAddr", lambda r: ".".join(str(r.randrange(1, 255)) for _ in range(4)), speaks=True),
    _source("url", "WEB_URL|Webseite|pagina_web|site_web|profile_url", lambda r: f"https://{r.choice(_FAMILY).lower()}.example/{r.randrange(999)}", speaks=True),
    _source("text", "REMARKS_TXT|Bemerkungen|observaciones|commentaires|note_text|Freitext|prog_note", _remark, speaks=True),
    _source("license", "DL_NBR|Fuehrerscheinnr|licencia_conducir|permis_conduire|PassNr|Reisepassnummer|pasaporte", _of("?########", "#########")),
    _source("", "DOB|Geburtsdatum|fecha_nacimiento|date_naissance|BirthDt|geb_dat", _moment),
    _source("", "AGE_YRS|Alter|edad|age_ans|PtAge", _integer(0, 99)),
    _source("", "SEX_CD|Geschlecht|sexo|sexe|gender_cd", _one("M", "F", "U")),
    _source("", "STATE_CD|Bundesland|provincia|region|st_abbr", _one("OH", "BY", "NW", "TX", "PDL")),
    _source("", "STAT_CD|Zustand|estado|statut|rec_status", _one("active", "closed", "pending")),
    _source("", "CREATE_TS|ErstelltAm|fecha_alta|date_creation|upd_dt", _moment),
    _source("", "COUNTRY_CD|Land|pais|pays|Nationalitaet", _one("DE", "ES", "FR", "US")),
    _source("", "PREF_LANG|Sprache|idioma|langue|MaritalStat|Familienstand", _one("a", "b", "c", "d")),
)  # fmt: skip
HOSPITAL = (
    _source("mrn", "MRN_NBR|PatientenNr|num_historia|no_dossier|MedRecNbr|hist_clinica|IPP", _of("########", "H#######")),
    _source("identifier", "PAT_ID|Fallnummer|id_paciente|id_patient|EncntrNbr|Aufnahmenummer|csn_id", _of("######", "V########")),
    _source("identifier", "ACCSN_NBR|Auftragsnr|num_muestra|no_echantillon|SpecimenID|BefundNr", _of("##-?######", "L#######")),
    _source("npi", "PROV_NPI|npi_nbr|ReferringNPI|rend_npi|NPI_ID", _npi, speaks=True),
    _source("mbi", "MBI_NBR|MedicareBeneID|mcare_id|bene_mbi", _mbi, speaks=True),
    _source("nhs_number", "NHS_NO|nhs_nbr|NhsNum|nhs_id", _nhs, speaks=True),
    _source("health_plan_id", "MBR_ID|Versichertennr|num_poliza|no_assure|SubscrNbr|PolicyNbr|kv_nummer", _of("?#########", "###########")),
    _source("device_id", "DEV_SER|Seriennummer|num_serie|no_serie|ImplantSN|UDI_DI|pump_sn", _of("SN########", "??####-####")),
    _source("pii", "PT_PHOTO|Unterschrift|huella|photo_patient|face_img|fingerprint_hash", _of("img_#####.png")),
    _source("", "DX_CD|Diagnose|ICD_Code|cod_diagnostico|icd10cm", _of("?##.#")),
    _source("", "PROC_CD|OPS_Code|cpt4|drg_cd|LOINC_CD", _integer(10_000, 99_999)),
    _source("", "GLUC_MGDL|Kreatinin|hb|sodio|wbc_ct|Leukozyten", _integer(40, 400)),
    _source("", "SBP_DBP|Blutdruck|presion|tension_art", lambda r: f"{r.randrange(90, 180)}/{r.randrange(50, 100)}"),
    _source("", "WARD_CD|Station|servicio|unite|Abteilung|LOC_CD", _one(*_WARDS)),
    _source("", "LOS_DAYS|Verweildauer|dias_ingreso|duree_sejour|HR_BPM", _integer(1, 140)),
    _source("", "MED_NM|Medikament|farmaco|medicament|RxName", _one("Aspirin", "Metformin", "Ramipril", "Ibuprofen")),
    _source("", "LAB_RESULT_TXT|Befund_kurz|resultado|unit_txt", _one("normal", "erhoeht", "bajo", "mg/dL")),
)  # fmt: skip
BANK = (
    _source("account_number", "ACCT_NBR|Kontonr|num_cuenta|no_compte|AcctNum|KtoNr|numero_compte", _of("##########", "########")),
    _source("iban", "IBAN_NBR|IBAN_Empfaenger|cuenta_iban|benef_iban|iban_cd", _iban, speaks=True),
    _source("credit_card", "CARD_NBR|Kartennummer|num_tarjeta|no_carte|PAN_NBR|ccn", _card, speaks=True),
    _source("identifier", "CUST_ID|KundenNr|id_cliente|no_client|CIF_NBR|TXN_REF_NO|Vorgangsnr", _of("#######", "C######")),
    _source("account_number", "LOAN_NBR|Darlehensnr|num_prestamo|no_pret|aba_rtn|BLZ|RoutingNbr", _of("#########")),
    _source("license_plate", "PLATE_NBR|Kfz_Kennzeichen|matricula|immatriculation|veh_plate|lic_plt", _of("??-?? ###", "???####", "#### ???")),
    _source("vehicle_id", "VIN_NBR|FIN|num_bastidor|veh_vin|chassis_no", _vin, speaks=True),
    _source("imsi", "IMSI_NBR|sim_imsi_no|subscriber_imsi", lambda r: "262" + _shaped(r, "############")),
    _source("device_id", "IMEI_NBR|imei1|handset_imei_no|equipo_imei", _imei, speaks=True),
    _source("device_id", "MAC_ADDR|mac_adresse|wlan_mac|NIC_MAC", lambda r: "-".join(f"{r.randrange(256):02X}" for _ in range(6)), speaks=True),
    _source("", "CURR_BAL|Kontostand|saldo|solde|AvailBal", lambda r: round(r.random() * 1e5, 2)),
    _source("", "CCY|Waehrung|moneda|devise|curr_cd", _one("EUR", "USD", "GBP")),
    _source("", "ACCT_TYP|Kontoart|tipo_cuenta|type_compte|CardTyp", _one("CHK", "SAV", "CC")),
    _source("", "INT_RT|Zinssatz|tasa_interes|taux|RiskScr", lambda r: round(r.random() * 9, 3)),
    _source("", "MCC_CD|Filiale|sucursal|agence|BRANCH_NO", _integer(100, 9999)),
    _source("", "MERCH_NM|Haendler|comercio|commercant|EmployerNm|Arbeitgeber", _one("Acme Foods", "Nordstahl", "City Books")),
    _source("", "DAYS_PD|Tage_Verzug|num_pagos|nb_enfants|TxnCnt", _integer(0, 60)),
    _source("", "PD_FLG|is_active|Newsletter_OK|email_optin|phone_typ", _one("Y", "N")),
)  # fmt: skip


def tables(seed: int = 46) -> list[Columns]:
    """Each with the right kinds of its columns."""
    return drawn(
        (PEOPLE + HOSPITAL, PEOPLE + BANK),
        seed=seed,
        n_rows=N_ROWS,
        mute=_MUTE,
        share=0.3,
        is_mute=lambda one: one.speaks or one.right == {None},
        gaps=(0.0, 0.0, 0.05, 0.5),
    )


if __name__ == "__main__":
    tell(tables())
