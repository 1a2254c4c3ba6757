"""The businesses of the flows: open day and night, so that no flow depends on the hour it is run at."""

from pathlib import Path

ACME_LINE, ZENITH_LINE, NOBODYS_LINE = "+15125550100", "+15125550200", "+15125550300"
PERSON = "+15125550199"
DANA, LEE = "dana@acme.example", "lee@acme.example"
ASSISTANT = "asst_acme"

ALWAYS = "hours = {{ {} }}".format(
    ", ".join(f'{day} = ["00:00-24:00"]' for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
)
EMBEDDED = ("embedded:dana", "embedded:lee")
GOOGLE = (f"google:{DANA}", f"google:{LEE}")


def acme(calendars: tuple[str, ...] = EMBEDDED, *lines: str, notice: int = 0, hours: str = ALWAYS) -> str:
    """Acme Pest Control with one technician for each calendar, and further lines of its own."""
    head = f"""
[businesses.acme]
name = "Acme Pest Control"
time_zone = "America/Chicago"
lines = ["{ACME_LINE}"]
vapi_assistants = ["{ASSISTANT}"]
minimum_notice_minutes = {notice}
booking_window_days = 60
slot_step_minutes = 30
{hours}
"""
    services = """
[[businesses.acme.services]]
id = "inspection"
name = "Home inspection"
minutes = 60
buffer_after_minutes = 15

[[businesses.acme.services]]
id = "follow-up"
name = "Follow-up visit"
minutes = 30
"""
    people = [_technician("acme", name, address) for name, address in zip(("Dana", "Lee"), calendars, strict=False)]
    return "".join([head, *(f"{line}\n" for line in lines), services, *people])


ZENITH = f"""
[businesses.zenith]
name = "Zenith Plumbing"
time_zone = "America/New_York"
lines = ["{ZENITH_LINE}"]
booking_window_days = 60
{ALWAYS}

[[businesses.zenith.services]]
id = "inspection"
name = "Home inspection"
minutes = 60

[[businesses.zenith.technicians]]
id = "kim"
name = "Kim"
calendar = "embedded:kim"
services = ["inspection"]
"""


def _technician(business: str, name: str, calendar: str) -> str:
    return f"""
[[businesses.{business}.technicians]]
id = "{name.lower()}"
name = "{name}"
calendar = "{calendar}"
services = ["inspection", "follow-up"]
"""


def written(folder: Path, *texts: str) -> Path:
    """A business file in `folder`."""
    file = folder / "businesses.toml"
    file.write_text("\n".join(texts), encoding="utf-8")
    return file
