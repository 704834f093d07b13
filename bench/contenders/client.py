"""Python's standard library: http.client over ssl, hmac and json. `client.py CALLS`."""

import base64
import hashlib
import hmac
import http.client
import json
import os
import ssl
import sys
import time
import urllib.parse

URL = urllib.parse.urlsplit(os.environ["BENCH_URL"])
TARGET = os.environ["BENCH_TARGET"]
ACCESS_KEY = os.environ["BENCH_ACCESS_KEY"]
SECRET_KEY = os.environ["BENCH_SECRET_KEY"].encode()
ACCOUNT_ID = json.loads(os.environ["BENCH_BODY"])["id"]

connection = http.client.HTTPSConnection(
    URL.hostname, URL.port, context=ssl.create_default_context(cafile=os.environ["BENCH_CA"]), timeout=30
)


def call():
    timestamp = str(int(time.time() * 1000))
    text = f"POST {TARGET}\n{timestamp}\n{ACCESS_KEY}".encode()
    signature = base64.b64encode(hmac.new(SECRET_KEY, text, hashlib.sha256).digest()).decode()
    connection.request(
        "POST",
        TARGET,
        body=json.dumps({"id": ACCOUNT_ID}, separators=(",", ":")),
        headers={
            "Content-Type": "application/json",
            "x-ncp-apigw-timestamp": timestamp,
            "x-ncp-iam-access-key": ACCESS_KEY,
            "x-ncp-apigw-signature-v2": signature,
        },
    )
    response = connection.getresponse()
    account = json.loads(response.read())
    assert response.status == 200, account
    assert account["id"] == ACCOUNT_ID and account["quotas"][1]["spaceTb"] == 200


def main():
    count = int(sys.argv[1])
    for _ in range(max(64, count // 10)):
        call()
    started, cpu_started = time.monotonic(), time.process_time()
    for _ in range(count):
        call()
    print(f"{time.monotonic() - started:.6f} {time.process_time() - cpu_started:.6f}")


main()
