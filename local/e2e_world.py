"""What the end-to-end cases share: a server, requests to it, and checks of what comes out."""

import contextlib
import http.client
import json
import pathlib
import subprocess
import sys
import time
import urllib.parse
from dataclasses import dataclass

import up
from demo import expect, probe
from stack import client

LIMIT_SECONDS = 60
# One renderer, inside the main function: the quickest way to a video.
QUICK = {"composition": "Probe", "concurrency": 1}

CASES = []


def case(function):
    """Registers a case: a function of a world, named after what it shows."""
    CASES.append(function)
    return function


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    def refused(self, status, code, *words):
        """A problem of this status and code, whose detail has these words."""
        problem = self.json
        expect("answer", (self.status, problem["code"]), (status, code))
        expect("content type", self.headers["content-type"], "application/problem+json")
        has(problem["detail"], *words)
        return problem


class World:
    def __init__(self, binary, facts, log):
        self.binary, self.facts, self.log = binary, facts, log
        self.url = None
        self.s3 = client("s3", facts["awsEndpoint"])

    def served(self, **settings):
        """Another server, with other settings."""
        return up.server(self.binary, self.facts, up.free_port(), self.log, **settings)

    def ask(self, method, path, body=None, url=None, **headers):
        """One request; redirects are not followed."""
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(url or self.url).netloc, timeout=LIMIT_SECONDS)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        data = None
        if body is not None:
            data, headers = json.dumps(body).encode(), {"content-type": "application/json", **headers}
        try:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def start(self, url=None, **options):
        """Starts a render; gives the answer."""
        answer = self.ask("POST", "/v1/renders", {**QUICK, **options}, url)
        if answer.status != 202:
            raise up.Failed(f"not started: {answer.status} {answer.body.decode()}")
        order = answer.json
        expect("location", answer.headers["location"], f"/v1/renders/{order['id']}")
        return order

    def follow(self, order, url=None):
        """Waits for render and copy to end; gives the last progress."""
        ends = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < ends:
            answer = self.ask("GET", f"/v1/renders/{order['id']}", url=url, prefer="wait=25")
            expect("status of the progress", answer.status, 200)
            progress = answer.json
            copying = progress["copy"] and progress["copy"]["status"] in ("pending", "copying")
            if progress["status"] != "rendering" and not copying:
                return progress
        raise up.Failed(f"no end after {LIMIT_SECONDS} s: {progress['status']}, copy {progress['copy']}")

    def render(self, url=None, **options):
        """Renders to a good end; gives the last progress."""
        progress = self.follow(self.start(url, **options), url)
        expect("status and errors", (progress["status"], [error["message"] for error in progress["errors"]]), ("done", []))
        return progress

    def fails(self, **options):
        """Renders to a bad end; gives the first line of each error."""
        progress = self.follow(self.start(**options))
        expect("status", progress["status"], "failed")
        return [error["message"].splitlines()[0] for error in progress["errors"]]

    def output(self, progress):
        """The output as S3 has it, with its `content`."""
        return self.object(progress["outBucket"], progress["outKey"])

    def object(self, bucket, key):
        found = self.s3.get_object(Bucket=bucket, Key=key)
        return found | {"content": found["Body"].read()}

    def keys(self, bucket, prefix=""):
        return [entry["Key"] for entry in self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]

    def streams(self, content):
        file = pathlib.Path(self.facts["runDir"], "probed")
        file.write_bytes(content)
        return probe(file)

    def check_media(self, progress, content_type, **wanted):
        """Checks the output's type and streams: `video=(codec, frames)`, `audio=codec`."""
        found = self.output(progress)
        expect("content type", found["ContentType"], content_type)
        expect("size", progress["outputSizeInBytes"], len(found["content"]))
        streams = self.streams(found["content"])
        seen = {kind: stream["codec_name"] for kind, stream in streams.items()}
        if "video" in streams:
            seen["video"] = (seen["video"], int(streams["video"]["nb_read_frames"]))
            expect("picture", (streams["video"]["width"], streams["video"]["height"]), (128, 72))
        expect("streams", seen, wanted)


@contextlib.contextmanager
def another_cloud():
    """A second S3; gives its endpoint."""
    child = subprocess.Popen([sys.executable, up.LOCAL / "stack.py", "--moto-only"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield json.loads(child.stdout.readline())["endpoint"]
    finally:
        child.stdin.close()
        child.wait(30)


def until(true):
    """Waits until `true()` is; gives what it gave."""
    ends = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < ends:
        if found := true():
            return found
        time.sleep(0.2)
    raise up.Failed(f"not so after {LIMIT_SECONDS} s")


def has(text, *words):
    for word in words:
        if word not in text:
            raise up.Failed(f"expected {word!r} in {text!r}")
