"""End to end: what can't be rendered, and how that is told."""

from demo import call, expect
from e2e_world import case, has, until
from stack import MISNAMED, SHORT_LIVED, UNVERSIONED


@case
def composition_that_fails(world):
    messages = world.fails(composition="Boom")
    has(messages[0], "Boom fails on purpose at frame 12")


@case
def unknown_composition(world):
    has(world.fails(composition="Nowhere")[0], "Nowhere", "Demo")


@case
def site_that_is_not_there(world):
    url = world.facts["serveUrl"].replace("/sites/demo/", "/sites/none/")
    has(world.fails(serveUrl=url)[0], url)


@case
def site_on_a_dead_port(world):
    has(world.fails(serveUrl="http://127.0.0.1:9/index.html")[0], "http://127.0.0.1:9/")


@case
def output_that_may_not_be_overwritten(world):
    place = {"bucketName": world.facts["destination"], "key": "kept.mp4"}
    world.s3.put_object(Bucket=place["bucketName"], Key=place["key"], Body=b"kept")
    has(world.fails(outName=place)[0], "already exists")
    expect("object", world.object(place["bucketName"], place["key"])["content"], b"kept")


@case
def failed_render_has_no_output_and_no_copy(world):
    order = world.start(composition="Boom", copyTo=f"s3://{world.facts['destination']}/boom.mp4")
    world.ask("GET", f"/v1/renders/{order['id']}/output").refused(409, "render_unfinished", "rendering")
    progress = world.follow(order)
    expect("copy", (progress["copy"]["status"], progress["copy"]["error"]["code"]), ("failed", "render_failed"))
    world.ask("GET", f"/v1/renders/{order['id']}/output").refused(409, "render_unfinished", "failed")
    expect("copied", world.keys(world.facts["destination"], "boom"), [])


@case
def function_that_dies_before_and_while_it_draws(world):
    """Nobody can tell but the clock: 15 seconds, and 20 more in case its last words are late."""
    copy_to = f"s3://{world.facts['destination']}/dead.mp4"
    with world.served(RENDERGATE_FUNCTION_NAME="") as url:
        dying = {"functionName": SHORT_LIVED, "copyTo": copy_to}
        orders = [world.start(url, **dying, inputProps={"text": "hangs", "hangs": when}) for when in ("measured", "drawn")]
        for order, reached in zip(orders, ("serveUrlOpened", "renderMetadata")):
            until(lambda: world.ask("GET", f"/v1/renders/{order['id']}", url=url).json[reached])
        call(f"{world.facts['lambdaEndpoint']}/crash")
        for order, measured in zip(orders, (False, True)):
            progress = world.follow(order, url)
            expect("got to its metadata", progress["renderMetadata"] is not None, measured)
            expect("status and errors", (progress["status"], [error["name"] for error in progress["errors"]]), ("failed", ["TimeoutError"]))
            late = progress["currentTime"] - progress["timeoutTimestamp"]
            expect(f"told {late} ms after its time", 0 < late < 30_000, True)
            expect("copy", progress["copy"]["status"], "failed")


@case
def unknown_render(world):
    world.ask("GET", f"/v1/renders/default~us-east-1~{world.facts['bucket']}~0000000000").refused(404, "render_not_found")


@case
def function_of_another_version(world):
    with world.served(RENDERGATE_FUNCTION_NAME=MISNAMED) as url:
        answer = world.ask("POST", "/v1/renders", {"composition": "Probe"}, url)
    problem = answer.refused(409, "version_mismatch", "4.0.500", "4.0.527")
    expect("versions", (problem["functionVersion"], problem["clientVersion"]), ("4.0.527", "4.0.500"))


@case
def function_whose_name_tells_no_version(world):
    """It is asked once, and remembered."""
    with world.served(RENDERGATE_FUNCTION_NAME=UNVERSIONED) as url:
        for _ in range(2):
            progress = world.render(url, muted=True)
            expect("function", progress["renderMetadata"]["functionName"], UNVERSIONED)
    events = [caller["type"] for caller in call(f"{world.facts['lambdaEndpoint']}/callers") if caller["functionName"] == UNVERSIONED]
    expect("questions and starts", (events.count("info"), events.count("start")), (1, 2))


@case
def function_that_does_not_exist(world):
    with world.served(RENDERGATE_FUNCTION_NAME="") as url:
        order = {"composition": "Probe", "functionName": "remotion-render-4-0-527-mem3008mb-disk2048mb-120sec"}
        world.ask("POST", "/v1/renders", order, url).refused(404, "function_not_found", order["functionName"])
