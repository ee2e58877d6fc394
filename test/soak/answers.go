package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// administer has a server serve its figures.
func administer(s *server) error {
	address, err := freePort()
	if err != nil {
		return err
	}
	s.admin = address
	for i, a := range s.args {
		if a == "--admin" {
			s.args[i+1] = address
		}
	}
	return nil
}

// figure waits until a server serves a figure, as it stands in its text.
func (s *server) figure(ctx context.Context, line string) error {
	return s.await(ctx, "http://"+s.admin+"/metrics", func(text string) bool { return strings.Contains(text, "\n"+line+"\n") })
}

// await waits until what a server answers is as wanted.
func (s *server) await(ctx context.Context, url string, wanted func(text string) bool) error {
	var last string
	err := until(ctx, s.name+" answers as it should at "+url, func() bool {
		text, err := get(ctx, url)
		last = text
		if err != nil {
			last = err.Error()
		}
		return err == nil && wanted(text)
	})
	if violated(err) {
		return &violation{who: s.name, err: fmt.Errorf("%w: %.2000s", err, last)}
	}
	return err
}

// until waits until something holds.
func until(ctx context.Context, what string, holds func() bool) error {
	for deadline := time.Now().Add(patience); !holds(); pause(ctx, 5*time.Millisecond) {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Now().After(deadline):
			return &violation{who: "world", err: fmt.Errorf("%v are over before %s", patience, what)}
		}
	}
	return nil
}

// once asks one server once: it may be killed meanwhile.
var once = http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}

// get is what stands at a URL.
func get(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	resp, err := once.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(resp.Status)
	}
	return string(text), err
}
