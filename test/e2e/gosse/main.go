// Gosse prints the records of a stream for ever, with the library go-sse.
//
//	gosse URL
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/tmaxmax/go-sse"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, os.Args[1], nil)
	if err != nil {
		log.Fatal(err)
	}
	client := sse.Client{
		Backoff: sse.Backoff{InitialInterval: 100 * time.Millisecond, MaxInterval: 5 * time.Second},
		OnRetry: func(err error, _ time.Duration) { log.Print("connecting again: ", err) },
	}
	conn := client.NewConnection(req)
	conn.Buffer(nil, 2<<20) // more than the largest record
	conn.SubscribeToAll(func(e sse.Event) {
		switch e.Type {
		case "":
			fmt.Printf("%s\n", e.Data)
		case "source", "dropped", "repeats":
			log.Printf("%s: %s", e.Type, e.Data)
		}
	})
	if err := conn.Connect(); ctx.Err() == nil {
		log.Fatal(err)
	}
}
