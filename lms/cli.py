"""The `lms` command. Each command's own file is loaded when it is called, so that `lms check` waits for no database."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from lms.commands.speaking import sentence_for

FILES_ONLY = "lms.commands.writing"
"""Commands that look at files alone."""

HOMES = {
    "check": "lms.commands.writing:check_command",
    "new": "lms.commands.writing:new_group",
    "preview": "lms.commands.publishing:preview_command",
    "print": "lms.commands.printing:print_command",
    "publish": "lms.commands.publishing:publish_command",
    "run": "lms.commands.site:run_command",
    "serve": "lms.commands.site:serve_command",
    "worker": "lms.commands.site:worker_command",
    "doctor": "lms.commands.site:doctor_command",
    "demo": "lms.commands.people:demo_command",
    "import": "lms.commands.importing:import_group",
    "seed": "lms.commands.people:seed_command",
    "create-admin": "lms.commands.people:create_admin_command",
    "reset-second-factor": "lms.commands.people:reset_second_factor_command",
    "backup": "lms.commands.records:backup_command",
    "restore": "lms.commands.records:restore_command",
    "db": "lms.commands.records:db_group",
    "audit": "lms.commands.auditing:audit_group",
    "keys": "lms.commands.keys:keys_group",
    "certificate": "lms.commands.records:certificate_group",
}


class CommandsAtHome(click.Group):
    """A group that knows where its commands live."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(HOMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in HOMES:
            return None
        module, _, name = HOMES[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """What can be said in a sentence is said in one, whatever the command; only a bug shows its stack."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            told = sentence_for(error)
            if told is None:
                raise
            raise click.ClickException(told) from None


@click.group(cls=CommandsAtHome, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="crosstrain", message="%(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Crosstrain: training, certification and teams, from Markdown courses."""
    if HOMES.get(context.invoked_subcommand or "", FILES_ONLY).startswith(FILES_ONLY):
        return
    from lms.wall.sight import SYSTEM, standing_as

    context.with_resource(standing_as(SYSTEM))  # whoever has a shell here has the database


def main() -> int:
    """The console script."""
    cli()
    return 0


if __name__ == "__main__":
    sys.exit(main())
