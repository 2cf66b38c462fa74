"""The CRM's own tables and the rows in them: made up from a seed, a few of them dirty on purpose.

Only contacts and leads are dirty: ids are missing, dates impossible, notes too long, addresses
malformed, names hostile to terminals. Accounts, opportunities and campaigns are clean.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

_DAY_MS = 86_400_000
_OLDEST_MS = 3 * 365 * _DAY_MS
_DIRTY_SHARE = 0.004
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"

# How many rows each table begins with.
SIZES = {"account": 5_400, "contact": 21_000, "lead": 6_300, "opportunity": 8_400, "campaign": 260}

_PREFIXES = {"account": 1, "contact": 3, "lead": 81, "opportunity": 6, "campaign": 450, "user": 5}
_HEAD = "pk INTEGER PRIMARY KEY, sf_id TEXT, guid TEXT"
_TAIL = (
    "note TEXT, owner_id TEXT, owner_guid TEXT, "
    "created INTEGER NOT NULL, modified INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0"
)
_PLACE = "street TEXT, city TEXT, state TEXT, zip TEXT, country TEXT, country_code TEXT"
_COLUMNS = {
    "account": "name TEXT, number TEXT, kind TEXT, industry TEXT, phone TEXT, website TEXT, "
    "revenue REAL, employees INTEGER, rating TEXT, " + _PLACE,
    "contact": "account_sf TEXT, account_guid TEXT, salutation TEXT, first TEXT, last TEXT, "
    "email TEXT, phone TEXT, mobile TEXT, title TEXT, department TEXT, birthdate TEXT, "
    "source TEXT, opt_out INTEGER, score INTEGER, stage TEXT, " + _PLACE,
    "lead": "first TEXT, last TEXT, company TEXT, email TEXT, phone TEXT, title TEXT, "
    "industry TEXT, source TEXT, status TEXT, rating TEXT, score INTEGER, converted INTEGER, "
    + _PLACE,
    "opportunity": "account_sf TEXT, account_guid TEXT, name TEXT, stage TEXT, amount REAL, "
    "currency TEXT, probability REAL, close_date TEXT, kind TEXT, source TEXT, won INTEGER, "
    "closed INTEGER",
    "campaign": "name TEXT, kind TEXT, status TEXT, start_date TEXT, end_date TEXT, "
    "budget REAL, cost REAL, sent INTEGER, responses INTEGER, active INTEGER",
}
_NAMES = {
    table: [part.split()[0] for part in f"{_HEAD}, {columns}, {_TAIL}".split(", ")]
    for table, columns in _COLUMNS.items()
}

_SALUTATIONS = ("Mr.", "Ms.", "Mx.", "Dr.", "Prof.", "", "", "")
STAGES = ("subscriber", "lead", "qualified", "opportunity", "customer", "churned")
RATINGS = ("Hot", "Warm", "Cold")
LEAD_STATUSES = ("Open", "Contacted", "Nurturing", "Qualified", "Unqualified")
# Stage of an opportunity with its probability; the last two are closed.
PHASES = (
    ("Prospecting", 10.0),
    ("Qualification", 20.0),
    ("Needs Analysis", 35.0),
    ("Proposal", 60.0),
    ("Negotiation", 80.0),
    ("Closed Won", 100.0),
    ("Closed Lost", 0.0),
)
CAMPAIGN_STATUSES = ("Planned", "In Progress", "Completed", "Aborted")


@cache
def words() -> dict[str, list[Any]]:
    """The lists of words that rows are made of."""
    text = files("aeptui.emulator").joinpath("data/words.json").read_text(encoding="utf-8")
    lists: dict[str, list[Any]] = json.loads(text)
    return lists


def create_statements() -> list[str]:
    """The tables with the indexes that delta columns are searched by."""
    made = []
    for table, columns in _COLUMNS.items():
        made.append(f"CREATE TABLE {table} ({_HEAD}, {columns}, {_TAIL})")
        made.append(f"CREATE INDEX {table}_modified ON {table} (modified, pk)")
        made.append(f"CREATE INDEX {table}_created ON {table} (created, pk)")
    return made


def insert_statement(table: str) -> str:
    marks = ", ".join("?" * len(_NAMES[table]))
    return f"INSERT INTO {table} VALUES ({marks})"  # noqa: S608  (our own table names)


def salesforce_id(table: str, number: int) -> str:
    """An 18-character id: the table's prefix, the number in base 62, the check characters."""
    digits = []
    while number:
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    body = f"{_PREFIXES[table]:03d}" + "".join(reversed(digits)).rjust(12, "0")
    check = ""
    for part in (body[:5], body[5:10], body[10:]):
        upper = sum(1 << place for place, letter in enumerate(part) if "A" <= letter <= "Z")
        check += _CHECK[upper]
    return body + check


