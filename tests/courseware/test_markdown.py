"""Markdown becomes safe, accessible HTML, in the words of its language."""

import pytest

from lms.courseware.document import open_document
from lms.courseware.markdown import place_assets, place_links, render, render_inline


def rendered(text: str, language: str = "en", path: str = "en/01-page.md") -> tuple[str, list[str]]:
    """The HTML of a whole file and the codes of what was found in it."""
    document = open_document(path, text, language)
    html = document.html([token for block in document.blocks for token in block.tokens])
    return html, [problem.code for problem in document.problems]


def test_plain_markdown_is_rendered() -> None:
    html = render("Some *words*, ~~old~~ **new** and `code`.")

    assert html == "<p>Some <em>words</em>, <s>old</s> <strong>new</strong> and <code>code</code>.</p>"


def test_a_line_is_rendered_without_a_paragraph() -> None:
    assert render_inline("one *line*") == "one <em>line</em>"


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Warning"), ("es", "Advertencia"), ("es-US", "Advertencia"), ("xx", "Warning")]
)
def test_an_alert_is_an_aside_with_a_title_in_the_files_language(language: str, title: str) -> None:
    html = render("> [!WARNING]\n> Stay calm.", language)

    assert '<aside class="note note-warning" data-kind="warning">' in html
    assert f'<p class="note-title">{title}</p>' in html
    assert "<p>Stay calm.</p>" in html


def test_a_task_list_outside_of_questions_is_a_plain_list() -> None:
    html = render("- [ ] one\n- [x] two")

    assert html == "<ul>\n<li>one</li>\n<li>two</li>\n</ul>"


def test_a_table_scrolls_by_keyboard_and_names_its_columns() -> None:
    html = render("| a | b |\n|---|--:|\n| c | d |")

    assert html.startswith('<div class="scroll" tabindex="0"><table>')
    assert '<th scope="col">a</th>' in html
    assert '<td class="align-right">d</td>' in html
    assert "style" not in html


def test_cells_beyond_the_header_are_reported_since_markdown_drops_them() -> None:
    _, codes = rendered("| a | b |\n|---|---|\n| c | d | lost |\n")

    assert codes == ["X001"]


def test_headings_get_the_slugs_that_github_gives_them() -> None:
    html, _ = rendered("## What's *new*?\n\n## ¿Qué pasó después?\n\n## What's new?\n\n## 日本 語\n")

    assert '<h2 id="whats-new">' in html
    assert '<h2 id="qué-pasó-después">' in html
    assert '<h2 id="whats-new-1">' in html
    assert '<h2 id="日本-語">' in html


def test_a_second_main_title_is_shown_as_a_section_and_reported() -> None:
    html, codes = rendered("# One\n\n# Two\n")

    assert '<h2 id="two">Two</h2>' in html
    assert codes == ["A003"]


def test_an_outside_link_tells_the_other_site_nothing() -> None:
    html = render("[there](https://example.org/a?b=1&c=2)")

    assert 'href="https://example.org/a?b=1&amp;c=2"' in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_a_link_to_another_module_is_placed_when_the_page_is_made() -> None:
    html, codes = rendered("[next](02-next-step.md#part)")

    placed = place_links(html, lambda module_id: f"/learn/c/{module_id}")

    assert 'href="module:next-step#part"' in html
    assert 'href="/learn/c/next-step#part"' in placed
    assert codes == []


@pytest.mark.parametrize("source", ["media/map.png", "../media/map.png"])
def test_an_image_of_the_course_is_placed_when_the_page_is_made(source: str) -> None:
    html, codes = rendered(f'![A "map"]({source})')

    placed = place_assets(html, lambda path: f"/files/{path}?v=1&w=2")

    assert '<img src="asset:media/map.png"' in html
    assert 'src="/files/media/map.png?v=1&amp;w=2"' in placed
    assert codes == []


def test_an_address_that_is_only_quoted_in_text_is_not_placed() -> None:
    html = render('`<img src="asset:x">` and src="asset:y"')

    assert place_assets(html, lambda path: "PLACED") == html


def test_a_placed_address_cannot_break_out_of_its_attribute() -> None:
    html, _ = rendered("![x](media/a.png)")

    placed = place_assets(html, lambda path: '"><script>alert(1)</script>')

    assert "<script" not in placed


def test_an_image_from_elsewhere_becomes_a_link_since_loading_it_would_tell_others() -> None:
    html, codes = rendered("![A map](https://example.org/map.png)")

    assert "<img" not in html
    assert '<a href="https://example.org/map.png"' in html
    assert codes == ["X002"]


