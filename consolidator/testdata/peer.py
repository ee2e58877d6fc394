"""A libzmq peer for the interoperability tests, driven through stdin.

peer.py pub ENDPOINT STREAM COUNT
    sends {"probe":true} every 20 ms until a line is read, then COUNT records
    {"i":0} …, and prints "sent".
peer.py sub ENDPOINT PREFIX...
    prints every message as STREAM TAB RECORD. "stop" on stdin stops reading,
    "go" goes on, "cancel PREFIX" and "subscribe PREFIX" do that. Prints "ok"
    on stderr after each. "noheartbeat" among the prefixes turns heartbeats off:
    libzmq 4.3 with heartbeats ends by an assertion when its application does
    not read for as long as its timeout.
"""
import select
import sys

import zmq


def main():
    kind, endpoint, args = sys.argv[1], sys.argv[2], sys.argv[3:]
    ctx = zmq.Context()
    sock = ctx.socket(zmq.PUB if kind == "pub" else zmq.SUB)
    if "noheartbeat" in args:
        args.remove("noheartbeat")
    else:
        sock.setsockopt(zmq.HEARTBEAT_IVL, 500)
        sock.setsockopt(zmq.HEARTBEAT_TIMEOUT, 5000)
    sock.setsockopt(zmq.LINGER, 5000)
    if kind == "pub":
        sock.setsockopt(zmq.SNDHWM, 0)
        sock.connect(endpoint)
        publish(sock, args[0].encode(), int(args[1]))
    else:
        for prefix in args:
            sock.setsockopt(zmq.SUBSCRIBE, prefix.encode())
        sock.connect(endpoint)
        subscribe(sock)
    sock.close()
    ctx.term()


def publish(sock, stream, count):
    while not select.select([sys.stdin], [], [], 0.02)[0]:
        sock.send_multipart([stream, b'{"probe":true}'])
    sys.stdin.readline()
    for i in range(count):
        sock.send_multipart([stream, b'{"i":%d}' % i])
    print("sent", flush=True)
    sys.stdin.read()


def subscribe(sock):
    poller = zmq.Poller()
    poller.register(sys.stdin.fileno(), zmq.POLLIN)
    poller.register(sock, zmq.POLLIN)
    while True:
        for what, _ in poller.poll():
            if what == sys.stdin.fileno():
                line = sys.stdin.readline().split()
                if not line:
                    return
                if line[0] == "stop":
                    poller.unregister(sock)
                elif line[0] == "go":
                    poller.register(sock, zmq.POLLIN)
                elif line[0] == "cancel":
                    sock.setsockopt(zmq.UNSUBSCRIBE, line[1].encode())
                elif line[0] == "subscribe":
                    sock.setsockopt(zmq.SUBSCRIBE, line[1].encode())
                print("ok", file=sys.stderr, flush=True)
            else:
                for _ in range(1000):
                    try:
                        frames = sock.recv_multipart(zmq.NOBLOCK)
                    except zmq.Again:
                        break
                    sys.stdout.buffer.write(b"\t".join(frames) + b"\n")
                sys.stdout.flush()


main()
