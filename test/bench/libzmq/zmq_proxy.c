// The peer of the pump's benchmark: libzmq's own proxy, XSUB to XPUB.
// zmq_proxy PUBLISH-ENDPOINT SUBSCRIBE-ENDPOINT
#include <stdio.h>
#include <zmq.h>

int main(int argc, char **argv) {
	if (argc != 3) {
		fprintf(stderr, "usage: zmq_proxy PUBLISH-ENDPOINT SUBSCRIBE-ENDPOINT\n");
		return 2;
	}
	void *ctx = zmq_ctx_new();
	void *in = zmq_socket(ctx, ZMQ_XSUB), *out = zmq_socket(ctx, ZMQ_XPUB);
	if (zmq_bind(in, argv[1]) || zmq_bind(out, argv[2])) {
		perror("zmq_bind");
		return 1;
	}
	return zmq_proxy(in, out, NULL);
}
