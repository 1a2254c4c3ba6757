"""Business files: what they become, and the one sentence for everything that is wrong with one."""

from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.booking.business import Businesses, CrmAccount, Destination
from app.booking.business_file import load_businesses
from app.errors import ConfigurationError

DEMO = Path(__file__).parents[2] / "infra" / "businesses" / "demo.toml"
NINE_TO_FIVE = ((540, 1020),)

ACME = """\
[businesses.acme]
name = "Acme Pest Control"
time_zone = "America/Chicago"
lines = ["+15125550100"]
vapi_assistants = ["asst_1"]
hours = { mon = ["08:00-12:00", "13:00-24:00"], tue = ["09:00-12:00", "12:00-17:00"] }
closed = ["2026-12-25"]
minimum_notice_minutes = 60
booking_window_days = 30
slot_step_minutes = 15
person = "+15125550199"
page = ["json://127.0.0.1:9000/page"]
daily_call_cap = 200

[[businesses.acme.services]]
id = "inspection"
name = "Home inspection"
minutes = 60
buffer_before_minutes = 5
buffer_after_minutes = 15

[[businesses.acme.technicians]]
id = "dana"
name = "Dana"
calendar = "embedded:dana"
services = ["inspection"]

[[businesses.acme.technicians]]
id = "lee"
name = "Lee"
calendar = "google:lee@acme.example"
services = ["inspection"]
hours = { wed = ["09:00-17:00"] }
closed = [2026-07-03]
"""

TRANSFERS = """\
person = "+15125550199"
transfers = [
  { number = "+15125550171", hours = { mon = ["09:00-17:00"] } },
  { number = "+15125550172" },
]
"""

ZENITH = """\
[businesses.zenith]
name = "Zenith"
time_zone = "Europe/London"
lines = ["+442071234567"]
hours = { mon = ["09:00-17:00"] }
services = [{ id = "visit", name = "Visit", minutes = 30 }]
technicians = [{ id = "kim", name = "Kim", calendar = "embedded:kim", services = ["visit"] }]
"""

