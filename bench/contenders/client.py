"""Python's clients: `client.py http.client|pycurl|requests|aiohttp CALLS`. aiohttp makes 64 calls at once."""

import asyncio
import base64
import hashlib
import hmac
import io
import json
import os
import ssl
import sys
import time
import urllib.parse

URL = os.environ["BENCH_URL"]
TARGET = os.environ["BENCH_TARGET"]
CA = os.environ["BENCH_CA"]
ACCESS_KEY = os.environ["BENCH_ACCESS_KEY"]
SECRET_KEY = os.environ["BENCH_SECRET_KEY"].encode()
ACCOUNT_ID = json.loads(os.environ["BENCH_BODY"])["id"]
AT_ONCE = 64


def signed():
    """The body and the headers of a call."""
    timestamp = str(int(time.time() * 1000))
    text = f"POST {TARGET}\n{timestamp}\n{ACCESS_KEY}".encode()
    signature = base64.b64encode(hmac.new(SECRET_KEY, text, hashlib.sha256).digest()).decode()
    return json.dumps({"id": ACCOUNT_ID}, separators=(",", ":")), {
        "Content-Type": "application/json",
        "x-ncp-apigw-timestamp": timestamp,
        "x-ncp-iam-access-key": ACCESS_KEY,
        "x-ncp-apigw-signature-v2": signature,
    }


def check(status, body):
    account = json.loads(body)
    assert status == 200, account
    assert account["id"] == ACCOUNT_ID and account["quotas"][1]["spaceTb"] == 200


def with_http_client():
    import http.client

    place = urllib.parse.urlsplit(URL)
    context = ssl.create_default_context(cafile=CA)
    connection = http.client.HTTPSConnection(place.hostname, place.port, context=context, timeout=30)

    def call():
        body, headers = signed()
        connection.request("POST", TARGET, body=body, headers=headers)
        response = connection.getresponse()
        check(response.status, response.read())

    return call


def with_pycurl():
    import pycurl

    handle = pycurl.Curl()
    handle.setopt(pycurl.URL, URL)
    handle.setopt(pycurl.CAINFO, CA)
    handle.setopt(pycurl.TIMEOUT, 30)
    handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)

    def call():
        body, headers = signed()
        into = io.BytesIO()
        handle.setopt(pycurl.POSTFIELDS, body)
        handle.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in headers.items()])
        handle.setopt(pycurl.WRITEFUNCTION, into.write)
        handle.perform()
        check(handle.getinfo(pycurl.RESPONSE_CODE), into.getvalue())

    return call


def with_requests():
    import requests

    session = requests.Session()
    session.trust_env = False

    def call():
        body, headers = signed()
        response = session.post(URL, data=body, headers=headers, verify=CA, timeout=30)
        check(response.status_code, response.content)

    return call


def one_after_another(call):
    def run(count):
        for _ in range(count):
            call()

    return run


def at_once():
    import aiohttp

    loop = asyncio.new_event_loop()
    connector = {}

    async def work(session, left):
        while left:
            left.pop()
            body, headers = signed()
            async with session.post(URL, data=body, headers=headers) as response:
                check(response.status, await response.read())

    async def calls(count):
        if not connector:
            context = ssl.create_default_context(cafile=CA)
            connector["session"] = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context, limit=AT_ONCE))
        left = [None] * count
        await asyncio.gather(*(work(connector["session"], left) for _ in range(AT_ONCE)))

    return lambda count: loop.run_until_complete(calls(count))


def main():
    runs = {
        "http.client": lambda: one_after_another(with_http_client()),
        "pycurl": lambda: one_after_another(with_pycurl()),
        "requests": lambda: one_after_another(with_requests()),
        "aiohttp": at_once,
    }
    run, count = runs[sys.argv[1]](), int(sys.argv[2])
    run(max(AT_ONCE, count // 10))
    started, cpu_started = time.monotonic(), time.process_time()
    run(count)
    print(f"{time.monotonic() - started:.6f} {time.process_time() - cpu_started:.6f}", flush=True)
    os._exit(0)  # aiohttp would complain of its open session


main()
