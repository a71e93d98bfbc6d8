"""The local stack: moto, the Remotion Lambda host, buckets, the demo site, a secret.

usage: stack.py [--moto-only]
Prints one JSON line when ready. Lives until its stdin ends or SIGTERM or SIGINT comes, then stops what it started.
"""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

LOCAL = pathlib.Path(__file__).resolve().parent
RUNTIME = LOCAL / ".runtime"
RUN = LOCAL / ".run"

REGION = "us-east-1"
FUNCTION_NAME = "remotion-render-4-0-527-mem2048mb-disk2048mb-120sec"
# The same function under a name that tells another version, and under one that tells none (as in Remotion's guide).
MISNAMED = "remotion-render-4-0-500-mem2048mb-disk2048mb-120sec"
UNVERSIONED = "remotion-render-bds9aab"
# One that is over after the shortest time that Lambda functions of Remotion can have.
SHORT_LIVED = "remotion-render-4-0-527-mem2048mb-disk2048mb-15sec"
DESTINATION = "videos"
STATE = "rendergate-state"
SECRET = "dev/remotion-user"
# AWS's own documentation keys: worth nothing, and known to secret scanners as such.
USER_KEY = {"id": "AKIAIOSFODNN7EXAMPLE", "secret": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}


def moto():
    import collections
    import logging

    from moto import backends
    from moto.s3.exceptions import PreconditionFailed
    from moto.s3.models import FakeKey
    from moto.s3.responses import S3Response
    from moto.server import ThreadedMotoServer

    # moto closes an object that is overwritten even while another request reads it. Instead, let it live as long as
    # somebody holds it, which moto's own list of all objects ever made must not do.
    FakeKey.dispose = lambda self, garbage=False: None
    FakeKey.instances_tracked = collections.deque(maxlen=0)

    def copy_object(self, copy=S3Response.copy_object):
        """As S3 does, and moto doesn't: a conditional copy replaces nothing."""
        if self.headers.get("If-None-Match") == "*" and self.backend.get_object(self.bucket_name, self.parse_key_name()):
            raise PreconditionFailed("If-None-Match")
        return copy(self)

    S3Response.copy_object = copy_object
    mend_queues()
    # It would read the folder of its own modules for each request.
    modules = list(backends.list_of_moto_modules())
    backends.list_of_moto_modules = lambda: modules
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    # Its thread ends with this process; stopping it would only cost half a second.
    server.start()
    return "http://{}:{}".format(*server.get_host_and_port())


def mend_queues():
    """Thousands of messages: moto looks at all of them, several times, for each that it takes in or hands out, and
    while it deletes one it forgets what others send."""
    from moto.sqs.exceptions import ReceiptHandleIsInvalid
    from moto.sqs.models import Queue, SQSBackend

    def messages(self):
        now = time.time() * 1000
        return [message for message in self._messages if message.visible_at < now and message.delayed_until <= now]

    def hidden(self):
        now = time.time() * 1000
        return sum(message.visible_at >= now for message in self._messages)

    def delayed(self):
        now = time.time() * 1000
        return sum(message.delayed_until > now for message in self._messages)

    def delete_message(self, receipt_handle):
        with self._messages_lock:
            if receipt_handle in self.deleted_messages:
                return
            found = next((message for message in self._messages if message.had_receipt_handle(receipt_handle)), None)
            if found is None:
                raise ReceiptHandleIsInvalid()
            self._messages.remove(found)
            self.pending_messages.discard(found)
            self.deleted_messages.update(found.all_receipt_handles)

    def is_retained(self, queue_name, message):
        return message.sent_timestamp / 1000 + self.get_queue(queue_name).message_retention_period > time.time()

    Queue.messages = property(messages)
    Queue.approximate_number_of_messages_not_visible = property(hidden)
    Queue.approximate_number_of_messages_delayed = property(delayed)
    Queue.delete_message = delete_message
    SQSBackend.is_message_valid_based_on_retention_period = is_retained


@contextlib.contextmanager
def run_dir():
    """A folder for workers and logs; what killed stacks left behind is removed too."""
    RUN.mkdir(exist_ok=True)
    for old in RUN.glob("stack-*"):
        if not pathlib.Path("/proc", old.name.removeprefix("stack-")).exists():
            shutil.rmtree(old, ignore_errors=True)
    mine = RUN / f"stack-{os.getpid()}"
    mine.mkdir()
    try:
        yield mine
    finally:
        shutil.rmtree(mine)


