"""`lms run`: the address is told when the site answers, and a port that is taken is said in a sentence."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from lms.cli import cli
from lms.serving import Opening, Watched, answers
from lms.settings import Settings, SettingsError
from lms.starting import start_everything
from tests.bench.gauges import family


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def settings_at(port: int, folder: Path) -> Settings:
    return Settings(port=port, instance_path=str(folder), secret_key="a secret for tests, 32 characters or more")


@contextmanager
def a_site_that_answers(port: int) -> Iterator[None]:
    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/healthz" else 500)
            self.end_headers()

        def log_message(self, format: str, *values: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", port), Healthy)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_address_is_told_once_and_only_when_the_site_answers(tmp_path: Path) -> None:
    port = a_free_port()
    told: list[str] = []
    opening = Opening(settings_at(port, tmp_path), lambda: told.append("the address"))

    opening.look()
    before = list(told)
    with a_site_that_answers(port):
        opening.look()
        opening.look()

    assert before == []
    assert told == ["the address"]


def test_a_site_that_does_not_answer_in_time_is_said_to_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opening = Opening(settings_at(a_free_port(), tmp_path), lambda: None, patience_seconds=0)

    opening.look()
    opening.look()

    assert capsys.readouterr().err.count("The site does not answer after 0 seconds.") == 1


def test_a_port_that_is_taken_is_said_in_a_sentence_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        with pytest.raises(SystemExit) as refused:
            start_everything(settings_at(port, tmp_path / "instance"), lambda text: None)

    assert str(refused.value).startswith(f"Port {port} of 127.0.0.1 cannot be used: another program listens there")
    assert "choose another port: PORT=" in str(refused.value)
    assert f"PORT={port} " not in str(refused.value)
    assert not (tmp_path / "instance").exists()


def started(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the console said until the site would have been served."""
    lines: list[str] = []
    monkeypatch.setenv("LMS_DEMO", "")  # set by the start; taken back with the test
    monkeypatch.setattr("lms.starting.become_watcher", lambda *, opening: lines.append(opening))
    start_everything(settings, lines.append)
    return "\n".join(lines)


