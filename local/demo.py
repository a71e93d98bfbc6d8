"""Renders the demo through `rendergate serve`, checks everything about it, and stops all it started.

usage: demo.py [--keep] PATH_OF_RENDERGATE     --keep: renders nothing, leaves the servers running until Ctrl-C
"""

import contextlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import up
from stack import RUNTIME, client

OUT = up.LOCAL / "out"
LIMIT_SECONDS = 150


def expect(what, found, wanted):
    if found != wanted:
        raise up.Failed(f"{what}: expected {wanted!r}, found {found!r}")


def call(url, body=None, **headers):
    """A request in JSON; gives the answer's JSON, or says what the server objected to."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json", **headers})
    try:
        with up.http.open(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise up.Failed(f"{request.get_method()} {url} answered {error.code}: {error.read().decode()}") from None
    except OSError as error:
        raise up.Failed(f"{request.get_method()} {url}: {error}") from None


def show(progress):
    done = progress["overallProgress"]
    copy = progress["copy"] and progress["copy"]["status"]
    line = f"  [{'#' * round(done * 30):<30}] {done:4.0%}  {progress['framesRendered']} frames  {progress['status']}" + (f", copy {copy}" if copy else "")
    if sys.stdout.isatty():
        print(f"\r\x1b[K{line}", end="", flush=True)
    else:
        print(line, flush=True)


def render(url, body):
    """Starts a render and follows it to its end; gives the last progress."""
    started = time.monotonic()
    order = call(f"{url}/v1/renders", body)
    print(f"  started {order['id']}")
    while time.monotonic() - started < LIMIT_SECONDS:
        progress = call(f"{url}/v1/renders/{order['id']}", prefer="wait=1")
        show(progress)
        copied = not progress["copy"] or progress["copy"]["status"] in ("done", "failed")
        if progress["status"] in ("failed", "cancelled") or progress["status"] == "done" and copied:
            break
    else:
        raise up.Failed(f"the render has no end after {LIMIT_SECONDS} s")
    if sys.stdout.isatty():
        print()
    print(f"  {progress['status']} after {time.monotonic() - started:.1f} s")
    return progress


def probe(file):
    """The streams of a media file, by type."""
    program = RUNTIME / "fn/ffprobe"
    probed = subprocess.run(
        [program, "-v", "error", "-count_frames", "-of", "json", "-show_entries", "stream=codec_type,codec_name,width,height,nb_read_frames", file],
        env={"LD_LIBRARY_PATH": str(program.parent)}, capture_output=True, check=True,
    )
    return {stream["codec_type"]: stream for stream in json.loads(probed.stdout)["streams"]}


def check_video(file, width, height, frames):
    streams = probe(file)
    expect("streams", sorted(streams), ["audio", "video"])
    video = streams["video"]
    expect("picture", (video["width"], video["height"]), (width, height))
    expect("frames", video["nb_read_frames"], str(frames))
    print(f"  {video['codec_name']} {width}x{height}, {frames} frames; {streams['audio']['codec_name']} sound")


def render_demo(url, facts, file, *, width, height, frames, **options):
    """Renders Demo with a copy to the second bucket and checks that copy, which it saves as `file`."""
    progress = render(url, {
        "composition": "Demo",
        "inputProps": {"subtitle": "An HTTP call went in, this video came out."},
        "framesPerLambda": 60,
        "copyTo": f"s3://{facts['destination']}/demo/{{composition}}-{{renderId}}.{{ext}}",
        **options,
    })
    expect("status", progress["status"], "done")
    copy = progress["copy"]
    expect("copy", copy, copy | {
        "status": "done", "bucket": facts["destination"], "key": f"demo/Demo-{progress['renderId']}.mp4", "size": progress["outputSizeInBytes"],
    })
    s3 = client("s3", facts["awsEndpoint"])
    original = s3.get_object(Bucket=progress["outBucket"], Key=progress["outKey"])
    copied = s3.get_object(Bucket=copy["bucket"], Key=copy["key"])
    expect("content type of the copy", copied["ContentType"], "video/mp4")
    expect("content type of the output", original["ContentType"], "video/mp4")
    content = copied["Body"].read()
    expect("copy equals output", content == original["Body"].read(), True)
    with up.http.open(f"{url}/v1/renders/{progress['id']}/output") as download:
        expect("link equals output", download.read() == content, True)
    file.write_bytes(content)
    check_video(file, width, height, frames)
    print(f"  s3://{copy['bucket']}/{copy['key']}: {len(content)} bytes, the same as the output")


def expect_caller(facts, key_id, with_token):
    """Which keys signed the last start, as the local Lambda saw it."""
    starts = [caller for caller in call(f"{facts['lambdaEndpoint']}/callers") if caller["type"] == "start"]
    expect("signed by", starts[-1], starts[-1] | {"accessKeyId": key_id, "withToken": with_token})


def demo(binary, facts, log):
    OUT.mkdir(exist_ok=True)
    video = OUT / "demo.mp4"
    video.unlink(missing_ok=True)

    print("Demo, with the keys of a role (session token) from the environment:")
    with up.server(binary, facts, up.free_port(), log) as url:
        render_demo(url, facts, video, width=1280, height=720, frames=120)
        expect_caller(facts, up.ROLE_KEYS["AWS_ACCESS_KEY_ID"], True)

        print("Boom, which fails on purpose:")
        failed = render(url, {"composition": "Boom"})
        expect("status", failed["status"], "failed")
        messages = [error["message"] for error in failed["errors"]]
        expect("its message among the errors", any("Boom fails on purpose at frame 12" in text for text in messages), True)
        print(f"  {messages[0]}")

    print(f"Demo, small and short, with the keys of the secret {facts['secret']}:")
    with up.server(binary, facts, up.free_port(), log, RENDERGATE_CREDENTIALS=f"secret:{facts['secret']}") as url:
        render_demo(url, facts, OUT / "demo-small.mp4", width=320, height=180, frames=30, scale=0.25, frameRange=[0, 29])
        expect_caller(facts, facts["secretKeyId"], False)
    return video


@contextlib.contextmanager
def logs_kept_on_failure(facts):
    try:
        yield
    except Exception:
        shutil.rmtree(OUT / "logs", ignore_errors=True)
        (OUT / "logs").mkdir(parents=True)
        for file in pathlib.Path(facts["runDir"]).glob("*.log"):
            shutil.copy(file, OUT / "logs")
        print(f"logs: {OUT / 'logs'}", file=sys.stderr)
        raise


@contextlib.contextmanager
def guarded_stack():
    """The stack, once the guards hold; gives its facts and a log for servers. Logs are kept if it ends badly."""
    if subprocess.run(["node", up.LOCAL / "check-guards.mjs"]).returncode:
        raise up.Failed("a guard does not hold: nothing was rendered")
    # The function empties /tmp wherever it gets the chance: this file shows that it did not.
    with tempfile.NamedTemporaryFile(dir="/tmp", prefix="rendergate-sentinel-") as sentinel:
        with up.stack() as facts, logs_kept_on_failure(facts), open(pathlib.Path(facts["runDir"], "serve.log"), "ab") as log:
            yield facts, log
        expect(f"{sentinel.name} is still there", pathlib.Path(sentinel.name).exists(), True)


def main(binary):
    with guarded_stack() as (facts, log):
        video = demo(binary, facts, log)
    print(video)


if __name__ == "__main__":
    keep = sys.argv[1:2] == ["--keep"]
    if len(sys.argv) != 2 + keep:
        sys.exit(__doc__)
    up.run(up.keep if keep else main, sys.argv[-1])
