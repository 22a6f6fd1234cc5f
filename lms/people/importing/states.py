"""States of the United States as people and lists write them; pure."""

from __future__ import annotations

from lms.people.names import fold

NAMES = {
    "alabama": "AL", "alaska": "AK", "arizona": "AZ", "arkansas": "AR", "california": "CA", "colorado": "CO",
    "connecticut": "CT", "delaware": "DE", "district of columbia": "DC", "florida": "FL", "georgia": "GA",
    "hawaii": "HI", "idaho": "ID", "illinois": "IL", "indiana": "IN", "iowa": "IA", "kansas": "KS", "kentucky": "KY",
    "louisiana": "LA", "maine": "ME", "maryland": "MD", "massachusetts": "MA", "michigan": "MI", "minnesota": "MN",
    "mississippi": "MS", "missouri": "MO", "montana": "MT", "nebraska": "NE", "nevada": "NV", "new hampshire": "NH",
    "new jersey": "NJ", "new mexico": "NM", "new york": "NY", "north carolina": "NC", "north dakota": "ND",
    "ohio": "OH", "oklahoma": "OK", "oregon": "OR", "pennsylvania": "PA", "rhode island": "RI",
    "south carolina": "SC", "south dakota": "SD", "tennessee": "TN", "texas": "TX", "utah": "UT", "vermont": "VT",
    "virginia": "VA", "washington": "WA", "west virginia": "WV", "wisconsin": "WI", "wyoming": "WY",
    "puerto rico": "PR", "guam": "GU", "american samoa": "AS", "virgin islands": "VI", "u s virgin islands": "VI",
    "northern mariana islands": "MP",
    "nueva york": "NY", "nueva jersey": "NJ", "nuevo mexico": "NM", "nuevo hampshire": "NH", "carolina del norte": "NC",
    "carolina del sur": "SC", "dakota del norte": "ND", "dakota del sur": "SD", "virginia occidental": "WV",
    "pensilvania": "PA", "luisiana": "LA", "misuri": "MO", "misisipi": "MS",
}  # fmt: skip
CODES = frozenset(NAMES.values())


def read_state(text: str) -> str | None:
    """The two letters of a state; None for what is none."""
    words = " ".join(fold(text).replace(".", " ").replace("-", " ").split())
    bare = words.replace(" ", "").upper()
    if len(bare) == 2 and bare in CODES:
        return bare
    return NAMES.get(words.removeprefix("state of ").removeprefix("estado de "))