def test_a_site_with_courses_of_its_own_starts_without_the_demo_and_says_so(
    tmp_path: Path, tiny_course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = replace(settings_at(a_free_port(), tmp_path / "instance"), courses=str(tiny_course))

    said = started(settings, monkeypatch)

    assert "published tiny, version 1" in said
    assert "There is no demo here" in said
    assert "lms create-admin" in said
    assert "Demo sign-ins" not in said
    assert os.environ["LMS_DEMO"] == ""


def test_a_demo_that_was_stopped_while_it_was_made_is_made_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_at(a_free_port(), tmp_path / "instance")
    with monkeypatch.context() as stopped:
        stopped.setattr("lms.demo.STARTED", ("nobody@demo.example",))  # the last step finds no such person
        with pytest.raises(KeyError):
            started(settings, stopped)

    said = started(settings, monkeypatch)

    assert "demo: 10 agencies, 13 people" in said
    assert "4 certified, a team that waits for its nurse" in said
    assert "Demo sign-ins" in said


def test_a_course_that_changed_since_is_named_with_the_way_out_when_the_site_starts_again(
    tmp_path: Path, tiny_course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = Path(shutil.copytree(tiny_course, tmp_path / "tiny"))
    settings = replace(settings_at(a_free_port(), tmp_path / "instance"), courses=str(tmp_path / "tiny"))
    started(settings, monkeypatch)
    page = next((course / "en").glob("0*.md"))
    page.write_text(page.read_text(encoding="utf-8") + "\nOne more line.\n", encoding="utf-8")

    said = started(settings, monkeypatch)

    assert "tiny was not published: “tiny” is published as version 1 and this folder differs" in said
    assert "retrain" in said
    assert "%(" not in said


def test_a_site_whose_courses_are_not_there_does_not_start(tmp_path: Path) -> None:
    settings = replace(settings_at(a_free_port(), tmp_path / "instance"), courses=str(tmp_path / "nowhere"))

    with pytest.raises(SettingsError, match=r"LMS_COURSES names .*nowhere"):
        start_everything(settings, lambda text: None)

    assert not (tmp_path / "instance").exists()


def alive(name: str) -> bool:
    """Whether any process was started with this word on its command line."""
    lines = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    return any(name.encode() in line for line in lines)


def test_nothing_that_a_watched_process_started_outlives_it() -> None:
    mark = f"31{os.getpid()}"
    watched = Watched("test", lambda: os.execvp("sh", ["sh", "-c", f"trap '' TERM; sleep {mark} & wait; wait"]))
    until = time.monotonic() + 10
    while not alive(mark) and time.monotonic() < until:
        time.sleep(0.05)

    watched.stop()
    watched.wait(time.monotonic() + 0.2)

    assert not watched.is_alive()
    assert not alive(mark)


def test_a_process_that_died_is_started_again_after_its_pause_and_the_watcher_never_waits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = Watched("test", lambda: None)
    first = watched.pid
    wait_until(lambda: not watched.is_alive())

    with monkeypatch.context() as patched:
        patched.setattr(time, "sleep", lambda seconds: pytest.fail("the watcher waited"))
        watched.look()
        assert watched.pid == first
        watched.starts_at = time.monotonic()
        watched.look()

    assert watched.pid != first
    assert "starting it again" in capsys.readouterr().err
    watched.wait(time.monotonic() + 5)


def test_a_terminal_that_closes_leaves_nothing_running(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    program = f"""
import os, pathlib, time
from lms import serving
from lms.settings import Settings, SettingsError

def pages():
    pathlib.Path({str(noted)!r}).write_text(str(os.getpid()))
    time.sleep(60)

serving.serve(Settings(port={a_free_port()}, secret_key="x" * 40), {{"web server": pages}})
"""
    watcher = subprocess.Popen([sys.executable, "-c", program])
    wait_until(lambda: noted.exists() and noted.read_text() != "")

    watcher.send_signal(signal.SIGHUP)
    watcher.wait(30)

    with pytest.raises(ProcessLookupError):
        os.kill(int(noted.read_text()), 0)


@contextmanager
def a_served_site(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`lms serve` on an empty database: its process, and the port on which it answers."""
    port = a_free_port()
    environment = {
        **os.environ,
        "LMS_INSTANCE_PATH": str(folder),
        "LMS_PORT": str(port),
        "LMS_SECRET_KEY": "a secret for tests, 32 characters or more",
    }
    command = [sys.executable, "-m", "lms.cli"]
    subprocess.run([*command, "db", "upgrade"], env=environment, check=True, capture_output=True)
    served = subprocess.Popen(
        [*command, "serve"], env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    try:
        yield served, port
    finally:
        served.kill()
        served.wait(30)


def test_the_site_is_served_survives_the_death_of_its_web_server_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with a_served_site(tmp_path) as (served, port):
        settings = settings_at(port, tmp_path)
        wait_until(lambda: answers(settings))
        parts = [one for one in family(served.pid) if parent_of(one) == served.pid]
        web = next(one for one in parts if any(parent_of(other) == one for other in family(served.pid)))

        os.kill(web, signal.SIGKILL)
        wait_until(lambda: web not in family(served.pid))
        wait_until(lambda: answers(settings))
        everything = family(served.pid)
        served.terminate()
        code = served.wait(60)

    assert len(parts) == 2
    assert code == 0
    assert [one for one in everything if Path(f"/proc/{one}").exists()] == []


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 180
    while time.monotonic() < until:
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come true within three minutes")


def test_the_port_that_is_given_to_run_goes_before_every_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LMS_PORT", str(a_free_port()))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        ran = CliRunner(env={"LMS_ENV": "development", "LMS_INSTANCE_PATH": str(tmp_path / "instance")}).invoke(
            cli, ["run", "--port", str(port)]
        )

    assert ran.exit_code == 1
    assert str(ran.exception or ran.output).startswith(f"Port {port} of 127.0.0.1 cannot be used")
    assert "lms run --port" in str(ran.exception or ran.output)
