// The peer of the pump's benchmark: libzmq's own proxy, XSUB to XPUB.
// zmq_proxy PUBLISH-ENDPOINT SUBSCRIBE-ENDPOINT [PUBLIC-KEY SECRET-KEY]
// With keys, both of its sockets are servers of CURVE.
#include <stdio.h>
#include <zmq.h>

static int encrypt(void *socket, char **keys) {
	int server = 1;
	return zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &server, sizeof server) ||
	       zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, keys[0], 41) ||
	       zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys[1], 41);
}

int main(int argc, char **argv) {
	if (argc != 3 && argc != 5) {
		fprintf(stderr, "usage: zmq_proxy PUBLISH-ENDPOINT SUBSCRIBE-ENDPOINT [PUBLIC-KEY SECRET-KEY]\n");
		return 2;
	}
	void *ctx = zmq_ctx_new();
	void *in = zmq_socket(ctx, ZMQ_XSUB), *out = zmq_socket(ctx, ZMQ_XPUB);
	if (argc == 5 && (encrypt(in, argv + 3) || encrypt(out, argv + 3))) {
		perror("zmq_setsockopt");
		return 1;
	}
	if (zmq_bind(in, argv[1]) || zmq_bind(out, argv[2])) {
		perror("zmq_bind");
		return 1;
	}
	return zmq_proxy(in, out, NULL);
}
