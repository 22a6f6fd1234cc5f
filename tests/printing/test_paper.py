"""Course HTML for paper: nothing that has to be clicked is left, and nothing is lost that a reader needs."""

from __future__ import annotations

import pytest

from lms.certification.typesetting import Setter
from lms.courseware.markdown import render
from lms.printing.paper import Paper, picture_data
from tests.printing.conftest import picture

FILES = {
    "media/a.png": picture(),
    "media/broken.png": b"no picture",
    "media/t.md": b"## Said\n\nA *door* opens.\n",
    "media/c.vtt": b"WEBVTT\n\n1\n00:01.000 --> 00:02.000\n<v Ana>Come in.\n",
}


@pytest.fixture
def paper() -> Paper:
    return Paper(Setter(), FILES.get, "en", "Video", "What is said in it:")


def test_an_address_is_printed_after_the_words_of_its_link(paper: Paper) -> None:
    html = paper.ready(render("See [the statute](https://revisor.mo.gov/x) and <https://a.example/>."))

    assert "<a" not in html
    assert 'the statute (<span class="address">https://revisor.mo.gov/x</span>)' in html
    assert html.count("https://a.example/") == 1


def test_a_source_keeps_its_number_and_loses_the_way_back(paper: Paper) -> None:
    html = paper.ready('<p>Law.<sup class="footnote-ref"><a href="#fn-S1" id="fnref-S1">[1]</a></sup></p>')
    note = paper.ready('<li id="fn-S1"><p>Statute <a class="footnote-back" href="#fnref-S1">↩</a></p></li>')

    assert "<sup>[1]</sup>" in html
    assert "↩" not in note
    assert "id=" not in html + note


def test_a_source_whose_neighbors_are_left_out_keeps_its_number(paper: Paper) -> None:
    assert paper.ready('<ol><li id="fn-S3" value="3">Statute</li></ol>') == '<ol><li value="3">Statute</li></ol>'


def test_headings_go_below_those_of_the_packet(paper: Paper) -> None:
    assert paper.ready("<h2>A</h2><h6>B</h6>") == "<h3>A</h3><h6>B</h6>"


def test_a_picture_is_put_in_and_one_that_cannot_be_read_is_said_in_words(paper: Paper) -> None:
    assert '<img src="data:image/png;base64,' in paper.ready('<img src="asset:media/a.png" alt="A stop">')
    for path in ("asset:media/broken.png", "asset:media/gone.png", "asset:../etc/passwd"):
        assert paper.ready(f'<img src="{path}" alt="A stop">') == '<span class="no-picture">[A stop]</span>'


@pytest.mark.parametrize(
    "inner",
    [
        '<image href="https://evil.example/x.png"/>',
        "<style>@import url(https://evil.example/)</style>",
        '<rect fill="url(file:///etc/passwd)"/>',
        "<script>1</script>",
    ],
)
def test_a_drawing_that_would_fetch_something_is_not_printed(inner: str) -> None:
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg">{inner}</svg>'.encode()

    assert picture_data("x.svg", drawing) is None
    assert picture_data("x.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><rect width="1"/></svg>') is not None


def video(*paths: str) -> str:
    links = "".join(f' · <a href="asset:{path}">Transcript</a>' for path in paths)
    return (
        '<figure class="video"><video controls preload="none"><source src="asset:media/v.mp4" type="video/mp4">'
        '<track kind="captions" src="asset:media/c.vtt" srclang="en" label="English" default></video>'
        f"<figcaption>The call{links}</figcaption></figure><p>After.</p>"
    )


def test_a_video_is_its_title_and_its_transcript(paper: Paper) -> None:
    html = paper.ready(video("media/t.md"))

    assert "<strong>Video: The call</strong>" in html
    assert "What is said in it:" in html
    assert "A <em>door</em> opens." in html
    assert "<video" not in html
    assert html.endswith("<p>After.</p>")


def test_a_video_without_transcript_prints_its_captions_without_times(paper: Paper) -> None:
    html = paper.ready(video())

    assert "Come in." in html
    assert "-->" not in html
    assert "00:01" not in html


def test_a_letter_of_another_script_names_its_font(paper: Paper) -> None:
    html = paper.ready("<p>歐陽 came</p>")

    assert "font-family" in html
    assert len(paper.setter.faces) > 1
