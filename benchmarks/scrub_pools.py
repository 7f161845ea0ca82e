"""What fills the slots of ``scrub_templates.txt``: names, places, dates and codes, and traps that are none.

Raw material: Faker's public lists (MIT), the town names in ``phonenumbers.geodata`` (Apache-2.0) and the
documentation of the Python standard library (PSF) for ordinary words. Nothing is downloaded, no labelled
set is read.
"""
# ruff: noqa: E501, N802 - word lists; slots are named as in the templates

from __future__ import annotations

import importlib
import pkgutil
import random
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from faker.providers.lorem.en_US import Provider as Lorem

from privacy.scrub.folding import fold
from privacy.scrub.lexicon import ORDINARY
from privacy.scrub.nationalities import NATIONALITIES, STATES

Piece = tuple[str, str]
"""(text, label); the label is "" where nothing is identified."""

ENGLISH = ("en_US", "en_GB", "en_CA", "en_AU", "en_IE", "en_NZ", "en_IN")
STREET_LOCALES = [
    "en_US",
    "en_GB",
    "en_AU",
    "en_CA",
    "de_DE",
    "fr_FR",
    "es_ES",
    "it_IT",
    "nl_NL",
    "sv_SE",
    "no_NO",
    "da_DK",
    "fi_FI",
    "pl_PL",
    "cs_CZ",
    "pt_BR",
    "pt_PT",
    "hu_HU",
    "ro_RO",
    "hr_HR",
    "sl_SI",
    "tr_TR",
    "en_IN",
    "es_MX",
    "fr_CH",
    "de_AT",
    "el_GR",
    "ru_RU",
    "uk_UA",
    "id_ID",
    "en_IE",
    "et_EE",
]
_MED = (
    "metformin lisinopril atorvastatin amlodipine Lasix Coumadin Plavix Zofran heparin insulin Keppra Norvasc "
    "aspirin Tylenol ibuprofen Xanax Lipitor Synthroid gabapentin Zoloft prednisone Allegra Singulair Advair Nexium "
    "albuterol warfarin amoxicillin Ativan Haldol Toradol Lovenox Protonix Bactrim Augmentin Cipro Flagyl Versed"
)
_DIS = (
    "chest pain|diabetes|hypertension|asthma|COPD|CHF|migraine|back pain|shortness of breath|nausea|fever|cough|"
    "pneumonia|stroke|anemia|depression|GERD|abdominal pain|stomach pain|syncope|sepsis|UTI|knee pain|atrial "
    "fibrillation|dizziness|hip fracture|breast cancer|hypothyroidism|sinusitis|cellulitis|otitis media|seizures"
)
_EPO = (
    "Parkinson Alzheimer Crohn Foley Bell Addison Cushing Hodgkin Graves Hashimoto Marfan Babinski Murphy Romberg "
    "Kocher Glasgow Apgar Barrett Raynaud Kawasaki Tourette Huntington Paget Bovie Metzenbaum Swan-Ganz Homan "
    "Kernig Whipple Jackson-Pratt Kelly Allis Trendelenburg Doppler Holter Wilson Turner Down Sjogren Colles Burr"
)
_PROD = (
    "phone|laptop|coat|charger|keyboard|printer|iPhone|Galaxy|PlayStation|bike|sofa|washing machine|ticket|book|"
    "Kindle|watch|camera|pair of shoes|headset|mixer|toaster|dress|monitor|router|blanket|Barbie|Thermomix"
)
_JOBS = (
    "manager|nurse|teacher|engineer|lawyer|driver|plumber|accountant|director|cashier|journalist|dentist|chef|"
    "mechanic|farmer|singer|actor|painter|pilot|surgeon|consultant|analyst|clerk|officer|spokesman|professor"
)
_TITLES = "Mr. Mrs. Ms. Dr. Mr Mrs Ms Dr Miss Prof. Professor Sir Madam mr. mrs. dr. MR. MRS. DR."
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_LANGUAGES = "English|Spanish|French|German|Mandarin|Arabic|Russian|Hindi|Portuguese|Tagalog|Polish|Farsi"
_SUFFIX = "Inc|Inc.|LLC|Ltd|Ltd.|GmbH|AG|Corp|Corporation|& Co|and Sons|Group|PLC|S.A.|Co.|Holdings|B.V.|AB|Oy|LLP"
_FIELD = (
    "Systems|Labs|Health|Bank|Investments|Solutions|Technologies|Capital|Insurance|Media|Energy|Foods|Motors|"
    "Partners|Logistics|Analytics|Software|Software|Airlines|Pharma|Financial|Networks|Studios|Institute|Foundation|"
    "Trust|Consulting|Services|Records|Press|Stores|Brothers|Mutual|Union|Society|Association|Federation|Telecom"
)
_ROOTS = [
    "cardi",
    "gastr",
    "hepat",
    "nephr",
    "neur",
    "derm",
    "oste",
    "arthr",
    "my",
    "hem",
    "angi",
    "pneum",
    "bronch",
    "rhin",
    "ot",
    "ophthalm",
    "cyst",
    "uter",
    "hyster",
    "mast",
    "col",
    "enter",
    "proct",
    "append",
    "cholecyst",
    "pancreat",
    "splen",
    "thyroid",
    "aden",
    "lymph",
    "thromb",
    "vascul",
    "ven",
    "phleb",
    "encephal",
    "crani",
    "spondyl",
    "lamin",
    "tend",
    "burs",
    "chondr",
    "mening",
    "laryng",
    "pharyng",
    "trache",
    "esophag",
    "duoden",
    "ile",
    "jejun",
    "rect",
    "urethr",
    "ureter",
    "prost",
    "orchi",
    "ovari",
    "salping",
    "endometr",
    "retin",
    "kerat",
    "conjunctiv",
    "blephar",
    "glauc",
    "cutane",
    "glyc",
    "lip",
    "leuk",
    "erythr",
    "staphyl",
    "strept",
    "vertebr",
    "lumb",
    "cervic",
    "thorac",
    "pleur",
    "pericardi",
    "peritone",
    "periton",
    "inguin",
    "femor",
    "tibi",
    "fibul",
    "humer",
    "radi",
    "uln",
    "scapul",
    "clavicul",
    "stern",
    "mandibul",
    "maxill",
    "palat",
    "gingiv",
    "parot",
    "subdur",
    "epidur",
    "intercost",
    "supraspin",
    "paraspin",
    "sphincter",
    "diverticul",
    "fistul",
    "hemorrhoid",
]
_ENDS = [
    "itis",
    "ectomy",
    "ostomy",
    "otomy",
    "oscopy",
    "oscopic",
    "oma",
    "osis",
    "algia",
    "emia",
    "pathy",
    "plasty",
    "rrhea",
    "rrhaphy",
    "ectasia",
    "megaly",
    "uria",
    "al",
    "ar",
    "ic",
    "ary",
    "ous",
    "iform",
    "otic",
    "itic",
    "ectomies",
    "ology",
    "ologic",
    "ologist",
    "ogram",
    "ography",
    "olysis",
    "openia",
    "ophilia",
    "otoxic",
    "ovascular",
    "al-based",
    "itis",
    "ally",
    "um",
    "us",
    "a",
    "ae",
    "i",
    "ia",
    "ation",
    "ized",
    "osing",
    "able",
]
_PREFIXES = [
    "hyper",
    "hypo",
    "peri",
    "endo",
    "intra",
    "inter",
    "sub",
    "supra",
    "para",
    "post",
    "pre",
    "poly",
    "trans",
    "extra",
    "anti",
    "bi",
    "uni",
    "dys",
    "a",
]
_CLINICAL = [
    "acute",
    "chronic",
    "bilateral",
    "lateral",
    "medial",
    "distal",
    "proximal",
    "anterior",
    "posterior",
    "superior",
    "inferior",
    "sterile",
    "supple",
    "tender",
    "nontender",
    "afebrile",
    "midline",
    "lesion",
    "mass",
    "stenosis",
    "effusion",
    "edema",
    "nausea",
    "vomiting",
    "bleeding",
    "infection",
    "incision",
    "suture",
    "scissors",
    "forceps",
    "retractor",
    "drain",
    "catheter",
    "stent",
    "flap",
    "graft",
    "fascia",
    "tendon",
    "ligament",
    "muscle",
    "nerve",
    "vein",
    "artery",
    "bowel",
    "bladder",
    "kidney",
    "liver",
    "lung",
    "pleura",
    "cornea",
    "lens",
    "iris",
    "pupil",
    "pupils",
    "trachea",
    "larynx",
    "goiter",
    "nodule",
    "tumor",
    "cancer",
    "benign",
    "malignant",
    "fracture",
    "dislocation",
    "wound",
    "laceration",
    "abscess",
    "ulcer",
    "hernia",
    "polyp",
    "stone",
    "stones",
    "clot",
    "clots",
    "flank",
    "groin",
    "axilla",
    "palm",
    "wrist",
    "elbow",
    "shoulder",
    "hip",
    "knee",
    "ankle",
    "toe",
    "toes",
    "finger",
    "fingers",
    "thumb",
    "scalp",
    "skull",
    "spine",
    "sacrum",
    "pelvis",
    "rib",
    "ribs",
    "sternum",
    "chest",
    "abdomen",
    "thorax",
    "erythema",
    "exudate",
    "drainage",
    "discharge",
    "murmur",
    "gallop",
    "rales",
    "wheezes",
    "rhonchi",
    "cyanosis",
    "clubbing",
    "jaundice",
    "fatigue",
    "malaise",
    "chills",
    "sweats",
    "cough",
    "sputum",
    "dyspnea",
    "orthopnea",
    "palpitations",
    "syncope",
    "vertigo",
    "tinnitus",
    "headache",
    "seizure",
    "weakness",
    "numbness",
    "tingling",
    "gait",
    "reflexes",
    "cranial",
    "motor",
    "sensory",
    "mood",
    "affect",
    "insight",
    "judgment",
    "speech",
    "excisional",
    "biopsy",
    "lithotripsy",
    "cystoscopy",
    "colonoscopy",
    "laparoscopic",
    "endoscopic",
    "trocar",
    "insufflation",
    "hemostasis",
    "cautery",
    "irrigation",
    "debridement",
    "closure",
    "anesthesia",
    "sedation",
    "intubation",
    "extubation",
    "ventilator",
    "oxygen",
    "saline",
    "bolus",
    "infusion",
    "tablets",
    "tablet",
    "capsule",
    "daily",
    "nightly",
    "refill",
    "dose",
    "dosing",
    "followup",
    "postop",
    "preop",
    "inpatient",
    "outpatient",
    "prognosis",
    "workup",
    "gravida",
    "para",
    "trimester",
    "fetus",
    "placenta",
    "menses",
    "menarche",
    "contraception",
    "vaginal",
    "cervical",
    "uterine",
    "ovarian",
    "penile",
    "testicular",
    "scrotal",
    "prostatic",
    "urinary",
    "renal",
    "hepatic",
    "biliary",
    "gastric",
    "esophageal",
    "colonic",
    "rectal",
    "anal",
    "dysfunction",
    "insufficiency",
    "regurgitation",
    "infarction",
    "ischemia",
    "embolism",
    "thrombosis",
    "aneurysm",
    "dissection",
    "hypertrophy",
    "atrophy",
    "procidentia",
    "gauze",
    "tourniquet",
    "suction",
    "needle",
    "sponge",
    "blade",
    "scalpel",
    "crescent",
    "tumescent",
    "lidocaine",
    "epinephrine",
    "crystalloid",
]
_DRUGS = [
    "Cialis",
    "Viagra",
    "Marcaine",
    "Xylocaine",
    "Betadine",
    "Vicryl",
    "Monocryl",
    "Prolene",
    "Ancef",
    "Rocephin",
    "Levaquin",
    "Zithromax",
    "Pepcid",
    "Prilosec",
    "Zocor",
    "Crestor",
    "Diovan",
    "Cozaar",
    "Toprol",
    "Lopressor",
    "Coreg",
    "Lantus",
    "Humalog",
    "Glucophage",
    "Januvia",
    "Prozac",
    "Paxil",
    "Lexapro",
    "Celexa",
    "Wellbutrin",
    "Seroquel",
    "Risperdal",
    "Depakote",
    "Lamictal",
    "Neurontin",
    "Lyrica",
    "Percocet",
    "Vicodin",
    "Norco",
    "Dilaudid",
    "Demerol",
    "Fentanyl",
    "Decadron",
    "Medrol",
    "Kenalog",
    "Flonase",
    "Claritin",
    "Zyrtec",
    "Benadryl",
    "Robitussin",
    "Colace",
    "Senokot",
    "Dulcolax",
    "Miralax",
    "Imodium",
    "Reglan",
    "Compazine",
    "Phenergan",
    "Motrin",
    "Advil",
    "Aleve",
    "Celebrex",
    "Mobic",
    "Flexeril",
    "Soma",
    "Skelaxin",
    "Ocuflox",
    "Timoptic",
    "Xalatan",
    "ChloraPrep",
]
_ABBREVIATIONS = [
    "DVT",
    "CSF",
    "TAH",
    "BSO",
    "CBC",
    "BMP",
    "INR",
    "PTT",
    "ABG",
    "EKG",
    "ECG",
    "EEG",
    "EMG",
    "CT",
    "MRI",
    "MRA",
    "PET",
    "IVP",
    "KUB",
    "EGD",
    "ERCP",
    "TURP",
    "TURBT",
    "CABG",
    "PTCA",
    "PICC",
    "IV",
    "IM",
    "PO",
    "NPO",
    "PRN",
    "QID",
    "TID",
    "BID",
    "MAC",
    "LMA",
    "ET",
    "RBC",
    "RBCs",
    "WBC",
    "BUN",
    "TSH",
    "PSA",
    "LDL",
    "HDL",
    "HbA1c",
    "AST",
    "ALT",
    "JVD",
    "PERRLA",
    "EOMI",
    "HEENT",
    "ROM",
    "DTR",
    "MI",
    "CVA",
    "TIA",
    "CHF",
    "COPD",
    "ESRD",
    "CKD",
    "UTI",
    "URI",
    "GERD",
    "PUD",
    "IBS",
    "BPH",
    "DJD",
    "OA",
    "RA",
    "SLE",
    "MS",
    "ALS",
    "TB",
    "HIV",
    "HPV",
    "RSV",
    "MRSA",
    "NSAID",
    "ACE",
    "ICU",
    "CCU",
    "ER",
    "ED",
    "OR",
    "PT",
    "OT",
    "SOB",
    "CP",
    "HTN",
    "DM",
    "CAD",
    "PVD",
    "AFib",
    "URL",
    "PDF",
    "API",
    "CEO",
    "CFO",
    "FAQ",
    "ASAP",
    "FYI",
    "VAT",
    "GPS",
    "SMS",
    "PIN",
    "ATM",
    "TV",
    "DVD",
    "USB",
    "LED",
    "WiFi",
    "UTC",
    "ISO",
]
_FAMOUS = (
    "Google|Microsoft|Amazon|Apple Inc|Walmart|Siemens|IBM|Barclays|HSBC|Deutsche Bank|Wells Fargo|Aetna|Cigna|"
    "Blue Cross|Humana|Medicare|Kaiser Permanente|NHS|FBI|NASA|United Nations|European Union|Red Cross|UNICEF|BBC|CNN|"
    "World Bank|Toyota|Sony|Samsung|Nokia|Nestle|Pfizer|Bayer|Novartis|McDonald's|Starbucks|Facebook|Twitter|Netflix|"
    "Intel|Oracle|Boeing|Airbus|Chelsea|Arsenal|Liverpool FC|Real Madrid|Lakers|Yankees|Labour Party|Senate|Congress|"
    "Supreme Court|Citibank|JPMorgan|Goldman Sachs|Visa Inc|Uber|Tesla|Ford|General Motors|Shell|Metallica|ABBA"
)


