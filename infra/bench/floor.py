"""The floor: the least a Starlette endpoint does that authenticates, takes JSON and gives JSON of the same size."""

import argparse
import hmac
from pathlib import Path

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.bench.bodies import SECRET


def application(result: str) -> Starlette:
    """Answers every tool call with `result`."""
    secret = SECRET.encode()

    async def vapi(request: Request) -> Response:
        if not hmac.compare_digest(request.headers.get("x-vapi-secret", "").encode(), secret):
            return Response(status_code=401)
        call = orjson.loads(await request.body())["message"]["toolCallList"][0]
        answer = {"results": [{"toolCallId": call["id"], "result": result}]}
        return Response(orjson.dumps(answer), media_type="application/json")

    return Starlette(routes=[Route("/vapi", vapi, methods=["POST"])])


def serve(app: object, port: int) -> None:
    """With the loop, parser and settings of the product, as uvicorn writes them: head and body one after the other."""
    uvicorn.run(
        app,  # type: ignore[arg-type]  # any ASGI application
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(prog="infra.bench.floor", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--result", type=Path, required=True, help="file with the result to give")
    asked = parser.parse_args()
    serve(application(asked.result.read_text()), asked.port)


if __name__ == "__main__":
    main()
