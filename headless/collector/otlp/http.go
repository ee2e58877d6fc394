package otlp

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"

	logs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	rpc "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Path is where exporters send logs.
const Path = "/v1/logs"

// The forms of bodies.
const (
	typeProtobuf = "application/x-protobuf"
	typeJSON     = "application/json"
)

var (
	errType     = fmt.Errorf("send %s or %s", typeProtobuf, typeJSON)
	errEncoding = errors.New("pack with gzip, or not at all")
	errTooLarge = fmt.Errorf("a request has at most %d bytes: send fewer records at a time", MaxRequest)
)

// ServeHTTP takes exports by HTTP.
func (e *Exports) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != Path {
		http.Error(w, "logs are taken at "+Path+"; metrics and traces are not", http.StatusNotFound)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "POST them", http.StatusMethodNotAllowed)
		return
	}
	form, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if form != typeProtobuf && form != typeJSON {
		fail(w, typeProtobuf, http.StatusUnsupportedMediaType, errType)
		return
	}
	if !e.acquire(r.Context()) {
		return // nobody waits for an answer
	}
	defer e.release()
	request, code, err := readRequest(w, r, form)
	if err != nil {
		e.Bad.Add(1)
		fail(w, form, code, err)
		return
	}
	response, err := e.export(r.Context(), request)
	if err != nil {
		code := http.StatusServiceUnavailable
		if errors.Is(err, ErrBusy) {
			code = http.StatusTooManyRequests
		}
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
		fail(w, form, code, err)
		return
	}
	answer(w, form, http.StatusOK, response)
}

// readRequest reads a request, or returns the status code of why not.
func readRequest(w http.ResponseWriter, r *http.Request, form string) (request *logs.ExportLogsServiceRequest, code int, err error) {
	var body io.Reader = http.MaxBytesReader(w, r.Body, MaxRequest)
	switch r.Header.Get("Content-Encoding") {
	case "", "identity":
	case "gzip":
		if body, err = gzip.NewReader(body); err != nil {
			return nil, http.StatusBadRequest, fmt.Errorf("unpack: %w", err)
		}
	default:
		return nil, http.StatusUnsupportedMediaType, errEncoding
	}
	data, err := io.ReadAll(io.LimitReader(body, MaxRequest+1))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large), len(data) > MaxRequest:
		return nil, http.StatusRequestEntityTooLarge, errTooLarge
	case err != nil:
		return nil, http.StatusBadRequest, fmt.Errorf("read: %w", err)
	case form == typeJSON:
		request, err = ParseJSON(data)
	default:
		request, err = Parse(data)
	}
	if err != nil {
		return nil, http.StatusBadRequest, err
	}
	return request, 0, nil
}

// ParseJSON reads a request of OTLP in JSON: protobuf's, but the ids of traces and spans
// are hexadecimal there.
func ParseJSON(body []byte) (*logs.ExportLogsServiceRequest, error) {
	var request logs.ExportLogsServiceRequest
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(body, &request); err != nil {
		return nil, err
	}
	for _, of := range request.GetResourceLogs() {
		for _, scope := range of.GetScopeLogs() {
			for _, r := range scope.GetLogRecords() {
				r.TraceId, r.SpanId = unhex(r.TraceId), unhex(r.SpanId)
			}
		}
	}
	return &request, nil
}

// unhex takes back that hexadecimal digits were read as base 64, of which they are
// digits, too.
func unhex(id []byte) []byte {
	if out, err := hex.DecodeString(base64.StdEncoding.EncodeToString(id)); err == nil {
		return out
	}
	return id
}

// fail answers with an error, in the form of the request.
func fail(w http.ResponseWriter, form string, code int, err error) {
	of := codes.InvalidArgument
	if code == http.StatusServiceUnavailable || code == http.StatusTooManyRequests {
		of = codes.Unavailable
	}
	answer(w, form, code, &rpc.Status{Code: int32(of), Message: err.Error()})
}

func answer(w http.ResponseWriter, form string, code int, message proto.Message) {
	write := proto.Marshal
	if form == typeJSON {
		write = protojson.Marshal
	}
	body, err := write(message)
	if err != nil {
		http.Error(w, "the answer cannot be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", form)
	w.WriteHeader(code)
	_, _ = w.Write(body)
}
