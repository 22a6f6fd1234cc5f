"""What people's records point at stays: the ids of modules and questions of the last state that was published.

After a release, `python -m tests.content.test_ids` writes down the ids of that state.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.content.curriculum import Loaded, all_loaded

PUBLISHED = Path(__file__).parent / "published_ids.json"


def ids_of(loaded: Loaded) -> dict[str, Any]:
    """Modules in order, and questions with their type and revision ("single 2"), of the default language."""
    modules = loaded.modules_in(loaded.course.default_language)
    return {
        "modules": [entry.id for entry in loaded.course.modules],
        "questions": {one.id: f"{one.type} {one.rev}" for module in modules for one in module.questions},
    }


def revision(kind: str) -> int:
    return int(kind.split()[1])


@pytest.mark.parametrize("slug", sorted(json.loads(PUBLISHED.read_text("utf-8"))))
def test_a_published_course_keeps_its_modules_and_questions(slug: str) -> None:
    before = json.loads(PUBLISHED.read_text("utf-8"))[slug]
    now = next(ids_of(loaded) for loaded in all_loaded() if loaded.course.id == slug)

    assert [one for one in before["modules"] if one not in now["modules"]] == []
    assert [one for one in before["questions"] if one not in now["questions"]] == []
    changed = {
        one: (old, now["questions"][one])
        for one, old in before["questions"].items()
        if now["questions"][one] != old and revision(now["questions"][one]) <= revision(old)
    }
    assert changed == {}, "a question of another type needs a higher rev; a rev never falls"


if __name__ == "__main__":
    states = {loaded.course.id: ids_of(loaded) for loaded in all_loaded()}
    PUBLISHED.write_text(json.dumps(states, indent=1, sort_keys=True) + "\n", encoding="utf-8")
