package otlp

import (
	"context"
	"errors"
	"time"

	logs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // exporters may pack what they send
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// GRPC returns a server of the exports.
func (e *Exports) GRPC() *grpc.Server {
	server := grpc.NewServer(
		grpc.MaxRecvMsgSize(MaxRequest), grpc.MaxConcurrentStreams(MaxExports), grpc.MaxHeaderListSize(16<<10),
		grpc.ConnectionTimeout(5*time.Second), grpc.StatsHandler(&turns{e}),
	)
	logs.RegisterLogsServiceServer(server, &service{exports: e})
	return server
}

// service is the service of OTLP.
type service struct {
	logs.UnimplementedLogsServiceServer
	exports *Exports
}

func (s *service) Export(ctx context.Context, request *logs.ExportLogsServiceRequest) (*logs.ExportLogsServiceResponse, error) {
	response, err := s.exports.export(ctx, request)
	if err == nil {
		return response, nil
	}
	code := codes.Unavailable
	if errors.Is(err, ErrBusy) {
		code = codes.ResourceExhausted
	}
	told := status.New(code, err.Error())
	if with, err := told.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(retryAfter)}); err == nil {
		told = with
	}
	return nil, told.Err()
}

// turns has each request wait for its turn before it is read: grpc calls a handler of
// statistics then.
type turns struct{ exports *Exports }

type turnKey struct{}

// turn is that of one request.
type turn struct{ held bool }

func (t *turns) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, turnKey{}, new(turn))
}

func (t *turns) HandleRPC(ctx context.Context, s stats.RPCStats) {
	own, _ := ctx.Value(turnKey{}).(*turn)
	switch s := s.(type) {
	case *stats.Begin:
		own.held = t.exports.acquire(ctx)
	case *stats.End:
		if own.held {
			t.exports.release()
		}
		if c := status.Code(s.Error); c == codes.InvalidArgument || c == codes.Internal {
			t.exports.Bad.Add(1)
		}
	}
}

func (t *turns) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (t *turns) HandleConn(context.Context, stats.ConnStats) {}
