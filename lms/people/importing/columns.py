"""What the columns of a staff list mean, guessed from messy headers in English and Spanish; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lms.people.names import fold

PERSON_ID, NAME, LAST_NAME, FIRST_NAME, MIDDLE_NAME = "person_id", "name", "last_name", "first_name", "middle_name"
EMAIL, STAFF_NUMBER, AGENCY, DISCIPLINE, STARTS_ON = "email", "staff_number", "agency", "discipline", "starts_on"
LICENSE_BOARD, LICENSE_NUMBER = "license_board", "license_number"
LICENSE_STATE, LICENSE_EXPIRY = "license_state", "license_expiry"
OF_LICENSES = (LICENSE_BOARD, LICENSE_NUMBER, LICENSE_STATE, LICENSE_EXPIRY)
FIELDS = (
    NAME, LAST_NAME, FIRST_NAME, MIDDLE_NAME, EMAIL, STAFF_NUMBER, AGENCY, DISCIPLINE, STARTS_ON, PERSON_ID,
    *OF_LICENSES,
)  # fmt: skip

EXPORT_HEAD = ("Person id", "Name", "E-mail", "Staff id", "Agency", "Discipline", "Start date", "Agency name")
"""The columns of our own export, in English in every language: programs read it, and the import does."""

WORDS: Mapping[str, tuple[str, ...]] = {
    field: tuple(headers.split(", "))
    for field, headers in (
        (PERSON_ID, "person id, crosstrain id"),
        (
            NAME,
            "name, full name, employee name, staff name, employee, display name, legal name, nombre completo, "
            "nombre y apellidos, apellidos y nombre, apellidos y nombres, nombre del empleado, empleado, last "
            "name first name, name last first, officer name, teacher name, participant, participant name",
        ),
        (
            LAST_NAME,
            "last name, lastname, last, surname, family name, familyname, lname, l name, last nm, apellido, "
            "apellidos, primer apellido, legal last name, employee last name, apellido paterno",
        ),
        (
            FIRST_NAME,
            "first name, firstname, first, given name, givenname, fname, f name, first nm, forename, nombre, "
            "nombres, nombre de pila, primer nombre, legal first name, employee first name",
        ),
        (MIDDLE_NAME, "middle name, middle, middle initial, mi, m i, segundo nombre, middlename"),
        (
            EMAIL,
            "email, e mail, email address, e mail address, mail, work email, work e mail, email addr, e mail "
            "addr, emailaddress, business email, district email, school email, correo, correo electronico, correo "
            "e, direccion de correo, correo institucional, email work, primary email",
        ),
        (
            STAFF_NUMBER,
            "staff id, employee id, emp id, empid, employee number, employee no, employee num, emp no, emp, emp "
            "#, employee #, staff number, staff no, id, id number, personnel number, badge, badge number, badge "
            "no, badge #, payroll id, payroll number, ein, person number, worker id, numero de empleado, no de "
            "empleado, num empleado, num de empleado, id de empleado, legajo, identifier, sourcedid, dsn, "
            "educator id",
        ),
        (
            AGENCY,
            "agency, agency code, school, school name, building, bldg, building name, bldg name, site, location, "
            "work location, loc, department, dept, department name, facility, clinic, hospital, unit, precinct, "
            "station, division, organization, org, campus, workplace, work site, agencia, escuela, plantel, "
            "edificio, centro, centro de trabajo, departamento, hospital o clinica, clinica, ubicacion, lugar de "
            "trabajo, unidad, orgsourcedids, building code, school code, bldg code",
        ),
        (
            DISCIPLINE,
            "discipline, profession, job class, job classification, job title, title, position, job, role, "
            "occupation, position title, classification, job description, job category, assignment, rank, "
            "disciplina, profesion, puesto, cargo, ocupacion, categoria, funcion, titulo del puesto, rango",
        ),
        (
            STARTS_ON,
            "hire date, start date, date of hire, hired, hired on, date hired, hire dt, start, begin date, from, "
            "original hire date, doh, employment date, since, fecha de ingreso, fecha de contratacion, fecha de "
            "inicio, fecha de alta, fecha ingreso, fecha inicio, desde, contratado",
        ),
        (
            LICENSE_BOARD,
            "license board, licensing board, license type, license kind, license class, licensing body, licensing "
            "agency, licensing authority, issuing board, issuing body, license issuer, license name, license "
            "description, credential type, board of licensure, certification board, certificate type, license "
            "profession, lic type, lic board, licence board, licence type, junta, junta de licencias, tipo de "
            "licencia, organismo emisor, entidad emisora, autoridad emisora, licencia tipo, consejo profesional",
        ),
        (
            LICENSE_NUMBER,
            "license number, license no, license #, license num, license nbr, license id, license, lic number, lic no, "
            "lic #, lic num, lic nbr, lic, licence number, licence no, licence #, rn license, rn lic, lpn license, "
            "aprn license, nursing license, nurse license, professional license, state license, rn #, rn number, "
            "post number, post #, post no, post id, post license, post lic, post cert #, post certificate number, "
            "post certification number, peace officer license, officer license, officer license number, teaching "
            "license, teacher license, educator license, teacher certificate number, teaching certificate number, "
            "educator certificate number, dese certificate number, certificate number, certificate no, certificate #, "
            "certification number, cert number, cert no, cert #, credential number, credential no, credential #, "
            "credential id, numero de licencia, num de licencia, no de licencia, nro de licencia, numero licencia, "
            "licencia, licencia no, licencia profesional, licencia de enfermeria, numero de matricula, matricula, "
            "matricula profesional, numero de certificado, cedula profesional, numero post",
        ),
        (
            LICENSE_STATE,
            "license state, lic state, lic st, license st, licence state, state of license, state of licensure, "
            "licensure state, licensing state, issuing state, state issued, state of issue, credential state, estado "
            "de la licencia, estado de licencia, estado licencia, estado emisor, licencia estado",
        ),
        (
            LICENSE_EXPIRY,
            "license expiry, license expires, license expires on, license expiration, license expiration date, "
            "license expiry date, license exp, license exp date, license exp dt, license end date, license valid "
            "through, license valid until, license renewal date, license renewal, lic exp, lic exp date, lic exp dt, "
            "lic expires, lic expiry, lic expiration, lic expiration date, licence expiry, licence expires, rn "
            "license expiration, post expiration, post expires, post expiration date, exp date, exp dt, expiration "
            "date, expiration, expiry date, expiry, expires, expires on, credential expiration, credential expiration"
            " date, certificate expiration date, cert exp, cert exp date, vencimiento, fecha de vencimiento, fecha "
            "vencimiento, vence, vence el, vencimiento de licencia, vencimiento de la licencia, vencimiento licencia,"
            " licencia vence, fecha de vencimiento de la licencia, expira, fecha de expiracion, caducidad, fecha de "
            "caducidad",
        ),
    )
}
"""For each field headers that mean it, as `key_of` makes them."""

OTHERS = frozenset(
    {"supervisor", "manager", "emergency", "contact", "spouse", "parent", "guardian", "jefe", "username", "birth",
     "nacimiento", "phone", "telefono", "street", "personal", "ssn", "termination", "end"}
)  # fmt: skip
"""A header with one of these words is about something else: a supervisor's name is not the person's."""

LICENSE_WORDS = frozenset(
    {"license", "licence", "lic", "licensure", "post", "credential", "licencia", "matricula", "cert", "certificate"}
)  # fmt: skip
NO_LICENSES = frozenset(
    {"driver", "drivers", "driving", "dl", "vehicle", "plate", "conducir", "conductor", "software", "cpr", "bls",
     "acls", "birth", "training", "course"}
)  # fmt: skip
"""Headers with these are about other papers: of a car, a program, a course in first aid."""

NO_NUMBERS = frozenset(
    {"status", "date", "issue", "issued", "type", "state", "st", "board", "name", "class", "verified", "exp", "expires",
     "expiry", "expiration", "renewal", "description", "tipo", "estado", "fecha", "vence", "vencimiento", "junta"}
)  # fmt: skip
"""With these a header about a license is not about its number."""

SECRETS = frozenset({"password", "passwd", "pwd", "contrasena", "clave", "ssn", "pin", "social", "pass"})
"""Columns whose cells are forgotten as they are read."""

EXACT, WITHIN = 1000, 100
LEAST_SHARE_OF_MAIL = 0.6


def key_of(header: str) -> str:
    """A header as it is compared: `E-mail  Addr.` becomes `e mail addr`, `EmployeeID` `employee id`."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header)
    return " ".join(re.findall(r"[a-z0-9]+|#", fold(parted)))


