"""What teams keep of one person: seats, teams they lead, milestones they attested, their name on certificates."""

from __future__ import annotations

from sqlalchemy import select, update

from lms.certification.document_models import IssuedDocument
from lms.certification.models import Certificate
from lms.cohorts.models import CohortInvitation, Member
from lms.cohorts.report_claims import NAMELESS, REPORT_CLAIMS, TEAM, erase_from_actions
from lms.database import db
from lms.people.models import User
from lms.people.persons import Claim, Erasing, Merging, PersonRoom, by_hand, erase_claims, goes, move_claims, stays

CLAIMS = (
    Claim(
        "lms_cohort_members",
        "user_id",
        "teams",
        holds="who sits or sat in which seat of a team, for which agency",
        why="a team's certificate stands on its seats",
        kept="as long as the account; of an erased person, as an id until retention is over",
        seen_by=TEAM,
        export={
            "team": "cohort_id>lms_cohorts.name",
            "seat": "seat_id>lms_seats.key",
            "for_agency": "agency_id>lms_agencies.name",
            "is_alternate": "is_alternate",
            "joined_at": "joined_at",
            "left_at": "left_at",
        },
        erase=by_hand("the seat becomes free; who sat there stays as an id"),
        finally_=goes(),
    ),
    Claim(
        "lms_cohorts",
        "coordinator_id",
        "teams_you_coordinate",
        holds="who coordinates a team",
        why="so that somebody leads it",
        kept="until handed over",
        seen_by=TEAM,
        export={"team": "name", "since": "created_at", "archived_at": "archived_at"},
        kept_back=("template_id", "rules", "agency_id", "starts_on", "ready_by"),
        erase=stays("a team in use is handed over before; of an archived one stays an id"),
    ),
    Claim(
        "lms_milestones",
        "met_by_id",
        "milestones_you_attested",
        holds="who attested a milestone",
        why="so that it can be asked after",
        kept="as long as the team, as an id",
        seen_by=TEAM,
        export={"team": "cohort_id>lms_cohorts.name", "milestone": "key", "on": "met_on", "note": "note"},
        kept_back=("position", "title", "rule"),
        erase=NAMELESS,
    ),
    Claim(
        "lms_cohort_invitations",
        "created_by_id",
        "team_invitations_you_made",
        holds="who invited into a team; the address of a mail",
        why="to let somebody join",
        kept="the row stays, its address until it is erased",
        seen_by="who leads the team",
        export={"team": "cohort_id>lms_cohorts.name", "made_at": "created_at", "expires_at": "expires_at"},
        kept_back=("seat_id", "token_hash", "email", "max_uses", "uses", "withdrawn_at"),
        erase=NAMELESS,
    ),
    *REPORT_CLAIMS,
)


def merge_person(merging: Merging) -> None:
    """Both in one team: who has a seat stays in it, the account that stays before the other; the other's place in the
    team ends today. It stays on record who sat where."""
    present = select(Member).where(Member.left_at.is_(None))
    kept = {one.cohort_id: one for one in db.session.scalars(present.where(Member.user_id == merging.kept_id))}
    for one in db.session.scalars(present.where(Member.user_id == merging.gone_id)).all():
        other = kept.get(one.cohort_id)
        if other is not None:
            has_better = _rank(one) < _rank(other)
            merging.put("lms_cohort_members", (other if has_better else one).id, "left_at", merging.now)
    move_claims(merging, CLAIMS)


def _rank(member: Member) -> int:
    """A seat of one's own comes before an alternate's, and that before none."""
    return 2 if member.seat_id is None else int(member.is_alternate)


def erase_person(erasing: Erasing) -> None:
    """The seat becomes free; the name goes from every certificate of a team, whose PDF is drawn without it."""
    erase_claims(erasing, CLAIMS)
    if erasing.is_final:
        return
    user = db.session.get_one(User, erasing.user_id)
    own = db.session.scalars(select(Certificate.facts).where(Certificate.user_id == user.id))
    names = {user.name, user.printed_name, *(str(one.get("printed_name", "")) for one in own)} - {""}
    teams = set(db.session.scalars(select(Member.cohort_id).where(Member.user_id == user.id)))
    for one in db.session.scalars(select(Certificate).where(Certificate.team_cohort_id.in_(teams))).all():
        _erase_name(one, names, erasing)
    erase_from_actions(teams, names)
    db.session.execute(
        update(Member).where(Member.user_id == user.id, Member.left_at.is_(None)).values(left_at=erasing.now)
    )
    if user.email:
        waiting = CohortInvitation.email == user.email
        db.session.execute(
            update(CohortInvitation)
            .where(waiting, CohortInvitation.withdrawn_at.is_(None))
            .values(withdrawn_at=erasing.now)
        )
        db.session.execute(update(CohortInvitation).where(waiting).values(email=""))


def _erase_name(certificate: Certificate, names: set[str], erasing: Erasing) -> None:
    team = certificate.facts.get("team") or {}
    lines = [
        {**line, "person_name": "" if line.get("person_name") in names else line.get("person_name", "")}
        for line in team.get("composition", [])
    ]
    if lines == team.get("composition", []):
        return
    certificate.facts = {**certificate.facts, "team": {**team, "composition": lines}}
    for document in db.session.scalars(
        select(IssuedDocument).where(IssuedDocument.certificate_id == certificate.id)
    ).all():
        erasing.files_to_delete.append(document.stored_name)
    certificate.document_name = certificate.document_hash = None
    db.session.flush()


ROOM = PersonRoom(
    "cohorts",
    CLAIMS,
    merge_person,
    erase_person,
    untouched={
        "lms_seats": "places of a team; who sits there is a member",
        "lms_team_awards": "the composition on the day, by ids; hangs on the team",
    },
)
