"""`make bench`: measures routes of this site and of the floor by turns, prints ratios, writes bench-results.json.

Only ratios of one run count: machines are shared and drift. Nothing here fails on a time; budgets that no clock can
move (queries, bytes, requests) are tests.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import floor
from tests.bench.bulk import bulk_drawing
from tests.bench.cycle import first_drawings, first_load, quiz_cycles
from tests.bench.gauges import Sample, memory_megabytes, wrk
from tests.bench.site import COURSE, Server, Site, floor_running

LOOK_SECONDS = 2
ROUNDS = 2
RESULTS = Path("bench-results.json")
BULK = "certificates in bulk, signed"
Result = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--learners", type=int, default=1000)
    parser.add_argument("--cycles", type=int, default=80, help="Quiz cycles to run.")
    parser.add_argument("--against", metavar="URL", help="Time this page of another system with the same client.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        say(f"Making a site with {asked.learners:,} learners…")
        site = Site(Path(folder) / "instance", asked.learners)
        database = Path(folder) / "floor.sqlite"
        floor.fill(str(database))
        with floor_running(database) as below, site.running() as above:
            results = measure(site, above, below, asked)
    print_table(results)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    say(f"\nWritten: {RESULTS}")
    return 0


def measure(site: Site, above: Server, below: Server, asked: argparse.Namespace) -> Result:
    learner, administrator = site.learner(), site.administrator()
    codes = site.certificates(14)
    routes = {
        "module page": (f"/learn/{COURSE}/{site.first}", learner),
        "course page": (f"/courses/{COURSE}", learner),
        "catalog": ("/catalog", learner),
        "verify page": (f"/verify/{codes[0][0]}", ""),
        "report page": ("/reports", administrator),
        "report export": ("/reports/certified.csv", administrator),
    }
    samples = {"hello": Sample(), "one SELECT": Sample()}
    others: Result = {}
    drawn = attempted("certificate PDF, first", lambda: first_drawings(above, codes[1:]))
    if drawn is not None:
        samples["certificate PDF, first"], others["bytes of a certificate PDF"] = drawn
        routes["certificate PDF, again"] = (f"/certificates/{codes[1][0]}.pdf", codes[1][1])
    for name, (path, cookie) in routes.items():
        say(f"{name}…")
        sample = by_turns(f"{above.address}{path}", above, cookie, below, samples)
        if sample is not None:
            samples[name] = sample
    say("quiz cycle…")
    cycles = attempted("quiz cycle", lambda: quiz_cycles(site, above, asked.cycles))
    if cycles is not None:
        samples["quiz cycle"], others["requests in a quiz cycle"] = cycles
    say("certificates in bulk…")
    bulk = attempted(BULK, lambda: bulk_drawing(site))
    if bulk is not None:
        samples[BULK], samples["the same, one at a time"] = bulk.together, bulk.alone
        others["in bulk: certificates in the time of one alone"] = round(bulk.times_alone, 2)
        others["in bulk: processor time, as a share of one alone"] = round(bulk.cpu_share, 2)
        others["in bulk: load of the machine (average of a minute)"] = round(bulk.load, 1)
    loaded = attempted("first load", lambda: first_load(above, routes["module page"][0], learner))
    if loaded is not None:
        others["requests of a first module page"], others["bytes of a first module page"] = loaded
    others["memory of the web server, MB"] = round(memory_megabytes(above.pid))
    if asked.against:
        samples[asked.against] = wrk(asked.against, LOOK_SECONDS, above.pid)
        samples[asked.against].cpu = 0.0
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "learners": asked.learners,
        "routes": {name: figures(sample, samples) for name, sample in samples.items()},
        "others": others,
    }


def by_turns(url: str, above: Server, cookie: str, below: Server, samples: dict[str, Sample]) -> Sample | None:
    """Looks at one route, each between looks at the floor, so that a slow minute of the machine slows both."""
    total = Sample()
    wrk(url, 1, above.pid, cookie)
    for _ in range(ROUNDS):
        samples["hello"].add(wrk(f"{below.address}/hello", 1, below.pid))
        samples["one SELECT"].add(wrk(f"{below.address}/select", 1, below.pid))
        total.add(wrk(url, LOOK_SECONDS, above.pid, cookie))
    if total.failures:
        say(f"  not measured: {total.failures} of {total.requests} answers were errors")
        return None
    return total


def attempted(name: str, step: Callable[[], Any]) -> Any:
    """A part that cannot be measured is said to be so; the others still are."""
    try:
        return step()
    except (RuntimeError, OSError) as problem:
        say(f"  {name} was not measured: {problem}")
        return None


def figures(sample: Sample, samples: dict[str, Sample]) -> Result:
    floor_cpu = samples["one SELECT"].cpu_milliseconds
    return {
        "per_second": round(sample.rate, 1),
        "cpu_ms": round(sample.cpu_milliseconds, 3),
        "p99_ms": round(sample.p99, 1),
        "cpu_times_one_select": round(sample.cpu_milliseconds / floor_cpu, 2) if floor_cpu else None,
        "rate_share_of_one_select": round(sample.rate / samples["one SELECT"].rate, 4),
    }


def print_table(results: Result) -> None:
    say(f"\n{'':30}{'per second':>12}{'CPU-ms':>10}{'p99 ms':>10}{'CPU, × one SELECT':>20}")
    for name, row in results["routes"].items():
        times = f"{row['cpu_times_one_select']:.2f}" if row["cpu_times_one_select"] else "–"
        say(f"{name:30}{row['per_second']:>12,.1f}{row['cpu_ms']:>10.2f}{row['p99_ms'] or '–':>10}{times:>20}")
    for name, value in results["others"].items():
        say(f"{name}: {value:,}")


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
