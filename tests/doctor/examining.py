"""One check of the doctor, in an installation with these variables."""

from collections.abc import Mapping
from pathlib import Path

from app.booking.business_file import load_businesses
from app.clock import SystemClock
from app.main.doctor import Finding, Patient, State, checks, examined
from app.settings import load

DEMO = Path(__file__).parents[2] / "infra/businesses/demo.toml"


async def finding(
    name: str, variables: Mapping[str, str], businesses: Path = DEMO, **how: bool
) -> tuple[State, str, str]:
    """What the check of this name finds: state, what it saw, remedy. Without a database unless one is named."""
    given = {"READBACK_DATABASE_URL": "sqlite:////nowhere/readback.db", **variables}
    settings = load(given)
    patient = Patient(settings, load_businesses(businesses, {}), SystemClock(), by="Ann", **how)
    chosen = [check for check in checks(patient) if check.name == name]
    found: list[Finding] = await examined(chosen, lambda _: None)
    return found[0].state, found[0].seen, found[0].remedy
