"""What each process does by itself all the time: hand on its log and figures, and tell of upstreams that changed."""

import asyncio

from app.db.engine import Database
from app.main.interpreter import flush_log
from app.watch.alarms import Alarms
from app.watch.shape_watch import ShapeWatch


async def housekeeping(database: Database, alarms: Alarms) -> None:
    """Until cancelled."""
    async with asyncio.TaskGroup() as both:
        both.create_task(flush_log())
        both.create_task(ShapeWatch(database, alarms).forever())
