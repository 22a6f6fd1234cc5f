"""The site to measure: a database of its own with the shipped course, seeded learners, and people who are signed in."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from flask import Flask
from sqlalchemy import select

from lms.answering import FormValues, right_answers
from lms.app import create_app
from lms.assessment.models import Attempt
from lms.assessment.sittings import load_sitting
from lms.catalog.models import CourseVersion
from lms.certification.models import Certificate
from lms.clock import utc_now
from lms.database import db, writing
from lms.learning.models import Enrollment, ModuleProgress
from lms.people import policies, signins
from lms.people.models import Agency, Membership, RoleGrant, User
from lms.publishing import publish_folder
from lms.resources import data_folder
from lms.schema import upgrade
from lms.seeding import seed

COURSE = "understanding-trafficking"
SERVER = ["--interface", "wsgi", "--host", "127.0.0.1", "--workers", "2", "--blocking-threads", "4", "--no-ws"]
SERVER += ["--log-level", "warning"]


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: its address and the process above its workers."""

    address: str
    pid: int


class Site:
    """Builds the database before the server starts, and signs people in (cookies) without a password."""

    def __init__(self, folder: Path, learners: int) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "LMS_INSTANCE_PATH": str(folder),
            "LMS_SECRET_KEY": "for a benchmark only, 32 characters long or more",
            "LMS_SITE_URL": self.address,
            "LMS_PORT": str(self.port),
            "LMS_WEB_WORKERS": "2",
            "LMS_WEB_THREADS": "4",
            "LMS_VERIFY_LIMIT": "10000000 per minute",
            "LMS_VERIFY_LIMIT_IN_ALL": "10000000 per minute",
            "LMS_LOG_LEVEL": "WARNING",
        }
        os.environ.update(self.environment)
        self.app: Flask = create_app()
        upgrade(self.app.extensions["lms"].settings.database)
        self.learners = learners
        with self.app.app_context():
            publish_folder(data_folder("courses") / COURSE)
            seed(self.app.extensions["lms"].settings, learners, lambda text: None)
            self._find_course()

    def _find_course(self) -> None:
        version = db.session.scalars(select(CourseVersion).where(CourseVersion.is_current)).one()
        modules = version.facts["modules"]
        self.version_id, self.course_id = version.id, version.course_id
        self.final = next(module["id"] for module in modules if module["quiz_role"] == "final")
        self.first = next(module["id"] for module in modules if module["kind"] == "module")
        self.modules = [module["id"] for module in modules]
        self.agency_id = db.session.scalars(select(Agency.id).order_by(Agency.id)).first() or 1

    def learner(self, *, is_ready: bool = False) -> str:
        """A learner who is enrolled, and has read all up to the final quiz if ready; returns the cookie."""
        now = utc_now()
        with self.app.app_context(), writing():
            user = self._person("Bench learner")
            db.session.add(
                Membership(user_id=user, agency_id=self.agency_id, discipline="schools", started_on=now.date())
            )
            enrollment = Enrollment(user_id=user, course_id=self.course_id, version_id=self.version_id, enrolled_at=now)
            db.session.add(enrollment)
            db.session.flush()
            for module in self.modules if is_ready else ():
                if module != self.final:
                    moments: dict[str, Any] = {
                        "opened_at": now,
                        "last_seen_at": now,
                        "read_at": now,
                        "completed_at": now,
                    }
                    db.session.add(ModuleProgress(enrollment_id=enrollment.id, module_id=module, **moments))
            return self._signed_in(user)

    def administrator(self) -> str:
        with self.app.app_context(), writing():
            user = self._person("Bench administrator")
            db.session.add(RoleGrant(user_id=user, role="state-administrator", agency_id=None, granted_at=utc_now()))
            return self._signed_in(user)

    def certificates(self, count: int) -> list[tuple[str, str]]:
        """Codes of seeded certificates, each with its holder's cookie."""
        with self.app.app_context(), writing():
            rows = db.session.execute(select(Certificate.code, Certificate.user_id).limit(count)).all()
            return [(code, self._signed_in(user)) for code, user in rows]

    def _person(self, name: str) -> int:
        user = User(name=name, language="en", created_at=utc_now())
        db.session.add(user)
        db.session.flush()
        policies.accept_by_itself(user.id, policies.in_force(), user.language, utc_now())
        return user.id

    def _signed_in(self, user_id: int) -> str:
        return f"lms=s.{signins.begin_session(user_id, hours=2, agent='bench')}"

    def answers_of(self, attempt_id: int) -> FormValues:
        """Right answers to an attempt, as its learner's browser would send them."""
        with self.app.app_context():
            holder = select(Enrollment.user_id).join(Attempt, Attempt.enrollment_id == Enrollment.id)
            user_id = db.session.scalars(holder.where(Attempt.id == attempt_id)).one()
            answers = right_answers(load_sitting(user_id, attempt_id))
            db.session.remove()
            return answers

    @contextmanager
    def running(self) -> Iterator[Server]:
        """`lms serve`, without the worker."""
        command = [sys.executable, "-m", "lms.cli", "serve", "--no-worker"]
        with started(command, self.environment, f"{self.address}/catalog") as pid:
            yield Server(self.address, pid)


@contextmanager
def floor_running(database: Path) -> Iterator[Server]:
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "granian",
        *SERVER,
        "--port",
        str(port),
        "--factory",
        "tests.bench.floor:create_app",
    ]
    environment = {"BENCH_FLOOR_DATABASE": str(database)}
    with started(command, environment, f"http://127.0.0.1:{port}/hello") as pid:
        yield Server(f"http://127.0.0.1:{port}", pid)


@contextmanager
def started(command: list[str], environment: dict[str, str], probe: str) -> Iterator[int]:
    """A server process in a group of its own, once it answers; stopped at the end with all that it started."""
    process = subprocess.Popen(command, env={**os.environ, **environment}, start_new_session=True)
    try:
        wait_for(probe, process)
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(25)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server stopped with code {process.returncode}")
        try:
            urlopen(url, timeout=2).close()
            return
        except HTTPError:
            return
        except (URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"nothing answers at {url}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
