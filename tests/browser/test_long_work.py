"""The page of long work: it comes up to date under the reader without a reload, and says at the end that it ended."""

from __future__ import annotations

from sqlalchemy import select

from lms import batches
from lms.batches import Piece
from lms.clock import utc_now
from lms.database import db, run_transaction
from lms.people.models import User
from tests.browser.conftest import Site, Walk
from tests.browser.test_axe import AXE

ASKER = "state.admin@demo.example"


def test_the_page_brings_itself_up_to_date_and_keeps_the_focus(fresh_site: Site, open_page: Walk) -> None:
    with fresh_site.app.app_context():
        asker = db.session.scalars(select(User.id).where(User.email == ASKER)).one()
        batch_id = run_transaction(lambda: batches.begin("test", {}, asked_by_id=asker, total=2).id)

    def record(number: int, *, is_last: bool) -> None:
        with fresh_site.app.app_context():
            piece = Piece(done=1, cursor={"at": number}, is_last=is_last)
            run_transaction(lambda: batches.record_start(batch_id, utc_now()))
            run_transaction(lambda: batches.record_piece(batch_id, number, piece, utc_now()))

    page = open_page(fresh_site, email=ASKER)
    page.clock.install()
    page.goto(f"/batches/{batch_id}")
    page.evaluate(AXE)
    assert page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"] == []
    page.get_by_role("button", name="Stop").focus()

    record(0, is_last=False)
    page.clock.fast_forward(3100)
    page.get_by_text("1 done so far.").wait_for()
    assert page.evaluate("document.activeElement.textContent").strip() == "Stop"

    record(1, is_last=True)
    page.clock.fast_forward(3100)
    page.get_by_role("status").get_by_text("Finished").wait_for()
    assert page.get_by_role("button", name="Stop").count() == 0
    assert page.evaluate("document.activeElement.tagName") == "H1"
