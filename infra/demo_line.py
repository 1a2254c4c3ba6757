"""The platform's side of the demo: builds what Vapi sends, carries it over HTTP, and reads what comes back."""

import hashlib
import hmac
import http.client
import json
import random
import socket
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

ANSWER_WITHIN_S = 30.0
POLL_EVERY_S = 0.05
AREAS = (205, 312, 415, 512, 617, 713, 808, 907)


class DemoError(Exception):
    """Why the call cannot be played or did not come out as it should, as a sentence."""


@dataclass(frozen=True)
class Answer:
    """What the model hears from one tool; `ms` is how long the whole message took."""

    result: dict[str, Any]
    ms: float

    @property
    def ok(self) -> bool:
        return self.result.get("ok") is True

    @property
    def code(self) -> str:
        return str(self.result.get("code", ""))

    @property
    def say(self) -> str:
        return str(self.result.get("say", ""))

    @property
    def slots(self) -> list[Any]:
        return list(self.result.get("slots", []))

    @property
    def outcome(self) -> str:
        """In a few words: what a booking became, how much a lookup found, or what is in the way."""
        if "outcome" in self.result:
            return f"{self.result['outcome']}{f' ({self.code})' if self.code else ''}"
        if self.code:
            return self.code
        for kind in ("slots", "appointments"):
            if kind in self.result:
                count = len(self.result[kind])
                return f"{count} {kind if count != 1 else kind[:-1]}"
        return "ok"


class Line:
    """The way to a server: one connection for each request, as a platform with many machines has."""

    def __init__(self, host: str, port: int, shared: Sequence[str], signing: Sequence[str]) -> None:
        self._host, self._port = host, port
        self._shared, self._signing = shared, signing

    def send(self, message: dict[str, Any]) -> tuple[dict[str, Any], float]:
        """Post one message; the answer and the milliseconds it took. Raises DemoError."""
        body = json.dumps({"message": message}).encode()
        connection = http.client.HTTPConnection(self._host, self._port, timeout=ANSWER_WITHIN_S)
        began = time.perf_counter()
        try:
            connection.request("POST", "/vapi", body, {"Content-Type": "application/json"} | self._proof(body))
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise DemoError(f"The server on {self._host}:{self._port} stopped answering: {error!r}.") from None
        finally:
            connection.close()
        ms = (time.perf_counter() - began) * 1000
        if response.status == http.HTTPStatus.UNAUTHORIZED:
            raise DemoError(
                f"The server on {self._host}:{self._port} refuses the secret in READBACK_VAPI_SECRETS. Stop it, or "
                "give this the same .env or environment."
            )
        if response.status != http.HTTPStatus.OK:
            raise DemoError(f"The server answered {response.status} to a {message['type']} message; it owes a 200.")
        return json.loads(answer), ms

    def get(self, path: str) -> bytes | None:
        """What the server has under an address that is its own proof; None where it has nothing."""
        connection = http.client.HTTPConnection(self._host, self._port, timeout=ANSWER_WITHIN_S)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise DemoError(f"The server on {self._host}:{self._port} stopped answering: {error!r}.") from None
        finally:
            connection.close()
        return answer if response.status == http.HTTPStatus.OK else None

    def _proof(self, body: bytes) -> dict[str, str]:
        if self._shared:
            return {"Authorization": f"Bearer {self._shared[0]}"}
        timestamp = str(int(time.time()))
        mac = hmac.new(self._signing[0].encode(), timestamp.encode() + b"." + body, hashlib.sha256)
        return {"X-Signature": mac.hexdigest(), "X-Timestamp": timestamp}


class Call:
    """One phone call, as the platform tells the server about it."""

    def __init__(self, line: Line, who: str, number: str | None) -> None:
        self.who = who
        self._line = line
        self._number = number
        self._id = str(uuid.uuid4())
        # The last four digits are from the range that is kept free for stories like this one.
        self._caller = f"+1{random.choice(AREAS)}55501{random.randrange(100):02}"
        self._last: tuple[tuple[str, dict[str, Any]], ...] = ()

    def message(self, kind: str, **fields: Any) -> tuple[dict[str, Any], float]:
        """Send one server message about this call."""
        about: dict[str, Any] = {
            "type": kind,
            "timestamp": int(time.time() * 1000),
            "call": {"id": self._id, "type": "inboundPhoneCall", "customer": {"number": self._caller}},
            "customer": {"number": self._caller},
            **fields,
        }
        if self._number:
            about["phoneNumber"] = {"number": self._number}
        return self._line.send(about)

    def ask(self, *tools: tuple[str, dict[str, Any]]) -> list[Answer]:
        """Call these tools in one message; what each of them answered, in order. Raises DemoError."""
        self._last = tools
        calls = [
            {"id": f"call_{uuid.uuid4().hex[:24]}", "type": "function", "function": {"name": name, "arguments": given}}
            for name, given in tools
        ]
        answer, ms = self.message("tool-calls", toolCallList=calls)
        results = answer.get("results")
        ids = [result.get("toolCallId") for result in results] if isinstance(results, list) else None
        if results is None or ids != [call["id"] for call in calls]:
            raise DemoError("The answer to a tool-calls message has other ids, or another order, than was asked.")
        return [Answer(json.loads(result["result"]), ms) for result in results]

    def repeat(self) -> list[Answer]:
        """Call the same tools with the same arguments under new ids."""
        return self.ask(*self._last)


def answers(host: str, port: int, within_s: float = 0.0, still: Callable[[], bool] = lambda: True) -> bool:
    """Whether a server of ours answers there, looked at until it does, time is up, or `still` is no longer true."""
    until = time.monotonic() + within_s
    while True:
        connection = http.client.HTTPConnection(host, port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            response = connection.getresponse()
            if response.status == http.HTTPStatus.OK and b"status" in response.read(1_000):
                return True
        except (OSError, http.client.HTTPException):
            pass  # nobody there, or nobody of ours
        finally:
            connection.close()
        if time.monotonic() >= until or not still():
            return False
        time.sleep(POLL_EVERY_S)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
