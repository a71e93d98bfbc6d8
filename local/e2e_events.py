"""End to end: the function's own webhook comes in, and signed events go out."""

import base64
import hashlib
import hmac
import json
import secrets

import up
from demo import expect
from e2e_delivery import check_copy, webhook_server
from e2e_queue import queue, working
from e2e_world import LIMIT_SECONDS, case, until
from stack import client

NOTIFY_KEY = secrets.token_bytes(32)


def verified(headers, body):
    """An event, if it is signed as https://www.standardwebhooks.com has it."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(NOTIFY_KEY, signed, hashlib.sha256)).decode()
    if f"v1,{expected}" not in headers["webhook-signature"].split():
        raise up.Failed(f"not genuine: {headers['webhook-signature']}")
    return json.loads(body)


@case
def events_of_a_render_that_its_webhook_told_of(world):
    """Nobody asks, and who started it is gone: the webhook is put on the queue, and the worker copies and tells."""
    key = "told/video.mp4"
    url = f"http://127.0.0.1:{up.free_port()}"
    settings = {
        **queue(world, "events"),
        # Where nothing is left of other cases, for a server that starts takes that up.
        "RENDERGATE_STATE": f"s3://{world.facts['state']}/events",
        "RENDERGATE_PUBLIC_URL": url,
        "RENDERGATE_WEBHOOK_SECRET": secrets.token_hex(32),
        "RENDERGATE_NOTIFY_SECRET": f"whsec_{base64.b64encode(NOTIFY_KEY).decode()}",
    }
    sqs = client("sqs", world.facts["awsEndpoint"])

    def jobs():
        answer = sqs.receive_message(QueueUrl=settings["RENDERGATE_QUEUE_URL"], MaxNumberOfMessages=10, VisibilityTimeout=0)
        return [json.loads(message["Body"])["job"] for message in answer.get("Messages", [])]

    def serving(port):
        return up.server(world.binary, world.facts, port, world.log, **settings)

    with webhook_server() as (events, received):
        with serving(int(url.rsplit(":", 1)[1])):
            copy_to = f"s3://{world.facts['destination']}/{key}"
            # A server follows what it has started itself.
            with serving(up.free_port()) as ending:
                started = world.start(ending, copyTo=copy_to, notify={"url": events})
            until(lambda: "finish" in jobs())
            expect("events before anybody works", received.qsize(), 0)
            with working(world, settings):
                came = [received.get(timeout=LIMIT_SECONDS) for _ in range(2)]
                until(lambda: "finish" not in jobs())
            told = [verified(*event) for event in came]
            progress = world.ask("GET", f"/v1/renders/{started['id']}", url=url).json
    expect("further events", received.qsize(), 0)
    expect("events", sorted(event["type"] for event in told), ["copy.done", "render.done"])
    expect("renders", {event["data"]["renderId"] for event in told}, {started["renderId"]})
    expect("ids", len({headers["webhook-id"] for headers, _ in came}), 2)
    check_copy(world, progress, key)
