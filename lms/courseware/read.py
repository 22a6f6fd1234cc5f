"""Reads a course from its files: bytes in, a frozen Course out, with everything that was not understood."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Mapping, Sequence

from lms.courseware.budget import LARGEST_FILE_BYTES, too_large
from lms.courseware.course import Course, CourseText, GlossaryTerm, Module, Problem
from lms.courseware.course_facts import CourseFacts, read_course_facts
from lms.courseware.course_text import read_course_text
from lms.courseware.days import with_days
from lms.courseware.document import Document, open_document, report_unread_comments
from lms.courseware.facts import read_facts
from lms.courseware.front_matter import read_front_matter
from lms.courseware.links import Place
from lms.courseware.sections import read_sections
from lms.courseware.terms import link_terms

_PAGES = ("course.md", "glossary.md")
_KNOWN_AT_TOP = re.compile(r"(?i)(course\.yaml|(readme|license|notice|changelog)(\.\w+)?)\Z")
_ID_LINE = re.compile(r"^id:\s*[\"']?([a-z0-9-]{3,40})[\"']?\s*(?:#.*)?$", re.MULTILINE)


def content_hash(files: Mapping[str, bytes]) -> str:
    """SHA-256 in hex over every file's path, length and bytes, in path order."""
    digest = hashlib.sha256()
    for path in sorted(files, key=_path_bytes):
        name = _path_bytes(path)
        digest.update(b"%d:%b%d:" % (len(name), name, len(files[path])))
        digest.update(files[path])
    return digest.hexdigest()


def _path_bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogatepass")


def source_hash(text: str) -> str:
    """SHA-256 in hex of a source file; the same whatever line ends an editor writes."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def read_course(files: Mapping[str, bytes], name: str = "") -> tuple[Course | None, list[Problem]]:
    """The whole course; None only where course.yaml is unusable. Never raises, whatever the files hold.

    `name` is the name of the folder, where there is one.
    """
    try:
        return _read_course(files, name)
    except Exception as error:  # as in read_module
        message = f"This course could not be read ({type(error).__name__}: {error})."
        return None, [Problem("course.yaml", 1, "X000", message)]


def _read_course(files: Mapping[str, bytes], name: str) -> tuple[Course | None, list[Problem]]:
    if "course.yaml" not in files:
        return None, [Problem("course.yaml", 1, "FM001", "There is no course.yaml; every course begins with one.")]
    problems: list[Problem] = []
    text = _text("course.yaml", files["course.yaml"], problems)
    facts, found = read_course_facts(text or "", name) if text is not None else (None, [])
    problems += found
    if facts is None:
        return None, problems
    texts = {path: _text(path, files[path], problems) for path in sorted(files) if _is_page(path, facts)}
    pages = {path: text for path, text in texts.items() if text is not None}
    module_ids = _module_ids(pages)
    course_texts = _read_course_texts(pages, facts, module_ids, problems)
    glossaries = {language: text.glossary for language, text in course_texts.items()}
    modules = _read_modules(pages, facts, module_ids, glossaries, problems)
    problems += _unknown_files(files, facts)
    course = Course(
        default_language=facts.default_language,
        languages=facts.languages,
        modules=facts.modules,
        content_hash=content_hash(files),
        texts=course_texts,
        files=modules,
        **facts.values,
    )
    return course, sorted(problems, key=lambda problem: (problem.path, problem.line))


def read_module(
    path: str,
    source_text: str,
    language: str,
    module_ids: Mapping[str, str] | None = None,
    terms: Sequence[GlossaryTerm] = (),
) -> tuple[Module | None, list[Problem]]:
    """One module; None where its front matter is unusable. Never raises.

    `module_ids` maps the paths of all modules to their ids; without it links to modules are taken at their file name.
    `terms` are those of the glossary in the same language, to which the text gets links.
    """
    document = open_document(path, source_text, language, Place(path, language, module_ids))
    try:
        module = _read_module(document, source_text, terms)
    except Exception as error:  # the promise is to never raise: a bug of the reader is a finding, not a crash
        document.report(1, "X000", f"This file could not be read ({type(error).__name__}: {error}).")
        module = None
    return module, document.told()


def _read_module(document: Document, source_text: str, terms: Sequence[GlossaryTerm]) -> Module | None:
    if not document.blocks and any(problem.code == "X000" for problem in document.problems):
        return None
    if document.front_matter is None:
        message = "The facts at the head are missing: begin the file with ---, `id: …`, `title: …` and so on, and ---."
        document.report(1, "FM001", message)
        return None
    token = document.front_matter.tokens[0]
    facts, problems = read_facts(document.path, token.content, document.front_matter.line + 1)
    if facts is None:
        document.problems += problems
        return None
    front = read_front_matter(facts, document.language)
    document.problems += problems
    if not front.id:
        return None
    link_terms(document, terms)
    sections = read_sections(document, front.title)
    notes = document.notes.tokens if document.notes else ()
    module = Module(
        path=document.path,
        language=document.language,
        sections=sections,
        notes_html=with_days(document.html(notes), document.language),
        notes_source=document.definitions_source(),
        source_hash=source_hash(source_text),
        **{name: getattr(front, name) for name in front.__slots__},
    )
    report_unread_comments(document)
    return module


def _text(path: str, content: bytes, problems: list[Problem]) -> str | None:
    if len(content) > LARGEST_FILE_BYTES:
        problems.append(Problem(path, 1, "X000", too_large(len(content))))
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problems.append(Problem(path, line, "X000", "This line is not UTF-8 text; save the file as UTF-8."))
        return None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        problems.append(Problem(path, line, "X000", "There is a NUL character here; save the file as plain text."))
        return None
    return text


def _is_page(path: str, facts: CourseFacts) -> bool:
    folder, _, name = path.partition("/")
    return folder in facts.languages and name.endswith(".md") and "/" not in name


def _module_ids(pages: Mapping[str, str]) -> dict[str, str]:
    """Where links between modules lead: a quick look at each file's `id`, before any file is read whole."""
    ids = {}
    for path, text in pages.items():
        if posixpath.basename(path) not in _PAGES and text.startswith("---"):
            head = text.replace("\r\n", "\n")[3:20_000].split("\n---", 1)[0]
            match = _ID_LINE.search(head)
            if match:
                ids[path] = match[1]
    return ids


