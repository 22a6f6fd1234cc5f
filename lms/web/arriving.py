"""Where somebody arrives who has signed in or proven again who they are: their page, or what they had entered."""

from __future__ import annotations

from flask import redirect, render_template, request
from werkzeug.wrappers import Response

from lms.web import navigation
from lms.web.kept import open_entries
from lms.web.signing_in import safe_next

FILE_ENDINGS = (".csv", ".zip", ".pdf", ".json", ".jwt", ".png")


def home() -> str:
    return navigation.href_of("/home") or f"{request.script_root}/"


def arrive(next_address: str | None, kept: str | None) -> str | Response:
    """To what was entered, ready to be sent again; else to where the person wanted to go; else home."""
    found = open_entries(kept)
    if found is not None:
        return render_template("errors/resend.html", entries=found.entries, action=found.address, is_back=True)
    target = safe_next(next_address, home())
    if target.partition("?")[0].endswith(FILE_ENDINGS):
        # A file would leave the browser on the page that asks for the password, as if nothing had happened.
        return render_template("accounts/fetch_file.html", target=target)
    return redirect(target, code=303)
