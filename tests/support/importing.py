"""Importing as an administrator does: through the pages, with the worker's work done in between."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select

from lms import batches
from lms.database import db
from lms.jobs import deliver_message
from lms.outbox import OutboxMessage
from lms.people.importing.models import Import, ImportRow
from lms.people.models import Membership, User
from tests.support.visits import send
from tests.support.world import World


class Importer:
    """One administrator at their browser."""

    def __init__(
        self, world: World, agency: int, *, role: str = "agency-administrator", email: str | None = None
    ) -> None:
        self.world, self.agency = world, agency
        email = email or f"admin{agency}@district.example"
        self.admin = world.user("The Administrator", email=email, agency=agency)
        world.grant(self.admin, role, agency)
        self.client: FlaskClient = world.client_of(self.admin)
        self.files = world.app.extensions["lms"].files
        self.id = 0

    def upload(self, content: bytes | str, name: str = "staff.csv") -> str:
        """The page after the upload."""
        data = content.encode() if isinstance(content, str) else content
        answer = send(
            self.client, "/people/import", {"agency_id": self.agency, "file": (io.BytesIO(data), name)},
            page="/people/import",
        )  # fmt: skip
        if answer.status_code != 303:
            return answer.get_data(as_text=True)
        self.id = int(answer.location.rpartition("/")[2])
        return self.page()

    def page(self, what: str = "") -> str:
        return self.client.get(f"/people/import/{self.id}{what}").get_data(as_text=True)

    def post(self, what: str, values: Mapping[str, Any] | None = None) -> int:
        return send(self.client, f"/people/import/{self.id}/{what}", values, page="/people/import").status_code

    def check(self, **defaults: str) -> str:
        """Send the page of columns as it stands, and let the worker check."""
        page = self.page("/match")
        values = {}
        for opening, options in re.findall(r"<select([^>]*)>(.*?)</select>", page, re.S):
            name = re.search(r'name="([^"]+)"', opening)
            chosen = re.search(r'<option value="([^"]*)" selected', options)
            if name and chosen:
                values[name[1]] = chosen[1]
        assert self.post("match", {**values, **defaults}) == 303
        self.work()
        return self.page()

    def confirm(self, **options: Any) -> str:
        answer = self.client.get(f"/people/import/{self.id}/confirm")
        assert answer.status_code == 200
        page = answer.get_data(as_text=True)
        hidden = dict(re.findall(r'name="(end_\w+)" type="hidden" value="([^"]*)"', page))
        assert self.post("confirm", {"language": "en", "course_id": "", "cohort_id": "", **hidden, **options}) == 303
        self.work()
        return self.page()

    def undo(self) -> str:
        assert self.post("undo") == 303
        self.work()
        return self.page()

    def work(self) -> None:
        """Let the worker do what was asked; mails stay in the outbox, where their links can be read."""
        waiting = select(OutboxMessage.id).where(
            OutboxMessage.kind == batches.MESSAGE_KIND, OutboxMessage.delivered_at.is_(None)
        )
        for message_id in self.world.read(lambda: list(db.session.scalars(waiting))):
            while deliver_message(self.world.app, message_id):
                pass

    def again(self) -> None:
        """Sign in anew, at another time."""
        self.client = self.world.client_of(self.admin)

    def counts(self) -> dict[str, Any]:
        return dict(self.row().counts)

    def row(self) -> Import:
        def read() -> Import:
            row = db.session.get_one(Import, self.id, populate_existing=True)
            db.session.expunge(row)
            return row

        return self.world.read(read)

    def rows(self) -> list[ImportRow]:
        return self.world.read(
            lambda: list(
                db.session.scalars(select(ImportRow).where(ImportRow.import_id == self.id).order_by(ImportRow.position))
            )
        )

    def outcomes(self) -> list[str]:
        return [row.outcome for row in self.rows()]

    def people(self) -> dict[str, tuple[str | None, frozenset[tuple[int, str]]]]:
        """Everybody with a place in some agency: name, e-mail and open places."""

        def read() -> dict[str, tuple[str | None, frozenset[tuple[int, str]]]]:
            found: dict[str, tuple[str | None, set[tuple[int, str]]]] = {}
            rows = db.session.execute(
                select(User.name, User.email, Membership.agency_id, Membership.discipline)
                .join(Membership, Membership.user_id == User.id)
                .where(Membership.ended_on.is_(None))
            )
            for name, email, agency_id, discipline in rows:
                found.setdefault(name, (email, set()))[1].add((agency_id, discipline))
            return {name: (email, frozenset(places)) for name, (email, places) in found.items()}

        return self.world.read(read)
