"""Prints the rows of tests/access_table.py as the program answers now: `python -m tests.print_access [room]`."""

from __future__ import annotations

import sys
import tempfile

from lms.app import create_app
from lms.database import Model, db
from tests.access_bodies import BODIES
from tests.support.scene import ROLES, Scene, Snapshot
from tests.test_access import routes


def main(room: str = "") -> None:
    """Read each line before it goes into the table: the program may be wrong."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app({"instance_path": folder, "secret_key": "only for this run" * 2, "demo": True})
        app.testing = True
        app.config["WTF_CSRF_ENABLED"] = False
        with app.app_context():
            Model.metadata.create_all(db.engine)
        scene = Scene(app)
        snapshot = Snapshot(app)
        for endpoint, method in sorted(routes(app)):
            if endpoint == "static" or not endpoint.startswith(room):
                continue
            answers = []
            for role in ROLES:
                answers.append(scene.call(role, endpoint, method, BODIES.get((endpoint, method), {})))
                snapshot.restore()
            print(f'    ("{endpoint}", "{method}"): "{" ".join(map(str, answers))}",')


if __name__ == "__main__":
    main(*sys.argv[1:])
