"""Pages are compressed, except where a part of them was chosen by who asked; files lose only what nobody needs."""

from __future__ import annotations

import gzip

import brotli
import pytest
from flask.testing import FlaskClient

from lms.web.smaller import smaller_css, smaller_script
from tests.support.world import World

pytestmark = pytest.mark.sqlite_only


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip, deflate, br", "br"), ("gzip;q=0.5, br;q=0", "gzip")])
def test_a_page_is_sent_in_the_best_encoding_that_a_browser_takes(
    client: FlaskClient, accepted: str, encoding: str
) -> None:
    plain = client.get("/help")

    packed = client.get("/help", headers={"Accept-Encoding": accepted})

    opened = brotli.decompress(packed.data) if encoding == "br" else gzip.decompress(packed.data)
    assert packed.headers["Content-Encoding"] == encoding
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    assert opened == plain.data
    assert "Content-Encoding" not in plain.headers
    assert all("Accept-Encoding" in answer.headers["Vary"] for answer in (plain, packed))


@pytest.mark.parametrize("address", ["/catalog?q=guess", "/nothing-at-guess"])
def test_a_page_that_repeats_what_was_asked_is_not_compressed(client: FlaskClient, world: World, address: str) -> None:
    world.sign_in(client, world.user())

    answer = client.get(address, headers={"Accept-Encoding": "br"})

    assert "guess" in answer.text
    assert "Content-Encoding" not in answer.headers


def test_an_answer_to_a_form_is_not_compressed(client: FlaskClient) -> None:
    answer = client.post("/sign-in", data={"email": "guess"}, headers={"Accept-Encoding": "br"})

    assert len(answer.data) > 1000
    assert "Content-Encoding" not in answer.headers


def test_a_page_that_a_browser_still_has_comes_without_a_body(client: FlaskClient, world: World) -> None:
    world.publish("tiny")
    world.sign_in(client, world.user())
    page = client.get("/courses/tiny")
    token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    client.post("/courses/tiny/enroll", data={"csrf_token": token})
    packed = {"Accept-Encoding": "br"}
    client.get("/learn/tiny/first-steps", headers=packed)
    etag = client.get("/learn/tiny/first-steps", headers=packed).headers["ETag"]

    again = client.get("/learn/tiny/first-steps", headers={**packed, "If-None-Match": etag})

    assert again.status_code == 304
    assert again.data == b""


def test_a_stylesheet_loses_comments_and_spaces_and_keeps_its_meaning() -> None:
    source = '/* why */ .a > .b, .c :is(p) {\n  margin: 0 calc(1rem + 2px);\n  content: "/* { ; } */";\n}\n'

    assert smaller_css(source) == '.a>.b,.c :is(p){margin:0 calc(1rem + 2px);content:"/* { ; } */"}'


def test_a_script_loses_indentation_and_lines_of_comment_only() -> None:
    source = '// why\n  /* why */\n  go("// not a comment", /* storage */ 1);\n\n'

    assert smaller_script(source) == 'go("// not a comment", /* storage */ 1);\n'
