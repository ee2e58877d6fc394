package door

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"sluice/cluster/httpapi"
)

var (
	errNoToken   = errors.New("a token is needed: send it as Authorization: Bearer TOKEN, or as ?key=TOKEN")
	errTwoTokens = errors.New("the request has several tokens: send one")
)

const authorization = "Authorization"

// takeToken takes the token out of a request, and returns the request without it:
// what is not there cannot be logged, nor stand in an error.
func takeToken(r *http.Request) (token string, without *http.Request, err error) {
	add := func(t string) {
		if t != "" && token != "" && t != token {
			err = errTwoTokens
		}
		if t != "" {
			token = t
		}
	}
	headers := r.Header[authorization]
	for _, value := range headers {
		if scheme, rest, ok := strings.Cut(strings.TrimLeft(value, " "), " "); ok && strings.EqualFold(scheme, "Bearer") {
			add(strings.TrimSpace(rest))
		}
	}
	query, keys := takeKeys(r.URL.RawQuery)
	for _, key := range keys {
		add(key)
	}
	if len(headers) == 0 && len(keys) == 0 {
		return "", r, nil
	}
	without = r.Clone(r.Context())
	without.Header.Del(authorization)
	without.URL.RawQuery = query
	without.RequestURI = without.URL.RequestURI()
	return token, without, err
}

// takeKeys takes the parameters called key out of a query, however their name is
// escaped.
func takeKeys(query string) (rest string, keys []string) {
	if query == "" {
		return "", nil
	}
	var kept []string
	for part := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(part, "=")
		if plain, err := url.QueryUnescape(name); err != nil || plain != httpapi.QueryKey {
			kept = append(kept, part)
			continue
		}
		if plain, err := url.QueryUnescape(value); err == nil {
			value = plain
		}
		keys = append(keys, value)
	}
	return strings.Join(kept, "&"), keys
}