@dataclass(slots=True)
class Pools:
    """The lists; ``load`` makes them, the same for the same versions of the packages."""

    names: list[tuple[list[str], list[str]]]
    english: list[tuple[list[str], list[str]]]
    towns: list[str]
    countries: list[str]
    streets: list[str]
    companies: list[str]
    jobs: list[str]
    ordinary: Counter[str]
    prose: list[str]
    words: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, seed: int) -> Pools:
        """Reads the packages; about a minute, nearly all of it Faker's streets."""
        names, english = _names()
        prose, ordinary = _prose()
        pools = cls(
            names=names,
            english=english,
            towns=towns(),
            countries=_listed("address", "en_US", "countries"),
            streets=_faked(seed, STREET_LOCALES, "street_address", 300),
            companies=_faked(
                seed, ("en_US", "en_GB", "de_DE", "fr_FR", "it_IT", "es_ES", "nl_NL", "sv_SE"), "company", 250
            ),
            jobs=_listed("job", "en_US", "jobs"),
            ordinary=ordinary,
            prose=prose,
        )
        everyday = [word for word in sorted(set(Lorem.word_list) | ORDINARY) if len(word) > 2]
        rare = [word for word, count in sorted(ordinary.items()) if count >= 8 and len(word) > 2]
        pools.words = everyday * 3 + rare
        return pools


