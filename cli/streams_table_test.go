package cli

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"sluice/cluster/stream"
)

// A name that could act on a terminal does not, and is the same name in JSON.
func TestListingIsHarmless(t *testing.T) {
	const name = "tenant/\u202eevil\u2066"
	live := []stream.Live{{Name: name, Rate: 1.5, Sources: 2}}
	for _, l := range []*listing{{json: true}, {watch: true}, {}} {
		var out strings.Builder
		l.out = &out
		if err := l.print(time.Now(), live, nil); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(out.String(), "\u202e\u2066") || !strings.Contains(out.String(), "evil") {
			t.Errorf("json %v, watch %v: %q", l.json, l.watch, out.String())
		}
		if !l.json {
			continue
		}
		var s liveStream
		if err := json.Unmarshal([]byte(out.String()), &s); err != nil || s.Name != name || s.Rate != 1.5 || s.Sources != 2 {
			t.Errorf("%q is %+v, %v", out.String(), s, err)
		}
	}
	if l := newListing(os.Stdin, true, true); l.screen != nil {
		t.Error("objects are drawn on a screen")
	}
}
