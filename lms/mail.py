"""Mail: texts out of templates, sent by SMTP, or laid into a folder where there is no mail server."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import suppress
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lms.resources import data_folder
from lms.settings import Settings

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def write_mail(
    template: str, language: str, values: Mapping[str, Any], *, to: str, effect_key: str, settings: Settings
) -> EmailMessage:
    """A message out of `templates/mail/<template>.<language>.txt`, whose first line is `Subject: …`.

    English stands in for a language without a text of its own. The same `effect_key` gives the same Message-ID, so
    that a mail which has to be sent twice can be told for one.
    """
    environment = Environment(
        loader=FileSystemLoader(str(data_folder("templates") / "mail")),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - plain text, never HTML
        trim_blocks=True,
    )
    source = environment.select_template([f"{template}.{language}.txt", f"{template}.en.txt"])
    text = source.render({"site_name": settings.site_name, "site_url": settings.site_url, **values})
    head, _, body = text.partition("\n")
    message = EmailMessage()
    message["Subject"] = " ".join(head.removeprefix("Subject:").split())
    message["From"] = settings.mail_from
    message["To"] = to
    message["Date"] = formatdate()
    mark = hashlib.sha256(effect_key.encode()).hexdigest()[:32]
    message["Message-ID"] = f"<{mark}@{urlsplit(settings.site_url).hostname or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body.lstrip("\n"))
    return message


def deliver(message: EmailMessage, settings: Settings, *, name: str) -> None:
    """Send by SMTP, or lay the message into `mail/<name>.eml` of the instance. Raises OSError or SMTPException.

    Laying it twice under one name leaves one file: a job that is delivered twice has its effect once.
    """
    if not settings.mail_url:
        folder = mail_folder(settings)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.eml").write_bytes(bytes(message))
        return
    url = urlsplit(settings.mail_url)
    server = _connect(url, settings.mail_timeout_seconds)
    try:
        if url.username:
            server.login(unquote(url.username), unquote(url.password or ""))
        server.send_message(message)
        with suppress(OSError, smtplib.SMTPException):
            server.quit()  # it has the mail; a goodbye that fails must not send it once more
    finally:
        server.close()


def _connect(url: SplitResult, seconds: int) -> smtplib.SMTP:
    """A connection that is encrypted wherever the server can; never in the clear where a password goes over it.

    On this machine itself nobody listens in between, and a server's certificate is seldom one that can be checked.
    """
    host, context = url.hostname or "localhost", ssl.create_default_context()
    if host in LOOPBACK:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if url.scheme == "smtps":
        return smtplib.SMTP_SSL(host, url.port or 465, timeout=seconds, context=context)
    server = smtplib.SMTP(host, url.port or 25, timeout=seconds)
    try:
        server.ehlo_or_helo_if_needed()  # before it, the server has said nothing of what it can
        if server.has_extn("starttls"):
            server.starttls(context=context)
        elif url.username and host not in LOOPBACK:
            raise smtplib.SMTPNotSupportedError("the server offers no STARTTLS, so the password was not sent")
    except BaseException:
        server.close()
        raise
    return server


def mail_folder(settings: Settings) -> Path:
    return settings.instance / "mail"
