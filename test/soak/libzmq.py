"""A libzmq peer for the soak, driven through stdin. All lines are STREAM TAB
RECORD.

libzmq.py pub ENDPOINT
    publishes every line of stdin.
libzmq.py sub ENDPOINT PREFIX...
    prints every message. "stop" on stdin stops reading, "go" goes on.
"""
import os
import sys

import zmq


def main():
    kind, endpoint, prefixes = sys.argv[1], sys.argv[2], sys.argv[3:]
    ctx = zmq.Context()
    sock = ctx.socket(zmq.PUB if kind == "pub" else zmq.SUB)
    sock.setsockopt(zmq.LINGER, 0)
    sock.setsockopt(zmq.RECONNECT_IVL, 50)
    if kind == "pub":
        sock.setsockopt(zmq.SNDHWM, 0)
        sock.connect(endpoint)
        for line in sys.stdin.buffer:
            sock.send_multipart(line.rstrip(b"\n").split(b"\t", 1))
    else:
        for prefix in prefixes:
            sock.setsockopt(zmq.SUBSCRIBE, prefix.encode())
        sock.connect(endpoint)
        subscribe(sock)
    sock.close()
    ctx.term()


def subscribe(sock):
    poller = zmq.Poller()
    poller.register(sys.stdin.fileno(), zmq.POLLIN)
    poller.register(sock, zmq.POLLIN)
    while True:
        for what, _ in poller.poll():
            if what == sys.stdin.fileno():
                told = os.read(sys.stdin.fileno(), 4096)  # may be several lines
                if not told:
                    return
                stop = told.split()[-1] == b"stop"
                if stop and sock in poller:
                    poller.unregister(sock)
                elif not stop and sock not in poller:
                    poller.register(sock, zmq.POLLIN)
            else:
                for _ in range(1000):
                    try:
                        frames = sock.recv_multipart(zmq.NOBLOCK)
                    except zmq.Again:
                        break
                    sys.stdout.buffer.write(b"\t".join(frames) + b"\n")
                sys.stdout.flush()


main()
