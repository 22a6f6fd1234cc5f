"""The resource directory: telephone lines and organizations by need and county, open to anybody."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, render_template, request

from lms.access import Permission, allows
from lms.counties import counties
from lms.courseware.directory import choosing
from lms.courseware.directory.entries import Directory, Texts, in_language
from lms.courseware.directory.opening import open_directory
from lms.resources import data_folder
from lms.web.guards import language, maybe_viewer, public
from lms.web.shared import shared_page

blueprint = Blueprint("directory", __name__)


def the_directory() -> Directory:
    return open_directory(data_folder("courses") / "resources")


@blueprint.get("/resources")
@public
def show_directory() -> str:
    """What is there for a need and a county; an unknown one in the address asks for all, and the page says so."""
    directory, names = the_directory(), counties()
    asked = {name: request.args.get(name, "").strip() for name in ("need", "county")}
    need = asked["need"] if asked["need"] in directory.needs else ""
    county = asked["county"] if asked["county"] in names else ""
    shown = choosing.choose(directory, need, county)

    def draw() -> str:
        return render_template(
            "directory/index.html",
            directory=directory,
            shown=shown,
            need=need,
            county=county,
            is_filtered=bool(need or county),
            is_unknown=bool((asked["need"] and not need) or (asked["county"] and not county)),
            counties=names,
            sorted_counties=sorted(names.items(), key=lambda one: one[1]),
            by_need=choosing.by_need,
            to_confirm=choosing.to_confirm(directory) if allows(maybe_viewer(), Permission.AUTHOR_COURSES) else (),
        )

    return shared_page(draw)


@blueprint.app_template_filter()
def said_here(texts: Texts) -> str:
    """A text of a data file in the language of the request, else in English."""
    return in_language(texts, language())


@blueprint.app_template_filter()
def host_name(address: str) -> str:
    """The name of the site that an address leads to, as people write it."""
    return urlsplit(address).netloc.removeprefix("www.")
