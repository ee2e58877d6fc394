// Publishes the lines of a file through a libzmq socket, as an application
// does: the peer of `sluice publish` in the benchmark. It takes each line as it
// is, and nobody tells it what arrived.
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  FILE *in = fopen(argv[3], "r");
  if (!in) return 1;
  void *context = zmq_ctx_new();
  void *pub = zmq_socket(context, ZMQ_XPUB);
  int unlimited = 0, forever = -1;
  zmq_setsockopt(pub, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
  zmq_setsockopt(pub, ZMQ_LINGER, &forever, sizeof forever);
  if (zmq_connect(pub, argv[1])) return 1;
  char subscription[64];
  if (zmq_recv(pub, subscription, sizeof subscription, 0) < 0) return 1;  // before it, PUB sockets drop
  char *line = NULL;
  size_t room = 0, name = 0;
  while (argv[2][name]) name++;
  for (ssize_t n; (n = getline(&line, &room, in)) > 0;) {
    if (zmq_send(pub, argv[2], name, ZMQ_SNDMORE) < 0 || zmq_send(pub, line, n - 1, 0) < 0) return 1;
  }
  zmq_close(pub);
  zmq_ctx_term(context);
  return 0;
}
