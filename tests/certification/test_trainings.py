"""Training done elsewhere: handed in, decided, undone with what was issued from it; and records from paper."""

from __future__ import annotations

import io
import re
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from lms import amending
from lms.certification import paper_records
from lms.certification.change_models import CertificateChange
from lms.certification.models import Certificate
from lms.certification.paper_records import read_lines
from lms.certification.training_models import ExternalTraining, TrainingEntry
from lms.clock import utc_now
from lms.database import db
from lms.errors import Conflict, Invalid
from lms.mail import write_mail
from lms.people.models import AuditEvent, User
from tests.certification.conftest import Learners
from tests.certification.test_certifying import award, save
from tests.certification.test_changes import wait_for_whoever_waits
from tests.certification.test_evidence_files import pdf_of
from tests.support.pages import text_of
from tests.support.visits import mails, send
from tests.support.world import form_token

DAY = {"completed_on-month": "3", "completed_on-day": "1", "completed_on-year": "2026"}
CLAIM = {
    "title": "The same, by the academy",
    "provider": "Academy",
    "contact_minutes": "60",
    "course_id": "",
    "note": "",
    **DAY,
}


class Office:
    """Somebody who was trained elsewhere, and the administrator of their agency."""

    def __init__(self, learners: Learners) -> None:
        self.world = learners.world
        self.agency = learners.agency
        self.person = self.world.user("Elsa Where", email="elsa@test.example", agency=learners.agency)
        self.administrator = self.world.user("Ada Ministrator", email="ada@test.example", agency=learners.agency)
        self.world.grant(self.administrator, "agency-administrator", learners.agency)
        self.own, self.office = self.world.client_of(self.person), self.world.client_of(self.administrator)

    def hand_in(self, content: bytes | None = None, client: FlaskClient | None = None, **changes: str):
        content = pdf_of() if content is None else content
        values = {**CLAIM, **changes, "evidence": (io.BytesIO(content), "My paper.pdf")}
        return send(client or self.own, "/training/new", values, page="/training/new")

    def training(self) -> ExternalTraining:
        return self.world.read(lambda: db.session.scalars(select(ExternalTraining)).one())

    def trainings(self) -> list[ExternalTraining]:
        return self.world.read(lambda: list(db.session.scalars(select(ExternalTraining).order_by(ExternalTraining.id))))

    def certifications(self) -> list[Certificate]:
        return self.world.read(
            lambda: list(
                db.session.scalars(
                    select(Certificate).where(Certificate.kind == "certification").order_by(Certificate.id)
                )
            )
        )

    def course_id(self) -> str:
        form = self.own.get("/training/new").text
        found = re.search(r'<option value="(\d+)">', form)
        assert found
        return found[1]

    def decide(self, decision: str = "approve", reason: str = "Seen", **values: str):
        number = self.training().id
        return send(
            self.office, f"/training/{number}", {"decision": decision, "reason": reason, "course_id": "", **values}
        )


@pytest.fixture
def office(learners: Learners) -> Office:
    return Office(learners)


def test_what_was_handed_in_is_approved_as_a_course_and_earns_at_once(office: Office) -> None:
    save(office.world)
    assert office.hand_in().status_code == 303
    assert "The same, by the academy" in text_of(office.office.get("/training/queue"))

    assert office.decide(course_id=office.course_id()).status_code == 303

    assert office.training().state == "approved"
    assert [one.user_id for one in office.certifications()] == [office.person]
    assert "Approved" in text_of(office.own.get("/training"))
    assert [one["template"] for one in mails(office.world)] == ["certificate-issued", "training-decided"]


