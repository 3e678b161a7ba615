"""The least that an ASGI server can do for the entry script: read the body, call ``run()``, send the result."""

import json

import score

score.init()


async def app(_scope, receive, send):
    parts, more = [], True
    while more:
        event = await receive()
        parts.append(event.get("body", b""))
        more = event.get("more_body", False)
    body = json.dumps(score.run(b"".join(parts).decode())).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
