"""The words, numbers and claims that do not belong in training about trafficking, and what to write in their place.

From the content brief, section 3.4 (sources S104, S122, S123, S124) and its list of ten things to get right. Each
entry: a pattern without regard to case (unless it says `(?-i:`), and what to do about it.
"""

from __future__ import annotations

WORDS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        (r"(?<!fire and )(?<!search and )rescu(?:e|es|ed|ing|ers?)\b(?! breath)", "located, assisted"),
        (r"sav(?:e|es|ed|ing) (?:victims?|survivors?|girls?|women|children|kids)\b", "assist, support"),
        (r"saviou?rs?\b", "name the job: advocate, nurse, officer"),
        (
            r"modern[- ]day slave(?:ry|s)\b|modern slavery\b(?! act)|sex slave(?:ry|s)?\b|enslaved?\b",
            "trafficking, exploitation",
        ),
        (
            r"(?:child|teen(?:age)?|under-?age|juvenile|minor) prostitut(?:e|es|ion)\b",
            "a child who is sexually exploited",
        ),
        (r"prostitutes?\b|hookers?\b|whores?\b", "a person in commercial sex"),
        (r"(?-i:johns?)\b", "buyer"),
        (r"pimp(?:s|ed|ing)?\b", "trafficker"),
        (r"prey(?:s|ed|ing)? (?:on|upon)\b|predators?\b", "say what the person does: recruits, threatens"),
        (r"monsters?\b|\bevil\b|ruthless(?:ly)?\b", "say what the person does"),
        (
            r"(?:horrific|horrifying|horrendous|unspeakable|unimaginable|nightmar(?:e|es|ish)|heart-?breaking|chilling|"
            r"sickening|gruesome|harrowing|gut-?wrenching|heinous)(?:ly)?\b",
            "the plain fact, without the adjective",
        ),
        (r"epidemic\b|scourge\b|plagu(?:e|es|ed|ing)\b", "what is known, with a source"),
        (r"in chains\b|chained\b|shackle[sd]?\b|bound and gagged\b", "most cases involve no physical confinement"),
        (r"voiceless\b|voice (?:for|to) the voiceless\b", "people who were not listened to"),
        (r"damaged goods\b|broken (?:girls?|boys?|child(?:ren)?|women|lives|souls?)\b", "harmed, hurt"),
        (r"(?:lost|stolen) innocence\b|innocent (?:victims?|girls?|children)\b", "children, people"),
        (r"sold (?:for sex|into (?:sex|slavery|prostitution))\b", "sexually exploited for another's gain"),
        (r"illegal (?:aliens?|immigrants?|migrants?)\b|illegals\b", "a person without immigration status"),
        (r"(?:drug )?addicts?\b(?! to)|junk(?:ie|y|ies)\b", "a person with a substance use disorder"),
        (r"child porn(?:ography)?\b|kiddie porn\b", "child sexual abuse material"),
    ),
    "es": (
        (r"rescat(?:ar(?:on|án|á)?|ó|ad[oa]s?|ando|ará|en|es?)\b", "localizar, ayudar, acompañar"),
        (r"(?-i:salvador(?:a|es|as)?)\b", "nombre el oficio: defensora, enfermero, agente"),
        (r"esclavitud moderna\b|esclav[oa]s?(?: sexual(?:es)?)?\b|esclaviza(?:r|d[oa]s?)\b", "trata, explotación"),
        (r"prostitución infantil\b|niñ[oa]s? prostitut[oa]s?\b", "explotación sexual de un menor"),
        (r"prostitut[oa]s?\b|putas?\b|rameras?\b", "una persona en el sexo comercial"),
        (r"proxenetas?\b|padrotes?\b|chulos?\b", "tratante"),
        (r"depredador(?:a|es|as)?\b|monstruos?\b|desalmad[oa]s?\b", "diga lo que hace la persona"),
        (
            r"(?:horripilante|espeluznante|escalofriante|desgarrador|desgarradora|aterrador|aterradora|inimaginable|"
            r"atroz|horroros[oa]|macabr[oa])s?\b|pesadillas?\b",
            "el hecho, sin el adjetivo",
        ),
        (r"epidemia\b|flagelo\b|lacra\b", "lo que se sabe, con su fuente"),
        (r"encadenad[oa]s?\b", "casi nunca hay encierro físico"),
        (r"los sin voz\b|sin voz\b", "personas a quienes no se escuchó"),
        (r"inocencia (?:perdida|robada)\b|víctimas? inocentes?\b", "niñas y niños, personas"),
        (r"vendid[oa]s? (?:por|para) (?:el )?sexo\b", "explotada sexualmente"),
        (r"(?:inmigrantes?|migrantes?|extranjer[oa]s?|personas?) ilegal(?:es)?\b", "persona sin estatus migratorio"),
        (r"drogadict[oa]s?\b", "persona con un trastorno por consumo de sustancias"),
        (r"pornografía infantil\b", "material de abuso sexual infantil"),
    ),
}

