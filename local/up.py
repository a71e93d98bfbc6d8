"""The local stack with `rendergate serve` in front of it, for demo.py."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.request

LOCAL = pathlib.Path(__file__).resolve().parent

# What a role gives: worth nothing without the session token. AWS's own documentation keys.
ROLE_KEYS = {
    "AWS_ACCESS_KEY_ID": "ASIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "AWS_SESSION_TOKEN": "local-session-token",
}

# Whatever proxy the caller uses, nothing here is behind it.
http = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Failed(Exception):
    """Ends the script with its text."""


def free_port(wanted=0):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            return free_port()
        return probe.getsockname()[1]


@contextlib.contextmanager
def stack():
    """The stack of stack.py; gives its facts."""
    # A session of its own keeps Ctrl-C from reaching it before its turn.
    child = subprocess.Popen(
        [sys.executable, LOCAL / "stack.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )
    try:
        line = child.stdout.readline()
        if not line:
            raise Failed("the stack did not start")
        yield json.loads(line)
    finally:
        child.stdin.close()
        child.wait(30)
    if child.returncode:
        raise Failed(f"the stack ended with {child.returncode}")


def settings(facts, **more):
    """The environment of Rendergate. Nothing else of the caller's: it could point at a real AWS account."""
    return {name: os.environ[name] for name in ("PATH", "TERM", "RUST_LOG") if name in os.environ} | ROLE_KEYS | {
        "HOME": facts["runDir"],
        "RENDERGATE_FUNCTION_NAME": facts["functionName"],
        "RENDERGATE_REGION": facts["region"],
        "RENDERGATE_BUCKET": facts["bucket"],
        "RENDERGATE_SERVE_URL": facts["serveUrl"],
        "RENDERGATE_DESTINATIONS": facts["destination"],
        "RENDERGATE_STATE": f"s3://{facts['state']}",
        "AWS_ENDPOINT_URL": facts["awsEndpoint"],
        "AWS_ENDPOINT_URL_LAMBDA": facts["lambdaEndpoint"],
        "AWS_EC2_METADATA_DISABLED": "true",
        **more,
    }


@contextlib.contextmanager
def program(binary, verb, facts, log=None, **more):
    """`rendergate serve` or `work`; gives the process, and fails if SIGTERM doesn't end it well."""
    # setpriv: it ends with this script, even if that is killed.
    child = subprocess.Popen(
        ["setpriv", "--pdeathsig", "TERM", "--", binary, verb],
        env=settings(facts, **more), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT if log else None, start_new_session=True,
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
    if child.returncode:
        raise Failed(f"rendergate {verb} ended with {child.returncode} on SIGTERM")


@contextlib.contextmanager
def server(binary, facts, port, log=None, **more):
    """`rendergate serve`; gives its URL."""
    url = f"http://127.0.0.1:{port}"
    with program(binary, "serve", facts, log, PORT=str(port), **more) as child:
        wait_until_healthy(url, child)
        yield url


def wait_until_healthy(url, child, seconds=20):
    for _ in range(seconds * 20):
        if child.poll() is not None:
            raise Failed(f"rendergate serve ended with {child.returncode} before it was ready")
        with contextlib.suppress(OSError):
            if http.open(f"{url}/healthz", timeout=2).status == 200:
                return
        time.sleep(0.05)
    raise Failed(f"{url}/healthz is not 200 after {seconds} s")


def keep(binary):
    """Leaves it all running until Ctrl-C."""
    with stack() as facts, server(binary, facts, free_port(int(os.environ.get("PORT", "8080")))) as url:
        print(f"""
Rendergate  {url}
S3, secrets {facts['awsEndpoint']}
Lambda      {facts['lambdaEndpoint']}
buckets     {facts['bucket']}, {facts['destination']}, {facts['state']}
site        {facts['serveUrl']}

Start a render:
  curl -s {url}/v1/renders -H 'content-type: application/json' \\
    -d '{{"composition":"Demo","inputProps":{{"title":"Hello"}},"copyTo":"s3://{facts['destination']}/hello.mp4"}}'
Then, with the id from its answer:
  curl -s -H 'prefer: wait=25' {url}/v1/renders/ID
  curl -sL -o hello.mp4 {url}/v1/renders/ID/output

Ctrl-C stops everything.
""", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


def run(body, *arguments):
    """Runs `body` so that SIGTERM and Ctrl-C stop what it started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        body(*arguments)
    except KeyboardInterrupt:
        sys.exit(130)
    except Failed as failure:
        sys.exit(f"failed: {failure}")
