"""Gauges: what a server's processes have used so far (from /proc), and wrk's word on a route."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
CONNECTIONS = 8


def family(root: int) -> list[int]:
    """A process and everything that it started."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += parents.get(one, [])
    return found


def cpu_seconds(root: int) -> float:
    """Processor time, user and system, of a process and its children that live, in steps of a hundredth."""
    total = 0
    for one in family(root):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def memory_megabytes(root: int) -> float:
    """Proportional share of memory: pages that several processes share count once."""
    total = 0
    for one in family(root):
        try:
            text = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        found = re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)
        total += int(found.group(1)) if found else 0
    return total / 1024


@dataclass(slots=True)
class Sample:
    """Several short looks at one route, added up."""

    requests: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    p99: float = 0.0
    failures: int = 0

    def add(self, other: Sample) -> None:
        self.requests += other.requests
        self.seconds += other.seconds
        self.cpu += other.cpu
        self.p99 = max(self.p99, other.p99)
        self.failures += other.failures

    @property
    def rate(self) -> float:
        return self.requests / self.seconds if self.seconds else 0.0

    @property
    def cpu_milliseconds(self) -> float:
        return self.cpu * 1000 / self.requests if self.requests else 0.0


UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}


def wrk(url: str, seconds: float, pid: int, cookie: str = "") -> Sample:
    """One look at a route by wrk, with the processor time that the server used meanwhile."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--latency"]
    if cookie:
        command += ["-H", f"Cookie: {cookie}"]
    before = cpu_seconds(pid)
    text = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(pid) - before
    done = re.search(r"(\d+) requests in ([\d.]+)(us|ms|s|m)", text)
    late = re.search(r"99%\s+([\d.]+)(us|ms|s|m)", text)
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    if done is None:
        raise RuntimeError(f"wrk said nothing to count: {text}")
    return Sample(
        requests=int(done.group(1)),
        seconds=float(done.group(2)) * UNITS[done.group(3)] / 1000,
        cpu=used,
        p99=float(late.group(1)) * UNITS[late.group(2)] if late else 0.0,
        failures=int(bad.group(1)) if bad else 0,
    )
