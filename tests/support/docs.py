"""README's tables, drawn from the code: `python -m tests.support.docs` writes them, a test holds them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import click
from flask import Flask

from lms import access
from lms.app import create_app
from lms.cli import cli
from lms.courseware.check import CODES
from lms.courseware.folder import load_folder
from lms.courseware.read import read_course
from lms.person_rooms import FIRSTS, ROOMS
from lms.settings import Settings, variable_name
from lms.web.guards import policy_of

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def first_line(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()[0]


def rooms() -> str:
    found = []
    for path in sorted((ROOT / "lms").iterdir()):
        if path.suffix == ".py" and path.name != "__init__.py":
            found.append((f"`{path.name}`", first_line(path)))
        elif (path / "__init__.py").is_file():
            found.append((f"`{path.name}/`", first_line(path / "__init__.py")))
    return table(("room", "what is in it"), found)


def settings() -> str:
    rows = []
    for item in fields(Settings):
        default = "" if item.default == "" else f"`{item.default}`"
        rows.append((f"`{variable_name(item.name)}`", default, item.metadata["meaning"]))
    return table(("variable", "default", "meaning"), rows)


def commands() -> str:
    rows: list[tuple[str, ...]] = []

    def walk(group: click.Group, prefix: str) -> None:
        context = click.Context(group)
        for name in sorted(group.list_commands(context)):
            command = group.get_command(context, name)
            if isinstance(command, click.Group):
                walk(command, f"{prefix} {name}")
            else:
                rows.append((f"`{prefix} {name}`", ((command and command.help) or "").strip().splitlines()[0]))

    walk(cli, "lms")
    return table(("command", "does"), rows)


def addresses(app: Flask | None = None) -> str:
    app = app or create_app({"instance_path": str(ROOT / "instance"), "env": "development"})
    rows = set()
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        policy = policy_of(view)
        who = policy if isinstance(policy, str) else f"who may: {policy.name.lower().replace('_', ' ')}"
        methods = ", ".join(sorted(rule.methods - {"HEAD", "OPTIONS"}))
        says = (view.__doc__ or "").strip().splitlines()
        rows.add((f"`{rule.rule}`", methods, who, says[0] if says else ""))
    return table(("address", "methods", "for", "what"), sorted(rows))


def permissions() -> str:
    rows = [
        (one.name.lower().replace("_", " "), one.value, ", ".join(access.roles_with(one))) for one in access.Permission
    ]
    return table(("permission", "means", "roles"), rows)


def codes() -> str:
    return table(("code", "meaning"), [(f"`{code}`", meaning) for code, meaning in sorted(CODES.items())])


ORDER = ("FND", "SCH", "HC", "LE", "XT", "SN", "CR", "DR", "TM")
"""The courses in the order in which they are taken: core, disciplines, beyond one's own, teams."""


def courses() -> str:
    """The shipped curriculum; whether somebody has reviewed a course stands in its `reviews`."""
    rows = []
    for folder in sorted((ROOT / "courses").glob("*/course.yaml")):
        course, problems = read_course(load_folder(folder.parent), folder.parent.name)
        assert course is not None, problems
        taught = [module for module in course.files["en"].values() if module.kind in ("module", "scenario", "exercise")]
        reviewed = [review.role for review in course.reviews if review.name and review.reviewed_on]
        rows.append(
            (
                course.code,
                f"{course.text('en').title} (`{course.id}`)",
                str(course.contact_minutes),
                str(len(taught)),
                "everybody" if "shared" in course.disciplines else ", ".join(course.disciplines),
                ", ".join(course.languages),
                ", ".join(reviewed) or "not yet",
            )
        )
    rows.sort(key=lambda row: (ORDER.index(row[0].partition("-")[0]), row[0]))
    return table(("code", "course", "minutes", "modules", "for", "languages", "reviewed"), rows)


def data_map() -> str:
    """By room: what is kept about a person, and what becomes of it."""
    rows = []
    for room in ROOMS:
        for claim in room.claims:
            if claim is FIRSTS[claim.table]:
                told = (claim.holds, claim.why, claim.kept, claim.seen_by)
                rows.append((f"`{room.name}`", f"`{claim.table}`", *told, claim.erase.words))
    return table(("room", "table", "what about a person", "why", "how long", "who sees it", "when erased"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "rooms": rooms,
    "settings": settings,
    "commands": commands,
    "addresses": addresses,
    "permissions": permissions,
    "codes": codes,
    "courses": courses,
    "data-map": data_map,
}


def section(text: str, name: str) -> str:
    """What stands between the markers of a table."""
    return text.partition(f"<!-- {name} -->\n")[2].partition(f"\n<!-- /{name} -->")[0]


def rewritten(text: str) -> str:
    for name, draw in TABLES.items():
        old = section(text, name)
        text = text.replace(f"<!-- {name} -->\n{old}\n<!-- /{name} -->", f"<!-- {name} -->\n{draw()}\n<!-- /{name} -->")
    return text


if __name__ == "__main__":
    README.write_text(rewritten(README.read_text(encoding="utf-8")), encoding="utf-8")
