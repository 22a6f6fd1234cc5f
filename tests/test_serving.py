"""`lms run`: the address is told when the site answers, and a port that is taken is said in a sentence."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from lms.serving import Opening, Watched
from lms.settings import Settings
from lms.starting import start_everything


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


def alive(name: str) -> bool:
    """Whether any process was started with this word on its command line."""
    lines = (path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists())
    return any(name.encode() in line for line in lines)


def test_nothing_that_a_watched_process_started_outlives_it() -> None:
    mark = f"31{os.getpid()}"
    watched = Watched("test", ["sh", "-c", f"trap '' TERM; sleep {mark} & wait; wait"])
    until = time.monotonic() + 10
    while not alive(mark) and time.monotonic() < until:
        time.sleep(0.05)

    watched.stop()
    watched.wait(time.monotonic() + 0.2)

    assert watched.process.poll() is not None
    assert not alive(mark)


def test_a_process_that_died_is_started_again_after_its_pause_and_the_watcher_never_waits(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = Watched("test", ["true"])
    first = watched.process
    first.wait()

    with monkeypatch.context() as patched:
        patched.setattr(time, "sleep", lambda seconds: pytest.fail("the watcher waited"))
        watched.look()
        assert watched.process is first
        watched.starts_at = time.monotonic()
        watched.look()

    assert watched.process is not first
    assert "starting it again" in capsys.readouterr().err
    watched.wait(time.monotonic() + 5)


def test_a_terminal_that_closes_leaves_nothing_running(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    server = f"import os, pathlib, time; pathlib.Path({str(noted)!r}).write_text(str(os.getpid())); time.sleep(60)"
    program = f"""
import sys
from lms import serving
from lms.settings import Settings
serving.web_command = lambda settings: [sys.executable, "-c", {server!r}]
serving.serve(Settings(port={a_free_port()}, secret_key="x" * 40), with_worker=False)
"""
    watcher = subprocess.Popen([sys.executable, "-c", program])
    wait_until(lambda: noted.exists() and noted.read_text() != "")

    watcher.send_signal(signal.SIGHUP)
    watcher.wait(30)

    with pytest.raises(ProcessLookupError):
        os.kill(int(noted.read_text()), 0)


def wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(600):
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come true within 30 seconds")
