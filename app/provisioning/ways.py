"""Which command leads on, as pages and answers name it: whole, so that it can be copied."""

from collections.abc import Sequence

from app.provisioning.book import Place, Snapshot
from app.provisioning.diff import Difference
from app.provisioning.platform import Kind


def command(action: str, place: Place, how: str = "") -> str:
    """A command about one record; `how` are further options, each after a blank."""
    return f"`readback settings {action} {place.key}{how} --environment {place.environment}`"


def way_back(place: Place, snapshot: str) -> str:
    """The one command that brings a record back to a snapshot."""
    return command("rollback", place, f" --to {snapshot}")


def onward(place: Place, before: Snapshot | None, left: Sequence[Difference] = ()) -> str:
    """What to do about a record that is in doubt. `left`: what is there and was not before."""
    ours = command("apply", place, " --take ours")
    if before is None:
        return f"In a minute, {ours} finds it or makes it."
    back = way_back(place, before.id)
    if not left:
        return f"What was there before: {back}."
    return f"If nobody meant that: {back}. If somebody did: {ours} keeps it, and brings what files ask for."


def written_over(place: Place, versions: tuple[str, str], parts: Sequence[str]) -> str:
    """What to do about a write of somebody else's between the version read last and the one there is after ours."""
    before, after = versions
    return (
        f"Somebody else wrote it too between version {before}, which was read last, and version {after}: what that "
        f"changed in {', '.join(parts)} may be overwritten. The platform's version history of the record has it; "
        f"repeat in the files what of it is to stay, then {command('apply', place)}."
    )


def made_anew(place: Place) -> str:
    """What is left to do once a record that was gone is there again, under another id."""
    if place.key.kind is Kind.PHONE_NUMBER:
        return ""
    everything = f"`readback settings apply --environment {place.environment}`"
    return f"What refers to it still names the one that is gone, until {everything}."
