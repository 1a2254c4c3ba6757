"""Every command of `readback`: one file each, which adds its own parser and gives the exit code."""

from app.commands import (
    audit,
    bookings,
    calendars,
    call,
    checklist,
    dead_letters,
    doctor,
    flag,
    incident,
    pages,
    replay,
    reviews,
    serve,
    settings,
    tasks,
    volume,
)

COMMANDS = (
    serve.add_serve,
    serve.add_work,
    audit.add,
    pages.add,
    incident.add,
    tasks.add,
    bookings.add,
    reviews.add,
    dead_letters.add,
    replay.add,
    flag.add,
    calendars.add,
    call.add,
    volume.add,
    checklist.add,
    settings.add,
    doctor.add,
)
"""In the order of `readback --help`; each adds its parser, whose `run` gives the exit code."""