def _provider(kind: str, locale: str) -> object:
    return importlib.import_module(f"faker.providers.{kind}.{locale}").Provider


def _listed(kind: str, locale: str, attribute: str) -> list[str]:
    return sorted(set(getattr(_provider(kind, locale), attribute)))


def _names() -> tuple[list[tuple[list[str], list[str]]], list[tuple[list[str], list[str]]]]:
    from faker.providers import person

    everywhere, english = [], []
    for module in pkgutil.iter_modules(person.__path__):
        if not module.ispkg:
            continue
        provider = _provider("person", module.name)
        lists: dict[str, set[str]] = {"first": set(), "last": set()}
        for attribute in dir(provider):
            for part, found in lists.items():
                listed = getattr(provider, attribute)
                if attribute.startswith(f"{part}_name") and isinstance(listed, list | tuple | dict | set):
                    found.update(str(name) for name in listed if 1 < len(str(name)) < 25)
        if min(map(len, lists.values())) < 10:
            continue
        pair = (sorted(lists["first"]), sorted(lists["last"]))
        latin = sum(name[0] < "Ͱ" for name in pair[0][:50]) > 40
        if latin or module.name in ("el_GR", "ru_RU", "uk_UA"):
            everywhere.append(pair)
        if module.name in ENGLISH:
            english.append(pair)
    return everywhere, english


