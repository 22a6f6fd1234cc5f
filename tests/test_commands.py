"""The commands for authors: whatever folder they are given, one clear sentence and exit code 1, never a traceback."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from lms.cli import HOMES, cli
from lms.courseware import folder as course_folder


@pytest.fixture
def course(tiny_course: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_course, tmp_path / "tiny"))


@pytest.fixture
def lms(tmp_path: Path) -> Callable[..., Result]:
    settings = {"LMS_ENV": "development", "LMS_INSTANCE_PATH": str(tmp_path / "instance"), "LMS_DATABASE_URL": ""}

    def run(*arguments: object, env: dict[str, str] | None = None) -> Result:
        return CliRunner(env={**settings, **(env or {})}).invoke(cli, [str(argument) for argument in arguments])

    return run


def is_plain(result: Result) -> bool:
    """Ended by itself with exit code 1, without a traceback."""
    return result.exit_code == 1 and isinstance(result.exception, SystemExit) and "Traceback" not in result.output


@pytest.mark.parametrize("command", ["check", "publish", "preview"])
def test_a_folder_that_is_not_there_is_named(lms: Callable[..., Result], tmp_path: Path, command: str) -> None:
    result = lms(command, tmp_path / "nowhere")

    assert is_plain(result)
    assert "There is no" in result.output
    assert "nowhere" in result.output


@pytest.mark.parametrize("command", ["check", "publish", "preview"])
def test_a_folder_without_a_course_is_named(lms: Callable[..., Result], tmp_path: Path, command: str) -> None:
    (tmp_path / "empty").mkdir()

    result = lms(command, tmp_path / "empty")

    assert is_plain(result)
    assert "course.yaml at its top" in result.output


def test_a_module_is_not_started_where_there_is_no_course(lms: Callable[..., Result], tmp_path: Path) -> None:
    result = lms("new", "module", tmp_path, "first-steps")

    assert is_plain(result)
    assert list(tmp_path.glob("en")) == []


def spoil_yaml(course: Path) -> None:
    (course / "course.yaml").write_text("id: [")


def spoil_by_binary(course: Path) -> None:
    (course / "en" / "01-first-steps.md").write_bytes(bytes(range(256)) * 40)


def spoil_yaml_by_binary(course: Path) -> None:
    (course / "course.yaml").write_bytes(b"\xff\xfe\x00\x01" * 100)


def spoil_by_a_link_out(course: Path) -> None:
    (course / "en" / "05-out.md").symlink_to("/etc/hostname")


def spoil_by_a_circle(course: Path) -> None:
    (course / "en" / "05-out.md").symlink_to(course / "en" / "05-out.md")


def spoil_by_a_folder(course: Path) -> None:
    (course / "course.yaml").unlink()
    (course / "course.yaml").mkdir()


SPOILERS = [
    spoil_yaml,
    spoil_by_binary,
    spoil_yaml_by_binary,
    spoil_by_a_link_out,
    spoil_by_a_circle,
    spoil_by_a_folder,
]


@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda spoil: spoil.__name__)
@pytest.mark.parametrize("command", ["check", "publish"])
def test_a_spoilt_course_is_refused_with_what_is_wrong(
    lms: Callable[..., Result], course: Path, spoil: Callable[[Path], None], command: str
) -> None:
    assert lms("db", "upgrade").exit_code == 0
    spoil(course)

    result = lms(command, course)

    assert is_plain(result)
    assert "course" in result.output


@pytest.mark.parametrize("command", ["check", "publish"])
def test_a_file_that_may_not_be_read_is_named(
    lms: Callable[..., Result], course: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    assert lms("db", "upgrade").exit_code == 0
    whole = Path.read_bytes

    def read(path: Path) -> bytes:
        if path.name == "90-final.md":
            raise PermissionError(13, "Permission denied")
        return whole(path)

    monkeypatch.setattr(course_folder.Path, "read_bytes", read)

    result = lms(command, course)

    assert is_plain(result)
    assert "en/90-final.md cannot be read: permission denied." in result.output


def test_a_revision_that_git_does_not_know_is_one_sentence(lms: Callable[..., Result], course: Path) -> None:
    result = lms("check", course, "--against", "no-such-branch")

    assert is_plain(result)
    assert "Git does not know this revision" in result.output


def test_publishing_says_how_many_warnings_there_are(lms: Callable[..., Result], course: Path) -> None:
    assert lms("db", "upgrade").exit_code == 0

    tried, done = lms("publish", course, "--dry-run"), lms("publish", course)

    assert "tiny: would be published as version 1 (first); 2 warnings" in tried.output
    assert "tiny: is published as version 1 (first); 2 warnings" in done.output


def test_a_course_with_places_to_fill_in_is_published_only_on_purpose(lms: Callable[..., Result], course: Path) -> None:
    assert lms("db", "upgrade").exit_code == 0
    page = course / "en" / "01-first-steps.md"
    page.write_text(page.read_text(encoding="utf-8") + "\n\nTODO: say more.\n", encoding="utf-8")

    refused, dry, allowed = (
        lms("publish", course),
        lms("publish", course, "--dry-run"),
        lms("publish", course, "--allow-unfinished"),
    )

    assert is_plain(refused)
    assert is_plain(dry)
    assert "en/01-first-steps.md" in refused.output
    assert "W012" in refused.output
    assert "--allow-unfinished" in refused.output
    assert allowed.exit_code == 0
    assert "; 3 warnings" in allowed.output


def test_publishing_without_a_database_says_how_to_make_one(lms: Callable[..., Result], course: Path) -> None:
    result = lms("publish", course)

    assert is_plain(result)
    assert "lms db upgrade" in result.output


@pytest.mark.parametrize(
    "words",
    [
        ("worker", "--once"),
        ("demo",),
        ("seed", "--learners", "3"),
        ("create-admin", "--email", "ada@example.org", "--name", "Ada", "--password", "correct horse battery s"),
        ("reset-second-factor", "ada@example.org"),
        ("keys", "list"),
        ("print", "tiny", "--out", "tiny.pdf"),
        ("certificate", "verify", __file__),
        ("import", "people", __file__, "--agency", "MO", "--dry-run"),
        ("backup", "kept.tar.gz"),
    ],
    ids=lambda words: words[0],
)
def test_a_command_without_a_database_says_so_in_one_sentence(
    lms: Callable[..., Result], words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    result = lms(*words)

    assert is_plain(result)
    assert "database" in result.output
    assert "SELECT" not in result.output


def test_a_bug_in_a_command_shows_its_stack(lms: Callable[..., Result], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lms.commands.records.upgrade", lambda *_, **__: 1 // 0)

    result = lms("db", "upgrade")

    assert isinstance(result.exception, ZeroDivisionError)


def test_a_database_that_nobody_answers_at_is_one_sentence(lms: Callable[..., Result]) -> None:
    result = lms("db", "upgrade", env={"LMS_DATABASE_URL": "postgresql://nobody:x@127.0.0.1:1/none"})

    assert is_plain(result)
    assert "The database cannot be used" in result.output


def test_what_is_no_backup_is_refused_in_one_sentence(lms: Callable[..., Result]) -> None:
    result = lms("restore", "--yes", __file__)

    assert is_plain(result)
    assert "not a backup" in result.output
    assert "Nothing was changed" in result.output


def test_a_backup_that_cannot_be_written_is_refused_in_one_sentence(lms: Callable[..., Result], tmp_path: Path) -> None:
    lms("db", "upgrade")

    result = lms("backup", tmp_path)

    assert is_plain(result)
    assert "cannot be written" in result.output


@pytest.mark.parametrize("address", ["ada", "ada@", "@example.org", ""])
def test_an_administrator_needs_a_whole_address(lms: Callable[..., Result], address: str) -> None:
    lms("db", "upgrade")

    result = lms("create-admin", "--email", address, "--name", "Ada", "--password", "correct horse battery s")

    assert is_plain(result)
    assert "whole e-mail address" in result.output


def test_one_error_is_counted_as_one(lms: Callable[..., Result], tmp_path: Path) -> None:
    result = lms("check", tmp_path / "nowhere")

    assert "1 error, 0 warnings" in result.output


def test_without_a_path_the_courses_of_the_setting_are_published(
    lms: Callable[..., Result], course: Path, tmp_path: Path
) -> None:
    lms("db", "upgrade")

    result = lms("publish", "--allow-unfinished", env={"LMS_COURSES": str(course)})

    assert result.exit_code == 0, result.output
    assert result.output.startswith("tiny: is published as version 1")


def test_courses_that_are_not_where_the_setting_says_are_named(lms: Callable[..., Result], tmp_path: Path) -> None:
    result = lms("publish", env={"LMS_COURSES": str(tmp_path / "nowhere")})

    assert is_plain(result)
    assert "LMS_COURSES" in result.output
    assert "nowhere" in result.output


def test_a_preview_on_a_port_that_is_taken_says_so(lms: Callable[..., Result], course: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        result = lms("preview", course, "--port", port)

    assert is_plain(result)
    assert f"Port {port} cannot be used" in result.output
    assert "http://" not in result.output


def test_a_new_course_has_nothing_to_mend_but_places_to_fill_in(lms: Callable[..., Result], tmp_path: Path) -> None:
    assert lms("new", "course", "night-shift", "--into", tmp_path).exit_code == 0

    result = lms("check", tmp_path / "night-shift")

    assert result.exit_code == 0
    found = [line.split()[1] for line in result.output.splitlines() if line.startswith(str(tmp_path))]
    assert set(found) == {"W012"}


def test_allowed_warnings_are_listed_on_request(lms: Callable[..., Result], course: Path) -> None:
    lesson = course / "en" / "01-first-steps.md"
    lesson.write_text(lesson.read_text() + "\n<!-- allow: W010; because: a title -->\n\nA film called The Rescuers.\n")

    assert "W010" not in lms("check", course).output
    assert "Allowed, because: a title" in lms("check", course, "--show-allowed").output


@pytest.mark.parametrize("module", ["lms.cli", "lms.commands.writing", "lms.courseware.check", "lms.courseware.read"])
def test_checking_loads_neither_the_web_nor_the_database(module: str) -> None:
    program = f"import sys, {module}; print([n for n in ('flask', 'sqlalchemy', 'weasyprint') if n in sys.modules])"

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("name", HOMES)
def test_every_command_is_at_its_home(name: str) -> None:
    result = CliRunner().invoke(cli, [name, "--help"])

    assert result.exit_code == 0
