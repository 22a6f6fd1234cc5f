"""The mails that lie in the instance's folder, to be read in the browser: on a developer's machine only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.parser import BytesParser
from email.utils import parsedate_to_datetime

from flask import Blueprint, render_template
from werkzeug.exceptions import NotFound

from lms.mail import mail_folder
from lms.web.guards import public, settings
from lms.web.signing_in import is_loopback

blueprint = Blueprint("development", __name__)

MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it lies there; `parts` are pieces of text and links, in order."""

    to: str
    subject: str
    sent_at: datetime | None
    parts: tuple[tuple[str, bool], ...]


@blueprint.get("/dev/mail")
@public
def list_mail() -> str:
    """The newest mails. Raises NotFound in production, where mail is really sent, and away from this machine."""
    if settings().is_production or settings().mail_url or not is_loopback():
        raise NotFound
    folder = mail_folder(settings())
    files = sorted(folder.glob("*.eml"), reverse=True)[:MOST_SHOWN] if folder.is_dir() else []
    return render_template("development/mail.html", mails=[read_mail(path.read_bytes()) for path in files])


def read_mail(content: bytes) -> Mail:
    """Out of the file's bytes."""
    message = BytesParser(policy=policy.default).parsebytes(content)
    body = message.get_body(("plain",))
    date = message["Date"]
    return Mail(
        to=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        sent_at=parsedate_to_datetime(str(date)) if date else None,
        parts=split_links(body.get_content() if body else ""),
    )


def split_links(text: str) -> tuple[tuple[str, bool], ...]:
    """Words that are addresses of this site become links: (text, is a link)."""
    own = settings().site_url.rstrip("/")
    parts: list[tuple[str, bool]] = []
    for line in text.splitlines(keepends=True):
        word = line.strip()
        is_link = word.startswith(f"{own}/") and " " not in word
        parts.append((word if is_link else line, is_link))
        if is_link:
            parts.append(("\n", False))
    return tuple(parts)
