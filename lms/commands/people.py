"""For who fills the site with people: the demo, synthetic learners, the first administrator."""

from __future__ import annotations

import click
from email_validator import EmailNotValidError, validate_email

from lms.app import create_app
from lms.clock import utc_now
from lms.commands.speaking import called, say
from lms.database import run_transaction
from lms.demo import make_demo
from lms.people.accounts import create_administrator
from lms.people.names import clean_email
from lms.people.passwords import check_password, hash_password
from lms.people.second_factors import reset_by_command
from lms.seeding import seed
from lms.settings import Settings


@click.command("demo")
def demo_command() -> None:
    """Make the demo agencies, people and a team that is one nurse short (only where there are no people yet)."""
    app = create_app()
    with app.app_context():
        called(lambda: make_demo(app.extensions["lms"].settings, say))


@click.command("seed")
@click.option("--learners", type=click.IntRange(min=1), required=True, help="How many learners to make.")
def seed_command(learners: int) -> None:
    """Make synthetic agencies, people and records for load tests; nobody of them can sign in."""
    app = create_app()
    with app.app_context():
        called(lambda: seed(app.extensions["lms"].settings, learners, say))


@click.command("create-admin")
@click.option("--email", prompt=True)
@click.option("--name", prompt=True)
@click.password_option()
def create_admin_command(email: str, name: str, password: str) -> None:
    """Make a state administrator."""
    app = create_app()
    settings: Settings = app.extensions["lms"].settings
    try:
        validate_email(clean_email(email), check_deliverability=False, test_environment=not settings.is_production)
    except EmailNotValidError:
        raise click.ClickException("Enter a whole e-mail address, such as name@example.org.") from None
    called(lambda: check_password(password, site_name=settings.site_name, email=email))
    hashed = hash_password(password)
    now = utc_now()
    with app.app_context():
        called(
            lambda: run_transaction(lambda: create_administrator(email=email, name=name, password_hash=hashed, now=now))
        )
    say(f"{email} may sign in as state administrator.")


@click.command("reset-second-factor")
@click.argument("email")
def reset_second_factor_command(email: str) -> None:
    """Take the second factors of somebody who lost theirs and whom no administrator can help."""
    app = create_app()
    with app.app_context():
        called(lambda: run_transaction(lambda: reset_by_command(email)))
    say(f"{email} signs in with the password alone, until a new second factor is set up.")
