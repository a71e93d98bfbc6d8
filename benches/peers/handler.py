"""What one writes who follows Remotion's guide for Python: a Lambda function behind an HTTP API."""

import json
import os

from remotion_lambda import RemotionClient, RenderMediaParams

client = RemotionClient(
    region=os.environ["AWS_REGION"], serve_url=os.environ["SERVE_URL"], function_name=os.environ["FUNCTION_NAME"]
)


def answer(status, body):
    return {"statusCode": status, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


def handler(event):
    if event["requestContext"]["http"]["method"] == "POST":
        order = json.loads(event["body"])
        params = RenderMediaParams(
            composition=order["composition"], codec=order["codec"], input_props=order["inputProps"]
        )
        started = client.render_media_on_lambda(params)
        return answer(202, {"renderId": started.render_id, "bucketName": started.bucket_name})
    _, _, bucket, render_id = event["rawPath"].split("/")[-1].split("~")
    progress = client.get_render_progress(render_id=render_id, bucket_name=bucket)
    return answer(200, {"done": progress.done, "overallProgress": progress.overallProgress})
