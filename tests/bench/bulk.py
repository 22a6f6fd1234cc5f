"""Certificates in bulk: drawn, given their badge and signed by the pressroom, by turns with one at a time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from lms.certification import store
from lms.certification.badges import issuing
from lms.certification.documents import Order
from lms.certification.facts import CertificateFacts
from lms.certification.models import Certificate
from lms.certification.pressroom import Child, Pressroom
from lms.certification.signers import signing_material
from lms.database import db, writing
from tests.bench.gauges import Sample, cpu_seconds
from tests.bench.site import Site

CHILDREN = 2
IN_BULK, ALONE = 60, 20
"""So many in each turn."""


@dataclass(slots=True)
class Bulk:
    """What was measured: signed certificates by the pressroom, and asked of one process one after the other."""

    together: Sample = field(default_factory=Sample)
    alone: Sample = field(default_factory=Sample)
    load: float = 0.0
    """The machine's average load in the minute before the last turn ended: what others did besides."""

    @property
    def times_alone(self) -> float:
        """How many are made in bulk in the time of one alone; two children can make it twice as many and what drawing
        together spares."""
        return self.together.rate / self.alone.rate

    @property
    def cpu_share(self) -> float:
        """The processor time of one in bulk, as a share of one alone: what no other load moves much."""
        return self.together.cpu_milliseconds / self.alone.cpu_milliseconds


def bulk_drawing(site: Site, turns: int = 3) -> Bulk:
    """Both by turns, so that a slow minute of the machine slows both. The children are warm before."""
    orders, found, child = orders_of(site, IN_BULK), Bulk(), Child()
    try:
        with Pressroom(CHILDREN) as room:

            def together() -> None:
                if any(drawing.content is None for drawing in room.draw_each(orders)):
                    raise RuntimeError("a certificate could not be drawn")

            def alone() -> None:
                for order in orders[:ALONE]:
                    if isinstance(problem := child.ask([order]), str):
                        raise RuntimeError(problem)

            together()
            alone()
            for _ in range(turns):
                found.together.add(timed(together, len(orders)))
                found.alone.add(timed(alone, ALONE))
    finally:
        child.stop()
    found.load = os.getloadavg()[0]
    return found


def timed(step: Callable[[], None], count: int) -> Sample:
    """One turn, with the processor time of this process and its children."""
    cpu, begin = cpu_seconds(os.getpid()), time.monotonic()
    step()
    return Sample(requests=count, seconds=time.monotonic() - begin, cpu=cpu_seconds(os.getpid()) - cpu)


def orders_of(site: Site, count: int) -> Sequence[Order]:
    """Orders as a bundle makes them: with the badge and the site's own key."""
    lms = site.app.extensions["lms"]
    with site.app.app_context(), writing():
        signer = signing_material(lms.settings)
        rows = db.session.execute(select(Certificate.id, Certificate.facts).order_by(Certificate.id).limit(count)).all()
        orders = []
        for number, facts in rows:
            carried = issuing.badge_attachment(number, lms.settings)
            attached = [carried] if carried else []
            orders.append(store.order_of(CertificateFacts.from_json(facts), lms.files, signer, attached))
        return orders
