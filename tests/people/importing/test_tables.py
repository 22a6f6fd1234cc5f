"""Files of any kind are opened, or refused with a sentence that says what to do."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest

from lms.errors import Invalid
from lms.people.importing import unpacking
from lms.people.importing.tables import BLANK, HEADING, Table, open_table
from lms.people.importing.unpacking import look_through
from tests.support.sheets import MAIN, cell, letters, pack, parts, workbook

CSV = "Last Name;First Name;E-mail\nNúñez;José;jose@a.example\n"


def opened(content: bytes | str) -> Table:
    return open_table(io.BytesIO(content.encode() if isinstance(content, str) else content))


def cells(content: bytes | str) -> list[list[str]]:
    return [row for _line, row in opened(content).rows if not isinstance(row, str)]


def refusal(content: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        list(opened(content).rows)
    return caught.value.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_any_encoding_is_read(encoding: str) -> None:
    assert cells(CSV.encode(encoding)) == [["Núñez", "José", "jose@a.example"]]


def test_an_old_encoding_is_found_by_one_accent_at_the_end_of_a_long_file() -> None:
    plain = "".join(f"Smith;Ann;a{number}@a.example\n" for number in range(20_000))
    content = f"Last;First;E-mail\n{plain}Muñoz;Íñigo;m@a.example\n".encode("cp1252")

    assert cells(content)[-1] == ["Muñoz", "Íñigo", "m@a.example"]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_any_delimiter_is_found(mark: str) -> None:
    assert cells(mark.join(("Name", "E-mail", "Dept")) + "\n" + mark.join(("Ann", "a@a.example", "ER"))) == [
        ["Ann", "a@a.example", "ER"]
    ]


def test_a_comma_in_a_quoted_name_parts_nothing() -> None:
    assert cells('Name;E-mail\n"Ruiz, Ana";a@a.example\n"Gómez, Bo";b@a.example\n')[0] == ["Ruiz, Ana", "a@a.example"]


def test_excels_hint_of_the_delimiter_is_no_row() -> None:
    assert cells("sep=;\nName;E-mail\nAnn;a@a.example\n") == [["Ann", "a@a.example"]]


def test_titles_above_the_headers_are_passed_over() -> None:
    table = opened("River District,,\nStaff as of 8/1/2026,,\n,,\nName,E-mail,Bldg\nAnn,a@a.example,Oak\n")

    assert (table.headers, table.header_line) == (("Name", "E-mail", "Bldg"), 4)
    assert next(iter(table.rows)) == (5, ["Ann", "a@a.example", "Oak"])


def test_a_list_without_headers_begins_with_its_first_person() -> None:
    table = opened("Ann Smith,a@a.example\nBo Lee,b@a.example\n")

    assert table.headers == ("Column A", "Column B")
    assert len(list(table.rows)) == 2


def test_blank_rows_and_headers_that_come_again_are_named_with_their_lines() -> None:
    table = opened("Name,E-mail\n,\nAnn,a@a.example\nName,E-mail\n\n")

    assert list(table.rows) == [(2, BLANK), (3, ["Ann", "a@a.example"]), (4, HEADING), (5, BLANK)]


def test_a_line_break_within_quotes_keeps_the_lines_right() -> None:
    table = opened('Name,Note\n"Ann\nSmith",x\nBo,y\n')

    assert [line for line, _row in table.rows] == [2, 4]


def test_passwords_are_forgotten_as_they_are_read() -> None:
    assert cells("Name,Password\nAnn,hunter2\n") == [["Ann", ""]]


def test_a_workbook_with_merged_titles_and_dates_is_read() -> None:
    content = workbook(
        [["River District HR"], [], [None, "Last Name", "First", "Emp #", "Hire date"],
         [None, "Núñez", "José", 1001, (43689, "date")], [], [None, "Smith", "Ann", 1002.0, 43690]],
        merged=["A1:E1"],
    )  # fmt: skip

    table = opened(content)

    assert table.header_line == 3
    assert [row for row in table.rows if not isinstance(row[1], str)] == [
        (4, ["", "Núñez", "José", "1001", "2019-08-12"]),
        (6, ["", "Smith", "Ann", "1002", "43690"]),
    ]


def test_a_school_that_is_written_once_beside_all_of_its_staff_is_the_school_of_each() -> None:
    content = workbook(
        [["Staff of the River District"], ["Name", "E-mail", "School"], ["Ann Lee", "a@a.example", "Oak"],
         ["Bo Ray", "b@a.example"], ["Cy Day", "c@a.example"], ["Di Fox", "d@a.example"]],
        merged=["A1:C1", "C3:C5"],
    )  # fmt: skip

    assert [row[2] for row in cells(content)] == ["Oak", "Oak", "Oak", ""]


def test_a_zip_bomb_is_refused_by_its_unpacked_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MOST_UNPACKED", 2_000_000)
    content = pack({"xl/workbook.xml": b"x", "xl/worksheets/sheet1.xml": b"0" * 3_000_000})

    assert len(content) < 10_000
    assert refusal(content).startswith("Unpacked this file would be larger")


def test_a_zip_that_lies_about_its_sizes_is_refused() -> None:
    content = bytearray(pack({"xl/workbook.xml": b"x", "xl/worksheets/sheet1.xml": b"0" * 100_000}))
    for at in range(len(content) - 4):
        if content[at : at + 4] == struct.pack("<I", 100_000):
            content[at : at + 4] = struct.pack("<I", 10)

    assert refusal(bytes(content)).startswith("This file is damaged")


FAR = (
    '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
    "<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>",
    '<x:row r="1048576"><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>',
    '<row r="1048576"><c x=">" r = "XFD1048576"><v>1</v></c></row>',
    "<row r='2'><c r='XFD2'><v>1</v></c></row><row r='1048576'><c><v>1</v></c></row>",
    '<row r="1048576"><c x="' + "y" * 2_000 + '" r="XFD1048576"><v>1</v></c></row>',
)


@pytest.mark.parametrize("far", FAR, ids=["plain", "apostrophes", "prefix", "sign in a value", "unplaced", "long"])
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/elsewhere.bin"])
def test_cells_that_lie_too_far_apart_are_refused_however_they_are_written(
    far: str, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "PIECE", 1_500)
    sheet = f'<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row>{far}</sheetData></worksheet>'
    content = pack({"xl/workbook.xml": "<workbook/>", part: sheet})

    with pytest.raises(Invalid):
        list(opened(content).rows)
    with pytest.raises(Invalid):
        look_through(io.BytesIO(content), is_sheet=True)


def test_a_part_in_an_encoding_in_which_nothing_can_be_counted_is_refused() -> None:
    content = pack({"xl/workbook.xml": "<workbook/>", "xl/worksheets/sheet1.xml": "<worksheet/>".encode("utf-16")})

    with pytest.raises(Invalid):
        look_through(io.BytesIO(content), is_sheet=True)


def test_a_sheet_that_is_formatted_down_to_its_last_row_is_read() -> None:
    rows = "".join(
        f'<row r="{at}">' + "".join(cell(f"{letters(column)}{at}", "Name") for column in range(25)) + "</row>"
        for at in (1, 2)
    )
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}<row r="1048576" spans="1:25"/></sheetData></worksheet>'

    assert opened(pack(parts(sheet))).header_line == 1


def test_a_locked_zip_is_refused() -> None:
    content = bytearray(pack({"users.csv": "x"}))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        at = archive.start_dir
    content[6] |= 1
    content[at + 8] |= 1

    assert "locked with a password" in refusal(bytes(content))


@pytest.mark.parametrize(
    "content",
    [b"%PDF-1.7 ...", b"PK\x03\x04broken", pack({"word/document.xml": "x"}), b"\x89PNG\r\n", bytes(range(32)) * 50],
    ids=["pdf", "broken zip", "word", "picture", "binary"],
)
def test_what_is_no_table_is_refused(content: bytes) -> None:
    assert refusal(content).startswith("This is no table")


def test_an_empty_file_and_a_blank_one_are_refused() -> None:
    assert refusal(b"") == "This file is empty."
    assert refusal(b"\n\n , \n") == "There is nothing in this file."


def test_a_quotation_mark_that_is_never_closed_names_its_line() -> None:
    content = b'Name,E-mail\nAnn,a@a.example\n"Bo,' + b"x" * 200_000

    with pytest.raises(Invalid) as caught:
        list(opened(content).rows)
    assert caught.value.values == {"line": 3}


HEAD = "Name,E-mail,School,Job\n"
SWALLOWED = (
    HEAD + '"Ann Lee,a@a.example,Oak,Nurse\nBo Ray,b@a.example,Oak,Nurse\n',
    HEAD + 'Ann Lee,a@a.example,Oak,Nurse\nBo Ray,b@a.example,Oak,"Nurse\nCy Day,c@a.example,Oak,Nurse\n',
    HEAD
    + '"Ann Lee,a@a.example,Oak,Nurse\nBo Ray,b@a.example,Oak,Nurse\n"Cy, Jr",c@a.example,Oak,Nurse\nDi,d@a.example,Oak,x\n',
    HEAD + 'Ann Lee,"a@a.example,Oak,Nurse\nBo Ray,b@a.example,Oak,"Nurse"\nDi Day,d@a.example,Oak,Nurse\n',
)


@pytest.mark.parametrize("content", SWALLOWED, ids=["to the end", "last cell", "to the next mark", "in the middle"])
def test_a_quotation_mark_that_is_never_closed_swallows_nobody(content: str) -> None:
    assert refusal(content.encode()).startswith("From line %(line)s on this cannot be read as a table")


def test_a_note_of_several_lines_within_quotes_is_one_cell() -> None:
    content = HEAD + 'Ann Lee,a@a.example,"Oak,\n12 Main St, West\n\n""The Annex""",Nurse\nBo,b@a.example,Oak,Nurse\n'

    assert cells(content)[0] == ["Ann Lee", "a@a.example", 'Oak, 12 Main St, West "The Annex"', "Nurse"]