WRONG = [
    # what to replace, by what, where the error is said to be, what is said
    ('name = "Acme Pest Control"', "", "line 1: businesses.acme.name", "is missing"),
    ("Acme Pest Control", " ", "line 2: businesses.acme.name", "must be text"),
    ("America/Chicago", "America/Chicag", "line 3: businesses.acme.time_zone", "no time zone"),
    ("America/Chicago", "/etc/passwd", "line 3: businesses.acme.time_zone", "no time zone"),
    ("America/Chicago", "America", "line 3: businesses.acme.time_zone", "no time zone"),
    ('"America/Chicago"', "6", "line 3: businesses.acme.time_zone", "must be"),
    ("+15125550199", "+15125550100", "line 11: businesses.acme.person", "one of the lines"),
    ("+15125550100", "512-555-0100", "line 4: businesses.acme.lines[0]", "must be a phone number"),
    ('"+15125550100"', "15125550100", "line 4: businesses.acme.lines[0]", "must be a phone number in quotes"),
    ('"+15125550100"', '"+15125550100", "+1 (512) 555-0100"', "line 4: businesses.acme.lines", "twice"),
    ('"+15125550100"', '"+15125550100", "+15125550100"', "line 4: businesses.acme.lines", "twice"),
    ('["+15125550100"]', '"+15125550100"', "line 4: businesses.acme.lines", "must be a list"),
    ("mon =", "monday =", "line 6: businesses.acme.hours.monday", "known are: mon, tue, wed, thu, fri, sat, sun"),
    ("08:00-12:00", "8-12", "line 6: businesses.acme.hours.mon[0]", '"HH:MM-HH:MM"'),
    ("08:00-12:00", "08:00-12:60", "line 6: businesses.acme.hours.mon[0]", '"HH:MM-HH:MM"'),
    ("13:00-24:00", "13:00-24:30", "line 6: businesses.acme.hours.mon[1]", '"HH:MM-HH:MM"'),
    ("13:00-24:00", "22:00-02:00", "line 6: businesses.acme.hours.mon[1]", "ends before it starts"),
    ("13:00-24:00", "13:00-13:00", "line 6: businesses.acme.hours.mon[1]", "ends before it starts"),
    ("13:00-24:00", "11:00-14:00", "line 6: businesses.acme.hours.mon", "overlap"),
    ("13:00-24:00", "06:00-07:00", "line 6: businesses.acme.hours.mon", "not in order"),
    ('["2026-12-25"]', '["25.12.2026"]', "line 7: businesses.acme.closed[0]", "must be a date"),
    ('["2026-12-25"]', '["2026-02-30"]', "line 7: businesses.acme.closed[0]", "must be a date"),
    ('["2026-12-25"]', "[2026-12-25T00:00:00]", "line 7: businesses.acme.closed[0]", "must be a date"),
    ("minutes = 60\n", 'minutes = "60"\n', "line 8: businesses.acme.minimum_notice_minutes", "whole number"),
    ("= 30\n", "= -1\n", "line 9: businesses.acme.booking_window_days", "at least 0"),
    ("= 15\nperson", "= 0\nperson", "line 10: businesses.acme.slot_step_minutes", "at least 1"),
    ("= 15\nperson", "= 241\nperson", "line 10: businesses.acme.slot_step_minutes", "at most 240"),
    ("+15125550199", "reception", "line 11: businesses.acme.person", "must be a phone number"),
    ("json://127.0.0.1:9000/page", "page me", "line 12: businesses.acme.page[0]", "notification URL"),
    ("daily_call_cap = 200", "daily_call_cap = 1.5", "line 13: businesses.acme.daily_call_cap", "whole number"),
    ("daily_call_cap = 200", "daily_call_cap = true", "line 13: businesses.acme.daily_call_cap", "whole number"),
    ("daily_call_cap", "dayly_call_cap", "line 13: businesses.acme.dayly_call_cap", "is a key nobody here knows"),
    ('id = "inspection"', 'id = "in spection"', "line 16: businesses.acme.services[0].id", "letters, digits"),
    ("minutes = 60\nbuffer", "minutes = 0\nbuffer", "line 18: businesses.acme.services[0].minutes", "at least 1"),
    ("buffer_after_minutes", "buffer_minutes", "line 20: businesses.acme.services[0].buffer_minutes", "known are: id,"),
    ("embedded:dana", "outlook:dana", "line 25: businesses.acme.technicians[0].calendar", "must be embedded:"),
    ("embedded:dana", "embedded:", "line 25: businesses.acme.technicians[0].calendar", "must be embedded:"),
    ("embedded:dana", "embedded:zenith/kim", "line 25: businesses.acme.technicians[0].calendar", "must be embedded:"),
    ("embedded:dana", "caldav:http://host/dana/", "line 25: businesses.acme.technicians[0].calendar", "be https, as"),
    ("embedded:dana", "caldav:https://host:x/", "line 25: businesses.acme.technicians[0].calendar", "malformed"),
    ("embedded:dana", "caldav:https://u:p@host/", "line 25: businesses.acme.technicians[0].calendar", "must be"),
    ("embedded:dana", "caldav:host/dana", "line 25: businesses.acme.technicians[0].calendar", "must be embedded:"),
    ('"lee"', '"Dana"', "line 29: businesses.acme.technicians[1].id", "another entry has already"),
    ('"Lee"', '"DANA"', "line 30: businesses.acme.technicians[1].name", "another entry has already"),
    ("minutes = 15\n\n", 'minutes = 15\n\n[[businesses.acme.services]]\nid = "2"\nname = "Inspection"\nminutes = 9\n\n',
     "line 24: businesses.acme.services[1].name", "another entry has already"),
    ('["inspection"]\nhours', '["inspectin"]\nhours', "line 32: businesses.acme.technicians[1].services",
     'names "inspectin", which is no service of this business; services are: inspection'),
    ('["inspection"]\nhours', "[]\nhours", "line 32: businesses.acme.technicians[1].services", "at least one entry"),
    ("wed =", "wen =", "line 33: businesses.acme.technicians[1].hours.wen", "known are: mon,"),
    ("[businesses.acme]", "[business.acme]", "line 1: business", "known are: businesses"),
    ("[businesses.acme]", '[businesses."a b"]', "line 1: businesses.a b", "letters, digits"),
]  # fmt: skip


CRM = (
    ACME
    + """
[businesses.acme.crm]
kind = "webhook"
url = "https://crm.example/in"
read_back_url = "https://crm.example/in/{booking}"
"""
)