def _read_modules(
    pages: Mapping[str, str],
    facts: CourseFacts,
    module_ids: Mapping[str, str],
    glossaries: Mapping[str, Sequence[GlossaryTerm]],
    problems: list[Problem],
) -> dict[str, dict[str, Module]]:
    order = [entry.id for entry in facts.modules]
    found: dict[str, dict[str, Module]] = {language: {} for language in facts.languages}
    for path, text in pages.items():
        language, name = path.split("/")
        if name in _PAGES:
            continue
        module, others = read_module(path, text, language, module_ids, glossaries.get(language, ()))
        problems += others
        if module is None:
            continue
        if module.id not in order:
            message = f"The module {module.id} is not listed in course.yaml, so nobody will see it."
            problems.append(Problem(path, 1, "C003", message))
        elif module.id in found[language]:
            message = f"The id {module.id} belongs to {found[language][module.id].path} already."
            problems.append(Problem(path, 1, "Q002", message))
        else:
            found[language][module.id] = module
    for module_id in order:
        if module_id not in found[facts.default_language]:
            line = facts.lines.get("modules", 1)
            message = f"The module {module_id} has no file that can be read in {facts.default_language}/."
            problems.append(Problem("course.yaml", line, "C003", message))
    return {
        language: {module_id: modules[module_id] for module_id in order if module_id in modules}
        for language, modules in found.items()
    }


def _read_course_texts(
    pages: Mapping[str, str], facts: CourseFacts, module_ids: Mapping[str, str], problems: list[Problem]
) -> dict[str, CourseText]:
    """The texts in each language; the default language has one in any case."""
    texts = {}
    course_id = str(facts.values["id"])
    for language in facts.languages:
        text = read_course_text(language, pages, course_id, module_ids, problems)
        if text is not None:
            texts[language] = text
        if f"{language}/course.md" not in pages and language == facts.default_language:
            message = "There is no course.md here that can be read; it says what the course is."
            problems.append(Problem(f"{language}/course.md", 1, "FM001", message))
    texts.setdefault(facts.default_language, CourseText(course_id, "", ""))
    return texts


def _unknown_files(files: Mapping[str, bytes], facts: CourseFacts) -> list[Problem]:
    """Files that nobody will see where they lie."""
    message = "This file is not part of the course where it lies; move it to a language's folder or to media/."
    return [
        Problem(path, 1, "C003", message, is_error=False)
        for path in sorted(files)
        if not (_is_page(path, facts) or path.startswith("media/") or _KNOWN_AT_TOP.match(path))
    ]
