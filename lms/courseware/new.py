"""What `lms new course` and `lms new module` write: a small course that works, with every gap marked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from lms.courseware.facts import SLUG
from lms.errors import Invalid

_COURSE = """\
id: {id}                 # never changes: it is in addresses, certificates and badges
code: {code}
disciplines: [shared]    # whom it is for; shared means everyone
default_language: {language}
languages: [{language}]
contact_minutes: 10      # what the modules add up to
reading_level: 8         # the school grade that the text should not exceed
modules:
  - {{id: first-steps}}
  - {{id: final, prerequisites: [first-steps]}}
pass: {{require: [final]}}
valid_months: 24
certificate: {{design: default, badge: true}}
bank: null
owners: [curriculum team]
reviews:                 # names and days are shown to learners once they are there
  - {{role: subject-expert, name: null, reviewed_on: null}}
  - {{role: lived-experience, name: null, reviewed_on: null}}
review_every_months: 12
license: CC-BY-4.0
"""

_COURSE_TEXT = """\
---
title: "{title}"
summary: "To fill in: one sentence on whom this course is for and what it helps them do."
---

# {title}

To fill in: two or three short paragraphs. Who is this for? What will they be able to do? What might be hard to read?
"""

_MODULE = """\
---
id: {id}
title: "{title}"
kind: module
disciplines: [shared]
minutes: 10
objectives:
  - {{id: LO1, text: "To fill in: what the learner can do afterwards, beginning with a verb"}}
content_note: none
quiz: {{role: check, feedback: immediate}}
---

# {title}

To fill in: the lesson. Name a source after every number and every statement of law, like this.[^S1]

## Check your understanding

<!-- pool: {id}-check; draw: all -->

### To fill in: ask one thing that matters on the job.

<!-- q: {id}-first; type: single; lo: LO1 -->

- [x] To fill in: the right answer
  > To fill in: why it is right.
- [ ] To fill in: a wrong answer
  > To fill in: why people think so, and what is true.

> [!NOTE]
> To fill in: what to remember.

[^S1]: [To fill in: the title of the page](https://www.missouri.gov/), checked {today}
"""

_FINAL = """\
---
id: final
title: "{title}"
kind: quiz
disciplines: [shared]
minutes: 5
objectives:
  - {{id: LO1, text: "To fill in: what the learner can do afterwards, beginning with a verb"}}
content_note: none
quiz: {{role: final, pass_mark: 80, shuffle: true, shuffle_options: true, feedback: after-submit}}
---

# {title}

Take it as often as you like. There is no time limit.

## Questions

<!-- pool: final-questions; draw: all -->

### To fill in: a statement that is true or false.

<!-- q: final-first; type: true-false; lo: LO1 -->

- [x] True
  > To fill in: why.
- [ ] False
  > To fill in: why not.

> [!NOTE]
> To fill in: what to remember.
"""

_GLOSSARY = """\
# Glossary

Indicator
: Something that may go with a kind of harm and may also have another cause. A reason to look closer, not proof.
"""


def new_course(course_id: str, title: str, *, language: str = "en", today: date) -> Mapping[str, bytes]:
    """The files of a new course by path from its folder. It can be published as it is; the checker names every gap.

    Raises `Invalid` for an id that is no slug.
    """
    _require_slug(course_id)
    title = _one_line(title)
    code = "-".join(part[:3].upper() for part in course_id.split("-") if part)[:11]
    texts = {
        "course.yaml": _COURSE.format(id=course_id, code=code, language=language),
        f"{language}/course.md": _COURSE_TEXT.format(title=title),
        f"{language}/01-first-steps.md": _MODULE.format(id="first-steps", title="First steps", today=today),
        f"{language}/90-final.md": _FINAL.format(title="Final quiz"),
        f"{language}/glossary.md": _GLOSSARY,
    }
    return {path: text.encode() for path, text in texts.items()}


def new_module(module_id: str, title: str, number: int, *, language: str = "en", today: date) -> Mapping[str, bytes]:
    """The file of a new module by path from the course's folder; it still has to be listed in course.yaml."""
    _require_slug(module_id)
    text = _MODULE.format(id=module_id, title=_one_line(title), today=today)
    return {f"{language}/{number:02}-{module_id}.md": text.encode()}


def _require_slug(name: str) -> None:
    if not SLUG.match(name):
        raise Invalid("An id has 3 to 40 small letters, digits and hyphens, such as first-steps.", "id")


def _one_line(title: str) -> str:
    """A title that stands safely between quotes in YAML and after a # in Markdown."""
    title = " ".join(title.replace("\\", " ").replace('"', "”").split())
    if not title or len(title) > 200 or not title.isprintable():
        raise Invalid("Give the course or module a title of at most 200 letters.", "title")
    return title
