"""The way tutorials do it, for comparison: the synchronous Google client inside a FastAPI endpoint, a freeBusy query
per question. `/def` builds the client for each request in a thread; `/async` builds it once and calls it on the loop.
"""

import argparse
import hmac
import json
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httplib2
from fastapi import FastAPI, Header, HTTPException
from googleapiclient.discovery import build

from infra.bench.bodies import SECRET
from infra.bench.floor import serve

ZONE = ZoneInfo("America/Chicago")
OPENS, CLOSES = time(8), time(16)
STEP, VISIT = timedelta(minutes=30), timedelta(minutes=30)
OFFERED = 3


def application(google_url: str) -> FastAPI:
    """Both endpoints, over the calendar server at `google_url`."""
    app = FastAPI()
    shared = service(google_url)

    @app.post("/def")
    def in_a_thread(payload: dict[str, Any], x_vapi_secret: str = Header("")) -> dict[str, Any]:
        check(x_vapi_secret)
        return answer(service(google_url), payload)

    @app.post("/async")
    async def on_the_loop(payload: dict[str, Any], x_vapi_secret: str = Header("")) -> dict[str, Any]:
        check(x_vapi_secret)
        return answer(shared, payload)

    return app


def service(google_url: str) -> Any:
    """Google's client, without credentials: the stand-in asks for none."""
    return build(
        "calendar",
        "v3",
        http=httplib2.Http(),
        client_options={"api_endpoint": f"{google_url}/calendar/v3/"},
        static_discovery=True,
        cache_discovery=False,
    )


def check(secret: str) -> None:
    """Raises HTTPException 401."""
    if not hmac.compare_digest(secret.encode(), SECRET.encode()):
        raise HTTPException(401)


def answer(google: Any, payload: dict[str, Any]) -> dict[str, Any]:
    """The Vapi answer to the first tool call: the first open times of the day."""
    call = payload["message"]["toolCallList"][0]
    arguments = call["function"]["arguments"]
    day = date.fromisoformat(arguments["date"])
    opens, closes = (datetime.combine(day, at, ZONE) for at in (OPENS, CLOSES))
    calendar = f"{arguments['technician']}@bench.example"
    asked = {"timeMin": opens.isoformat(), "timeMax": closes.isoformat(), "items": [{"id": calendar}]}
    listed = google.freebusy().query(body=asked).execute()["calendars"][calendar]["busy"]
    busy = [(datetime.fromisoformat(b["start"]), datetime.fromisoformat(b["end"])) for b in listed]
    slots: list[dict[str, str]] = []
    start = opens
    while start + VISIT <= closes and len(slots) < OFFERED:
        if all(start + VISIT <= begin or start >= end for begin, end in busy):
            slots.append({"slot_id": start.isoformat(), "start": start.isoformat()})
        start += STEP
    return {"results": [{"toolCallId": call["id"], "result": json.dumps({"ok": True, "slots": slots})}]}


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(prog="infra.bench.tutorial", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--google", required=True)
    asked = parser.parse_args()
    serve(application(asked.google), asked.port)


if __name__ == "__main__":
    main()
