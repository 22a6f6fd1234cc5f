"""For who teaches in a room without internet: a course as one PDF, and the key to its quizzes."""

from __future__ import annotations

from pathlib import Path

import click

from lms.app import create_app
from lms.commands.speaking import called, say
from lms.database import run_transaction
from lms.printing import keeping
from lms.printing.sheets import FIRST_FORM, KEY, LAST_FORM, PACKET


@click.command("print")
@click.argument("course")
@click.option("--language", default="", help="Language of the text; the course's own where left out.")
@click.option("--form", default=FIRST_FORM, show_default=True, type=click.IntRange(FIRST_FORM, LAST_FORM))
@click.option("--key", "is_key", is_flag=True, help="The key to the quizzes in place of the packet; it is noted.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, writable=True, path_type=Path))
def print_command(course: str, language: str, form: int, is_key: bool, out: Path) -> None:
    """Write a published course as one PDF for paper, or the key to its quizzes."""
    app = create_app()
    runtime = app.extensions["lms"]
    with app.app_context():
        wanted = called(lambda: keeping.order(KEY if is_key else PACKET, course, language, form))
        content = keeping.stored(wanted, runtime.files, runtime.settings)
        if content is None:
            content = called(lambda: keeping.make(wanted, runtime.files, runtime.settings))
        if is_key:
            run_transaction(lambda: keeping.note_key(wanted, None))
        out.write_bytes(content)
    say(f"Written: {out}")
