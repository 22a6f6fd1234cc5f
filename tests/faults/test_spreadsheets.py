"""Files that a spreadsheet opens: no cell of any of them is run (fault 38), and none is held whole (fault 39)."""

from __future__ import annotations

import ast
import csv
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, update

from lms.database import db
from lms.jobs import deliver_due
from lms.people.models import Agency, User
from lms.reporting import audit_export, bundles
from lms.reporting.audit_export import Wish as AuditWish
from lms.reporting.bundle_keeping import Wish
from lms.reporting.exports import FORMULA_STARTS, LINES_PER_CHUNK, csv_chunks
from tests.access_table import TABLE
from tests.support.databases import empty
from tests.support.scene import Scene

SOURCE = Path(__file__).parents[2] / "lms"
RUN = '=cmd|" /C calc"!A0'
READING = [endpoint for endpoint, method in TABLE if method == "GET"]


@pytest.fixture(scope="module")
def scene(built_app: Flask, owner_engine: Engine) -> Iterator[Scene]:
    """Everything there is, with people and agencies whose names are formulas."""
    built_app.config["WTF_CSRF_ENABLED"] = False
    made = Scene(built_app)

    def rename() -> None:
        db.session.execute(update(User).values(name=RUN, certificate_name=f"+{RUN}"))
        db.session.execute(update(Agency).values(name=f"@{RUN}"))

    made.world.write(rename)
    yield made
    built_app.config["WTF_CSRF_ENABLED"] = True
    with built_app.app_context():
        db.session.remove()
    empty(owner_engine)


def cells_of(content: bytes) -> list[str]:
    return [cell for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")) for cell in row]


def check(content: bytes) -> bool:
    """Whether a formula came in at all. No cell begins like one."""
    cells = cells_of(content)
    assert [cell for cell in cells if cell.startswith(FORMULA_STARTS)] == []
    return any(cell.startswith("'") for cell in cells)


def test_no_cell_of_a_csv_at_any_address_is_run(scene: Scene) -> None:
    found = {}
    for endpoint in READING:
        answer = scene.client_of("state").get(scene.address(endpoint))
        if answer.mimetype == "text/csv":
            found[endpoint] = check(answer.get_data())
        answer.close()

    assert {"reporting.export_certified", "clee.export_roster"} <= set(found) or len(found) >= 4, found
    assert any(found.values()), "nothing was shown: no name reached a file"


def test_no_cell_of_a_csv_that_the_worker_makes_is_run(scene: Scene) -> None:
    admin = scene.people["admin_a"]
    audit = scene.world.write(lambda: audit_export.ask(AuditWish(), asked_by_id=admin).id)
    bundle = scene.world.write(lambda: bundles.ask(Wish(), asked_by_id=admin).id)
    while deliver_due(scene.app):
        pass
    client = scene.client_of("admin_a")

    table = client.get(f"/batches/{audit}/files/audit-1.csv").get_data()
    packed = client.get(f"/batches/{bundle}/files/certificates-1.zip").get_data()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        index = archive.read("index.csv")

    assert check(table)
    check(index)


def test_every_csv_of_the_program_is_written_in_one_place() -> None:
    writers = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in ("writer", "DictWriter")
        and getattr(node.value, "id", "") == "csv"
    }

    assert writers == {"reporting/exports.py"}, "write it with csv_chunks, which makes cells neutral"


def test_of_a_file_of_a_million_rows_some_hundred_are_held_at_a_time() -> None:
    read = 0

    def rows() -> Iterator[list[str | int]]:
        nonlocal read
        for number in range(1_000_000):
            read += 1
            yield [number, "Peña, Ana", "Oak School"]

    sent = ahead = longest = 0
    for chunk in csv_chunks(["n", "name", "agency"], rows()):
        sent += chunk.count(b"\r\n")
        ahead, longest = max(ahead, read - sent), max(longest, len(chunk))

    assert sent == 1_000_001
    assert ahead <= LINES_PER_CHUNK
    assert longest < 20_000
