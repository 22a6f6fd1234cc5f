"""Disciplines out of what staff lists call people's work, in English and Spanish; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lms.courseware.course import DISCIPLINES
from lms.people.names import fold

NAMES: Mapping[str, tuple[str, ...]] = {
    "schools": ("schools", "school", "education", "escuelas", "educacion"),
    "healthcare": ("health care", "healthcare", "salud", "atencion medica", "atencion de salud", "medical"),
    "law-enforcement": ("law enforcement", "police", "policia", "fuerzas del orden", "orden publico"),
    "victim-services": ("victim services", "servicios a victimas", "atencion a victimas", "advocacy"),
    "child-welfare": ("child welfare", "bienestar infantil", "proteccion infantil"),
    "juvenile-justice": ("juvenile justice", "justicia juvenil"),
    "prosecution": ("prosecution", "fiscalia"),
    "behavioral-health": ("behavioral health", "mental health", "salud mental", "salud conductual"),
    "housing": ("housing", "vivienda"),
    "emergency-services": ("emergency services", "servicios de emergencia", "ems", "fire"),
    "other": ("other", "other disciplines", "otras disciplinas", "otro", "otra"),
}

PHRASES: tuple[tuple[str, str], ...] = tuple(
    (phrase, discipline)
    for discipline, phrases in (
        # The first that is found in a title decides: a school nurse is a nurse, a school resource officer an officer.
        ("law-enforcement", "resource officer, oficial escolar, sro"),
        ("juvenile-justice", "probation, juvenile officer, juvenile, libertad condicional"),
        (
            "child-welfare",
            "child protective, child protection, children s division, foster, cps, caseworker, case "
            "worker, trabajadora de casos, trabajador de casos",
        ),
        ("victim-services", "victim advocate, advocate, defensor de victimas, defensora de victimas, victim"),
        ("housing", "shelter, housing, vivienda"),
        ("prosecution", "prosecutor, prosecuting, district attorney, fiscal, paralegal"),
        (
            "emergency-services",
            "paramedic, emt, firefighter, fire fighter, dispatcher, ems, bombero, bombera, paramedico, paramedica",
        ),
        (
            "healthcare",
            "nurse, nursing, rn, lpn, cna, aprn, physician, medical, health aide, sane, pharmacist, "
            "phlebotomist, radiologic, enfermera, enfermero, medico, medica, dentist, doctor, midwife",
        ),
        (
            "schools",
            "school counselor, guidance, consejero escolar, consejera escolar, school psychologist, "
            "school social worker",
        ),
        (
            "behavioral-health",
            "therapist, psychologist, psychiatrist, clinician, substance, terapeuta, psicologa, psicologo, lcsw",
        ),
        (
            "law-enforcement",
            "police, officer, deputy, sheriff, detective, sergeant, lieutenant, trooper, patrol, "
            "marshal, policia, sargento, teniente, alguacil, investigator",
        ),
        (
            "schools",
            "teacher, principal, para, paraprofessional, paraeducator, teaching, instructional, "
            "librarian, counselor, superintendent, coach, custodian, bus driver, food service, "
            "cafeteria, secretary, aide, substitute, educator, tchr, sped, maestra, maestro, "
            "profesor, profesora, docente, director escolar, directora escolar, proctor, "
            "bibliotecaria, bibliotecario, chofer, conserje",
        ),
    )
    for phrase in phrases.split(", ")
)


def key_of(text: str) -> str:
    """A title as it is compared and remembered: words and numbers alone."""
    return " ".join(re.findall(r"[a-z0-9]+", fold(text)))[:120]


def guess_discipline(text: str) -> str | None:
    """The discipline that a title means; None where no word of it is known."""
    key = key_of(text)
    if not key:
        return None
    dashed = key.replace(" ", "-")
    if dashed in DISCIPLINES:
        return dashed
    for discipline, names in NAMES.items():
        if key in names:
            return discipline
    padded = f" {key} "
    for phrase, discipline in PHRASES:
        if f" {phrase} " in padded or f" {phrase}s " in padded:
            return discipline
    return None
