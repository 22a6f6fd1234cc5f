"""A host application for the plug-in's tests: its own Flask-Login, database, templates and static files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, render_template, session
from flask_login import LoginManager, UserMixin, current_user, login_user
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from lms import LMS, HostPerson


class Staff(UserMixin):
    def __init__(self, key: str) -> None:
        self.id = key


def make_host(folder: Path, people: dict[str, HostPerson], settings: dict[str, Any]) -> tuple[Flask, LMS]:
    """A host with a page `/`, a sign-in `/host-sign-in/<key>`, and the LMS below /training."""
    host = Flask("tests.host", root_path=str(Path(__file__).parent), instance_path=str(folder))
    host.config.update(SECRET_KEY="the host's own", SQLALCHEMY_DATABASE_URI=f"sqlite:///{folder / 'host.sqlite'}")
    database = SQLAlchemy(host)

    class Note(database.Model):  # type: ignore[name-defined,misc]
        __tablename__ = "users"
        id: Mapped[int] = mapped_column(primary_key=True)
        text: Mapped[str] = mapped_column(String(50))

    CSRFProtect(host)
    login = LoginManager(host)
    login.user_loader(Staff)

    @host.get("/")
    def home() -> str:
        who = current_user.id if current_user.is_authenticated else "nobody"
        return render_template("layout.html", who=who, notes=database.session.query(Note).count())

    @host.get("/host-sign-in/<key>")
    def host_sign_in(key: str) -> str:
        login_user(Staff(key))
        session["basket"] = "kept"
        return "ok"

    def current_person() -> HostPerson | None:
        return people.get(current_user.id) if current_user.is_authenticated else None

    lms = LMS(host, url_prefix="/training", user_loader=current_person, settings=settings)
    with host.app_context():
        database.create_all()
    return host, lms
