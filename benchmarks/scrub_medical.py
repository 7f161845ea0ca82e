"""Medical words for the slots of ``scrub_templates.txt``: what stands in notes and identifies nobody. Our own lists."""

# ruff: noqa: SIM905 - one list a paragraph, not one word a line

from __future__ import annotations

BRANDS = (
    "metformin lisinopril atorvastatin amlodipine Lasix Coumadin Plavix Zofran heparin insulin Keppra "
    "Norvasc aspirin Tylenol ibuprofen Xanax Lipitor Synthroid gabapentin Zoloft prednisone Allegra "
    "Singulair Advair Nexium albuterol warfarin amoxicillin Ativan Haldol Toradol Lovenox Protonix Bactrim "
    "Augmentin Cipro Flagyl Versed"
)
DISEASES = (
    "chest pain|diabetes|hypertension|asthma|COPD|CHF|migraine|back pain|shortness of breath|nausea|fever|"
    "cough|pneumonia|stroke|anemia|depression|GERD|abdominal pain|stomach pain|syncope|sepsis|UTI|knee pain|"
    "atrial fibrillation|dizziness|hip fracture|breast cancer|hypothyroidism|sinusitis|cellulitis|"
    "otitis media|seizures"
)
EPONYMS = (
    "Parkinson Alzheimer Crohn Foley Bell Addison Cushing Hodgkin Graves Hashimoto Marfan Babinski Murphy "
    "Romberg Kocher Glasgow Apgar Barrett Raynaud Kawasaki Tourette Huntington Paget Bovie Metzenbaum "
    "Swan-Ganz Homan Kernig Whipple Jackson-Pratt Kelly Allis Trendelenburg Doppler Holter Wilson Turner "
    "Down Sjogren Colles Burr"
)
"""Diseases, signs and instruments that bear a name."""
ROOTS = (
    "cardi|gastr|hepat|nephr|neur|derm|oste|arthr|my|hem|angi|pneum|bronch|rhin|ot|ophthalm|cyst|uter|hyster|"
    "mast|col|enter|proct|append|cholecyst|pancreat|splen|thyroid|aden|lymph|thromb|vascul|ven|phleb|"
    "encephal|crani|spondyl|lamin|tend|burs|chondr|mening|laryng|pharyng|trache|esophag|duoden|ile|jejun|"
    "rect|urethr|ureter|prost|orchi|ovari|salping|endometr|retin|kerat|conjunctiv|blephar|glauc|cutane|glyc|"
    "lip|leuk|erythr|staphyl|strept|vertebr|lumb|cervic|thorac|pleur|pericardi|peritone|periton|inguin|femor|"
    "tibi|fibul|humer|radi|uln|scapul|clavicul|stern|mandibul|maxill|palat|gingiv|parot|subdur|epidur|"
    "intercost|supraspin|paraspin|sphincter|diverticul|fistul|hemorrhoid"
).split("|")
ENDS = (
    "itis|ectomy|ostomy|otomy|oscopy|oscopic|oma|osis|algia|emia|pathy|plasty|rrhea|rrhaphy|ectasia|megaly|"
    "uria|al|ar|ic|ary|ous|iform|otic|itic|ectomies|ology|ologic|ologist|ogram|ography|olysis|openia|ophilia|"
    "otoxic|ovascular|al-based|itis|ally|um|us|a|ae|i|ia|ation|ized|osing|able"
).split("|")
PREFIXES = "hyper|hypo|peri|endo|intra|inter|sub|supra|para|post|pre|poly|trans|extra|anti|bi|uni|dys|a".split("|")
"""A term is put together from a prefix, a root and an end."""
CLINICAL = (
    "acute|chronic|bilateral|lateral|medial|distal|proximal|anterior|posterior|superior|inferior|sterile|"
    "supple|tender|nontender|afebrile|midline|lesion|mass|stenosis|effusion|edema|nausea|vomiting|bleeding|"
    "infection|incision|suture|scissors|forceps|retractor|drain|catheter|stent|flap|graft|fascia|tendon|"
    "ligament|muscle|nerve|vein|artery|bowel|bladder|kidney|liver|lung|pleura|cornea|lens|iris|pupil|pupils|"
    "trachea|larynx|goiter|nodule|tumor|cancer|benign|malignant|fracture|dislocation|wound|laceration|"
    "abscess|ulcer|hernia|polyp|stone|stones|clot|clots|flank|groin|axilla|palm|wrist|elbow|shoulder|hip|"
    "knee|ankle|toe|toes|finger|fingers|thumb|scalp|skull|spine|sacrum|pelvis|rib|ribs|sternum|chest|abdomen|"
    "thorax|erythema|exudate|drainage|discharge|murmur|gallop|rales|wheezes|rhonchi|cyanosis|clubbing|"
    "jaundice|fatigue|malaise|chills|sweats|cough|sputum|dyspnea|orthopnea|palpitations|syncope|vertigo|"
    "tinnitus|headache|seizure|weakness|numbness|tingling|gait|reflexes|cranial|motor|sensory|mood|affect|"
    "insight|judgment|speech|excisional|biopsy|lithotripsy|cystoscopy|colonoscopy|laparoscopic|endoscopic|"
    "trocar|insufflation|hemostasis|cautery|irrigation|debridement|closure|anesthesia|sedation|intubation|"
    "extubation|ventilator|oxygen|saline|bolus|infusion|tablets|tablet|capsule|daily|nightly|refill|dose|"
    "dosing|followup|postop|preop|inpatient|outpatient|prognosis|workup|gravida|para|trimester|fetus|"
    "placenta|menses|menarche|contraception|vaginal|cervical|uterine|ovarian|penile|testicular|scrotal|"
    "prostatic|urinary|renal|hepatic|biliary|gastric|esophageal|colonic|rectal|anal|dysfunction|"
    "insufficiency|regurgitation|infarction|ischemia|embolism|thrombosis|aneurysm|dissection|hypertrophy|"
    "atrophy|procidentia|gauze|tourniquet|suction|needle|sponge|blade|scalpel|crescent|tumescent|lidocaine|"
    "epinephrine|crystalloid"
).split("|")
DRUGS = (
    "Cialis|Viagra|Marcaine|Xylocaine|Betadine|Vicryl|Monocryl|Prolene|Ancef|Rocephin|Levaquin|Zithromax|"
    "Pepcid|Prilosec|Zocor|Crestor|Diovan|Cozaar|Toprol|Lopressor|Coreg|Lantus|Humalog|Glucophage|Januvia|"
    "Prozac|Paxil|Lexapro|Celexa|Wellbutrin|Seroquel|Risperdal|Depakote|Lamictal|Neurontin|Lyrica|Percocet|"
    "Vicodin|Norco|Dilaudid|Demerol|Fentanyl|Decadron|Medrol|Kenalog|Flonase|Claritin|Zyrtec|Benadryl|"
    "Robitussin|Colace|Senokot|Dulcolax|Miralax|Imodium|Reglan|Compazine|Phenergan|Motrin|Advil|Aleve|"
    "Celebrex|Mobic|Flexeril|Soma|Skelaxin|Ocuflox|Timoptic|Xalatan|ChloraPrep"
).split("|")
ABBREVIATIONS = (
    "DVT|CSF|TAH|BSO|CBC|BMP|INR|PTT|ABG|EKG|ECG|EEG|EMG|CT|MRI|MRA|PET|IVP|KUB|EGD|ERCP|TURP|TURBT|CABG|"
    "PTCA|PICC|IV|IM|PO|NPO|PRN|QID|TID|BID|MAC|LMA|ET|RBC|RBCs|WBC|BUN|TSH|PSA|LDL|HDL|HbA1c|AST|ALT|JVD|"
    "PERRLA|EOMI|HEENT|ROM|DTR|MI|CVA|TIA|CHF|COPD|ESRD|CKD|UTI|URI|GERD|PUD|IBS|BPH|DJD|OA|RA|SLE|MS|ALS|TB|"
    "HIV|HPV|RSV|MRSA|NSAID|ACE|ICU|CCU|ER|ED|OR|PT|OT|SOB|CP|HTN|DM|CAD|PVD|AFib|URL|PDF|API|CEO|CFO|FAQ|"
    "ASAP|FYI|VAT|GPS|SMS|PIN|ATM|TV|DVD|USB|LED|WiFi|UTC|ISO"
).split("|")