def is_secret(header: str) -> bool:
    """Whether a column holds what this program must never read."""
    return not SECRETS.isdisjoint(key_of(header).split())


def likeness(header: str, field: str) -> int:
    """How well a header fits a field; 0 for not at all."""
    key = key_of(header)
    if not key or is_secret(header):
        return 0
    if key in WORDS[field]:
        return EXACT
    words = set(key.split())
    if not OTHERS.isdisjoint(words) or (field in OF_LICENSES and not _is_of_license(words, field)):
        return 0
    return max((WITHIN + len(one) for one in WORDS[field] if words.issuperset(one.split())), default=0)


def _is_of_license(words: set[str], field: str) -> bool:
    """Whether a header that is none of those that are known may all the same be about a license."""
    if LICENSE_WORDS.isdisjoint(words) or not NO_LICENSES.isdisjoint(words):
        return False
    return field != LICENSE_NUMBER or NO_NUMBERS.isdisjoint(words)


def count_known(headers: Sequence[str]) -> int:
    """How many of these texts are headers that we know: by it the row of headers is found below a title."""
    return sum(1 for header in headers if any(likeness(header, field) >= EXACT for field in FIELDS))


def guess_columns(headers: Sequence[str], sample: Sequence[Sequence[str]] = ()) -> dict[str, int]:
    """The column of each field, by its header, and the column of e-mail addresses by what stands in it."""
    scores = sorted(
        ((likeness(header, field), -column, field) for column, header in enumerate(headers) for field in FIELDS),
        reverse=True,
    )
    found: dict[str, int] = {}
    for score, negative, field in scores:
        if score and field not in found and -negative not in found.values():
            found[field] = -negative
    if EMAIL not in found:
        column = _mail_column(len(headers), sample, set(found.values()))
        if column is not None:
            found[EMAIL] = column
    return _without_doubles(found, headers, sample)


def _without_doubles(found: dict[str, int], headers: Sequence[str], sample: Sequence[Sequence[str]]) -> dict[str, int]:
    """`Nombre` alone is a whole name, beside `Apellidos` a first one; a whole name makes its parts needless."""
    if FIRST_NAME in found and LAST_NAME not in found and NAME not in found:
        found[NAME] = found.pop(FIRST_NAME)
    if FIRST_NAME in found and LAST_NAME in found:
        found.pop(NAME, None)
    elif NAME in found:
        for part in (FIRST_NAME, LAST_NAME, MIDDLE_NAME):
            found.pop(part, None)
    if LICENSE_NUMBER not in found:
        for part in OF_LICENSES:
            found.pop(part, None)
    return found


def _mail_column(width: int, sample: Sequence[Sequence[str]], taken: set[int]) -> int | None:
    for column in range(width):
        cells = [row[column] for row in sample if column < len(row) and row[column]]
        if column not in taken and cells and sum("@" in cell for cell in cells) / len(cells) >= LEAST_SHARE_OF_MAIL:
            return column
    return None


def headers_key(headers: Sequence[str]) -> str:
    """The same for files with the same columns: by it a matching is remembered."""
    return "|".join(key_of(header) for header in headers)[:2000]
