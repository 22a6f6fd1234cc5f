"""The wheel: built from the checkout, it runs outside of it, with templates, static files, migrations and courses."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked into a folder of its own, beside the libraries of this environment."""
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run_outside(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`lms …` from a folder that is no checkout, seeing the unpacked wheel before anything else."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(installed), sysconfig.get_path("purelib")]),
        "LMS_INSTANCE_PATH": str(folder / "instance"),
    }
    command = [sys.executable, "-S", "-c", "from lms.cli import main; main()", *arguments]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_the_wheel_carries_templates_static_files_migrations_and_courses(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert "lms/_data/templates/layout.html" in names
    assert "lms/static/app.css" in names
    assert any(name.startswith("lms/_data/migrations/versions/") for name in names)
    assert "lms/_data/courses/understanding-trafficking/course.yaml" in names


def test_a_database_is_made_and_courses_are_published_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    made = run_outside(installed, tmp_path, "db", "upgrade")
    published = run_outside(installed, tmp_path, "publish")
    again = run_outside(installed, tmp_path, "publish")

    assert made.returncode == 0, made.stderr
    assert published.returncode == 0, published.stderr
    assert "understanding-trafficking: is published as version 1 (first)" in published.stdout
    assert "understanding-trafficking: unchanged, version 1" in again.stdout
    assert str(ROOT) not in made.stdout + published.stdout
