package otlp

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	logs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	"google.golang.org/protobuf/proto"
)

const (
	// MaxRequest bounds a request, in bytes, packed and unpacked.
	MaxRequest = 4 << 20
	// MaxExports bounds the requests that are read or worked on at a time.
	MaxExports = 16

	longest    = 30 * time.Second // for an export whose exporter does not say how long it waits
	retryAfter = 2 * time.Second  // that exporters are told to wait
)

// What a Taker answers when records cannot be taken now.
var (
	ErrAway = errors.New("no consolidator is connected: come again")
	ErrBusy = errors.New("records come faster than they are taken: come again")
)

// Taker takes the records of exports.
type Taker interface {
	// Take takes all records of a request, until ctx ends. A nil error says that they
	// are acknowledged, except for so many as were refused for good, and why. Any error
	// means that the exporter is to send all of them again: ErrAway, ErrBusy, the context's.
	Take(ctx context.Context, request *logs.ExportLogsServiceRequest) (refused int64, why string, err error)
}

// Exports takes exports by gRPC and HTTP, for one Taker.
type Exports struct {
	taker Taker
	turns chan struct{}

	Again atomic.Uint64 // exports that were told to come again
	Bad   atomic.Uint64 // requests that could not be read
}

// NewExports returns Exports for a Taker.
func NewExports(taker Taker) *Exports {
	return &Exports{taker: taker, turns: make(chan struct{}, MaxExports)}
}

// acquire waits for a turn, and reports whether there is one before ctx ends.
func (e *Exports) acquire(ctx context.Context) bool {
	select {
	case e.turns <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (e *Exports) release() { <-e.turns }

// export hands a request on.
func (e *Exports) export(ctx context.Context, request *logs.ExportLogsServiceRequest) (*logs.ExportLogsServiceResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	refused, why, err := e.taker.Take(ctx, request)
	if err != nil {
		e.Again.Add(1)
		return nil, err
	}
	response := &logs.ExportLogsServiceResponse{}
	if refused > 0 {
		response.PartialSuccess = &logs.ExportLogsPartialSuccess{RejectedLogRecords: refused, ErrorMessage: why}
	}
	return response, nil
}

// Parse reads a request of OTLP in protobuf.
func Parse(body []byte) (*logs.ExportLogsServiceRequest, error) {
	var request logs.ExportLogsServiceRequest
	if err := proto.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	return &request, nil
}
