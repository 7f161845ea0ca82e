"""Words of column names in one spelling: abbreviations, and German, French, Spanish and Italian for the English ones.

``KtoNr``, ``num_cuenta``, ``no_compte`` and ``ACCT_NBR`` all become account and number, in their own order.
"""

from __future__ import annotations

_SAME = """
    number: no nbr nr nro num numero nummer nmbr knr numer cislo nummber
    name: nm nom namen naam
    code: cd cod codigo
    address: adr addr adresse anschrift direccion indirizzo adres adresa endereco adress addres gatuadress gatuadresse
    account: acct acc kto konto cuenta compte conto rekening ucet uctu konta conta rekeningnr
    patient: pat pt ptnt patienten paciente patiente paziente pacjent pacjenta pacient pacienta ptn
    customer: cust kunden kunde cliente clt cif klant klient klienta zakaznik
    first: frst fst vor givn prenom primeiro eerste
    last: lst geburts sur family familien fam apellido apellidos cognome laatste
    phone: ph tel telefon telefono telephone mob movil handy
    phone: telefoon telefoon celular mobiel gsm telemovel puhelin mobilnummer mobiltelefon
    email: mail correo courriel eposta epost emailadres
    fax: telefax
    card: karten karte tarjeta carte carta karty cartao kaart
    loan: darlehens darlehen kredit prestamo pret prestito
    routing: rtn aba blz bankleitzahl
    insured: versicherten versicherter versicherungs assure asegurado insd pojistence pojistenec
    holder: hldr inhaber titular titulaire titolare kontoinhaber houder
    member: mbr memb mitglieds
    subscriber: subscr sbscr
    policy: polize poliza polizza polis
    license: lic licencia permis fuehrerschein licenza rijbewijs
    driving: conducir conduire drvr
    pass: passport reisepass pasaporte passeport passaporto ausweis personalausweis paspoort paszport pasu
    plate: plt kennzeichen matricula immatriculation targa kenteken placa
    vehicle: veh vehiculo vehicule fahrzeug kfz
    device: dev geraete geraet equipo appareil
    serial: ser sn serien serie
    specimen: accsn acsn auftrags befund proben muestra echantillon
    encounter: encntr enc fall aufnahme ingreso sejour
    transaction: txn trx vorgangs
    history: historia hist
    clinical: clinica clinique
    dossier: akte akten fascicolo expediente
    username: usr benutzer usuario utilisateur utente gebruikersnaam uzivatel uzytkownik brugernavn
    login: lgn
    complete: completo complet kompletter
    city: wohnort ciudad ville citta miasto mesto woonplaats stad cidade sehir miejscowosc
    zip: postleitzahl psc postnummer postnr
    ssn: nif steuerid secu sozialversicherungs insee codicefiscale sozvers burgerservicenummer personnr
    ssn: codfis pesel cpf bsn nino fodselsnummer rodnecislo aadhar aadhaar
    photo: foto lichtbild
    signature: unterschrift
    fingerprint: huella fingerabdruck empreinte
    physician: hausarzt arzt medico medecin md
    beneficiary: bene benef
    identifier: ident
"""
_CANONICAL = {
    word: canonical.strip()
    for canonical, _, listed in (line.partition(":") for line in _SAME.strip().splitlines())
    for word in listed.split()
}
_ENDINGS = ("nummer", "number", "name", "namen", "nbr", "num", "nr", "nm", "id", "no", "sn", "cd")
"""Second halves of words that are written as one: Kontonr, ptname, acctno."""
_HALVES = (
    frozenset(_CANONICAL)
    | frozenset(_CANONICAL.values())
    | {"full", "given", "betreuer", "last", "beneficiary", "implant", "pump"}
)


def canonical(words: list[str]) -> list[str]:
    """The words in English and unabbreviated, where they are known; compounds are cut."""
    return [_CANONICAL.get(part, part) for word in words for part in _cut(word)]


def _cut(word: str) -> list[str]:
    if word in _CANONICAL:
        return [word]
    for ending in _ENDINGS:
        start = word.removesuffix(ending)
        if start != word and start in _HALVES:
            return [start, ending]
        if len(ending) > 4 and start != word and len(start) > 2 and start.removesuffix("s") in _HALVES:
            return [start.removesuffix("s"), ending]
    return [word]
