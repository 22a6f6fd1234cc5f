"""README is true: its tables of rooms, settings, commands, addresses, permissions, codes and courses equal what is there."""

import pytest

from tests.support.docs import README, TABLES, section


@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_readme_equals_the_code(name: str) -> None:
    written = section(README.read_text(encoding="utf-8"), name)

    assert written == TABLES[name](), "run: .venv/bin/python -m tests.support.docs"
