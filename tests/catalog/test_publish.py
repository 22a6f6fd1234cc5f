"""Publishing a folder: whole or not at all, once per content, never backwards by accident."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from lms.catalog.models import Blob, Course, CourseVersion, VersionFile
from lms.catalog.publish import CourseHasErrors, publish_course
from lms.catalog.versions import asset, course_of, files_of, find_course
from lms.clock import utc_now
from lms.courseware.folder import load_folder
from lms.database import db
from lms.errors import Conflict, Invalid, NotFound
from lms.people.models import AuditEvent
from tests.support.world import World


@pytest.fixture
def files(tiny_course: Path) -> dict[str, bytes]:
    return load_folder(tiny_course)


def edited(files: dict[str, bytes], text: str = "One more line.") -> dict[str, bytes]:
    """The same course with another sentence at the end of its first module."""
    path = "en/01-first-steps.md"
    return {**files, path: files[path] + f"\n\n{text}\n".encode()}


def count(world: World, model: type) -> int:
    return world.read(lambda: db.session.query(model).count())


def test_the_first_publication_is_version_one(world: World, files: dict[str, bytes]) -> None:
    version_id = world.publish_files(files)

    version = world.read(lambda: db.session.get_one(CourseVersion, version_id))
    assert (version.number, version.change, version.is_current, version.code) == (1, "first", True, "TST-001")
    assert version.facts["titles"] == {"en": "A tiny course", "es": "Un curso pequeño"}
    assert [module["minutes"] for module in version.facts["modules"]] == [30, 10, 15]


def test_publishing_the_same_content_again_changes_nothing(world: World, files: dict[str, bytes]) -> None:
    first = world.publish_files(files)

    second = world.publish_files(dict(reversed(files.items())))

    assert second == first
    assert count(world, CourseVersion) == 1


def test_a_course_with_an_error_is_not_published_at_all(world: World, files: dict[str, bytes]) -> None:
    broken = {**files, "en/90-final.md": files["en/90-final.md"].replace(b"- [x] True", b"- [ ] True")}

    with pytest.raises(CourseHasErrors) as refused:
        world.publish_files(broken)

    assert {problem.path for problem in refused.value.problems} == {"en/90-final.md"}
    assert [count(world, model) for model in (Course, CourseVersion, Blob, VersionFile)] == [0, 0, 0, 0]


def test_a_change_has_to_be_named(world: World, files: dict[str, bytes]) -> None:
    world.publish_files(files)

    with pytest.raises(Conflict, match="name the change"):
        world.publish_files(edited(files))

    assert count(world, CourseVersion) == 1


def test_an_unknown_kind_of_change_is_refused(world: World, files: dict[str, bytes]) -> None:
    with pytest.raises(Invalid):
        world.publish_files(files, change="improvement")


def test_a_named_change_makes_the_next_version_current(world: World, files: dict[str, bytes]) -> None:
    first = world.publish_files(files)

    second = world.publish_files(edited(files), change="revision")

    _course, current = world.read(lambda: find_course("tiny"))
    assert (current.id, current.number, current.change) == (second, 2, "revision")
    assert world.read(lambda: db.session.get_one(CourseVersion, first)).is_current is False


def test_an_older_folder_is_refused_with_the_way_out(world: World, files: dict[str, bytes]) -> None:
    world.publish_files(files)
    world.publish_files(edited(files), change="correction")

    with pytest.raises(Conflict, match="newer version") as refused:
        world.publish_files(files)

    assert refused.value.values == {"slug": "tiny", "old": 1, "new": 2}


def test_going_back_on_purpose_makes_the_older_version_current_again(world: World, files: dict[str, bytes]) -> None:
    first = world.publish_files(files)
    world.publish_files(edited(files), change="correction")

    again = world.publish_files(files, change="correction")

    assert again == first
    assert count(world, CourseVersion) == 2


def test_bytes_that_two_versions_share_are_kept_once(world: World, files: dict[str, bytes]) -> None:
    world.publish_files(files)
    world.publish_files(edited(files), change="correction")

    assert count(world, VersionFile) == 2 * len(files)
    assert count(world, Blob) == len(set(files.values())) + 1


def test_a_version_gives_back_the_files_it_was_made_of(world: World, files: dict[str, bytes]) -> None:
    version_id = world.publish_files(files)

    assert world.read(lambda: files_of(version_id)) == files


def test_a_parsed_version_is_kept_by_content_and_costs_no_query_again(
    world: World, files: dict[str, bytes], context: Flask, count_queries
) -> None:
    version_id = world.publish_files(files)
    course = course_of(version_id)
    count_queries.statements.clear()

    again = course_of(version_id, course.content_hash)

    assert again is course
    assert count_queries.count == 0


def test_a_source_is_never_handed_out_as_a_file(world: World, files: dict[str, bytes], context: Flask) -> None:
    version_id = world.publish_files({**files, "media/one.txt": b"plain"})

    assert asset(version_id, "media/one.txt") == b"plain"
    for path in ("en/90-final.md", "course.yaml", "media/../en/90-final.md", "media/none.txt"):
        with pytest.raises(NotFound):
            asset(version_id, path)


def test_publishing_is_noted_with_who_did_it(world: World, files: dict[str, bytes], context: Flask) -> None:
    author = world.user("Ada Author")
    world.write(lambda: publish_course(files, change=None, published_by_id=author, now=utc_now()))

    event = db.session.query(AuditEvent).filter_by(action="course.published").one()
    assert (event.actor_id, event.detail["version"], event.detail["change"]) == (author, 1, "first")