def test_a_list_without_headers_loses_nobody_above_its_fullest_row() -> None:
    assert [row[0] for row in cells("Ann Lee,,Oak\nBo Ray,b@a.example,Oak\n")] == ["Ann Lee", "Bo Ray"]


def test_a_place_that_is_called_like_a_header_makes_no_row_of_headers() -> None:
    content = "Worker,Place of work,Kind\nAnn Lee,Oak,Nurse\nBo Ray,Hospital,Nurse\nCy Day,Oak,Nurse\n"

    assert [row[0] for row in cells(content)] == ["Ann Lee", "Bo Ray", "Cy Day"]


def test_a_row_with_an_address_is_somebodys_even_where_its_cells_are_headers_elsewhere() -> None:
    content = "Who,Post box,Place,Kind\nAnn Lee,a@a.example,Unit,Officer\nBo Ray,b@a.example,Station,Position\n"

    assert [row[0] for row in cells(content)] == ["Ann Lee", "Bo Ray"]


ORGS = "sourcedId,status,name,type,identifier\no1,active,Oak School,school,OAK\n"


def test_oneroster_1_1_names_staff_and_counts_students() -> None:
    users = (
        "sourcedId,status,enabledUser,orgSourcedIds,role,username,givenName,familyName,email,password\n"
        "u1,active,true,\"o1,o1\",teacher,ann,Ann,Smith,ann@a.example,secret\n"
        "u2,active,true,o1,student,kid,Kid,Small,,\n"
        "u3,tobedeleted,true,o1,teacher,old,Old,Gone,,\n"
    )  # fmt: skip

    table = opened(pack({"manifest.csv": "a,b\n", "orgs.csv": ORGS, "users.csv": users}))

    rows = list(table.rows)
    assert table.facts["version"] == "1.1"
    assert [row for _line, row in rows if isinstance(row, str)] == ["student", "inactive"]
    assert rows[0][1] == ["Ann", "Smith", "", "ann@a.example", "u1", "Oak School", "teacher", ""]
    assert "secret" not in str(rows)


