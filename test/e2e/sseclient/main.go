// Sseclient prints the records of a stream for ever. It is the Go client of
// docs/http.md, which shows what stands between the two lines of dashes.
//
//	sseclient URL
package main

// ----
import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/r3labs/sse/v2"
	"gopkg.in/cenkalti/backoff.v1"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	retry := backoff.NewExponentialBackOff()
	retry.InitialInterval, retry.MaxInterval = 100*time.Millisecond, 5*time.Second
	retry.MaxElapsedTime = 0 // never give up

	client := sse.NewClient(os.Args[1], sse.ClientMaxBufferSize(2<<20)) // more than the largest record
	client.ReconnectStrategy = backoff.WithContext(retry, ctx)
	var last []byte // id of the last whole event
	client.ReconnectNotify = func(err error, _ time.Duration) {
		log.Print("connecting again: ", err)
		client.LastEventID.Store(last) // a break may have torn the event that the library saw last
	}
	client.ResponseValidator = func(_ *sse.Client, resp *http.Response) error {
		if resp.StatusCode != http.StatusOK {
			resp.Body.Close()
			err := fmt.Errorf("the proxy answers %s", resp.Status)
			if resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests {
				return backoff.Permanent(err) // trying again would not help
			}
			return err
		}
		retry.Reset()
		resp.Body = newIdleTimeout(resp.Body, 30*time.Second) // three pings
		return nil
	}
	for ctx.Err() == nil { // a response that the proxy ends is no error to the library
		err := client.SubscribeRawWithContext(ctx, func(e *sse.Event) {
			ping := string(e.Event) == "ping" && e.Data != nil
			if !ping && !json.Valid(e.Data) {
				return // torn by a break: it comes again
			}
			last = e.ID
			switch string(e.Event) {
			case "": // a record
				fmt.Printf("%s\n", e.Data)
			case "source", "dropped", "repeats":
				log.Printf("%s: %s", e.Event, e.Data)
			}
		})
		if err != nil && ctx.Err() == nil {
			log.Fatal(err)
		}
	}
}

// idleTimeout closes a body that stays silent, so that a dead connection ends.
type idleTimeout struct {
	io.ReadCloser
	after time.Duration
	timer *time.Timer
}

func newIdleTimeout(body io.ReadCloser, after time.Duration) *idleTimeout {
	return &idleTimeout{body, after, time.AfterFunc(after, func() { body.Close() })}
}

func (t *idleTimeout) Read(p []byte) (int, error) {
	n, err := t.ReadCloser.Read(p)
	t.timer.Reset(t.after)
	return n, err
}

func (t *idleTimeout) Close() error {
	t.timer.Stop()
	return t.ReadCloser.Close()
}

// ----
