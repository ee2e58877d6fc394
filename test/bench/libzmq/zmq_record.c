// The peer of the recording's benchmark: a SUB socket of libzmq whose records go
// into a file, one a line.
// zmq_record SUBSCRIBE-ENDPOINT STREAM FILE
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

static volatile sig_atomic_t ended;

static void end(int sig) {
	(void)sig;
	ended = 1;
}

int main(int argc, char **argv) {
	if (argc != 4) {
		fprintf(stderr, "usage: zmq_record SUBSCRIBE-ENDPOINT STREAM FILE\n");
		return 2;
	}
	struct sigaction action = {.sa_handler = end};
	sigaction(SIGTERM, &action, NULL);
	void *sub = zmq_socket(zmq_ctx_new(), ZMQ_SUB);
	int hwm = 300000; // a second of records, as sluice has it
	zmq_setsockopt(sub, ZMQ_RCVHWM, &hwm, sizeof hwm);
	zmq_setsockopt(sub, ZMQ_SUBSCRIBE, argv[2], strlen(argv[2]));
	FILE *out = fopen(argv[3], "w");
	if (zmq_connect(sub, argv[1]) || !out) {
		perror("zmq_record");
		return 1;
	}
	setvbuf(out, NULL, _IOFBF, 256 << 10);
	while (!ended) {
		zmq_msg_t name, record;
		zmq_msg_init(&name);
		if (zmq_msg_recv(&name, sub, 0) < 0)
			break;
		zmq_msg_init(&record);
		zmq_msg_recv(&record, sub, 0);
		fwrite(zmq_msg_data(&record), 1, zmq_msg_size(&record), out);
		putc('\n', out);
		zmq_msg_close(&name);
		zmq_msg_close(&record);
	}
	return fclose(out) != 0;
}
