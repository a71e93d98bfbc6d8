"""End to end: orders that wait on a queue, and the worker that starts them and copies what comes out."""

import contextlib
import time

import up
from demo import expect
from e2e_delivery import check_copy
from e2e_world import LIMIT_SECONDS, QUICK, case
from stack import client


def queue(world, name):
    """A new queue; gives the settings that have it used."""
    made = client("sqs", world.facts["awsEndpoint"]).create_queue(QueueName=name, Attributes={"VisibilityTimeout": "60"})
    return {"RENDERGATE_QUEUE_URL": made["QueueUrl"]}


@contextlib.contextmanager
def queued(world, name):
    """A server with a queue; gives its URL and the settings that a worker needs beside it."""
    settings = queue(world, name)
    with world.served(**settings) as url:
        yield url, settings


def working(world, settings):
    """`rendergate work`, until the end of the block."""
    return up.program(world.binary, "work", world.facts, world.log, **settings)


def order(world, number):
    return {**QUICK, "muted": True, "copyTo": f"s3://{world.facts['destination']}/queued/{number}.mp4"}


def statuses(world, url, id):
    """What the order tells of itself until it ends, each once in a row, and the last of it."""
    seen, ends = [], time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < ends:
        told = world.ask("GET", f"/v1/renders/{id}", url=url).json
        if told["status"] not in seen:
            seen.append(told["status"])
        if told["status"] not in ("queued", "rendering") and not (told["copy"] and told["copy"]["status"] in ("pending", "copying")):
            return seen, told
        time.sleep(0.2)
    raise up.Failed(f"no end after {LIMIT_SECONDS} s: {seen}, copy {told['copy']}")


@case
def queue_of_orders_becomes_videos(world):
    """One by itself, sent twice with its key, and two in a batch."""
    with queued(world, "orders") as (url, settings):
        asked = [world.ask("POST", "/v1/renders", order(world, 0), url, prefer="respond-async", idempotency_key="one") for _ in range(2)]
        expect("answers", [(answer.status, answer.json["status"], answer.json["renderId"]) for answer in asked], [(202, "queued", None)] * 2)
        expect("replayed", [answer.headers["idempotent-replayed"] for answer in asked], [None, "true"])
        batch = world.ask("POST", "/v1/renders/batch", {"orders": [order(world, 1), order(world, 2)]}, url).json
        ids = [asked[0].json["id"]] + [result["render"]["id"] for result in batch["results"]]
        expect("ids", asked[1].json["id"], ids[0])
        listed = world.ask("GET", "/v1/renders?limit=3", url=url).json["renders"]
        expect("list", sorted((render["id"], render["status"]) for render in listed), sorted((id, "queued") for id in ids))
        with working(world, settings):
            ends = [statuses(world, url, id) for id in ids]
        # The first is seen all the way; the others have gone on meanwhile.
        expect("first status", ends[0][0][0], "queued")
        for number, (seen, progress) in enumerate(ends):
            expect("last status", seen[-1], "done")
            check_copy(world, progress, f"queued/{number}.mp4")
            world.check_media(progress, "video/mp4", video=("h264", 4))
        expect("renders", len({progress["renderId"] for _, progress in ends}), 3)


@case
def queue_whose_copies_nobody_asks_about(world):
    """The worker sees to the copy of what was started at once, when the server has ended."""
    key = "queued/unasked.mp4"
    with queued(world, "follows") as (url, settings):
        started = world.start(url, copyTo=f"s3://{world.facts['destination']}/{key}")
    with working(world, settings):
        ends = time.monotonic() + LIMIT_SECONDS
        while not world.keys(world.facts["destination"], key):
            if time.monotonic() > ends:
                raise up.Failed("never copied")
            time.sleep(0.2)
    check_copy(world, world.follow(started), key)


@case
def queue_that_an_order_leaves_by_cancelling(world):
    with queued(world, "cancelled") as (url, settings):
        id = world.ask("POST", "/v1/renders", QUICK, url, prefer="respond-async").json["id"]
        expect("cancelled", world.ask("POST", f"/v1/renders/{id}/cancel", {}, url).status, 202)
        before = len(world.keys(world.facts["bucket"], "renders/"))
        with working(world, settings):
            sqs, url_of_queue = client("sqs", world.facts["awsEndpoint"]), settings["RENDERGATE_QUEUE_URL"]
            names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            ends = time.monotonic() + LIMIT_SECONDS
            while any(int(count) for count in sqs.get_queue_attributes(QueueUrl=url_of_queue, AttributeNames=names)["Attributes"].values()):
                if time.monotonic() > ends:
                    raise up.Failed("the message stays")
                time.sleep(0.2)
        expect("status", world.ask("GET", f"/v1/renders/{id}", url=url).json["status"], "cancelled")
        expect("files of renders", len(world.keys(world.facts["bucket"], "renders/")), before)