WRONG_CRM = [
    ('"webhook"', '"salesforce"', "line 37: businesses.acme.crm.kind", "it must be webhook or hubspot"),
    ('kind = "webhook"\n', "", "line 36: businesses.acme.crm.kind", "is missing"),
    ('url = "https://crm.example/in"\n', "", "line 36: businesses.acme.crm.url", "is missing; a webhook needs one"),
    ("https://crm.example/in\"", "http://crm.example/in\"", "line 38: businesses.acme.crm.url", "must be an https URL"),
    ("https://crm.example/in\"", "https://a:b@crm.example\"", "line 38: businesses.acme.crm.url", "without user name"),
    ("https://crm.example/in\"", "https://crm.example:x\"", "line 38: businesses.acme.crm.url", "must be an https URL"),
    ('"https://crm.example/in"', "5", "line 38: businesses.acme.crm.url", "must be an https URL"),
    ("/{booking}", "", "line 39: businesses.acme.crm.read_back_url", "must hold {booking}"),
    ('"webhook"', '"hubspot"', "line 39: businesses.acme.crm.read_back_url", "is for a webhook"),
    ("read_back_url", "secret", "line 39: businesses.acme.crm.secret", "known are: kind, url, read_back_url"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "where", "said"), WRONG_CRM, ids=[f"{w[2]} {w[1]}" for w in WRONG_CRM])
def test_a_wrong_crm_is_one_sentence_with_line_and_key(
    right: str, wrong: str, where: str, said: str, tmp_path: Path
) -> None:
    assert right in CRM
    (tmp_path / "acme.toml").write_text(CRM.replace(right, wrong, 1))

    sentence = refusal(tmp_path / "acme.toml")

    assert sentence.startswith(f"acme.toml {where} ")
    assert said in sentence


def test_a_crm_is_an_account_without_its_secret_and_may_be_left_out(tmp_path: Path) -> None:
    def crm(text: str) -> CrmAccount | None:
        (tmp_path / "acme.toml").write_text(text)
        return load_businesses(tmp_path / "acme.toml", {}).by_id["acme"].crm

    assert crm(ACME) is None
    assert crm(CRM) == CrmAccount("webhook", "https://crm.example/in", "https://crm.example/in/{booking}")
    assert crm(ACME + '[businesses.acme.crm]\nkind = "hubspot"\n') == CrmAccount("hubspot", "https://api.hubapi.com")
    local = ACME + '[businesses.acme.crm]\nkind = "hubspot"\nurl = "http://127.0.0.1:9000/"\n'
    assert crm(local) == CrmAccount("hubspot", "http://127.0.0.1:9000")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "acme.toml").write_text(ACME)
    (tmp_path / "zenith.toml").write_text(ZENITH)
    return tmp_path