def towns() -> list[str]:
    """Town names of the telephone areas of the world, in English."""
    from phonenumbers.geodata import data0

    found: set[str] = set()
    modules = [data0]
    for number in range(1, 60):
        try:
            modules.append(importlib.import_module(f"phonenumbers.geodata.data{number}"))
        except ImportError:
            break
    for module in modules:
        for entry in module.data.values():
            for name in re.split(r"[,/]", entry.get("en", "")):
                town = re.sub(r"\(.*?\)", "", name).strip()
                if re.fullmatch(r"[^\W\d_][^\d_()]{2,28}", town) and town[0].isupper() and town.upper() != town:
                    found.add(town)
    return sorted(found)


def _faked(seed: int, locales: tuple[str, ...] | list[str], method: str, count: int) -> list[str]:
    from faker import Faker

    made: set[str] = set()
    for locale in locales:
        fake = Faker(locale)
        fake.seed_instance(seed)
        made.update(" ".join(str(getattr(fake, method)()).split()) for _ in range(count))
    return sorted(made)


def _prose() -> tuple[list[str], Counter[str]]:
    """Sentences without capitals inside, from documentation: examples of nothing; and how often words occur."""
    import pydoc_data.topics as topics

    texts = [*topics.topics.values()]
    for module in sorted(name for _, name, _ in pkgutil.iter_modules() if not name.startswith(("_", "test", "idle"))):
        path = importlib.util.find_spec(module)  # type: ignore[attr-defined]
        if path is None or path.origin is None or not path.origin.endswith(".py") or "site-packages" in path.origin:
            continue
        with Path(path.origin).open(encoding="utf-8", errors="ignore") as file:
            texts += re.findall(r'"""(.*?)"""', file.read(), re.DOTALL)
    for package in ("numpy", "scipy", "sklearn", "pyarrow", "matplotlib", "faker"):
        texts += _docstrings(package)
    sentences: list[str] = []
    ordinary: Counter[str] = Counter()
    for text in texts:
        ordinary.update(re.findall(r"(?<=[a-z,] )[a-z]{2,20}(?=[ .,;:?!\n])", text))
        flat = re.sub(r"\s+", " ", re.sub(r"[`*]|\n\n.*?::\n", " ", text))
        for sentence in re.findall(r"(?:^|(?<=[.:;] ))[A-Z][a-z]+(?: [a-z',()-]+){4,25}[.;]", flat):
            sentences.append(sentence)
    for word in {fold(word) for word in Lorem.word_list} | ORDINARY:
        ordinary[word] += 12
    return sorted(set(sentences)), ordinary


