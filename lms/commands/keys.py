"""For who looks after the signing keys: list them, and replace one; what they signed keeps verifying."""

from __future__ import annotations

from collections.abc import Callable

import click

from lms import keys
from lms.app import create_app
from lms.certification import signers
from lms.certification.badges import linked_proof, proof
from lms.commands.speaking import called, say
from lms.database import db, run_transaction
from lms.keys import NewKey
from lms.settings import Settings

Maker = Callable[[str, Settings], list[tuple[str, NewKey]]]

MAKERS: dict[str, Maker] = {
    signers.AUTHORITY: signers.new_signing_key,
    signers.SIGNER: signers.new_signing_key,
    proof.PURPOSE: proof.new_badge_key,
    linked_proof.PURPOSE: linked_proof.new_proof_key,
}
"""What makes the new keys of a purpose that can be rotated: (purpose, key) of each that takes over."""

LISTED = (*MAKERS, signers.FROM_FILE)


@click.group("keys")
def keys_group() -> None:
    """The site's signing keys."""


@keys_group.command("list")
def list_command() -> None:
    """Every signing key that the site ever had, with its days; never the private part."""
    app = create_app()
    with app.app_context():
        for purpose in LISTED:
            for row in keys.all_keys(purpose):
                state = f"retired {row.retired_at:%Y-%m-%d}" if row.retired_at else "in use"
                say(f"{purpose:16} {row.kid[:16]}  made {row.created_at:%Y-%m-%d}  {state}")


@keys_group.command("rotate")
@click.argument("purpose", type=click.Choice(sorted(MAKERS)))
def rotate_command(purpose: str) -> None:
    """Retire the key of a purpose and take a new one. What the old one signed keeps verifying."""
    app = create_app()
    settings: Settings = app.extensions["lms"].settings
    with app.app_context():
        made = called(lambda: MAKERS[purpose](purpose, settings))
        db.session.rollback()

        def step() -> None:
            for name, key in made:
                keys.rotate(name, settings.secret_key, key)

        run_transaction(step)
    for name, key in made:
        say(f"{name}: {key.kid[:16]} signs from now on")
