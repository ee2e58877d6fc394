package etcd

import (
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"sluice/cluster/discovery"
)

// pageSize is how many registrations are asked for at a time; of large ones fewer.
const pageSize = 512

// list reads all registrations at one revision.
func (f *finding) list(ctx context.Context) error {
	entries := make(map[string]discovery.Consolidator)
	var at int64 // the revision
	var cluster uint64
	f.beyond = 0
	for from := Prefix; from != ""; {
		var page *clientv3.GetResponse
		var err error
		if page, from, err = f.page(ctx, from, at); err != nil {
			return err
		}
		if at == 0 {
			at, cluster = page.Header.Revision, page.Header.ClusterId
		}
		for _, kv := range page.Kvs {
			f.take(entries, string(kv.Key), kv.ModRevision, kv.Value)
		}
	}
	f.keep(entries, cluster != f.cluster || at < f.revision)
	f.entries, f.cluster, f.revision = entries, cluster, at
	return nil
}

// keep notes which registrations stay although they are not there: since etcd has begun
// anew, or since nothing was heard of it for a while, in which those who register may have
// been cut off from it, too, and their leases have ended.
func (f *finding) keep(entries map[string]discovery.Consolidator, anew bool) {
	now := time.Now()
	if f.cluster != 0 && (anew || f.failures > 0) {
		for key, c := range f.entries {
			if _, there := entries[key]; !there && len(f.kept) < maxHeld {
				f.kept[key] = kept{c, now.Add(f.c.times.restart)}
			}
		}
	}
	maps.DeleteFunc(f.kept, func(key string, k kept) bool {
		_, there := entries[key]
		return there || !now.Before(k.until)
	})
	if anew && f.cluster != 0 {
		f.c.cfg.Logger.Warn("etcd has begun anew: consolidators stay until they have registered again", "etcd", f.c.Place().Address, "for", f.c.times.restart)
	} else if len(f.kept) > 0 && f.failures > 0 {
		f.c.cfg.Logger.Info("consolidators that are not registered any more stay for a while: they may have been cut off, too", "etcd", f.c.Place().Address, "consolidators", len(f.kept), "for", f.c.times.restart)
	}
	if anew {
		clear(f.told)
	}
}

// page reads some registrations, from a key on, and says from which key on to read next.
func (f *finding) page(ctx context.Context, from string, at int64) (page *clientv3.GetResponse, next string, err error) {
	ask := func(limit int64, more ...clientv3.OpOption) (*clientv3.GetResponse, error) {
		ctx, cancel := context.WithTimeout(ctx, askTimeout)
		defer cancel()
		return f.client.Get(ctx, from, append(more,
			clientv3.WithRange(clientv3.GetPrefixRangeEnd(Prefix)), clientv3.WithRev(at), clientv3.WithLimit(limit))...)
	}
	limit := int64(pageSize)
	for page, err = ask(limit); tooLarge(err) && limit > 1; page, err = ask(limit) {
		limit /= 8
	}
	if tooLarge(err) { // a single one is: its key alone
		if page, err = ask(1, clientv3.WithKeysOnly()); err == nil {
			for _, kv := range page.Kvs {
				kv.Value = []byte(strings.Repeat("x", maxValue+1))
			}
		}
	}
	if err != nil {
		return nil, "", err
	}
	if n := len(page.Kvs); page.More && n > 0 {
		next = string(page.Kvs[n-1].Key) + "\x00"
	}
	return page, next, nil
}

// tooLarge reports whether an answer was larger than we take.
func tooLarge(err error) bool { return status.Code(err) == codes.ResourceExhausted }

// reason is an error in words for people, without what the layers below add.
func reason(err error) string {
	if errors.Is(err, context.DeadlineExceeded) {
		return "it does not answer"
	}
	text := err.Error()
	if s, ok := status.FromError(err); ok {
		text = s.Message()
	}
	for _, noise := range []string{"latest balancer error: ", "last connection error: ", "connection error: ", "Error while dialing: ", "desc = "} {
		if i := strings.LastIndex(text, noise); i >= 0 {
			text = text[i+len(noise):]
		}
	}
	return strings.Trim(text, `"`)
}
