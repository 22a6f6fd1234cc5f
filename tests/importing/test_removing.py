"""What staff lists keep of somebody who is erased while their rows are still there."""

from __future__ import annotations

from sqlalchemy import select

from lms.database import db
from lms.people.importing.models import Import, ImportChange, ImportRow
from lms.people.models import User
from tests.importing.conftest import Place
from tests.importing.test_applying import HEAD, import_now, user_of
from tests.importing.test_claiming import erase_now


def test_rows_changes_and_examples_tell_nothing_of_an_erased_person(place: Place) -> None:
    world = place.importer.world
    import_now(place.importer, HEAD + "Old Zyx,zyx@a.example,Z99,Oak School,Teacher,\n")
    import_now(
        place.importer, HEAD + "New Zyx,new@a.example,Z99,Oak School,Teacher,\nBo Kim,b@a.example,,Oak School,x,\n"
    )
    zyx = user_of(place, "New Zyx").id

    def sign_in() -> None:
        user = db.session.get_one(User, zyx)
        user.last_seen_at = user.created_at

    world.write(sign_in)
    erase_now(world, zyx)

    def left() -> list[str]:
        tables = (Import, ImportRow, ImportChange)
        rows = [str(tuple(row)) for table in tables for row in db.session.execute(select(*table.__table__.columns))]
        return [row for row in rows if any(word in row for word in ("Zyx", "zyx", "new@a.example", "Z99"))]

    assert world.read(left) == []
    assert [row.name for row in place.importer.rows()] == ["", "Bo Kim"]