@contextlib.contextmanager
def reaper():
    """Ends, in the end, every process that was started below this one, browsers of killed workers included."""
    import ctypes

    become_subreaper = 36
    if ctypes.CDLL(None, use_errno=True).prctl(become_subreaper, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")
    try:
        yield
    finally:
        with contextlib.suppress(ChildProcessError):
            while True:
                for children in pathlib.Path("/proc/self/task").glob("*/children"):
                    for pid in children.read_text().split():
                        os.kill(int(pid), signal.SIGKILL)
                os.wait()


@contextlib.contextmanager
def lambda_host(folder, endpoint):
    environment = {
        "PATH": os.environ["PATH"],
        "FUNCTION_NAMES": ",".join((FUNCTION_NAME, MISNAMED, UNVERSIONED, SHORT_LIVED)),
        "FUNCTION_DIR": str(RUNTIME / "fn"),
        "RUN_DIR": str(folder),
        "AWS_ENDPOINT_URL": endpoint,
    }
    if "CHROMIUM_BIN" in os.environ:
        environment["CHROMIUM_BIN"] = os.environ["CHROMIUM_BIN"]
    with open(folder / "host.log", "w") as log:
        host = subprocess.Popen(
            ["node", LOCAL / "lambda-host.mjs"],
            env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            start_new_session=True,
        )
    try:
        line = host.stdout.readline()
        if not line:
            raise SystemExit("the Lambda host did not start: " + (folder / "host.log").read_text())
        yield json.loads(line)
    finally:
        host.stdin.close()
        try:
            host.wait(10)
        except subprocess.TimeoutExpired:
            host.kill()
            host.wait()


def client(service, endpoint):
    import boto3

    return boto3.client(
        service, endpoint_url=endpoint, region_name=REGION,
        aws_access_key_id=USER_KEY["id"], aws_secret_access_key=USER_KEY["secret"],
    )


def prepare(endpoint):
    """Creates buckets, site and secret; returns what a caller needs to know about them."""
    import mimetypes

    place = json.loads((LOCAL / "site/place.json").read_text())
    bucket, prefix = place["bucket"], place["prefix"]
    s3 = client("s3", endpoint)
    for name in (bucket, DESTINATION, STATE):
        s3.create_bucket(Bucket=name)
    for file in sorted((RUNTIME / "site").rglob("*")):
        if file.is_file():
            s3.put_object(
                Bucket=bucket, Key=f"{prefix}/{file.relative_to(RUNTIME / 'site')}", Body=file.read_bytes(),
                ContentType=mimetypes.guess_type(file)[0] or "application/octet-stream", ACL="public-read",
            )
    client("secretsmanager", endpoint).create_secret(
        Name=SECRET,
        SecretString=json.dumps({"remotion_aws_client_id": USER_KEY["id"], "remotion_aws_client_secret": USER_KEY["secret"]}),
    )
    return {
        "region": REGION, "functionName": FUNCTION_NAME, "bucket": bucket,
        "serveUrl": f"{endpoint}/{bucket}/{prefix}/index.html",
        "destination": DESTINATION, "state": STATE, "secret": SECRET, "secretKeyId": USER_KEY["id"],
    }


def announce(facts):
    print(json.dumps(facts), flush=True)
    while os.read(0, 4096):
        pass


def main(arguments):
    if arguments not in ([], ["--moto-only"]):
        raise SystemExit(__doc__)
    # SystemExit unwinds the stack below, so that everything is stopped in order.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    if arguments:
        return announce({"endpoint": moto()})
    # A profile, endpoint or proxy of the caller must not reach this stack.
    for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        del os.environ[name]
    endpoint = moto()
    with run_dir() as folder, reaper(), lambda_host(folder, endpoint) as host:
        announce({
            **prepare(endpoint), "awsEndpoint": endpoint, "lambdaEndpoint": f"http://127.0.0.1:{host['port']}",
            "runDir": str(folder), "pids": {"stack": os.getpid(), "host": host["pid"]},
        })


if __name__ == "__main__":
    main(sys.argv[1:])
