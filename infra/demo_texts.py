"""The text conversation of the demo: a customer's phone, and the carrier between it and the server.

The carrier stands in for Twilio: it signs what the phone sends as Twilio does, and takes what the server sends.
"""

import http.client
import http.server
import json
import queue
import random
import secrets
import threading
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

from demo_line import AREAS, DemoError
from demo_stage import Stage
from twilio.request_validator import RequestValidator

ANSWER_WITHIN_S = 30.0
PUBLIC_URL = "https://readback.example"
"""What the webhook is signed for, as if the server were reached from outside."""


class Carrier:
    """Use with `with`. `variables` let a server text through it."""

    def __init__(self) -> None:
        self._account, self._token = f"AC{secrets.token_hex(16)}", secrets.token_hex(16)
        self._taken: queue.Queue[dict[str, str]] = queue.Queue()
        carrier = self

        class Api(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self._answer(201, carrier._take(self.rfile.read(int(self.headers["Content-Length"]))))

            def do_GET(self) -> None:
                self._answer(200, {"messages": [], "next_page_uri": None, "page": 0, "page_size": 50})

            def _answer(self, status: int, answer: dict[str, Any]) -> None:
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """The terminal belongs to the play."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)

    def __enter__(self) -> "Carrier":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def variables(self) -> dict[str, str]:
        """What a server needs to text through this one."""
        return {
            "TWILIO_ACCOUNT_SID": self._account,
            "TWILIO_AUTH_TOKEN": self._token,
            "READBACK_TWILIO_API_URL": f"http://127.0.0.1:{self._server.server_address[1]}",
            "READBACK_PUBLIC_URL": PUBLIC_URL,
            "READBACK_TEXTS_PER_SECOND": "10",
        }

    def deliver(self, host: str, port: int, sender: str, line: str, words: str) -> float:
        """Tell the server of a text, by its webhook; the milliseconds that took. Raises DemoError."""
        sid = f"SM{secrets.token_hex(16)}"
        fields = {"MessageSid": sid, "AccountSid": self._account, "From": sender, "To": line, "Body": words}
        fields |= {"NumMedia": "0", "NumSegments": "1", "ApiVersion": "2010-04-01"}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": RequestValidator(self._token).compute_signature(f"{PUBLIC_URL}/twilio/sms", fields),
        }
        connection = http.client.HTTPConnection(host, port, timeout=ANSWER_WITHIN_S)
        began = time.perf_counter()
        try:
            connection.request("POST", "/twilio/sms", urlencode(fields), headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise DemoError(f"The server stopped answering a text: {error!r}.") from None
        finally:
            connection.close()
        if status != http.HTTPStatus.OK:
            raise DemoError(f"The server answered {status} to a text; it owes a 200.")
        return (time.perf_counter() - began) * 1000

    def next_to(self, number: str) -> str:
        """The next text the server sends to this number. Raises DemoError."""
        until = time.monotonic() + ANSWER_WITHIN_S
        while True:
            try:
                text = self._taken.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise DemoError(f"No answer to a text came within {ANSWER_WITHIN_S:.0f} seconds.") from None
            if text["To"] == number:
                return text["Body"]

    def _take(self, body: bytes) -> dict[str, Any]:
        asked = dict(parse_qsl(body.decode(), keep_blank_values=True))
        self._taken.put(asked)
        now = format_datetime(datetime.now(UTC))
        return {
            "sid": f"SM{secrets.token_hex(16)}",
            "account_sid": self._account,
            "to": asked["To"],
            "from": asked.get("From"),
            "body": asked["Body"],
            "status": "queued",
            "direction": "outbound-api",
            "date_created": now,
            "date_updated": now,
            "num_segments": "1",
            "error_code": None,
        }


class TextPlay:
    """A visit booked and cancelled again by text. Raises `DemoError` where something comes out other than it should."""

    def __init__(self, stage: Stage, carrier: Carrier, server: tuple[str, int], line: str) -> None:
        self._stage = stage
        self._carrier = carrier
        self._server = server
        self._line = line
        self._number = f"+1{random.choice(AREAS)}55501{random.randrange(100):02}"

    def play(self, business: str, service: str) -> None:
        """From the first text to the last."""
        self._stage.title(f"A text conversation with {business}")
        self._says(f"Hi, when could somebody come for a {service}? As soon as possible", "Reply 1")
        self._says("the first one", "What is your full name?")
        self._says("Robin Ward", "Reply YES to book it")
        self._says("yes please", "Booked: ")
        self._says("oh, can we move my appointment?", "Which day suits you?")
        self._says("never mind", "I left your appointment as it is")
        self._says("when is my appointment?", "You have: ")
        self._says("please cancel my appointment", "Reply YES to cancel it")
        self._says("yes", "Cancelled: ")
        self._stage.done("The texts came out as they should, without any model, and the calendar is as it was found.")

    def _says(self, words: str, owed: str) -> None:
        self._stage.says("Customer", words)
        ms = self._carrier.deliver(*self._server, self._number, self._line, words)
        self._stage.event("POST /twilio/sms", "kept", ms)
        answer = self._carrier.next_to(self._number)
        self._stage.says("Readback", answer)
        if owed not in answer:
            raise DemoError(f"This did not come out as it should. The answer owes the words {owed!r}.")
