"""The smallest client of the Lambda Runtime API that works; Lambda's own does more."""

import http.client
import json
import os

from handler import handler

connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    connection.request("GET", "/2018-06-01/runtime/invocation/next")
    response = connection.getresponse()
    event = json.loads(response.read())
    answer = json.dumps(handler(event), separators=(",", ":"))
    path = f"/2018-06-01/runtime/invocation/{response.headers['lambda-runtime-aws-request-id']}/response"
    connection.request("POST", path, answer)
    connection.getresponse().read()
