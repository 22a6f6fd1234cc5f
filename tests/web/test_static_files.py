"""Static files: named by content, kept for a year, compressed once, and never at the cost of a session."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.web.static_files import FOLDER, StaticFile, read_static

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def address(app: Flask) -> str:
    return f"/static/{app.extensions['lms-static']['app.css'].hashed_name}"


def test_a_name_with_its_hash_is_kept_for_a_year(client: FlaskClient, address: str) -> None:
    answer = client.get(address)

    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_plain_name_is_asked_again_each_time(client: FlaskClient) -> None:
    assert client.get("/static/app.css").headers["Cache-Control"] == "public, no-cache"


def test_an_old_hash_is_not_found(client: FlaskClient) -> None:
    assert client.get("/static/app.000000000000.css").status_code == 404


def test_the_best_encoding_that_a_browser_takes_is_sent(client: FlaskClient, address: str) -> None:
    plain = client.get(address).data

    packed = client.get(address, headers={"Accept-Encoding": "gzip, deflate, br"})
    zipped = client.get(address, headers={"Accept-Encoding": "gzip, br;q=0"})

    assert packed.headers["Content-Encoding"] == "br"
    assert brotli.decompress(packed.data) == plain
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain
    assert packed.headers["Vary"] == zipped.headers["Vary"] == "Accept-Encoding"
    assert len({answer.headers["ETag"] for answer in (packed, zipped, client.get(address))}) == 3


def test_a_font_is_not_compressed_again(client: FlaskClient) -> None:
    name = "public-sans-latin-wght-normal.woff2"

    answer = client.get(f"/static/{name}", headers={"Accept-Encoding": "br"})

    assert answer.headers["Content-Type"] == "font/woff2"
    assert "Content-Encoding" not in answer.headers
    assert answer.data == (FOLDER / name).read_bytes()


def test_a_known_etag_answers_304_without_a_body(client: FlaskClient, address: str) -> None:
    etag = client.get(address).headers["ETag"]

    answer = client.get(address, headers={"If-None-Match": f'"other", W/{etag}'})

    assert answer.status_code == 304
    assert answer.data == b""


def test_head_has_the_length_and_no_body(client: FlaskClient, address: str) -> None:
    answer = client.head(address)

    assert answer.data == b""
    assert int(answer.headers["Content-Length"]) == len(client.get(address).data)


def test_nothing_outside_the_folder_is_served(client: FlaskClient) -> None:
    for path in ("/static/../settings.py", "/static/%2e%2e/settings.py", "/static//etc/passwd", "/static/"):
        assert client.get(path).status_code == 404


def test_a_static_file_costs_no_query_and_sets_no_cookie(
    client: FlaskClient, address: str, count_queries: object
) -> None:
    client.set_cookie("lms", "s.some-token")

    answer = client.get(address)

    assert getattr(count_queries, "count", None) == 0
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_the_stylesheet_names_the_font_by_its_hash() -> None:
    files = read_static()
    font = files["public-sans-latin-wght-normal.woff2"]

    assert f"url({font.hashed_name})".encode() in files["app.css"].body


def test_the_name_changes_with_the_content() -> None:
    assert StaticFile("app.css", b"a{}").hashed_name != StaticFile("app.css", b"b{}").hashed_name


def test_the_stylesheet_has_no_physical_sides() -> None:
    text = (FOLDER / "app.css").read_text(encoding="utf-8")

    assert (
        re.findall(
            r"(?:margin|padding|border)-(?:left|right)|[;{\s](?:left|right)\s*:|text-align:\s*(?:left|right)", text
        )
        == []
    )


def test_vendored_files_carry_their_notices() -> None:
    root = Path(__file__).parents[2]

    for notice, word in {
        "lms/static/public-sans-LICENSE.txt": "SIL OPEN FONT LICENSE",
        "templates/icons/LICENSE.txt": "ISC License",
        "tests/vendor/axe-LICENSE.txt": "Mozilla Public License",
    }.items():
        assert word in (root / notice).read_text(encoding="utf-8")
