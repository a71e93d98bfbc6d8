"""boto3's managed copy as it comes, against the endpoint given: prints the seconds that it took."""

import sys
import time

import boto3

client = boto3.client(
    "s3", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="AKIABENCH", aws_secret_access_key="bench"
)
source = {"Bucket": "from", "Key": "x.mp4"}
began = time.monotonic()
client.copy(source, "to", "x.mp4")
print(time.monotonic() - began)
