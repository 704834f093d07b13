"""The life of an account and an app on the emulator, by Python's standard library alone.

  emulator_flow.py            the flow of other people's clients, with the clock moved over HTTP
  emulator_flow.py users N    N processes on one emulator, each with a key of its own and the same names
"""

import base64
import hashlib
import hmac
import json
import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

BASE = os.environ["DATAFOREST_BASE_URL"]
TLS = ssl.create_default_context(cafile=os.environ["DATAFOREST_CA_FILE"])
KEY, SECRET = os.environ["NCLOUD_ACCESS_KEY"], os.environ["NCLOUD_SECRET_KEY"]


def post(path, given, headers):
    data = json.dumps(given).encode()
    request = urllib.request.Request(BASE + path, data, {"content-type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, context=TLS, timeout=30) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def control(command, given=None):
    status, body = post("/_emulator/" + command, given or {}, {})
    assert status == 200, (command, status, body)
    return body["result"]


def call(operation, given=None, want=200):
    path, now = "/api/v2/" + operation, str(int(time.time() * 1000))
    text = f"POST {path}\n{now}\n{KEY}"
    signature = base64.b64encode(hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).digest()).decode()
    headers = {
        "x-ncp-apigw-timestamp": now,
        "x-ncp-iam-access-key": KEY,
        "x-ncp-apigw-signature-v2": signature,
    }
    status, body = post(path, given or {}, headers)
    assert status == want, (operation, status, body)
    return body


APP = {
    "appTypeId": "DEV-1.0.0",
    "name": "dev001",
    "queueName": "longlived",
    "lifetime": 604800,
    "components": [{"name": "shell", "memoryMb": 2048, "cpuCount": 1, "containerCount": 1}],
}


def flow():
    assert call("accounts/checkAvailableName", {"name": "df001"})["availableName"] is True
    account = call("accounts/create", {"name": "df001", "password": "Forest-77"})["id"]
    moves = 0
    while call("accounts/getDetail", {"id": account})["status"] != "RUNNING":
        control("advance", {"seconds": 60})
        moves += 1
    assert call("accounts/getList") ["contents"][0]["name"] == "df001"
    quota = {"id": account, "namespace": "tata", "fileCountMillion": 2, "spaceTb": 300}
    assert call("accounts/setQuota", quota)["success"] is True
    detail = call("accounts/getDetail", {"id": account})
    assert detail["quotas"][1] == {"namespace": "tata", "fileCountMillion": 2, "spaceTb": 300}, detail
    assert call("apps/getList", {"search": {"accountId": account}})["contents"] == []
    app = call("apps/create", {**APP, "accountId": account})["id"]
    while call("apps/getDetail", {"id": app})["state"] != "RUNNING":
        control("advance", {"seconds": 30})
        moves += 1
    while call("apps/getDetail", {"id": app})["state"] != "FINISHED":
        control("advance", {"seconds": 604800 / 16})
        moves += 1
    assert moves >= 20, moves
    control("set_clock", {"seconds": 1700000000})
    refused = call("accounts/delete", {"id": account}, want=400)
    assert "has resources" in refused["message"], refused
    call("apps/delete", {"id": app})
    call("accounts/delete", {"id": account})
    assert call("accounts/getList")["total"] == 0
    assert all(entry["status"] in (200, 400) for entry in control("calls"))
    print(f"the flow: done, the clock moved {moves + 1} times")


def one_user():
    account = call("accounts/create", {"name": "df001", "password": "Forest-77"})["id"]
    app = call("apps/create", {**APP, "accountId": account})["id"]
    for _ in range(5):
        accounts = call("accounts/getList")
        assert accounts["total"] == 1 and accounts["contents"][0]["id"] == account, accounts
        apps = call("apps/getList", {"search": {"accountId": account}})
        assert [entry["id"] for entry in apps["contents"]] == [app], apps
    call("apps/delete", {"id": app})
    call("accounts/delete", {"id": account})
    assert call("accounts/getList")["contents"] == []


def users(count):
    running = []
    for number in range(count):
        key, secret = f"AK{number}", f"SK{number}"
        control("add_key", {"access_key": key, "secret_key": secret})
        environment = {**os.environ, "NCLOUD_ACCESS_KEY": key, "NCLOUD_SECRET_KEY": secret}
        running.append(subprocess.Popen([sys.executable, __file__, "one"], env=environment))
    failed = sum(process.wait(timeout=120) != 0 for process in running)
    print(f"{count} users: {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["users"]:
        sys.exit(users(int(sys.argv[2])))
    (one_user if sys.argv[1:2] == ["one"] else flow)()
