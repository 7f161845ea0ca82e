"""Nationalities, peoples, religions and parties, and the states of the USA. Public word lists; imports nothing."""

# ruff: noqa: E501 - a list reads better whole

from __future__ import annotations

NATIONALITIES: tuple[str, ...] = tuple(
    """
    Afghan|African|African American|Albanian|Algerian|American|Amish|Anglican|Angolan|Arab|Argentine|Argentinian|Armenian
    |Asian|Atheist|Australian|Austrian|Azerbaijani|Bahamian|Bahraini|Bangladeshi|Baptist|Barbadian|Basque|Bavarian|Belarusian
    |Belgian|Bolivian|Bosnian|Brazilian|British|Buddhist|Bulgarian|Burmese|Cambodian|Cameroonian|Canadian|Catalan|Catholic
    |Caucasian|Chadian|Chilean|Chinese|Christian|Colombian|Communist|Congolese|Conservative|Croatian|Cuban|Cypriot|Czech|Danish
    |Democrat|Dominican|Dutch|Ecuadorian|Egyptian|Emirati|English|Eritrean|Estonian|Ethiopian|European|Fijian|Filipino|Finnish
    |French|Georgian|German|Ghanaian|Greek|Guatemalan|Guyanese|Haitian|Hawaiian|Hindu|Hispanic|Honduran|Hungarian|Icelandic
    |Indian|Indonesian|Iranian|Iraqi|Irish|Islamic|Israeli|Italian|Ivorian|Jamaican|Japanese|Jewish|Jordanian|Kazakh|Kenyan
    |Korean|Kosovan|Kurdish|Kuwaiti|Laotian|Latina|Latino|Latvian|Lebanese|Liberian|Libyan|Lithuanian|Lutheran|Macedonian
    |Malagasy|Malawian|Malaysian|Maltese|Maori|Mauritanian|Mauritian|Mennonite|Methodist|Mexican|Moldovan|Mongolian
    |Montenegrin|Mormon|Moroccan|Mozambican|Muslim|Namibian|Native American|Navajo|Nepalese|Nicaraguan|Nigerian|Norwegian
    |Omani|Orthodox|Pakistani|Palestinian|Panamanian|Paraguayan|Persian|Peruvian|Polish|Portuguese|Presbyterian|Protestant
    |Puerto Rican|Qatari|Quaker|Republican|Romanian|Russian|Rwandan|Salvadoran|Samoan|Saudi|Scottish|Senegalese|Serbian|Sikh
    |Singaporean|Slovak|Slovenian|Socialist|Somali|South African|South Korean|Spanish|Sri Lankan|Sudanese|Sunni|Swedish|Swiss
    |Syrian|Taiwanese|Tajik|Tamil|Tanzanian|Thai|Tibetan|Tunisian|Turkish|Turkmen|Ugandan|Ukrainian|Uruguayan|Uzbek|Venezuelan
    |Vietnamese|Welsh|Yemeni|Zambian|Zimbabwean|Brit|Swede|Dane|Finn|Pole|Turk|Scot|Spaniard|Briton|Czechoslovak|Yugoslav|Soviet
    """.replace("\n", "")
    .replace("    ", "")
    .strip()
    .split("|")
)

STATES: tuple[tuple[str, str], ...] = tuple(
    (entry.rsplit(" ", 1)[0], entry.rsplit(" ", 1)[1])
    for entry in [
        "Alabama AL",
        "Alaska AK",
        "Arizona AZ",
        "Arkansas AR",
        "California CA",
        "Colorado CO",
        "Connecticut CT",
        "Delaware DE",
        "Florida FL",
        "Georgia GA",
        "Hawaii HI",
        "Idaho ID",
        "Illinois IL",
        "Indiana IN",
        "Iowa IA",
        "Kansas KS",
        "Kentucky KY",
        "Louisiana LA",
        "Maine ME",
        "Maryland MD",
        "Massachusetts MA",
        "Michigan MI",
        "Minnesota MN",
        "Mississippi MS",
        "Missouri MO",
        "Montana MT",
        "Nebraska NE",
        "Nevada NV",
        "New Hampshire NH",
        "New Jersey NJ",
        "New Mexico NM",
        "New York NY",
        "North Carolina NC",
        "North Dakota ND",
        "Ohio OH",
        "Oklahoma OK",
        "Oregon OR",
        "Pennsylvania PA",
        "Rhode Island RI",
        "South Carolina SC",
        "South Dakota SD",
        "Tennessee TN",
        "Texas TX",
        "Utah UT",
        "Vermont VT",
        "Virginia VA",
        "Washington WA",
        "West Virginia WV",
        "Wisconsin WI",
        "Wyoming WY",
    ]
)
