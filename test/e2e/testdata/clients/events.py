import sys
import time

import requests

last = None  # id of the last whole event
while True:
    headers = {"Accept": "text/event-stream"}
    if last:
        headers["Last-Event-ID"] = last
    try:
        # 30 s without a byte are three pings: the connection is dead.
        with requests.get(sys.argv[1], headers=headers, stream=True, timeout=30) as answer:
            if answer.status_code < 500 and answer.status_code != 429:
                answer.raise_for_status()  # trying again would not help
            event = {}
            for line in answer.iter_lines():
                if line:
                    name, _, value = line.decode().partition(": ")
                    event[name] = value
                    continue
                last = event.get("id", last)
                if "event" not in event:
                    print(event["data"], flush=True)
                elif event["event"] in ("source", "dropped", "repeats"):
                    print(event["event"], event["data"], sep=": ", file=sys.stderr, flush=True)
                event = {}
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as err:
        print("connecting again:", err, file=sys.stderr, flush=True)
    time.sleep(0.2)