@pytest.mark.parametrize(
    "href",
    [
        "../../secret.md",
        "/etc/passwd",
        "//evil.example/x",
        "..%2f..%2fsecret.png",
        "ftp://example.org/x",
        "app:run",
        "a\\b.png",
        "%00.png",
        "#",
        "",
    ],
)
def test_a_link_that_leads_astray_keeps_its_words_but_not_its_address(href: str) -> None:
    html, codes = rendered(f"[words](<{href}>)")

    assert "words" in html
    assert "href" not in html
    assert codes == ["X002"]


@pytest.mark.parametrize("scheme", ["javascript", "JavaScript", "vbscript", "data", "file"])
def test_a_link_that_could_run_is_text_and_is_reported(scheme: str) -> None:
    html, codes = rendered(f"[x]({scheme}:alert(1))")

    assert "<a" not in html
    assert codes == ["X002"]


VIDEO = """[![Video: Two minutes, 2 min](../media/poster.jpg)](../media/clip.mp4)
<!-- video: captions=../media/clip.vtt; transcript=../media/clip.md; asl=../media/asl.mp4 -->
"""


def test_a_stored_video_plays_here_with_captions_and_transcript() -> None:
    html, codes = rendered(VIDEO, "es")

    assert '<video controls="" preload="none" poster="asset:media/poster.jpg">' in html
    assert '<source src="asset:media/clip.mp4" type="video/mp4">' in html
    assert '<track kind="captions" src="asset:media/clip.vtt" srclang="es" label="Español" default="">' in html
    assert '<a href="asset:media/clip.md">Transcripción</a>' in html
    assert '<a href="asset:media/asl.mp4">Ver en lengua de señas</a>' in html
    assert "Two minutes, 2 min" in html
    assert codes == []


def test_a_video_elsewhere_is_a_link() -> None:
    html, _ = rendered("[![Video: A talk](media/poster.jpg)](https://video.example/1)")

    assert "<video" not in html
    assert '<p class="video-link"><a href="https://video.example/1"' in html
    assert "Video: A talk" in html


def test_a_source_is_numbered_and_linked_both_ways_with_unique_ids() -> None:
    document = open_document("en/a.md", "One.[^S5] Two.[^S5] Three.[^S1]\n\n[^S1]: First\n[^S5]: Fifth\n", "en")

    html = document.html([token for block in document.blocks for token in block.tokens])
    notes = document.html(document.notes.tokens) if document.notes else ""

    assert '<a href="#fn-S5" id="fnref-S5">[1]</a>' in html
    assert '<a href="#fn-S5" id="fnref-S5--2">[1]</a>' in html
    assert '<a href="#fn-S1" id="fnref-S1">[2]</a>' in html
    assert '<li id="fn-S5">' in notes
    assert 'href="#fnref-S5--2"' in notes
    assert 'aria-label="Back to the text"' in notes


def test_sources_undefined_unused_or_defined_twice_are_reported() -> None:
    _, codes = rendered("Word.[^S1] Other.[^S2]\n\n[^S2]: a\n[^S2]: b\n[^S3]: c\n")

    assert codes == ["L004", "L004", "L004"]


def test_raw_html_is_shown_as_it_stands_and_reported() -> None:
    html, codes = rendered('A <b onclick="x()">bold</b> word.\n\n<script>alert(1)</script>\n')

    assert "<b" not in html
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert set(codes) == {"X001"}


def test_a_comment_line_is_hidden_also_inside_a_list_and_a_line() -> None:
    html, _ = rendered("A <!-- b --> c\n<!-- d: e -->\n- f\n  <!-- g -->\n- h\n")

    assert html == "<p>A  c</p>\n<ul>\n<li>f</li>\n<li>h</li>\n</ul>"


def test_a_definition_list_is_rendered() -> None:
    assert "<dt>term</dt>\n<dd>meaning</dd>" in render("term\n: meaning")


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b", ">" * 300 + "deep", "x" * 1_000_001])
def test_what_cannot_be_read_is_refused_with_a_problem_and_no_html(text: str) -> None:
    html, codes = rendered(text)

    assert html == ""
    assert codes == ["X000"]


def test_what_an_author_escaped_is_meant_to_be_seen_and_not_reported() -> None:
    html, codes = rendered("Write \\[^S1] or \\<b> or &lt;i&gt; or `<s>` and `[^S2]`.\n")

    assert "[^S1]" in html
    assert codes == []