def refusal(path: Path, caps: dict[str, int] | None = None) -> str:
    with pytest.raises(ConfigurationError) as refused:
        load_businesses(path, caps or {})
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize(("right", "wrong", "where", "said"), WRONG, ids=[f"{w[2]} {w[1]}" for w in WRONG])
def test_a_wrong_file_is_one_sentence_with_line_and_key(
    right: str, wrong: str, where: str, said: str, tmp_path: Path
) -> None:
    text = ACME.replace(right, wrong, 1)
    if "[business.acme]" in text or "a b" in text:
        text = text.replace("businesses.acme.", text[1 : text.index("]")] + ".")
    file = tmp_path / "acme.toml"
    file.write_text(text)

    sentence = refusal(file)

    assert sentence.startswith(f"acme.toml {where} ")
    assert said in sentence


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[businesses.acme\n", "is not valid TOML: "),
        (b"a = 1\na = 2\n", "is not valid TOML: "),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"", "businesses is missing"),
        (b"[businesses]\n", "businesses must have at least one entry"),
        (b"businesses = 5\n", "businesses must be a table"),
        (b"businesses.acme = []\n", "businesses.acme must be a table"),
    ],
)
def test_a_file_that_is_no_business_file_is_refused_by_name(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_bytes(content)

    sentence = refusal(tmp_path / "acme.toml")

    assert "acme.toml" in sentence
    assert said in sentence


def test_a_missing_file_and_an_empty_folder_name_the_variable(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nothing.toml").startswith("READBACK_BUSINESSES: ")
    assert refusal(Path("nothing.toml")).startswith(f"READBACK_BUSINESSES: {Path.cwd()}/nothing.toml cannot be read")
    assert refusal(tmp_path).startswith(f"READBACK_BUSINESSES is {tmp_path}, a folder without any business file")


def test_a_business_becomes_what_its_file_says(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text(ACME)

    acme = load_businesses(tmp_path / "acme.toml", {}).by_id["acme"]

    assert (acme.id, acme.name, acme.zone) == ("acme", "Acme Pest Control", ZoneInfo("America/Chicago"))
    assert (acme.lines, acme.vapi_assistants, acme.person) == (("+15125550100",), ("asst_1",), "+15125550199")
    assert (acme.minimum_notice_minutes, acme.booking_window_days, acme.slot_step_minutes) == (60, 30, 15)
    assert (acme.page, acme.daily_call_cap) == (("json://127.0.0.1:9000/page",), 200)
    assert acme.closed == {date(2026, 12, 25)}
    service = acme.services[0]
    assert (service.minutes, service.buffer_before_minutes, service.buffer_after_minutes) == (60, 5, 15)


def test_documents_are_a_folder_beside_the_file_and_reviewed_tools_are_known(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    file = tmp_path / "acme.toml"
    file.write_text(ACME.replace("daily", 'documents = "documents"\nreviewed = ["cancel_appointment"]\ndaily'))
    business = load_businesses(file, {}).by_id["acme"]
    assert business.documents == tmp_path / "documents"
    assert business.reviewed == {"cancel_appointment"}

    file.write_text(ACME)
    assert load_businesses(file, {}).by_id["acme"].documents is None
    (tmp_path / "documents" / "acme").mkdir()
    assert load_businesses(file, {}).by_id["acme"].documents == tmp_path / "documents" / "acme"

    for line, said in (('documents = "none"', "which is no folder"), ('reviewed = ["x"]', "must be one of book_app")):
        file.write_text(ACME.replace("daily", f"{line}\ndaily"))
        with pytest.raises(ConfigurationError, match=said):
            load_businesses(file, {})


def test_a_business_is_new_for_two_weeks_where_it_says_since_when(tmp_path: Path) -> None:
    file = tmp_path / "acme.toml"
    file.write_text(ACME.replace("daily", "live_since = 2026-11-20\ndaily"))
    business = load_businesses(file, {}).by_id["acme"]
    moments = (date(2026, 11, 1), date(2026, 11, 20), date(2026, 12, 3), date(2026, 12, 4))

    assert [business.is_new(datetime.combine(day, time(12), business.zone).timestamp()) for day in moments] == [
        True, True, True, False,
    ]  # fmt: skip
    file.write_text(ACME)
    assert not load_businesses(file, {}).by_id["acme"].is_new(0.0)


def test_transfers_are_tried_in_their_order_within_their_hours(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text(ACME.replace('person = "+15125550199"\n', TRANSFERS))

    acme = load_businesses(tmp_path / "acme.toml", {}).by_id["acme"]

    assert acme.transfers == (
        Destination("+15125550171", (NINE_TO_FIVE, (), (), (), (), (), ())),
        Destination("+15125550172", None),
    )


@pytest.mark.parametrize(
    ("right", "wrong", "where", "said"),
    [
        ("+15125550171", "front desk", "transfers[0].number", "must be a phone number"),
        ("+15125550171", "+15125550100", "transfers[0].number", "one of the lines"),
        ("+15125550172", "+15125550171", "transfers[1].number", "which another entry has already"),
        ("09:00-17:00", "9-5", "transfers[0].hours.mon[0]", '"HH:MM-HH:MM"'),
        ("number =", "phone =", "transfers[0].phone", "is a key nobody here knows; known are: number, hours"),
        ("mon =", "monday =", "transfers[0].hours.monday", "known are: mon,"),
        ('{ number = "+15125550172" }', '"+15125550172"', "transfers[1]", "must be a table"),
    ],
)
def test_wrong_transfers_are_one_sentence_with_the_key(
    right: str, wrong: str, where: str, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "acme.toml"
    file.write_text(ACME.replace('person = "+15125550199"\n', TRANSFERS.replace(right, wrong, 1)))

    sentence = refusal(file)

    assert f": businesses.acme.{where} " in sentence
    assert said in sentence


def test_hours_are_minutes_by_day_and_spans_that_touch_are_one(tmp_path: Path) -> None:
    (tmp_path / "acme.toml").write_text(ACME)

    hours = load_businesses(tmp_path / "acme.toml", {}).by_id["acme"].hours

    assert hours == (((480, 720), (780, 1440)), NINE_TO_FIVE, (), (), (), (), ())


def test_what_a_file_leaves_out_has_the_documented_defaults(folder: Path) -> None:
    zenith = load_businesses(folder, {}).by_id["zenith"]

    assert (zenith.minimum_notice_minutes, zenith.booking_window_days, zenith.slot_step_minutes) == (120, 60, 30)
    assert (zenith.daily_call_cap, zenith.person, zenith.page, zenith.vapi_assistants) == (0, None, (), ())
    assert (zenith.services[0].buffer_before_minutes, zenith.services[0].buffer_after_minutes) == (0, 0)


def test_a_technicians_hours_replace_and_closed_days_add(folder: Path) -> None:
    acme = load_businesses(folder, {}).by_id["acme"]
    dana, lee = acme.technicians

    assert (dana.hours, dana.closed) == (acme.hours, acme.closed)
    assert lee.hours == ((), (), NINE_TO_FIVE, (), (), (), ())
    assert lee.closed == {date(2026, 12, 25), date(2026, 7, 3)}


def test_embedded_calendars_of_two_businesses_are_never_the_same(folder: Path) -> None:
    (folder / "zenith.toml").write_text(ZENITH.replace("embedded:kim", "embedded:dana"))

    served = load_businesses(folder, {}).by_id

    assert [t.calendar for t in served["acme"].technicians] == ["embedded:acme/dana", "google:lee@acme.example"]
    assert [t.calendar for t in served["zenith"].technicians] == ["embedded:zenith/dana"]


def test_a_folder_is_read_whole_and_only_its_toml_files(folder: Path) -> None:
    (folder / "notes.txt").write_text("nothing to see")
    (folder / ".hidden.toml").write_text("not even TOML")

    served = load_businesses(folder, {})

    assert list(served.by_id) == ["acme", "zenith"]
    assert served.find(["+442071234567"], None) is served.by_id["zenith"]
    assert served.find([], "asst_1") is served.by_id["acme"]


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("+442071234567", "+15125550100", 'zenith.toml line 4: businesses.zenith.lines names "+15125550100", which'),
        ("hours =", 'vapi_assistants = ["asst_1"]\nhours =', "zenith.toml line 5: businesses.zenith.vapi_assistants"),
        ("businesses.zenith", "businesses.acme", "zenith.toml line 1: businesses.acme is a business that another"),
    ],
)
def test_two_businesses_share_nothing_that_selects_them(right: str, wrong: str, said: str, folder: Path) -> None:
    (folder / "zenith.toml").write_text(ZENITH.replace(right, wrong))

    assert refusal(folder).startswith(said)


def caps_of(businesses: Businesses) -> dict[str, int]:
    return {business.id: business.daily_call_cap for business in businesses.by_id.values()}


def test_the_environments_caps_win_over_the_files(folder: Path) -> None:
    assert caps_of(load_businesses(folder, {})) == {"acme": 200, "zenith": 0}
    assert caps_of(load_businesses(folder, {"acme": 0, "zenith": 50})) == {"acme": 0, "zenith": 50}


def test_a_cap_for_nobody_names_the_variable(folder: Path) -> None:
    sentence = refusal(folder, {"acne": 5})

    assert sentence == 'READBACK_DAILY_CALL_CAPS names "acne", which is no business; businesses are: acme, zenith.'


def test_the_demo_has_two_people_and_is_open_on_every_day_but_sunday() -> None:
    (demo,) = load_businesses(DEMO, {}).by_id.values()

    assert len(demo.technicians) == 2
    assert all(technician.calendar.startswith("embedded:") for technician in demo.technicians)
    assert len(demo.services) >= 2
    worked = [any(technician.hours[day] for technician in demo.technicians) for day in range(7)]
    assert worked == [True] * 6 + [False]
