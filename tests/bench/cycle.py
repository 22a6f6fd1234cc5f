"""What wrk cannot do: whole quiz cycles over HTTP, the first drawing of certificates, and a page with all its parts."""

from __future__ import annotations

import html
import http.client
import json
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from lms.answering import FormValues
from tests.bench.gauges import Sample, cpu_seconds
from tests.bench.site import COURSE, Server, Site

THREADS = 4


class Browser:
    """One kept connection with one person's cookie."""

    def __init__(self, server: Server, cookie: str = "") -> None:
        self.connection = http.client.HTTPConnection(urlsplit(server.address).netloc, timeout=30)
        self.cookie = cookie
        self.token = ""

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            given["Cookie"] = self.cookie
        self.connection.request(method, path, body, given)
        answer = self.connection.getresponse()
        content = answer.read()
        return answer.status, content, {name.lower(): value for name, value in answer.getheaders()}

    def get(self, path: str) -> str:
        status, content, _ = self.ask("GET", path)
        if status != 200:
            raise RuntimeError(f"{path} answered {status}")
        return content.decode()

    def learn_token(self, path: str) -> None:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.get(path))
        self.token = html.unescape(found.group(1)) if found else ""

    def post(self, path: str, **fields: Any) -> str:
        """A form, and where it leads."""
        body = urlencode({"csrf_token": self.token, **fields}, doseq=True)
        status, content, headers = self.ask("POST", path, body, Content_Type="application/x-www-form-urlencoded")
        if status != 303:
            raise RuntimeError(f"POST {path} answered {status}: {content[:300]!r}")
        return urlsplit(headers["location"]).path


@dataclass(slots=True)
class Sitting:
    """One learner's cycle under way."""

    browser: Browser
    page: str = ""
    attempt: int = 0
    answers: FormValues | None = None
    requests: int = 0


def quiz_cycles(site: Site, server: Server, count: int) -> tuple[Sample, int]:
    """Start, every answer saved on its own, submit, result: for so many learners, by four threads.

    Returns the sample (a request of it is a whole cycle) and the number of requests in one cycle.
    The right answers are looked up between the two measured halves.
    """
    sittings = [Sitting(Browser(server, site.learner(is_ready=True))) for _ in range(count)]
    for one in sittings:
        one.browser.learn_token(f"/learn/{COURSE}/{site.final}")
    sample = timed(server, sittings, lambda one: start(site, one))
    for one in sittings:
        one.answers = site.answers_of(one.attempt)
    finished = timed(server, sittings, finish)
    sample.add(finished)
    sample.requests = count
    return sample, sittings[0].requests


def timed(server: Server, things: Sequence[Any], step: Callable[[Any], None]) -> Sample:
    before, began = cpu_seconds(server.pid), time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(step, things))
    return Sample(len(things), time.monotonic() - began, cpu_seconds(server.pid) - before)


def start(site: Site, one: Sitting) -> None:
    where = one.browser.post(f"/learn/{COURSE}/{site.final}/attempts")
    one.page = one.browser.get(where)
    one.attempt = int(where.rsplit("/", 1)[1])
    one.requests += 2


def finish(one: Sitting) -> None:
    assert one.answers is not None
    browser, address = one.browser, f"/attempts/{one.attempt}"
    by_question: dict[str, FormValues] = {}
    for name, values in one.answers.items():
        by_question.setdefault(name.split(".")[0], {})[name] = values
    for number, (question, values) in enumerate(by_question.items(), 1):
        body = json.dumps({"values": values, "sequence": number})
        headers = {"Content_Type": "application/json", "Accept": "application/json", "X_CSRFToken": browser.token}
        status, content, _ = browser.ask("PUT", f"{address}/responses/{question}", body, **headers)
        if status != 200:
            raise RuntimeError(f"saving an answer gave {status}: {content[:300]!r}")
    key = re.search(r'name="idempotency_key" value="([^"]+)"', one.page)
    where = browser.post(f"{address}/submit", idempotency_key=key.group(1) if key else "", **one.answers)
    result = browser.get(where)
    if 'data-passed="true"' not in result:
        raise RuntimeError("a cycle with right answers did not pass")
    one.requests += len(by_question) + 2


def first_drawings(server: Server, certificates: Sequence[tuple[str, str]]) -> tuple[Sample, int]:
    """Certificates that nobody has drawn yet, one after the other; returns the sample and the bytes of one."""
    sizes: list[int] = []
    before, began = cpu_seconds(server.pid), time.monotonic()
    for code, cookie in certificates:
        status, content, _ = Browser(server, cookie).ask("GET", f"/certificates/{code}.pdf")
        if status != 200 or not content.startswith(b"%PDF"):
            raise RuntimeError(f"the certificate answered {status}")
        sizes.append(len(content))
    sample = Sample(len(sizes), time.monotonic() - began, cpu_seconds(server.pid) - before)
    return sample, max(sizes)


def first_load(server: Server, path: str, cookie: str) -> tuple[int, int]:
    """Requests and bytes (compressed bodies, as a browser asks for them) of a page with an empty cache."""
    browser = Browser(server, cookie)
    status, packed, headers = browser.ask("GET", path, Accept_Encoding="br, gzip")
    if status != 200:
        raise RuntimeError(f"{path} answered {status}")
    page = packed.decode() if "content-encoding" not in headers else Browser(server, cookie).get(path)
    head = re.findall(r'<(?:link[^>]+rel="(?:stylesheet|icon|preload)"[^>]*|script[^>]*|img[^>]*)>', page)
    parts = {found for tag in head for found in re.findall(r'(?:href|src)="(/[^"]+)"', tag)}
    total, waiting, seen = len(packed), sorted(parts), set(parts)
    while waiting:
        part = waiting.pop()
        status, content, _ = browser.ask("GET", part, Accept_Encoding="br, gzip")
        total += len(content)
        if part.endswith(".css"):
            plain = Browser(server, cookie).get(part)
            for name in re.findall(r"url\(([\w./-]+)\)", plain):
                full = name if name.startswith("/") else f"{part.rpartition('/')[0]}/{name}"
                if full not in seen:
                    seen.add(full)
                    waiting.append(full)
    return 1 + len(seen), total