def guid_of(random: Random) -> str:
    text = f"{random.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


@dataclass(frozen=True, slots=True)
class Account:
    """What a contact or an opportunity says about the account that it belongs to."""

    sf_id: str
    guid: str
    name: str


@dataclass(slots=True)
class Maker:
    """Makes rows: the same random numbers give the same rows."""

    random: Random
    owners: list[tuple[str, str]]
    accounts: Callable[[Random], Account]

    def row(self, table: str, pk: int, created_ms: int, modified_ms: int) -> tuple[Any, ...]:
        """A whole row of `table`, in the order of its columns."""
        make: Callable[[], list[Any]] = getattr(self, f"_{table}")
        values = make()
        random = self.random
        note = random.choice(words()["notes"]) if random.random() < 0.6 else None
        owner = random.choice(self.owners)
        # Steps of a prime keep ids of neighbours apart, as a CRM's shared counters do.
        sf_id = salesforce_id(table, 1_000_003 * pk + 48_611_903)
        whole = [pk, sf_id, guid_of(random), *values, note, *owner, created_ms, modified_ms, 0]
        if table in ("contact", "lead") and random.random() < _DIRTY_SHARE:
            _soil(random, whole, _NAMES[table])
        return tuple(whole)

    def _place(self) -> list[Any]:
        random = self.random
        city, state, code, country, country_code = random.choice(words()["places"])
        street = f"{random.choice(words()['streets'])} {int(random.random() * 220) + 1}"
        return [street, city, state, code, country, country_code]

    def _phone(self) -> str:
        number = int(self.random.random() * 90_000_000) + 10_000_000
        return f"+{self.random.choice((1, 31, 33, 34, 44, 45, 49, 353))} {number}"

    def _person(self) -> tuple[str, str, str]:
        random = self.random
        first, last = random.choice(words()["first"]), random.choice(words()["last"])
        plain = f"{first}.{last}".lower().encode("ascii", "ignore").decode().replace(" ", "")
        number = int(random.random() * 9000)
        return first, last, f"{plain.replace(chr(39), '')}{number}@example.com"

    def _company(self) -> str:
        lists, choice = words(), self.random.choice
        head, tail = choice(lists["company_heads"]), choice(lists["company_tails"])
        return f"{head} {tail}{choice(lists['company_forms'])}"

    def _account(self) -> list[Any]:
        random, lists = self.random, words()
        name = self._company()
        site = "".join(name.split()[:2]).lower()
        return [
            name,
            f"A-{int(random.random() * 900_000) + 100_000}",
            random.choice(("Customer", "Prospect", "Partner", "Former customer")),
            random.choice(lists["industries"]),
            self._phone(),
            f"https://www.{site}.example",
            round(random.lognormvariate(15, 1.4), 2),
            int(random.lognormvariate(4.5, 1.3)) + 1,
            random.choice(RATINGS),
            *self._place(),
        ]

    def _contact(self) -> list[Any]:
        random, lists = self.random, words()
        account = self.accounts(random)
        first, last, email = self._person()
        year, month, day = random.choice(range(1948, 2006)), random.random(), random.random()
        return [
            account.sf_id,
            account.guid,
            random.choice(_SALUTATIONS) or None,
            first,
            last,
            email if random.random() < 0.94 else None,
            self._phone(),
            self._phone() if random.random() < 0.7 else None,
            random.choice(lists["titles"]),
            random.choice(lists["departments"]),
            f"{year}-{int(month * 12) + 1:02d}-{int(day * 28) + 1:02d}",
            random.choice(lists["sources"]),
            int(random.random() < 0.18),
            int(random.random() * 101),
            random.choice(STAGES),
            *self._place(),
        ]

    def _lead(self) -> list[Any]:
        random, lists = self.random, words()
        first, last, email = self._person()
        return [
            first,
            last,
            self._company(),
            email,
            self._phone(),
            random.choice(lists["titles"]),
            random.choice(lists["industries"]),
            random.choice(lists["sources"]),
            random.choice(LEAD_STATUSES),
            random.choice(RATINGS),
            int(random.random() * 101),
            int(random.random() < 0.12),
            *self._place(),
        ]

    def _opportunity(self) -> list[Any]:
        random, lists = self.random, words()
        account = self.accounts(random)
        stage, probability = random.choice(PHASES)
        month, day = int(random.random() * 12) + 1, int(random.random() * 28) + 1
        return [
            account.sf_id,
            account.guid,
            f"{account.name}: {random.choice(lists['opportunity_things'])}",
            stage,
            round(random.lognormvariate(10, 1), 2),
            random.choice(("EUR", "USD", "GBP", "CHF", "SEK")),
            probability,
            f"{random.choice((2025, 2026, 2027))}-{month:02d}-{day:02d}",
            random.choice(("New business", "Existing business")),
            random.choice(lists["sources"]),
            int(stage == "Closed Won"),
            int(stage.startswith("Closed")),
        ]

    def _campaign(self) -> list[Any]:
        random, lists = self.random, words()
        year, month = random.choice((2024, 2025, 2026)), int(random.random() * 11) + 1
        budget = round(random.lognormvariate(9, 0.8), 2)
        sent = int(random.lognormvariate(7, 1.2))
        return [
            f"{random.choice(lists['campaign_things'])} {year}-{month:02d}",
            random.choice(("E-mail", "Webinar", "Event", "Advertisement", "Direct mail")),
            random.choice(CAMPAIGN_STATUSES),
            f"{year}-{month:02d}-01",
            f"{year}-{month + 1:02d}-15",
            budget,
            round(budget * random.uniform(0.4, 1.2), 2),
            sent,
            int(sent * random.uniform(0, 0.2)),
            int(random.random() < 0.4),
        ]


def _soil(random: Random, row: list[Any], names: list[str]) -> None:
    """Spoils one thing of a row, as years of imports and integrations do."""
    match random.randrange(5):
        case 0:
            row[names.index("sf_id")] = row[names.index("guid")] = None
        case 1:
            row[names.index("note")] = " ".join(random.choices(words()["notes"], k=12))
        case 2:
            row[names.index("email")] = random.choice(("n/a", "info at example.com", "@", "a@b@c"))
        case 3 if "birthdate" in names:
            row[names.index("birthdate")] = random.choice(
                ("1987-02-30", "0000-00-00", "2001-13-01", "31/11/1990", "unknown")
            )
        case _:
            place = names.index(random.choice(("first", "last", "title", "note")))
            row[place] = random.choice(words()["hostile"])


def moments(random: Random, start_ms: int) -> tuple[int, int]:
    """Created and modified before `start_ms`: created evenly, modified mostly later."""
    created = start_ms - 1 - int(random.random() * _OLDEST_MS)
    modified = created + int((start_ms - created) * random.random() ** 0.5)
    return created, min(modified, start_ms - 1)
