"""For who keeps the records: backup, restore, the database's shape, certificates brought back as files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lms.app import create_app
from lms.certification.checking import check_file
from lms.certification.standing import status_of
from lms.certification.verification import find_coded, standing_with
from lms.clock import utc_now
from lms.cohorts.lookup import find_team_standing
from lms.commands.speaking import called, load_settings, say
from lms.keeping import back_up, restore_from
from lms.schema import upgrade


@click.command("backup")
@click.argument("target", type=click.Path(path_type=Path))
def backup_command(target: Path) -> None:
    """Write the database and the stored files into one archive, while the site runs."""
    try:
        back_up(load_settings(), target)
    except OSError as error:
        raise click.ClickException(f"{target} cannot be written: {error.strerror or error}.") from None
    say(f"Written: {target}")


@click.command("restore")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do it without asking.")
def restore_command(source: Path, yes: bool) -> None:
    """Put a backup in the place of the present database and files."""
    settings = load_settings()
    if not yes:
        click.confirm("This replaces the present database and files. Go on?", abort=True)
    called(lambda: restore_from(settings, source))
    say("Restored.")


@click.group("db")
def db_group() -> None:
    """The database's shape."""


@db_group.command("upgrade")
def upgrade_command() -> None:
    """Bring the database to the newest shape."""
    settings = load_settings()
    settings.instance.mkdir(parents=True, exist_ok=True)
    role = upgrade(settings.owner_database, application_url=settings.database)
    say("The database is up to date.")
    if role is not None:
        say(f"The role {role} has what the application needs, and the second wall holds for it.")


@click.group("certificate")
def certificate_group() -> None:
    """Certificates on paper and in files."""


@certificate_group.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify_command(file: Path) -> None:
    """Say whether exactly this PDF was issued here, who signed it, and how it stands today. Exit 1 if not valid."""
    app = create_app()
    with app.app_context():
        checked = called(lambda: check_file(file.read_bytes()))
        certificate, signed = find_coded(checked.code) if checked.code else None, checked.examination
        say(checked.sentence)
        if certificate is None:
            say("These exact bytes were not issued here.", is_error=True)
            sys.exit(1)
        if signed.state == "genuine":
            stamp = ", with a timestamp" if signed.has_timestamp else ""
            say(f"Signed by {signed.signer} at {signed.signed_at}{stamp}.")
        now = utc_now()
        team = find_team_standing(certificate, now, app.extensions["lms"].settings.time_zone)
        status = standing_with(status_of(certificate, now), team)
    say(f"{certificate.code}: {status}")
    sys.exit(0 if status == "valid" else 1)
