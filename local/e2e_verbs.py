"""End to end: stills, compositions, cancelling, deleting, and what is deployed."""

import re

import up
from demo import call, expect
from e2e_world import LIMIT_SECONDS, another_cloud, case, has, until
from stack import MISNAMED, SHORT_LIVED, UNVERSIONED, client


def events(world, name=None):
    """The types of the invocations so far."""
    callers = call(f"{world.facts['lambdaEndpoint']}/callers")
    return [caller["type"] for caller in callers if name in (None, caller["functionName"])]


def posted(world, path, **body):
    answer = world.ask("POST", path, {"composition": "Probe", **body})
    expect("status", (answer.status, answer.json if answer.status != 200 else None), (200, None))
    return answer.json


# Where the two formats tell width and height: Remotion's ffprobe reads neither.
SIZES = {
    "image/png": rb"\x89PNG\r\n\x1a\n....IHDR(?P<width>....)(?P<height>....)",
    "image/jpeg": rb"\xff[\xc0\xc2]..\x08(?P<height>..)(?P<width>..)",
}


def check_still(world, still, bucket, content_type, size):
    found = world.object(bucket, still["outKey"])
    expect("type and size", (found["ContentType"], len(found["content"])), (content_type, still["sizeInBytes"]))
    told = re.search(SIZES[content_type], found["content"], re.DOTALL)
    expect("picture", told and tuple(int.from_bytes(told[name], "big") for name in ("width", "height")), size)
    return found["content"]


@case
def still_png(world):
    still = posted(world, "/v1/stills", frame=2, imageFormat="png")
    expect("key", still["outKey"], f"renders/{still['renderId']}/out.png")
    content = check_still(world, still, still["bucketName"], "image/png", (128, 72))
    progress = world.ask("GET", f"/v1/renders/{still['id']}").json
    expect("progress", (progress["status"], progress["done"], progress["outKey"]), ("done", True, still["outKey"]))
    told = world.ask("GET", f"/v1/renders/{still['id']}/output", accept="application/json").json
    with up.http.open(told["url"], timeout=LIMIT_SECONDS) as download:
        expect("download equals output", download.read() == content, True)


@case
def still_jpeg_of_the_last_frame_in_another_bucket(world):
    place = {"bucketName": world.facts["destination"], "key": "stills/last.jpeg"}
    still = posted(world, "/v1/stills", frame=-1, imageFormat="jpeg", scale=0.5, outName=place, inputProps={"text": "日本🎬"})
    expect("key", still["outKey"], place["key"])
    check_still(world, still, place["bucketName"], "image/jpeg", (64, 36))


@case
def still_that_fails(world):
    for body, word in (({"composition": "Boom", "frame": 12}, "Boom fails on purpose"), ({"composition": "Nowhere"}, "Nowhere")):
        answer = world.ask("POST", "/v1/stills", {"imageFormat": "png", **body})
        answer.refused(502, "function_error", word)


@case
def compositions_of_the_site(world):
    """Probe's length shows that the props reached it."""
    found = world.ask("POST", "/v1/compositions", {"inputProps": {"text": "six six"}})
    expect("status", found.status, 200)
    seen = {one["id"]: (one["width"], one["height"], one["fps"], one["durationInFrames"]) for one in found.json["compositions"]}
    expect("compositions", seen, {"Demo": (1280, 720, 30, 120), "Boom": (320, 180, 30, 24), "Probe": (128, 72, 30, 7)})


@case
def compositions_of_a_site_that_is_not_there(world):
    url = world.facts["serveUrl"].replace("/sites/demo/", "/sites/none/")
    world.ask("POST", "/v1/compositions", {"serveUrl": url}).refused(502, "function_error", "/sites/none/")


@case
def progress_as_the_function_tells_it(world):
    order = world.start()
    world.follow(order)
    path, asked = f"/v1/renders/{order['id']}", events(world).count("status")
    ours, theirs = world.ask("GET", path).json, world.ask("GET", f"{path}?skipLambdaInvocation=false").json
    expect("invocations of status", events(world).count("status") - asked, 1)
    differ = {name: (ours.get(name), theirs.get(name)) for name in ours | theirs if ours.get(name) != theirs.get(name)}
    expect("fields that differ", differ.keys() - {"currentTime"}, set())


@case
def cancel_while_it_renders(world):
    order = world.start(composition="Demo", concurrency=2, enableCancellation=True, copyTo=f"s3://{world.facts['destination']}/cancelled.mp4")
    path = f"/v1/renders/{order['id']}"
    until(lambda: world.ask("GET", path).json["framesRendered"])
    expect("answer", world.ask("POST", f"{path}/cancel").status, 202)
    progress = world.follow(order)
    expect("status", (progress["status"], progress["done"], progress["copy"]["status"]), ("cancelled", False, "failed"))
    world.ask("POST", f"{path}/cancel").refused(409, "not_cancellable", "cancelled")
    world.ask("GET", f"{path}/output").refused(409, "render_unfinished", "cancelled")


@case
def cancel_of_a_render_without_cancellation(world):
    order = world.start()
    world.ask("POST", f"/v1/renders/{order['id']}/cancel").refused(409, "not_cancellable", "enableCancellation")
    expect("status", world.follow(order)["status"], "done")