def printed(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


def test_a_provider_written_from_right_to_left_does_not_turn_the_day_behind_it(office: Office) -> None:
    office.hand_in(provider="مركز التدريب")

    assert "<bdi>مركز التدريب</bdi> · " in office.own.get("/training").text


def test_approved_training_stands_on_the_transcript_and_what_waits_does_not(office: Office) -> None:
    office.hand_in()
    assert "Academy" not in office.own.get("/transcript").text

    office.decide()

    assert "The same, by the academy Academy 1.00" in text_of(office.own.get("/transcript"))
    assert "The same, by the academy" in printed(office.own.get("/transcript.pdf").data)


def test_hours_alone_earn_nothing(office: Office) -> None:
    save(office.world)
    office.hand_in()

    office.decide()

    assert office.training().state == "approved"
    assert office.certifications() == []


def test_an_undone_approval_names_and_revokes_what_was_issued_from_it(office: Office) -> None:
    save(office.world)
    office.hand_in()
    office.decide(course_id=office.course_id())
    (certificate,) = office.certifications()
    number = office.training().id
    page = text_of(office.office.get(f"/training/{number}/undo"))
    assert certificate.code in page
    assert office.certifications()[0].revoked_at is None, "asking changes nothing"

    answer = send(office.office, f"/training/{number}/undo", {"reason": "The paper is another person's"})

    assert answer.status_code == 303
    assert office.training().state == "submitted"
    (revoked,) = office.certifications()
    assert (revoked.revoked_reason, revoked.facts) == ("The paper is another person's", certificate.facts)


def test_a_training_approved_anew_after_a_slip_earns_its_certification_again(office: Office) -> None:
    save(office.world)
    office.hand_in()
    office.decide(course_id=office.course_id())
    send(office.office, f"/training/{office.training().id}/undo", {"reason": "I took the wrong course from the list"})

    office.decide(course_id=office.course_id())

    revoked, again = office.certifications()
    assert (revoked.revoked_at is None, again.revoked_at is None) == (False, True)


def test_a_certification_revoked_for_itself_is_not_brought_back_by_its_training(office: Office) -> None:
    save(office.world)
    office.hand_in()
    office.decide(course_id=office.course_id())
    (certificate,) = office.certifications()
    send(office.office, f"/certificates/{certificate.code}/revoke", {"reason": "Obtained by a false paper"})
    send(office.office, f"/training/{office.training().id}/undo", {"reason": "To look at it again"})

    office.decide(course_id=office.course_id())

    assert [one.code for one in office.certifications()] == [certificate.code]


def test_what_was_revoked_with_an_undone_approval_is_not_brought_back_alone(office: Office) -> None:
    save(office.world)
    office.hand_in()
    office.decide(course_id=office.course_id())
    code = office.certifications()[0].code
    send(office.office, f"/training/{office.training().id}/undo", {"reason": "A mistake"})
    change = office.world.read(lambda: db.session.scalars(select(CertificateChange.id)).one())
    undo = f"/certificates/{code}/changes/{change}/undo"

    refused = send(office.office, undo, {"reason": "It was right"})

    assert refused.status_code == 409
    assert office.certifications()[0].revoked_at is not None


def test_a_decision_is_undone_within_seven_days_only(office: Office) -> None:
    office.hand_in()
    office.decide()
    number = office.training().id

    def age() -> None:
        row = db.session.get_one(ExternalTraining, number)
        row.decided_at = row.decided_at - timedelta(days=7)

    office.world.write(age)

    assert send(office.office, f"/training/{number}/undo", {"reason": "late"}).status_code == 409
    assert office.training().state == "approved"


def test_a_refusal_says_why_and_needs_a_reason(office: Office) -> None:
    office.hand_in()
    assert office.decide("refuse", reason="").status_code == 422
    assert office.training().state == "submitted"

    office.decide("refuse", reason="The name is not yours")

    assert "The name is not yours" in text_of(office.own.get("/training"))


def test_nobody_decides_on_their_own(office: Office) -> None:
    office.hand_in(client=office.office)

    assert office.decide().status_code == 409
    assert office.training().state == "submitted"


def test_what_waits_can_be_withdrawn_and_what_is_decided_cannot(office: Office) -> None:
    office.hand_in()
    number = office.training().id
    assert send(office.own, f"/training/{number}/withdraw", page="/training").status_code == 303
    assert office.training().state == "withdrawn"

    assert office.decide().status_code == 409
    assert send(office.own, f"/training/{number}/withdraw", page="/training").status_code == 409


def test_the_evidence_is_a_download_for_owner_and_administrator_and_looking_is_noted(office: Office) -> None:
    content = pdf_of()
    office.hand_in(content)
    number = office.training().id

    answers = [one.get(f"/training/{number}/evidence") for one in (office.own, office.office)]

    for answer in answers:
        assert (answer.status_code, answer.data) == (200, content)
        assert answer.headers["Content-Disposition"] == 'attachment; filename="My paper.pdf"'
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "sandbox" in answer.headers["Content-Security-Policy"].split("; ")
    looked = office.world.read(
        lambda: db.session.execute(
            select(AuditEvent.actor_id, AuditEvent.agency_id).where(AuditEvent.action == "training.evidence-fetched")
        ).all()
    )
    assert looked == [(office.administrator, office.agency)]


def test_the_home_page_of_an_administrator_tells_what_waits_for_them_and_nobody_elses_does(office: Office) -> None:
    office.hand_in()
    elsewhere = office.world.agency("Elsewhere")
    other = office.world.user("Other", agency=elsewhere)
    office.world.grant(other, "agency-administrator", elsewhere)
    words = "1 training done elsewhere"

    told = [text_of(client.get("/home")) for client in (office.office, office.own, office.world.client_of(other))]
    office.decide("refuse")

    assert [words in one for one in told] == [True, False, False]
    assert words not in text_of(office.office.get("/home"))


def test_a_refused_record_does_not_say_that_it_counts(office: Office) -> None:
    office.hand_in()
    office.decide(course_id=office.course_id())
    number = office.training().id
    send(office.office, f"/training/{number}/undo", {"reason": "A slip"})
    office.decide("refuse")

    page = text_of(office.office.get(f"/training/{number}"))

    assert "Should count as" in page
    assert "Counts as" not in page


def test_another_agency_sees_neither_record_nor_evidence(office: Office) -> None:
    office.hand_in()
    number = office.training().id
    elsewhere = office.world.agency("Elsewhere")
    other = office.world.user("Other", agency=elsewhere)
    office.world.grant(other, "agency-administrator", elsewhere)
    client = office.world.client_of(other)

    assert client.get(f"/training/{number}").status_code == 404
    assert client.get(f"/training/{number}/evidence").status_code == 404
    assert send(client, f"/training/{number}", {"decision": "approve", "reason": "x"}).status_code == 404
    assert "academy" not in client.get("/training/queue").text


def test_a_file_that_is_refused_leaves_nothing_behind(office: Office, app: Flask) -> None:
    folder = Path(app.extensions["lms"].settings.instance) / "files" / "evidence"
    before = set(folder.glob("*")) if folder.is_dir() else set()

    refused = office.hand_in(b"<html>")
    office.hand_in()
    again = office.hand_in()

    assert (refused.status_code, again.status_code) == (422, 422)
    assert "Only PDF, PNG and JPEG" in refused.text
    assert "handed this in already" in again.text
    assert len(office.trainings()) == 1
    assert len(set(folder.glob("*")) - before) == 1


def post_file(office: Office, address: str, content: bytes) -> TestResponse:
    """As one body of bytes, as a browser sends it: the test client would leave its own scratch file open."""
    values = {
        **CLAIM,
        "csrf_token": form_token(office.own, "/training/new"),
        "evidence": FileStorage(io.BytesIO(content), "x.pdf"),
    }
    boundary, body = encode_multipart(values)
    return office.own.post(address, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def test_large_files_are_taken_here_and_nowhere_else(office: Office) -> None:
    large = pdf_of().replace(b"%%EOF", b"% " + b"0" * 5_000_000 + b"\n%%EOF")

    assert post_file(office, "/training/new", large).status_code == 303
    assert post_file(office, "/account", large).status_code == 413
    assert len(office.trainings()) == 1


def test_a_file_that_is_too_large_is_refused_beside_its_field_and_the_entries_stay(office: Office) -> None:
    answer = post_file(office, "/training/new", pdf_of() + b"0" * 11_000_000)

    assert answer.status_code == 422
    assert "at most 10 MB" in answer.text
    assert 'value="The same, by the academy"' in answer.text
    assert "Only the file has to be chosen again" in answer.text
    assert office.trainings() == []


def test_a_request_beyond_all_bounds_names_the_bound_and_leads_back_to_the_form(office: Office) -> None:
    answer = office.own.post(
        "/training/new",
        data=b"--x\r\n",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": "60000000"},
    )

    assert answer.status_code == 413
    assert "At most 50 MB" in answer.text
    assert 'href="/training/new"' in answer.text


def test_all_that_is_missing_is_said_at_once_the_file_too(office: Office) -> None:
    answer = send(office.own, "/training/new", {}, page="/training/new")

    assert answer.status_code == 422
    assert "Fill in what it was." in answer.text
    assert "Choose the file that shows the training." in answer.text
    assert "Only the file has to be chosen again" not in answer.text


def test_minutes_that_are_no_number_are_refused_with_one_sentence(office: Office) -> None:
    answer = office.hand_in(contact_minutes="9.5")

    assert answer.status_code == 422
    assert text_of(answer).count("Enter a whole number from 1 to 60000.") == 2  # in the summary, and beside the field
    assert "integer" not in answer.text


def test_a_year_of_long_ago_is_not_called_the_future(office: Office) -> None:
    answer = office.hand_in(**{"completed_on-year": "1900"})

    assert answer.status_code == 422
    assert "too far back" in answer.text
    assert "must be in the past" not in answer.text


def test_an_empty_file_is_called_empty(office: Office) -> None:
    answer = office.hand_in(b"")

    assert answer.status_code == 422
    assert "This file is empty." in answer.text


PAPER = """Name\tTitle\tProvider\tDay\tMinutes\tCourse
elsa@test.example\tOn paper\tAcademy\t2026-03-01\t60\ttiny
ELSA  WHÉRE\tOther paper\tAcademy\t3/2/2026\t90\t
Twin Person\tOn paper\tAcademy\t2026-03-01\t60\t
Nobody Here\tOn paper\tAcademy\t2026-03-01\t60\t
elsa@test.example\ton paper\tAcademy\t2026-03-01\t60\t
elsa@test.example\tBad day\tAcademy\t31.12.2026\t60\t
elsa@test.example\tBad course\tAcademy\t2026-03-01\t60\tnone
elsa@test.example\tBad minutes\tAcademy\t2026-03-01\tan hour\t
Ada Ministrator\tHer own\tAcademy\t2026-03-01\t60\t
"""


def outcomes(page: str) -> list[str]:
    return re.findall(r'data-outcome="(\w+)"', page)


def test_each_line_of_a_table_says_what_becomes_of_it_and_nothing_is_entered_yet(office: Office) -> None:
    for _ in range(2):
        office.world.user("Twin Person", agency=office.agency)

    page = send(office.office, "/training/paper", {"lines": PAPER})

    assert outcomes(page.text) == ["match", "match", "ambiguous", "unknown", "duplicate"] + ["faulty"] * 4
    assert office.trainings() == []


def test_a_cell_in_quotation_marks_may_follow_a_space_and_keeps_its_commas() -> None:
    (line,) = read_lines('Nora, "Care, with comma", Academy, 2026-02-28, 20,')

    assert (line.title, line.provider, line.day) == ("Care, with comma", "Academy", "2026-02-28")


def test_a_quotation_mark_that_is_not_closed_is_told_with_its_line() -> None:
    with pytest.raises(Invalid) as refused:
        read_lines('Nora,Care,Academy,2026-02-28,20,\nNora, "Care, Academy, 2026-02-27, 20,\nNora,t,p,2026-01-01,10,')

    assert refused.value.values == {"number": 2}


def test_one_tab_among_commas_does_not_make_a_table_of_tabs() -> None:
    lines = read_lines("Nora,Care\tA,Academy,2026-02-28,20,\nNora,t,p,2026-01-01,10,")

    assert [line.provider for line in lines] == ["Academy", "p"]


def test_from_the_checked_lines_one_comes_back_to_what_was_pasted(office: Office) -> None:
    pasted = "Nobody,t,p,2026-01-01,10,\nElsa Where,t,p,2026-01-01,10,"

    page = send(office.office, "/training/paper", {"lines": pasted, "again": "1"}, page="/training/paper")

    assert page.status_code == 200
    assert pasted in page.text.replace("\r\n", "\n")
    assert office.trainings() == []


def test_an_entry_counts_at_once_keeps_who_entered_it_and_is_undone_as_a_whole(office: Office) -> None:
    save(office.world)

    answer = send(office.office, "/training/paper", {"lines": PAPER, "sure": "1"})

    assert answer.status_code == 303
    rows = office.trainings()
    assert [(one.title, one.state, one.entered_by_id, one.user_id) for one in rows] == [
        ("On paper", "approved", office.administrator, office.person),
        ("Other paper", "approved", office.administrator, office.person),
    ]
    assert rows[1].completed_on == date(2026, 3, 2)
    (certificate,) = office.certifications()
    again = send(office.office, "/training/paper", {"lines": PAPER})
    assert outcomes(again.text).count("match") == 0

    address = answer.headers["Location"]
    assert certificate.code in office.office.get(f"{address}/undo").text
    assert send(office.office, f"{address}/undo", {"reason": "Wrong folder"}).status_code == 303
    assert [one.state for one in office.trainings()] == ["withdrawn", "withdrawn"]
    assert office.certifications()[0].revoked_reason == "Wrong folder"
    assert send(office.office, f"{address}/undo", {"reason": "again"}).status_code == 409


def test_an_entry_is_undone_within_seven_days_and_by_who_made_it(office: Office) -> None:
    address = send(office.office, "/training/paper", {"lines": PAPER, "sure": "1"}).headers["Location"]
    other = office.world.user("Second", agency=office.agency)
    office.world.grant(other, "agency-administrator", office.agency)
    assert office.world.client_of(other).get(address).status_code == 404

    def age() -> None:
        entry = db.session.scalars(select(TrainingEntry)).one()
        entry.undo_until = entry.undo_until - timedelta(days=7)

    office.world.write(age)

    assert send(office.office, f"{address}/undo", {"reason": "late"}).status_code == 409
    assert {one.state for one in office.trainings()} == {"approved"}


def test_a_table_may_come_as_a_file_and_people_of_other_agencies_are_unknown_in_it(office: Office) -> None:
    office.world.user("Foreign", email="foreign@test.example", agency=office.world.agency("Elsewhere"))
    content = (
        "elsa@test.example;On paper;Academy;2026-03-01;60;\nforeign@test.example;On paper;Academy;2026-03-01;60;\n"
    )

    taken = send(office.office, "/training/paper", {"file": (io.BytesIO(b"\xef\xbb\xbf" + content.encode()), "a.csv")})
    refused = send(office.office, "/training/paper", {"file": (io.BytesIO(b"\xff\xfe\x00x"), "a.csv")})

    assert outcomes(taken.text) == ["match", "unknown"]
    assert refused.status_code == 422


@pytest.mark.parametrize(
    "text", ["", "  \n ", "\n".join(["a,b,c,2026-01-01,60,"] * 501), "x" * 200_001, "Name,Title\n"]
)
def test_a_table_that_is_none_or_too_much_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read_lines(text)


def test_short_and_long_lines_are_read_without_harm() -> None:
    lines = read_lines('Nora\n"Nora, RN",t,p,d,m,c,more,cells\n')

    assert [(one.person, one.course) for one in lines] == [("Nora", ""), ("Nora, RN", "c")]


def test_many_lines_cost_a_bounded_number_of_look_ups_of_people(office: Office, count_queries) -> None:
    lines = read_lines("\n".join(f"Nobody {number},t,p,2026-01-01,60," for number in range(90)))
    count_queries.statements.clear()

    checked = office.world.read(
        lambda: paper_records.check_lines(lines, select(User.id), actor_id=office.administrator, today=date(2026, 5, 1))
    )

    assert {one.outcome for one in checked} == {"unknown"}
    assert count_queries.count == 2


def test_the_same_training_is_known_by_its_title_whatever_its_accents_and_capitals(office: Office) -> None:
    office.hand_in(title="Ética policial")

    answers = [office.hand_in(title=title) for title in ("Ética policial", "ÉTICA POLICIAL", "etica policial")]

    assert all("You have handed this in already." in one.text for one in answers)
    paper = send(office.office, "/training/paper", {"lines": "Elsa Where\tÉTICA Policial\tAcademy\t2026-03-01\t60\t"})
    assert outcomes(paper.text) == ["duplicate"]


def test_lines_that_match_cost_no_more_look_ups_for_being_many(office: Office, count_queries) -> None:
    def asked(count: int) -> int:
        lines = read_lines("\n".join(f"Elsa Where,Course {number},p,2026-01-01,60," for number in range(count)))
        count_queries.statements.clear()
        office.world.read(
            lambda: paper_records.check_lines(
                lines, select(User.id), actor_id=office.administrator, today=date(2026, 5, 1)
            )
        )
        return count_queries.count

    assert asked(90) == asked(1)


@pytest.mark.postgresql_only
@pytest.mark.parametrize("taken_back", ["training", "certificate"])
def test_nothing_is_issued_on_evidence_that_is_being_taken_back(
    office: Office, learners: Learners, taken_back: str
) -> None:
    settings, now, is_taken_back = office.world.app.extensions["lms"].settings, utc_now(), threading.Event()
    if taken_back == "training":
        office.hand_in()
        office.decide(course_id=office.course_id())
        person = office.person
    else:
        person, code = learners.certified()
    save(office.world)

    def take_back() -> None:
        if taken_back == "training":
            training = db.session.scalars(select(ExternalTraining)).one()
            amending.undo_training(training, "Wrong", settings, actor_id=office.administrator, now=now)
        else:
            row = db.session.scalars(select(Certificate).where(Certificate.code == code)).one()
            amending.revoke_certificate(row, "Wrong", settings, actor_id=office.administrator, now=now)
        is_taken_back.set()
        wait_for_whoever_waits()

    def earn() -> None:
        is_taken_back.wait(10)
        award(office.world, person, now)

    other = threading.Thread(target=earn)
    other.start()
    office.world.write(take_back)
    other.join()

    assert office.certifications() == []


@pytest.mark.postgresql_only
def test_two_who_enter_the_same_paper_at_once_enter_it_once(office: Office) -> None:
    lines = read_lines("Elsa Where,On paper,Academy,2026-03-01,60,")
    problems, is_entered = [], threading.Event()
    other = office.world.user("Second", agency=office.agency)

    def enter(actor: int) -> None:
        settings = office.world.app.extensions["lms"].settings
        amending.enter_paper(
            lines,
            select(User.id),
            settings,
            actor_id=actor,
            today=date(2026, 5, 1),
            now=datetime(2026, 5, 1, tzinfo=UTC),
        )

    def enter_second() -> None:
        is_entered.wait(10)
        try:
            office.world.write(lambda: enter(other))
        except Conflict as error:
            problems.append(error)

    def enter_first() -> None:
        enter(office.administrator)
        is_entered.set()
        wait_for_whoever_waits()

    thread = threading.Thread(target=enter_second)
    thread.start()
    office.world.write(enter_first)
    thread.join()

    assert len(office.trainings()) == 1
    assert [str(one) for one in problems] == ["None of these lines can be entered."]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("what", ["approved", "refused", "undone"])
def test_the_mail_names_no_subject(context: Flask, language: str, what: str) -> None:
    mail = write_mail(
        "training-decided", language, {"what": what}, to="x@a.example", effect_key="k",
        settings=context.extensions["lms"].settings,
    )  # fmt: skip

    assert "traffick" not in mail.as_string().lower()
    assert "/training" in mail.get_content()