def _docstrings(package: str) -> list[str]:
    root = Path(str(importlib.import_module(package).__file__)).parent
    texts: list[str] = []
    for path in sorted(root.rglob("*.py")):
        if "test" not in str(path) and path.stat().st_size < 400_000:
            texts += re.findall(r'"""(.*?)"""', path.read_text(encoding="utf-8", errors="ignore"), re.DOTALL)
    return texts


@dataclass(slots=True)
class Fillers:
    """One method for each slot, found by name through ``fill``."""

    pools: Pools
    rng: random.Random
    slots: dict[str, Callable[[], list[Piece]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in dir(self):
            if name.startswith("s_"):
                self.slots[name[2:]] = getattr(self, name)

    def one(self, listed: str | list[str]) -> str:
        return self.rng.choice(listed.split("|") if isinstance(listed, str) else listed)

    def digits(self, low: int, high: int | None = None) -> str:
        return "".join(self.rng.choice("0123456789") for _ in range(self.rng.randint(low, high or low)))

    def shaped(self, shape: str) -> str:
        """# a digit, ? a capital, anything else itself."""
        return "".join(
            self.rng.choice("0123456789") if c == "#" else self.rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ") if c == "?" else c
            for c in shape
        )

    # people
    def first_last(self) -> tuple[str, str]:
        pair = self.rng.choice(self.pools.english if self.rng.random() < 0.45 else self.pools.names)
        first, last = self.rng.choice(pair[0]), self.rng.choice(pair[1])
        if self.rng.random() < 0.12:
            first = self.blend([pair[0]])
        if self.rng.random() < 0.2:
            last = self.blend([pair[1]])
        if self.rng.random() < 0.05:
            last = f"{last}-{self.rng.choice(pair[1])}"
        return first, last

    def blend(self, lists: list[list[str]]) -> str:
        """A name that stands on no list: the head of one, the tail of another."""
        a, b = (self.rng.choice(self.rng.choice(lists)) for _ in range(2))
        return (a[: max(2, len(a) // 2 + self.rng.randint(0, 1))] + b[len(b) // 2 :].lower()).replace(" ", "")

    def s_P(self) -> list[Piece]:
        first, last = self.first_last()
        draw = self.rng.random()
        if draw < 0.72:
            text = f"{first} {last}"
        elif draw < 0.84:
            text = f"{first} {self.rng.choice('ABCDEFGHJKLMNPRSTVW')}{self.one(['.', ''])} {last}"
        elif draw < 0.89:
            text = f"{first} {self.first_last()[0]} {last}"
        elif draw < 0.92:
            text = f"{first[0]}. {last}"
        elif draw < 0.94:
            text = f"{first} {self.one(['van', 'de', 'von', 'bin', 'al', 'del', 'de la'])} {last}"
        elif draw < 0.96:
            text = f"{first} {last} {self.one(['Jr.', 'Sr.', 'III', 'Jr'])}"
        else:
            text = self.one([first, last])
        return [(text, "PERSON")]

    def s_F(self) -> list[Piece]:
        return [(self.first_last()[0], "PERSON")]

    def s_L(self) -> list[Piece]:
        return [(self.first_last()[1], "PERSON")]

    def s_Fl(self) -> list[Piece]:
        return [(self.first_last()[0].lower(), "PERSON")]

    def s_Ll(self) -> list[Piece]:
        return [(self.first_last()[1].lower(), "PERSON")]

    def s_PL(self) -> list[Piece]:
        first, last = self.first_last()
        text = f"{last}, {first}" + self.one(["", "", f" {first[0]}.", f" {first[0]}"])
        return [(text.upper() if self.rng.random() < 0.4 else text, "PERSON")]

    def s_PU(self) -> list[Piece]:
        return [(" ".join(self.first_last()).upper(), "PERSON")]

    def s_T(self) -> list[Piece]:
        return [(self.one(_TITLES.split()), "TITLE")]

    def s_JOB(self) -> list[Piece]:
        return [(self.one(self.pools.jobs), "TITLE")]

    def s_AGE(self) -> list[Piece]:
        return [(str(self.rng.randint(1, 104)), "AGE")]

    def s_NRP(self) -> list[Piece]:
        return [(self.one(NATIONALITIES), "NRP")]

    def s_USER(self) -> list[Piece]:
        first, last = self.first_last()
        stem = self.one([first[0] + last, first, f"{first}_{last}", f"{first}.{last}"]).lower().replace(" ", "")
        return [(stem + self.digits(0, 4), "NET")]

    # places
    def s_C(self) -> list[Piece]:
        town = self.one(self.pools.towns)
        if self.rng.random() < 0.1:
            town = self.blend([self.pools.towns])
        return [(town.upper() if self.rng.random() < 0.08 else town, "LOCATION")]

    def s_Cl(self) -> list[Piece]:
        return [(self.one(self.pools.towns).lower(), "LOCATION")]

    def s_CO(self) -> list[Piece]:
        return [(self.one([self.one(self.pools.countries), self.one(["USA", "UK", "US", "the U.S.", "England", "Scotland",
                 "Wales", "Germany", "France", "Spain", "China", "India", "Brazil", "Mexico", "Canada", "Japan"])]), "LOCATION")]  # fmt: skip

    def s_ST(self) -> list[Piece]:
        name, code = self.rng.choice(STATES)
        return [(self.one([name, code]), "LOCATION")]

    def s_Z(self) -> list[Piece]:
        shape = self.one(
            ["#####", "#####", "#####-####", "####", "######", "??# #??", "??## #??", "### ##", "##-###", "?#? #?#"]
        )
        return [(self.shaped(shape), "ADDRESS")]

    def street(self) -> str:
        """A street and a number, in one of the world's orders."""
        draw, town = self.rng.random(), self.one(self.pools.towns)
        if draw < 0.55:
            return self.one(self.pools.streets)
        name = self.one([self.first_last()[1], town, self.one(self.pools.words).title(), " ".join(self.first_last())])
        end = self.one("Street|St|St.|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr.|Blvd|Court|Place|Pl|Way|Terrace|Close|Hill|Square"
                       "|Parkway|Crescent|Grove|Highway|Trail|Manors|Fort|Coves|Extension|Walk|Row|Gardens")  # fmt: skip
        if draw < 0.7:
            return f"{self.digits(1, 5)} {name} {end}"
        if draw < 0.76:
            return f"{name} {end} {self.one(['', self.digits(1, 3)])}".strip()
        if draw < 0.88:
            foreign = self.one(
                "straat|gatan|vej|veien|gasse|straße|weg|tie|katu|utca|laan|vägen|gata|allé|terrasse|plein|damm"
            )
            return f"{name.split()[0]}{self.one(['', ' '])}{foreign} {self.digits(1, 3)}{self.one(['', '', 'A', '-12', '/3'])}"
        head = self.one(
            "ul.|Rua|Calle|Via|Rue|Avenida|Av.|Rue de|Piazza|Strada|Plaza|C/|Ulica|Jalan|Paseo|Avda.|al.|bd"
        )
        return self.one([f"{head} {name} {self.digits(1, 3)}", f"{self.digits(1, 3)} {head.lower()} {name}",
                         f"{head} {name}, {self.digits(1, 3)}"])  # fmt: skip

    def s_A(self) -> list[Piece]:
        return [(self.street(), "ADDRESS")]

    def s_FA(self) -> list[Piece]:
        gap = self.one([", ", ", ", ", ", "\n", "\n", " ", "\n ", ",\n"])
        if self.rng.random() < 0.06:
            return [(f"{self.one(['PO Box', 'P.O. Box', 'Postfach', 'Unit 12 Box'])} {self.digits(2, 5)}", "ADDRESS"), (gap, "ADDRESS"),
                    *self.s_C(), (" ", "ADDRESS"), *self.s_Z()]  # fmt: skip
        pieces: list[Piece] = [(self.street(), "ADDRESS")]
        if self.rng.random() < 0.12:
            pieces = [(self.digits(2, 5) + " ", "ADDRESS"), *pieces]
        if self.rng.random() < 0.3:
            unit = self.one("Apt.|Apt|Suite|Unit|#|Flat|apt|Floor|Room|Apartment|Ste")
            pieces += [(gap + unit + self.one([" ", "", " "]) + self.digits(1, 3) + self.one(["", "", "B"]), "ADDRESS")]
        place: list[Piece] = [*self.s_C()]
        if self.rng.random() < 0.4:
            place += [(self.one([", ", " ", "\n"]), "ADDRESS"), *self.s_ST()]
        if self.rng.random() < 0.65:
            place = self.rng.choice([[*place, (self.one([" ", ", ", "\n"]), "ADDRESS"), *self.s_Z()],
                                     [*self.s_Z(), (" ", "ADDRESS"), *place]])  # fmt: skip
        if self.rng.random() < 0.3:
            place += [(gap, "ADDRESS"), *self.s_CO()]
            if self.rng.random() < 0.35:
                place += [(" ", "ADDRESS"), *self.s_Z()]
        if self.rng.random() < 0.85:
            pieces += [(gap, "ADDRESS"), *place]
        return pieces

    # organisations
    def s_O(self) -> list[Piece]:
        draw = self.rng.random()
        name = self.first_last()[1]
        word = self.one(self.pools.words).title()
        coined = (self.one(self.pools.words)[:5] + self.one(self.pools.words)[-4:]).capitalize()
        if draw < 0.25:
            text = self.one(self.pools.companies)
        elif draw < 0.35:
            text = self.one([f"{name} {self.one(_SUFFIX)}", f"{name}-{self.first_last()[1]}", f"{name} & {self.first_last()[1]}",
                             f"{name}, {self.first_last()[1]} and {self.first_last()[1]}"])  # fmt: skip
        elif draw < 0.62:
            text = f"{self.one([name, word, coined, self.one(self.pools.towns), word])} {self.one(_FIELD)}"
            text += self.one(["", "", " " + self.one(_SUFFIX)])
        elif draw < 0.8:
            text = self.one([coined, coined, coined + self.one(["ly", "io", "ify", "tech", ".com", "soft", "corp"]),
                             word + self.one(self.pools.words).title(), coined[0] + coined[1:].title() + self.one(["AI", "Hub", "360", "Now"])])  # fmt: skip
        elif draw < 0.9:
            text = self.one(_FAMOUS)
        elif draw < 0.95:
            text = f"{word} {self.one(self.pools.words).title()} {self.one(_SUFFIX)}"
        else:
            return self.rng.choice([self.s_H, self.s_U])()
        return [(text, "ORGANIZATION")]

    def s_H(self) -> list[Piece]:
        head = self.one([f"St. {self.first_last()[0]}", f"Saint {self.first_last()[0]}", self.one(self.pools.towns), self.first_last()[1],
                         "Mercy", "Sacred Heart", "Good Samaritan", "Memorial", "General", "Mount Sinai", "University"])  # fmt: skip
        end = self.one("Hospital|Medical Center|Clinic|General Hospital|Memorial Hospital|Health Center|Rehab Center|Hospice|"
                       "Nursing Home|Children's Hospital|Family Practice|Regional Medical Center|Infirmary|Eye Institute|VA")  # fmt: skip
        return [(f"{head} {end}", "ORGANIZATION")]

    def s_U(self) -> list[Piece]:
        town = self.one(self.pools.towns)
        return [(self.one([f"University of {town}", f"{town} University", f"{town} State University", f"{town} High School",
                           f"{self.first_last()[1]} College", f"{town} Institute of Technology", f"{town} Academy"]), "ORGANIZATION")]  # fmt: skip

    # dates
    def day(self) -> date:
        return date(1925, 1, 1) + timedelta(days=self.rng.randrange(37_000))

    def s_D(self) -> list[Piece]:
        when = self.day()
        month = _MONTHS[when.month - 1]
        if self.rng.random() < 0.3:
            month = month[:3] + self.one(["", "."])
        th = self.one(["", "", "", "st" if when.day % 10 == 1 else "nd" if when.day % 10 == 2 else "th"])
        y2 = f"{when.year % 100:02d}"
        text = self.one([f"{when.month}/{when.day}/{when.year}", f"{when.month:02d}/{when.day:02d}/{y2}", when.isoformat(),
                         f"{when.day:02d}.{when.month:02d}.{when.year}", f"{month} {when.day}{th}, {when.year}",
                         f"{when.day}{th} {month} {when.year}", f"{month} {when.day}{th}", f"{when.day} {month}",
                         f"{when.month}/{when.day}", f"{when.day}-{month[:3]}-{y2}", f"{when.month}-{when.day}-{y2}",
                         f"{month} {when.year}", f"{_DAYS[when.weekday()]}, {month} {when.day}"])  # fmt: skip
        return [(text, "DATE")]

    def s_Y(self) -> list[Piece]:
        return [(str(self.rng.randint(1900, 2026)), "DATE")]

    def s_my(self) -> list[Piece]:
        return [(f"{self.one(_MONTHS)}{self.one([' ', ', ', ' of '])}{self.rng.randint(1940, 2026)}", "DATE")]

    def s_DW(self) -> list[Piece]:
        return [(self.one(_DAYS), "")]

    def s_mon(self) -> list[Piece]:
        return [(self.one(_MONTHS), "")]

    # numbers and codes
    def s_PH(self) -> list[Piece]:
        shape = self.one(["###-###-####", "(###) ###-####", "###.###.####", "+1 ### ### ####", "1-###-###-####", "### ### ####",
                          "##########", "+44 20 #### ####", "07### ######", "+49 ### #######", "0## ### ## ##", "###-####",
                          "+33 # ## ## ## ##", "(0##) #### ####", "###-###-#### x###", "+46 ## ### ## ##", "0##/#######",
                          "(##) ####-####", "0###-######", "+91 ##### #####", "001-###-###-####x###"])  # fmt: skip
        return [(self.shaped(shape), "PHONE")]

    def s_EM(self) -> list[Piece]:
        first, last = self.first_last()
        local = re.sub(r"[^a-z.]", "", f"{first}{self.one(['.', ''])}{last}".lower()) or "mail"
        host = self.one(
            ["gmail.com", "yahoo.com", f"{self.one(self.pools.words)}.{self.one(['org', 'net', 'de', 'co.uk'])}"]
        )
        return [(f"{local}{self.digits(0, 2)}@{host}", "NET")]

    def s_URL(self) -> list[Piece]:
        host = self.one(
            [self.one(self.pools.words), self.one(self.pools.words).title() + self.one(self.pools.words).title()]
        )
        text = f"{self.one(['http://', 'https://', 'www.', 'https://www.', ''])}{host}.{self.one(['com', 'org', 'se', 'de', 'it', 'co.uk', 'net'])}"
        return [(text + self.one(["", "", "/", "/" + self.one(self.pools.words)]), "NET")]

    def s_IP(self) -> list[Piece]:
        return [(".".join(str(self.rng.randrange(256)) for _ in range(4)), "NET")]

    def s_CC(self) -> list[Piece]:
        return [(self.shaped(self.one(["4###############", "5### #### #### ####", "3##############", "4###-####-####-####",
                                       "6##########", "############", "2###############"])), "ID")]  # fmt: skip

    def s_IBAN(self) -> list[Piece]:
        return [
            (
                self.shaped(
                    self.one(["??####################", "??## #### #### #### #### ##", "GB##????##############"])
                ),
                "ID",
            )
        ]

    def s_SSN(self) -> list[Piece]:
        return [(self.shaped(self.one(["###-##-####", "### ## ####", "#########", "xxx-xx-####"])), "ID")]

    def s_ID(self) -> list[Piece]:
        return [(self.shaped(self.one(["########", "######", "??######", "?#######", "##-####-####", "???-#####", "?##-#####", "###-##-###",
                                       "####-##-####", "S##-#####", "??#####??", "MRN#######", "##########", "?##?###"])), "ID")]  # fmt: skip

    def s_ACC(self) -> list[Piece]:
        return self.rng.choice([self.s_IBAN, self.s_ID])()

    # traps
    def s_n(self) -> list[Piece]:
        return [
            (
                self.one(
                    [str(self.rng.randint(0, 12)), str(self.rng.randint(0, 300)), f"{self.rng.randint(0, 90) / 10}"]
                ),
                "",
            )
        ]

    def s_tm(self) -> list[Piece]:
        hour, minute = self.rng.randint(1, 12), self.rng.randint(0, 59)
        return [
            (
                self.one(
                    [
                        f"{hour}:{minute:02d}",
                        f"{hour} pm",
                        f"{hour}:{minute:02d} AM",
                        f"{hour}am",
                        "noon",
                        f"{hour + 11}:{minute:02d}",
                    ]
                ),
                "",
            )
        ]

    def s_amt(self) -> list[Piece]:
        return [(self.one([f"${self.digits(2, 4)}", f"{self.rng.randint(1, 900)} {self.one(['dollars', 'euros', 'USD', 'EUR', 'GBP'])}",
                           f"€{self.rng.randint(1, 99)}.50", f"${self.rng.randint(1, 99)},000", f"{self.rng.randint(2, 50)} million dollars"]), "")]  # fmt: skip

    def s_w(self) -> list[Piece]:
        return [(self.one(self.pools.words), "")]

    def s_song(self) -> list[Piece]:
        """A heading in capitals or title case that names nobody."""
        words = [self.one(self.pools.words) for _ in range(self.rng.randint(1, 4))]
        return [(self.one([" ".join(words).title(), " ".join(words).title(), " ".join(words).upper()]), "")]

    def term(self) -> str:
        """A medical word, or one that sounds like it."""
        draw = self.rng.random()
        if draw < 0.5:
            return self.one(_CLINICAL)
        term = self.one(_ROOTS) + self.one(_ENDS)
        return self.one(_PREFIXES) + term if draw > 0.85 else term

    def stranger(self) -> str:
        """A word of no list: the head of one ordinary word and the tail of another, or an ordinary word."""
        if self.rng.random() < 0.5:
            return self.one(self.pools.words)
        a, b = self.one(self.pools.words), self.one(self.pools.words)
        return a[: max(2, len(a) - 2)] + self.one(
            [b[-3:], b[-4:], "ing", "ed", "er", "s", "ly", "ness", "ment", "y", "al"]
        )

    def s_mt(self) -> list[Piece]:
        return [(self.term(), "")]

    def s_mT(self) -> list[Piece]:
        term = self.term()
        return [(self.one([term.capitalize(), term.capitalize(), term.upper(), term.title()]), "")]

    def s_x(self) -> list[Piece]:
        return [(self.stranger(), "")]

    def s_X(self) -> list[Piece]:
        return [(self.stranger().capitalize(), "")]

    def s_ab(self) -> list[Piece]:
        return [
            (self.one([self.one(_ABBREVIATIONS), self.one(_ABBREVIATIONS), self.shaped("??"), self.shaped("???")]), "")
        ]

    def s_AB(self) -> list[Piece]:
        return [(self.stranger().upper() + self.one(["", " " + self.stranger().upper()]), "")]

    def s_num(self) -> list[Piece]:
        """A quantity: decimals, fractions, ranges, per cent, with or without a unit."""
        a, b = self.rng.randint(0, 400), self.rng.randint(0, 99)
        text = self.one([f"{a}", f"{a % 10}.{b}", f"0.{b}", f"{b}%", f"{a % 10}%", f"{b}-{b + 3}", f"{a}/{b}", f"{a % 6}/5",
                         f"{a % 10}+", f"{a % 50},000", f"{b / 2:g}", f"{a % 3}+/4", f"{a}.{b % 10}"])  # fmt: skip
        unit = self.one(
            "|||mg|mL|cc|cm|mm|mmHg|kg|ounces|hours|minutes|mcg|g|units|French|percent|degrees|weeks|pounds|inches"
        )
        return [(f"{text} {unit}".strip() if self.rng.random() < 0.85 else text + unit, "")]

    def s_sut(self) -> list[Piece]:
        return [
            (
                self.one(
                    ["3-0 Vicryl", "#2-0 silk", "4-0 nylon", "a 10-0 nylon suture", "0 PDS", "5-0 Prolene", "#15 blade"]
                ),
                "",
            )
        ]

    def s_med(self) -> list[Piece]:
        return [(self.one(_MED.split() + _DRUGS), "")]

    def s_dis(self) -> list[Piece]:
        return [(self.one(_DIS), "")]

    def s_epo(self) -> list[Piece]:
        return [(self.one(_EPO.split()), "")]

    def s_prod(self) -> list[Piece]:
        return [(self.one(_PROD), "")]

    def s_job(self) -> list[Piece]:
        return [(self.one(_JOBS), "")]

    def s_nlang(self) -> list[Piece]:
        return [(self.one(_LANGUAGES), "NRP")]

    def s_rom(self) -> list[Piece]:
        return [(self.one("I|II|III|IV|V|VI|VII|IX|X"), "")]

    def s_punct(self) -> list[Piece]:
        return [(self.one([".", "!", "?", "", "..."]), "")]

    def s_E(self) -> list[Piece]:
        return self.rng.choice([self.s_P, self.s_O, self.s_C])()
