"""Tables for commands that may come before the first start; whoever is in the wrong folder learns it."""

from pathlib import Path

from app.commands.answers import complain
from app.db.migrate import migrate
from app.db.opening import database_file
from app.settings import Settings


def bring_up(chosen: Settings) -> None:
    """Create or upgrade the tables; where there was no database, say so, as it may be the wrong folder."""
    file = database_file(chosen.database_url)
    new = file is not None and not Path(file).is_file()
    migrate(chosen.database_url, chosen.audit_anchors)
    if new:
        complain(
            f"There was no database {file}, so a new one was made. Where a server runs already, this is not its own: "
            "a command needs the variables that its server has, and starts in the same folder."
        )
