"""End to end: how a finished file and the news of it get where they belong."""

import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import queue
import threading
import urllib.request

import up
from demo import expect
from e2e_world import LIMIT_SECONDS, case, until


def check_copy(world, progress, key, **wanted):
    """The copy is done, and is the output."""
    bucket = world.facts["destination"]
    expect("copy", progress["copy"], {"status": "done", "bucket": bucket, "key": key, "size": progress["outputSizeInBytes"]})
    copied, output = world.object(bucket, key), world.output(progress)
    expect("copy equals output", copied["content"] == output["content"], True)
    for header, value in {"ContentType": output["ContentType"], **wanted}.items():
        expect(header, copied.get(header), value)


@case
def out_name_of_the_guide_means_a_copy(world):
    progress = world.render(outName=f"{world.facts['destination']}/guide/the-filename.mp4")
    check_copy(world, progress, "guide/the-filename.mp4")


@case
def copy_with_a_template_and_a_download_name(world):
    copy_to = f"s3://{world.facts['destination']}/{{composition}}/{{renderId}}.{{ext}}"
    progress = world.render(codec="vp8", copyTo=copy_to, downloadBehavior={"type": "download", "fileName": "film.webm"})
    check_copy(world, progress, f"Probe/{progress['renderId']}.webm", ContentDisposition='attachment; filename="film.webm"')


@case
def copy_into_a_folder_keeps_the_name(world):
    progress = world.render(outName="fïlm no. 1+1.mp4", copyTo={"bucket": world.facts["destination"], "key": "folder/"})
    check_copy(world, progress, "folder/fïlm no. 1+1.mp4")


@case
def copy_that_replaces_nothing(world):
    bucket, id = world.facts["destination"], world.render()["id"]
    world.s3.put_object(Bucket=bucket, Key="old.mp4", Body=b"old")
    place = {"bucket": bucket, "key": "old.mp4"}
    world.ask("POST", f"/v1/renders/{id}/copy", place | {"ifExists": "fail"}).refused(409, "destination_exists")
    skipped = world.ask("POST", f"/v1/renders/{id}/copy", place | {"ifExists": "skip"})
    expect("skipped", (skipped.status, skipped.json["copy"]["status"]), (200, "done"))
    expect("object", world.object(bucket, "old.mp4")["content"], b"old")
    world.ask("POST", f"/v1/renders/{id}/copy", place)
    check_copy(world, world.ask("GET", f"/v1/renders/{id}").json, "old.mp4")


@case
def copy_to_a_bucket_that_is_not_there(world):
    with world.served(RENDERGATE_DESTINATIONS="not-there") as url:
        progress = world.follow(world.start(url, copyTo="s3://not-there/x.mp4"), url)
    expect("render and copy", (progress["status"], progress["copy"]["status"]), ("done", "failed"))


@case
def output_by_link(world):
    """Of a name in which everything has to be encoded."""
    progress = world.render(outName="50% fïlm #1+1?.mp4")
    path, content = f"/v1/renders/{progress['id']}/output", world.output(progress)["content"]
    found = world.ask("GET", path)
    expect("redirect", found.status, 302)
    told = world.ask("GET", f"{path}?expiresIn=60", accept="application/json").json
    for url in (found.headers["location"], told["url"]):
        with up.http.open(url, timeout=LIMIT_SECONDS) as download:
            expect("download equals output", download.read() == content, True)


@case
def one_request_that_waits_for_the_end(world):
    order = world.start(copyTo=f"s3://{world.facts['destination']}/waited.mp4")
    answer = world.ask("GET", f"/v1/renders/{order['id']}", prefer="wait=25")
    expect("preference", answer.headers["preference-applied"], "wait=25")
    check_copy(world, answer.json, "waited.mp4")


@case
def copy_that_nobody_asks_about(world):
    """The server follows by itself."""
    world.start(copyTo=f"s3://{world.facts['destination']}/unasked.mp4")
    until(lambda: world.keys(world.facts["destination"], "unasked.mp4"))


@case
def server_that_ends_before_the_render(world):
    """The next server makes the copy, unasked."""
    key = "resumed.mp4"
    with world.served() as url:
        order = world.start(url, composition="Demo", scale=0.1, frameRange=[0, 59], copyTo=f"s3://{world.facts['destination']}/{key}")
    progress = json.loads(world.object(order["bucketName"], f"renders/{order['renderId']}/progress.json")["content"])
    expect("the render's end, when the server has ended", progress["postRenderData"], None)
    expect("copied by then", world.keys(world.facts["destination"], key), [])
    with world.served() as url:
        until(lambda: world.keys(world.facts["destination"], key))
        check_copy(world, world.follow(order, url), key)


@contextlib.contextmanager
def webhook_server():
    """Gives its URL and a queue of what it was sent: headers and body."""
    received = queue.Queue()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            received.put((self.headers, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", received
    finally:
        server.shutdown()
        server.server_close()


@case
def webhook_of_the_caller(world):
    secret = "a secret of the caller"
    with webhook_server() as (url, received):
        for composition, status in (("Probe", "success"), ("Boom", "error")):
            order = world.start(composition=composition, webhook={"url": url, "secret": secret, "customData": {"order": 7}})
            headers, body = received.get(timeout=LIMIT_SECONDS)
            signature = hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()
            expect("signature", headers["x-remotion-signature"], f"sha512={signature}")
            expect("status", headers["x-remotion-status"], status)
            told = json.loads(body)
            expect("body", told, told | {"type": status, "renderId": order["renderId"], "bucketName": order["bucketName"], "customData": {"order": 7}})


@case
def form_of_the_ec2_guide(world):
    settings = {"API_USERNAME": "admin", "API_PASSWORD": "a password", "RENDERGATE_COMPOSITION": "Probe"}
    basic = "Basic " + base64.b64encode(b"admin:a password").decode()
    with world.served(**settings) as url:
        world.ask("POST", "/render", url=url).refused(401, "unauthenticated")
        started = world.ask("POST", "/render", url=url, authorization=basic)
        expect("message", (started.status, started.json["message"]), (200, "Video rendered."))
        progress = world.ask("GET", f"/v1/renders/{started.json['renderId']}", url=url, authorization=basic, prefer="wait=25").json
    expect("status", progress["status"], "done")
