"""Public word lists about how names and sentences are written. Imports no library."""

from __future__ import annotations

from dataclasses import dataclass

from privacy.scrub.folding import fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Gazetteer:
    """Folded single words. ``ordinary`` names are also words (may, will, grace) and need more evidence."""

    first: frozenset[str]
    last: frozenset[str]
    ordinary: frozenset[str]

    def is_first(self, word: str) -> bool:
        """``word``, in any case, is a given name somewhere."""
        return fold(word) in self.first

    def is_last(self, word: str) -> bool:
        """``word``, in any case, is a family name somewhere."""
        return fold(word) in self.last


def words(listed: str) -> frozenset[str]:
    """The blank-separated words of ``listed``."""
    return frozenset(listed.split())


TITLES = words(
    "dr mr mrs ms miss mx prof professor sir madam rev fr sr hon doctor nurse mister capt captain sgt lt col"
)
"""Before a name."""

SUFFIXES = words(
    "jr sr ii iii iv md do rn np pa pac lpn phd dds dmd esq mbbs facs facp pharmd dpm dvm msn bsn aprn crna cnm od"
)
"""After a name."""

PARTICLES = words("van von der den de la le del della di da dos du bin ibn ben al el ter ten zu y e o and")
"""Inside a name; they tell little and stay."""

NO_NAMES = words(
    """
    denies reports states presents complains has was is had have will can should would reported denied stated
    presented admitted discharged seen here today with without who and or but also does did not now presenting
    reporting status education history information instructions care safety identified identification verbalized
    tolerated refused agrees unable able alert disposition summary note notes plan assessment medications
    allergies vitals exam review record records portal name phone address email dob date age sex gender race mrn
    ssn number account insurance provider physician nurse doctor attending surgeon the this that there these
    those it he she they we you his her their our your my i if in on at to of for from by as an a no yes none
    unknown na per please thank thanks may cc re id er icu ed or pcp mri ct xray lab labs hospital clinic center
    medical department producer director salesperson orchestra choir festival university college museum office company
    """
)
"""They follow 'patient' or 'seen by' with a capital and are no names."""

ORDINARY = words(
    """
    loan bill card visa wire fund drew chase penny pleasant general pt pts patient patients client husband wife daughter
    son mother father cousin discharge summary spoke copy reached lives chart informed
    abbey able acute admit adult after again alert alive all allergy alma also alt always amber amen amp and angel
    ankle anxiety any april are area arm arms art ash asked aspen assess ast asthma august aunt aura autumn back
    baker ball band bank bar basal base bay bean bear beau bed been bell benign best better bid bill bird bishop
    black blank blood bloom blue body bond bone born both bowel boy brain branch brand breast bridge bright brook
    brown brush bull burn bush but butler call came can cancer cane cardiac care carol cart case cash cast cat cell
    change chart chase check chest child christmas church city clay clear clinic clinical clinics close cloud coast
    cold cole color come con constant cook cool cor coral corn cost cough count court cox cream creek crisp cross
    crow crown cruz cuff cut dad daily daisy dale date dawn day days dean dear deep denies dental denton deny diet
    discharge distress doctor does dolly done dose down drug drum due duke ear early east eden edge elder else end
    ended english ester eve even ever exam eye face fair faith fall family fan far fast father fear feb fed feet
    felt female fern fever few field fill fine finger fire first fish flat flora flu fluid foley foot for ford
    forest foster found fox frail france frank free freeman french frost full gale gall game gap garden gas gave gay
    gem general gentle german get gift girl given glad glen gold golden good goodman got grace grade graham grain
    gram grand grant graves gray great greek green grey grid ground group guy had hair hale half hall hand hands
    happy hard hardy harm harmony has hash have haven hay hazel head heart heath heather heaven heavy heel held help
    her herb here hernia high hill him hip his hit holly holmes home hope horn hospital host hour house how hunt
    hurt ice ill image india infant inn into iris iron israel isle its ivory ivy jack jade jan january jasmine
    jasper jewel jim job join joint joy jul july jun june junior just justice keen keep key khan kid kidney kin kind
    king knee know lab lady lake lamb land lane large last late laurel law lead lean lee left leg legal lemon lesion
    less let lie life light like lily lima limb line link lip list little live liver livery long look lord loss lot
    love low luck lung lymph major make male man many mar marble march mark market mars marsh mass master may mean
    med mental mercy met mid mild mile miles mill mine minor miss mole mom moon moore more morn mother mouth move
    much muscle myrtle nail name nan nausea near neck need nerve neuro never new nice night noble noel none norm
    normal north nose not note noted nova novel now nurse oak oat obese ocean oct off office oil old olive one onset
    opal oral orange order orient otis our out over own oxford page pain paige paint pale palm palmer pan paris park
    parks parker pass past pat path patience patient patrol pays peace pearl pen pepper per phase piece pike pill
    pine pink pitt place plain plan plate poe point pollard pool poor pope port post pound power pray press price
    pride prince prior pro prone prose prudence pulse pump quick quiet race rain ramp ran rash rate ray read ready
    real recent red reed rel rem rene report rest rex rice rich ridge right rise river robin rock rod roman room
    root rosa rose roth round row royal ruby rule run rush rust sage sail saint salt salty same san sand sandy sat
    save savior say scan scar scott sea second see seen seizure sen sent sep set seven severe sex shade shah shaw
    she shift shin shore short side sierra sign silver single sister site size skin skip sky sleep small smith snow
    soap social sodium soft sol some son song soon sore soul south speech spine spouse spring stable staff star
    start stat state status steele step sterling stern still stock stone stool storm strand stream street strong
    such sugar summer sun sunday sung supine sweet swift tab table talk tan tate tax taylor team tell ten than thank
    that the them then there they thin this thorn thus tiger time tiny toe told ton tone too took top total tower
    town track trace treat tree trial trinity true try tuesday tumor turn turner two ulcer unit until upper urban
    urine urgent use van vein vera very victor victoria victory viola violet virgin virus visit vital vitals wade
    wait walk walker wall walls ward warm was water wave way weak wear weaver weeks weight well wells went west wet
    what wheat when white who whom wide wife wild will willow win wind wing winter wire wise with wolf woman wood
    woods work worse wound wrist yard year years yes york you young your zen zion february september october
    november december monday wednesday thursday friday saturday mon tue wed thu fri america african american asian
    hispanic chinese japanese korean jordan chad georgia virginia carolina florida dakota indiana montana nevada
    austin boston houston dallas denver madison phoenix lincoln washington cleveland kent chester jersey london
    parkinson alzheimer crohn hodgkin cushing addison hashimoto raynaud marfan tourette huntington meniere babinski
    romberg murphy homan kernig swan ganz holter kirschner allen apgar glasgow braden norton framingham charlson
    barrett wilson paget sjogren kawasaki epstein barr sample supple gleason allegra mayo scarpa allis kocher roux
    burr berry straight lower were made canal roll block cord tract risks steri bowels samples zimmer coombs doppler
    fowler trendelenburg valsalva
    """
)
"""Names that are words too, words that begin clinical sentences, and eponyms of diseases, signs and devices."""
