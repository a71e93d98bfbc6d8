"""End to end: what Remotion can render."""

import json
import struct

from demo import expect
from e2e_world import case

SOUND = {"composition": "Demo", "scale": 0.1}


@case
def video_with_sound_in_two_chunks(world):
    progress = world.render(**SOUND, frameRange=[0, 9], concurrency=2)
    world.check_media(progress, "video/mp4", video=("h264", 10), audio="aac")
    expect("chunks", progress["renderMetadata"]["totalChunks"], 2)
    expect("frames", (progress["framesRendered"], progress["overallProgress"], progress["done"]), (10, 1, True))


@case
def audio_only_mp3(world):
    world.check_media(world.render(**SOUND, frameRange=[0, 29], codec="mp3"), "audio/mpeg", audio="mp3")


@case
def audio_only_wav(world):
    world.check_media(world.render(**SOUND, frameRange=[0, 29], codec="wav"), "audio/wave", audio="pcm_s16le")


@case
def gif_that_loops_twice(world):
    progress = world.render(codec="gif", numberOfGifLoops=2)
    world.check_media(progress, "image/gif", video=("gif", 4))
    _, _, told = world.output(progress)["content"].partition(b"NETSCAPE2.0\x03\x01")
    expect("loops", struct.unpack("<H", told[:2]), (2,))


@case
def vp8_webm_muted(world):
    world.check_media(world.render(codec="vp8", muted=True), "video/webm", video=("vp8", 4))


@case
def frame_range_to_the_end(world):
    progress = world.render(inputProps={"text": "ten frames"}, frameRange=[4, None], everyNthFrame=2, muted=True)
    expect("range", progress["renderMetadata"]["frameRange"], [4, 9])
    world.check_media(progress, "video/mp4", video=("h264", 3))


@case
def one_frame(world):
    world.check_media(world.render(frameRange=2, muted=True), "video/mp4", video=("h264", 1))


@case
def out_name_with_another_extension(world):
    progress = world.render(outName="my film.mkv", muted=True)
    expect("key", progress["outKey"], f"renders/{progress['renderId']}/my film.mkv")
    world.check_media(progress, "video/x-matroska", video=("h264", 4))


@case
def output_in_another_bucket(world):
    destination = world.facts["destination"]
    progress = world.render(outName={"bucketName": destination, "key": "direct/film.mp4"}, muted=True)
    expect("place", (progress["outBucket"], progress["outKey"]), (destination, "direct/film.mp4"))
    world.check_media(progress, "video/mp4", video=("h264", 4))
    expect("in the render's folder", [key for key in world.keys(progress["bucket"], f"renders/{progress['renderId']}/") if key.endswith("mp4")], [])


@case
def large_props(world):
    """Larger than a payload may be: uploaded, used, and removed at the end."""
    order = world.start(inputProps={"text": "in S3", "filler": "x" * 210_000}, muted=True)
    uploaded = world.keys(order["bucketName"], "input-props/")
    expect("uploaded props", len(uploaded), 1)
    progress = world.follow(order)
    carrier = progress["renderMetadata"]["inputProps"]
    expect("carrier", (carrier["type"], f"input-props/{carrier['hash']}.json"), ("bucket-url", uploaded[0]))
    world.check_media(progress, "video/mp4", video=("h264", len("in S3")))
    expect("props left behind", world.keys(order["bucketName"], "input-props/") + world.keys(order["bucketName"], "resolved-props/"), [])


@case
def unicode_props(world):
    """Probe counts the characters itself: each must arrive as one."""
    text = "Grüße \u2028日本\"\\🎬"
    progress = world.render(inputProps={"text": text}, muted=True)
    expect("props", json.loads(progress["renderMetadata"]["inputProps"]["payload"]), {"text": text})
    world.check_media(progress, "video/mp4", video=("h264", len(text)))


@case
def environment_variables(world):
    world.check_media(world.render(envVariables={"FRAMES": "2"}, muted=True), "video/mp4", video=("h264", 2))