def test_oneroster_1_2_takes_roles_from_their_own_file() -> None:
    users = "sourcedId,status,enabledUser,username,givenName,familyName,identifier,email\nu1,,true,ann,Ann,Smith,77,a@a.example\nu2,,true,k,Kid,Small,,\nu3,,true,n,No,Role,,\n"
    roles = "sourcedId,status,userSourcedId,roleType,role,beginDate,endDate,orgSourcedId\nr1,,u1,primary,teacher,2024-08-01,,o1\nr2,,u2,primary,student,,,o1\n"

    table = opened(pack({"x/orgs.csv": ORGS, "x/users.csv": users, "x/roles.csv": roles}))

    assert [row for _line, row in table.rows] == [
        ["Ann", "Smith", "", "a@a.example", "77", "Oak School", "teacher", "2024-08-01"], "student", "without-role",
    ]  # fmt: skip
    assert table.facts["version"] == "1.2"


def test_a_oneroster_zip_without_orgs_is_refused() -> None:
    assert refusal(pack({"users.csv": "sourcedId\n"})).startswith("In a OneRoster zip")


def test_a_short_row_of_a_oneroster_file_is_read_as_far_as_it_goes() -> None:
    users = "givenName,familyName,email,role,orgSourcedIds,sourcedId\nAnn,Lee,a@a.example,teacher,o1,u1\nBo,Ray\n"

    rows = [row for _line, row in opened(pack({"orgs.csv": ORGS, "users.csv": users})).rows]

    assert rows[0] == ["Ann", "Lee", "", "a@a.example", "u1", "Oak School", "teacher", ""]
    assert rows[1:] == ["without-role"]
