"""End to end: `rendergate render`, from start to file, and its exit codes."""

import json
import pathlib
import subprocess

import up
from demo import expect
from e2e_world import LIMIT_SECONDS, case, has


def command(world, *arguments, order=None, **settings):
    """Runs `rendergate render`; gives exit code, standard output and standard error."""
    ran = subprocess.run(
        [pathlib.Path(world.binary).resolve(), "render", *arguments],
        env=up.settings(world.facts, **settings), input=json.dumps(order or {}), capture_output=True, text=True, timeout=LIMIT_SECONDS,
    )
    return ran.returncode, ran.stdout, ran.stderr


@case
def command_renders_and_copies(world):
    bucket = world.facts["destination"]
    code, out, shown = command(world, "Probe", "--props", '{"text":"cli"}', "--copy-to", f"s3://{bucket}/cli.mp4")
    expect("code and output", (code, out), (0, f"s3://{bucket}/cli.mp4\n"))
    has(shown, world.facts["functionName"], "%")
    streams = world.streams(world.object(bucket, "cli.mp4")["content"])
    expect("frames", streams["video"]["nb_read_frames"], "3")


@case
def command_answers_in_json(world):
    order = {"composition": "Probe", "codec": "gif", "inputProps": {"text": "json"}}
    code, out, shown = command(world, "--order", "-", "--json", order=order)
    progress = json.loads(out)
    expect("code, progress, shown", (code, progress["status"], shown), (0, "done", ""))
    world.check_media(progress, "image/gif", video=("gif", 4))


@case
def command_whose_render_fails(world):
    code, out, shown = command(world, "Boom")
    expect("code and output", (code, out), (4, ""))
    has(shown, "Boom fails on purpose at frame 12")


@case
def command_whose_copy_fails(world):
    code, out, shown = command(world, "Probe", "--copy-to", "s3://not-there/x.mp4", RENDERGATE_DESTINATIONS="not-there")
    expect("code", code, 7)
    has(out, f"s3://{world.facts['bucket']}/renders/")
    has(shown, "its copy failed")


@case
def command_refused(world):
    """Each reason has its exit code."""
    for code, arguments, settings, words in (
        (2, ["Probe", "--codec", "av1"], {}, "codec"),
        (2, ["Probe", "--copy-to", "s3://elsewhere/x.mp4"], {}, "elsewhere"),
        (3, ["Probe"], {"RENDERGATE_REGION": "moon-1"}, "RENDERGATE_REGION"),
        (5, ["Probe"], {"AWS_SESSION_TOKEN": ""}, "credentials"),
        (6, ["Probe"], {"AWS_ENDPOINT_URL_LAMBDA": "http://127.0.0.1:9"}, "reach"),
    ):
        found, out, shown = command(world, *arguments, **settings)
        expect(f"{arguments} {settings}: code and output", (found, out), (code, ""))
        has(shown, words)
