"""A libzmq peer for the interoperability tests, driven through stdin.

pub|xpub ENDPOINT STREAM[,STREAM...] COUNT
    sends {"probe":true} to each stream every 20 ms until a line is read, then
    COUNT records {"i":0} ... to each in turn, and prints "sent". An XPUB prints
    the first subscription that it gets, as "subscribed" and its bytes in hex.
sub|xsub ENDPOINT PREFIX...
    prints every message as STREAM TAB RECORD. "stop" on stdin stops reading,
    "go" goes on, "cancel PREFIX" and "subscribe PREFIX" do that, "send TEXT"
    sends a message upstream. Prints "ok" on stderr after each. "noheartbeat"
    among the prefixes turns heartbeats off: libzmq 4.3 with heartbeats ends by
    an assertion when its application does not read for as long as its timeout.
serve
    is an XPUB that listens: it prints its endpoint, and sends each line of stdin,
    STREAM TAB RECORD.
front|back ENDPOINT
    is libzmq's own zmq_proxy, and prints the endpoint that it listens on.
    In front of a consolidator it connects its XPUB to ENDPOINT, and publishers
    connect to it; at its back it connects its XSUB, and subscribers connect.
take KIND
    is a SUB or an XSUB that listens and wants all: it prints its endpoint, and then
    every message as STREAM TAB RECORD.

Before these, --curve-client SERVER PUBLIC SECRET or --curve-server PUBLIC SECRET: the
sockets are that of CURVE, with these keys, in Z85.
"""
import select
import sys
import threading

import zmq

SOCKETS = {"pub": zmq.PUB, "xpub": zmq.XPUB, "sub": zmq.SUB, "xsub": zmq.XSUB}


KEYS = {}


def main():
    words = sys.argv[1:]
    if words[0] == "--curve-client":
        KEYS.update(zip((zmq.CURVE_SERVERKEY, zmq.CURVE_PUBLICKEY, zmq.CURVE_SECRETKEY), words[1:4]))
        words = words[4:]
    elif words[0] == "--curve-server":
        KEYS.update(zip((zmq.CURVE_PUBLICKEY, zmq.CURVE_SECRETKEY), words[1:3]))
        KEYS[zmq.CURVE_SERVER] = 1
        words = words[3:]
    kind, endpoint, args = words[0], "".join(words[1:2]), words[2:]
    ctx = zmq.Context()
    if kind == "serve":
        serve(ctx)
        ctx.term()
        return
    if kind == "take":
        take(ctx, SOCKETS[endpoint])
        ctx.term()
        return
    if kind in ("front", "back"):
        proxy(ctx, kind, endpoint)
        ctx.term()
        return
    heartbeat = "noheartbeat" not in args
    sock = make(ctx, SOCKETS[kind], heartbeat)
    if kind in ("pub", "xpub"):
        sock.connect(endpoint)
        if kind == "xpub":
            print("subscribed", sock.recv().hex(), flush=True)
        publish(sock, [s.encode() for s in args[0].split(",")], int(args[1]))
    else:
        sock.connect(endpoint)
        for prefix in args:
            if prefix != "noheartbeat":
                subscription(sock, prefix, True)
        subscribe(sock)
    sock.close()
    ctx.term()


def make(ctx, kind, heartbeat=True):
    sock = ctx.socket(kind)
    for option, value in KEYS.items():
        sock.setsockopt(option, value if isinstance(value, int) else value.encode())
    if heartbeat:
        sock.setsockopt(zmq.HEARTBEAT_IVL, 500)
        sock.setsockopt(zmq.HEARTBEAT_TIMEOUT, 5000)
    sock.setsockopt(zmq.LINGER, 5000)
    # A high-water mark of 1,000 messages, the default, drops what is above it.
    sock.setsockopt(zmq.SNDHWM, 0)
    sock.setsockopt(zmq.RCVHWM, 0 if kind in (zmq.XPUB, zmq.XSUB) else 1000)
    return sock


def serve(ctx):
    sock = make(ctx, zmq.XPUB)
    sock.setsockopt(zmq.LINGER, 0)
    sock.bind("tcp://127.0.0.1:*")
    print(sock.getsockopt_string(zmq.LAST_ENDPOINT), flush=True)
    for line in sys.stdin.buffer:
        sock.send_multipart(line.rstrip(b"\n").split(b"\t"))
    sock.close()


def take(ctx, kind):
    sock = make(ctx, kind)
    sock.bind("tcp://127.0.0.1:*")
    subscription(sock, "", True)
    print(sock.getsockopt_string(zmq.LAST_ENDPOINT), flush=True)
    subscribe(sock)
    sock.close()


def publish(sock, streams, count):
    while not select.select([sys.stdin], [], [], 0.02)[0]:
        for stream in streams:
            sock.send_multipart([stream, b'{"probe":true}'])
    sys.stdin.readline()
    for i in range(count):
        for stream in streams:
            sock.send_multipart([stream, b'{"i":%d}' % i])
    print("sent", flush=True)
    sys.stdin.read()


def subscription(sock, prefix, on):
    if sock.type == zmq.XSUB:
        sock.send(bytes([on]) + prefix.encode())
    else:
        sock.setsockopt(zmq.SUBSCRIBE if on else zmq.UNSUBSCRIBE, prefix.encode())


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
                    subscription(sock, line[1], False)
                elif line[0] == "subscribe":
                    subscription(sock, line[1], True)
                elif line[0] == "send":
                    sock.send(line[1].encode())
                print("ok", file=sys.stderr, flush=True)
            else:
                for _ in range(1000):
                    try:
                        frames = sock.recv_multipart(zmq.NOBLOCK)
                    except zmq.Again:
                        break
                    sys.stdout.buffer.write(b"\t".join(frames) + b"\n")
                sys.stdout.flush()


def proxy(ctx, kind, endpoint):
    xsub, xpub = make(ctx, zmq.XSUB), make(ctx, zmq.XPUB)
    listens, connects = (xsub, xpub) if kind == "front" else (xpub, xsub)
    listens.bind("tcp://127.0.0.1:*")
    connects.connect(endpoint)
    told, control = ctx.socket(zmq.PAIR), ctx.socket(zmq.PAIR)
    told.bind("inproc://control")
    control.connect("inproc://control")
    running = threading.Thread(target=zmq.proxy_steerable, args=(xsub, xpub, None, told))
    running.start()
    print(listens.getsockopt_string(zmq.LAST_ENDPOINT), flush=True)
    sys.stdin.read()
    control.send(b"TERMINATE")
    running.join()
    for sock in (xsub, xpub, told, control):
        sock.close()


main()