_300000 = r"(?:300[,. ]?000|300k|300 mil|three hundred thousand|trescient[oa]s mil)"
_2_MILLION = r"(?:2|two|dos) (?:million|millones(?: de)?)"
_CHILDREN = r"\b(?:child(?:ren)?|kids|minors|youths?|teens|girls|niñ[oa]s|menores|jóvenes)\b"
_HARM = r"(?:traffick|exploit|sex|prostitut|at risk|trata|explota|en riesgo)"
NEVER: tuple[tuple[str, str], ...] = (
    (
        r"(?:average|mean|typical) age\b.{0,90}?\b(?:1[1-5]|eleven|twelve|thirteen|fourteen|fifteen)\b"
        r"|\baverage\b.{0,60}?\b(?:entry|enter(?:s|ed)?|recruit(?:s|ed)?|begins?|began|starts?|started)\b.{0,40}?\b1[1-5]\b"
        r"|edad (?:promedio|media)\b.{0,90}?\b(?:1[1-5]|once|doce|trece|catorce|quince)\b",
        "No sound study stands behind an average age of entry.",
    ),
    (
        r"life expectancy\b.{0,90}?\b(?:7|seven)\b|\b(?:7|seven) years\b.{0,60}?\blife expectancy"
        r"|(?:esperanza|expectativa) de vida\b.{0,90}?\b(?:7|siete)\b",
        "No study stands behind a life expectancy of seven years.",
    ),
    (
        rf"\b{_300000}\b.{{0,60}}?{_CHILDREN}.{{0,120}}?{_HARM}|{_HARM}.{{0,120}}?\b{_300000}\b.{{0,60}}?{_CHILDREN}",
        "300,000 is an old guess about risk, not a count of children.",
    ),
    (
        rf"\b{_2_MILLION}\b.{{0,60}}?{_CHILDREN}.{{0,120}}?{_HARM}|{_HARM}.{{0,120}}?\b{_2_MILLION}\b.{{0,60}}?{_CHILDREN}",
        "No count stands behind two million children.",
    ),
    (
        r"\b(?:Missouri|St\.? Louis|Kansas City|state|estado)\b.{0,90}?"
        r"\b(?:rank(?:s|ed|ing)?|number|puesto|lugar|ocupa)\b.{0,40}?\b(?:4th|fourth|17th|seventeenth|cuarto|17\.?º|decimosépt\w+)\b"
        r"|\brank(?:s|ed)?\b.{0,30}?\b(?:4th|fourth|17th|seventeenth)\b",
        "Calls to a hotline do not rank states: they count calls.",
    ),
    (
        r"\b(?:one|1) (?:in|out of) (?:three|3|five|5|six|6)\b.{0,90}?\b48 hours\b"
        r"|\b48 hours\b.{0,90}?\b(?:runaways?|(?:one|1) (?:in|out of) (?:three|3|five|5|six|6))\b",
        "No study stands behind the 48 hours.",
    ),
    (
        r"(?:operated|run|managed) by Polaris\b|\bPolaris (?:runs|operates|manages)\b|operada por Polaris\b",
        "Since 2025 Compass Connections operates the national hotline.",
    ),
    (
        r"meets? (?:Missouri(?:'s|’s)?|the state(?:'s|’s)?) (?:training )?(?:mandate|requirement)"
        r"|cumple con el mandato de Missouri",
        "No Missouri mandate for such training was found enacted.",
    ),
)
"""What never ships, whatever the context: brief 3.4, and items 1 and 6 of its first list."""

PLACEHOLDERS = (
    r"\b(?:TODO|TBD|FIXME|XXX)\b(?!:?-)|\b[Ll]orem ipsum\b|\bTo fill in\b|\bPor completar\b"
    r"|\bunsourced\s?[—–-]\s?verify\b|\?\?\?"
)