@case
def delete_leaves_the_copy_and_every_other_render(world):
    destination, bucket = world.facts["destination"], world.facts["bucket"]
    progress = world.render(copyTo=f"s3://{destination}/kept/copy.mp4")
    folder = f"renders/{progress['renderId']}"
    listed = world.s3.list_objects_v2(Bucket=bucket, Prefix=f"{folder}/")["Contents"]
    world.s3.put_object(Bucket=bucket, Key=f"{folder}x/progress.json", Body=b"another render")
    answer = world.ask("DELETE", f"/v1/renders/{progress['id']}")
    expect("answer", (answer.status, answer.json["freedBytes"]), (200, sum(entry["Size"] for entry in listed)))
    expect("left", world.keys(bucket, folder), [f"{folder}x/progress.json"])
    expect("copy", world.keys(destination, "kept/"), ["kept/copy.mp4"])
    world.ask("GET", f"/v1/renders/{progress['id']}").refused(404, "render_not_found")


@case
def delete_takes_the_output_in_another_bucket(world):
    destination = world.facts["destination"]
    progress = world.render(outName={"bucketName": destination, "key": "gone/film.mp4"})
    expect("before", world.keys(destination, "gone/"), ["gone/film.mp4"])
    expect("status", world.ask("DELETE", f"/v1/renders/{progress['id']}").status, 200)
    expect("after", world.keys(destination, "gone/") + world.keys(world.facts["bucket"], f"renders/{progress['renderId']}/"), [])


@case
def delete_while_it_renders(world):
    order = world.start()
    world.ask("DELETE", f"/v1/renders/{order['id']}").refused(409, "render_unfinished")
    expect("status", world.follow(order)["status"], "done")


@case
def output_in_another_cloud_is_not_looked_for_here(world):
    """What has the same name in the bucket of the same name here is somebody else's."""
    destination = world.facts["destination"]
    with another_cloud() as endpoint:
        client("s3", endpoint).create_bucket(Bucket=destination)
        world.s3.put_object(Bucket=destination, Key="elsewhere/film.mp4", Body=b"somebody else's")
        provider = {"endpoint": endpoint, "accessKeyId": "id", "secretAccessKey": "key", "forcePathStyle": True}
        progress = world.render(outName={"bucketName": destination, "key": "elsewhere/film.mp4", "s3OutputProvider": provider})
    path = f"/v1/renders/{progress['id']}"
    link = world.ask("GET", f"{path}/output")
    copy = world.ask("POST", f"{path}/copy", {"bucket": destination, "key": "elsewhere/copy.mp4"})
    expect("link and copy refused", (link.status >= 400, copy.status >= 400), (True, True))
    expect("here", world.keys(destination, "elsewhere/"), ["elsewhere/film.mp4"])


@case
def render_bucket_that_is_a_destination(world):
    """Either it works to the end, or nothing is started."""
    bucket = world.facts["destination"]
    answer = world.ask("POST", "/v1/renders", {"composition": "Probe", "forceBucketName": bucket})
    if answer.status == 202:
        expect("status", world.follow(answer.json)["status"], "done")
    else:
        answer.refused(403, "not_allowed")
        expect("started", world.keys(bucket, "renders/"), [])


@case
def sites(world):
    found = world.ask("GET", "/v1/sites")
    expect("status", found.status, 200)
    listed = world.s3.list_objects_v2(Bucket=world.facts["bucket"], Prefix="sites/demo/")["Contents"]
    seen = [(site["id"], site["bucketName"], site["version"], site["sizeInBytes"]) for site in found.json["sites"]]
    expect("sites", seen, [("demo", world.facts["bucket"], "4.0.527", sum(entry["Size"] for entry in listed))])


@case
def functions_without_waking_the_wrong_one(world):
    """The version stands in the name; only where it doesn't, the function is asked."""
    asked = len(events(world, MISNAMED))
    with world.served(RENDERGATE_FUNCTION_NAME="") as url:
        found = world.ask("GET", "/v1/functions", url=url)
    expect("status", found.status, 200)
    seen = {one["functionName"]: (one["version"], one["memorySizeInMb"], one["timeoutInSeconds"], one["diskSizeInMb"]) for one in found.json["functions"]}
    expect("functions", seen, {
        world.facts["functionName"]: ("4.0.527", 2048, 120, 2048), SHORT_LIVED: ("4.0.527", 2048, 15, 2048),
        MISNAMED: ("4.0.500", 2048, 120, 2048), UNVERSIONED: ("4.0.527", 2048, 120, 2048),
    })
    expect("invocations of the wrong one", len(events(world, MISNAMED)) - asked, 0)


@case
def verbs_of_another_version(world):
    with world.served(RENDERGATE_FUNCTION_NAME=MISNAMED) as url:
        for path, body in (("/v1/stills", {"composition": "Probe", "imageFormat": "png"}), ("/v1/compositions", {})):
            has(world.ask("POST", path, body, url).refused(409, "version_mismatch")["detail"], "4.0.500", "4.0.527")
