"""Everyday words for the slots of ``scrub_templates.txt``: titles, trades, companies, things; and what has a capital
and is nobody. All lists are our own."""

# ruff: noqa: SIM905 - one list a paragraph, not one word a line

from __future__ import annotations

ENGLISH = ("en_US", "en_GB", "en_CA", "en_AU", "en_IE", "en_NZ", "en_IN")
"""Faker's locales whose names are drawn more often."""
STREET_LOCALES = (
    "en_US|en_GB|en_AU|en_CA|de_DE|fr_FR|es_ES|it_IT|nl_NL|sv_SE|no_NO|da_DK|fi_FI|pl_PL|cs_CZ|pt_BR|pt_PT|"
    "hu_HU|ro_RO|hr_HR|sl_SI|tr_TR|en_IN|es_MX|fr_CH|de_AT|el_GR|ru_RU|uk_UA|id_ID|en_IE|et_EE"
).split("|")
THINGS = (
    "phone|laptop|coat|charger|keyboard|printer|iPhone|Galaxy|PlayStation|bike|sofa|washing machine|ticket|"
    "book|Kindle|watch|camera|pair of shoes|headset|mixer|toaster|dress|monitor|router|blanket|Barbie|"
    "Thermomix"
)
JOBS = (
    "manager|nurse|teacher|engineer|lawyer|driver|plumber|accountant|director|cashier|journalist|dentist|"
    "chef|mechanic|farmer|singer|actor|painter|pilot|surgeon|consultant|analyst|clerk|officer|spokesman|"
    "professor"
)
TITLES = "Mr. Mrs. Ms. Dr. Mr Mrs Ms Dr Miss Prof. Professor Sir Madam mr. mrs. dr. MR. MRS. DR."
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December".split("|")
DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday".split("|")
LANGUAGES = "English|Spanish|French|German|Mandarin|Arabic|Russian|Hindi|Portuguese|Tagalog|Polish|Farsi"
COMPANY_ENDINGS = (
    "Inc|Inc.|LLC|Ltd|Ltd.|GmbH|AG|Corp|Corporation|& Co|and Sons|Group|PLC|S.A.|Co.|Holdings|B.V.|AB|Oy|LLP"
)
COMPANY_FIELDS = (
    "Systems|Labs|Health|Bank|Investments|Solutions|Technologies|Capital|Insurance|Media|Energy|Foods|Motors|"
    "Partners|Logistics|Analytics|Software|Software|Airlines|Pharma|Financial|Networks|Studios|Institute|"
    "Foundation|Trust|Consulting|Services|Records|Press|Stores|Brothers|Mutual|Union|Society|Association|"
    "Federation|Telecom|Bakery|Clinic|Plumbing|Cleaning|Kitchen|Garage|Dental|Estates|Church|Academy|Theatre|Council|"
    "Agency|Authority|Department|Commission|Industries|Freight|Shipping|Hotels|Gym|Salon|Nursery|Market|Pharmacy|"
    "Electric|Steel|Chemicals|Fashion|Travel|Tours|Brewery|Vineyards|Farms|Law|Legal|Security|Water|Rail|Airways"
)
FAMOUS = (
    "Google|Microsoft|Amazon|Apple Inc|Walmart|Siemens|IBM|Barclays|HSBC|Deutsche Bank|Wells Fargo|Aetna|"
    "Cigna|Blue Cross|Humana|Medicare|Kaiser Permanente|NHS|FBI|NASA|United Nations|European Union|Red Cross|"
    "UNICEF|BBC|CNN|World Bank|Toyota|Sony|Samsung|Nokia|Nestle|Pfizer|Bayer|Novartis|McDonald's|Starbucks|"
    "Facebook|Twitter|Netflix|Intel|Oracle|Boeing|Airbus|Chelsea|Arsenal|Liverpool FC|Real Madrid|Lakers|"
    "Yankees|Labour Party|Senate|Congress|Supreme Court|Citibank|JPMorgan|Goldman Sachs|Visa Inc|Uber|Tesla|"
    "Ford|General Motors|Shell|Metallica|ABBA"
)
GODS = (
    "God|the Devil|Satan|Lord|Heaven|Santa|Santa Claus|Zeus|Apollo|Venus|Jesus|Christ|Allah|Buddha|Batman|Superman|"
    "Zombie|Vampire|Dracula|Cinderella|Grim Reaper|Easter Bunny|Father Christmas|Mother Nature|Pope|King|Queen|"
    "Princess|Ghost|Wizard|Hobbit|Frankenstein|Hercules|Tooth Fairy|Godzilla|Muse|Angel|Beast"
)
"""They are spoken of like people, and identify nobody."""
INSTRUMENTS = (
    "mandolin|guitar|banjo|cello|violin|harp|flute|trumpet|piano|drum|organ|saxophone|clarinet|accordion|bass|oboe|"
    "ukulele|fiddle|bagpipe|synthesizer|tuba|lute|sitar|harmonica"
)
