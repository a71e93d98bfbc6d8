"""End to end: the keys of another cloud, and that no secret is logged or answered. Runs last: it reads what the other cases logged."""

import json
import pathlib

import up
from demo import expect
from e2e_world import another_cloud, case, has
from stack import client

CANARY = "canary-5e2c"


@case
def output_in_another_cloud(world):
    with another_cloud() as endpoint:
        s3 = client("s3", endpoint)
        s3.create_bucket(Bucket=world.facts["destination"])
        provider = {"endpoint": endpoint, "accessKeyId": f"{CANARY}-id", "secretAccessKey": f"{CANARY}-key", "forcePathStyle": True}
        progress = world.render(outName={"bucketName": world.facts["destination"], "key": "faraway.mp4", "s3OutputProvider": provider})
        expect("size there", s3.head_object(Bucket=progress["outBucket"], Key="faraway.mp4")["ContentLength"], progress["outputSizeInBytes"])
    expect("here", world.keys(world.facts["destination"], "faraway"), [])
    expect("canaries in the answer", json.dumps(progress).count(CANARY), 0)


@case
def no_secret_in_any_log(world):
    secrets = {"envVariables": {"TOKEN": f"{CANARY}-env"}, "webhook": {"url": "http://127.0.0.1:9/", "secret": f"{CANARY}-webhook"}}
    order = world.start(**secrets)
    world.follow(order)
    answer = world.ask("POST", "/v1/renders", {**secrets, "licenseKey": f"{CANARY}-licence", "nonsense": 1})
    answer.refused(400, "invalid_field", "nonsense")
    world.fails(composition="Boom", envVariables=secrets["envVariables"])
    log = pathlib.Path(world.log.name).read_text()
    has(log, "DEBUG", order["renderId"], "invalid_field")
    keys = [up.ROLE_KEYS["AWS_SECRET_ACCESS_KEY"], up.ROLE_KEYS["AWS_SESSION_TOKEN"]]
    expect("secrets in the log", [secret for secret in (CANARY, *keys, "a secret of the caller", "a password") if secret in log], [])
    expect("secrets in the answer", CANARY in answer.body.decode(), False)
