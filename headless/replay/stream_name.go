package replay

import (
	"net/url"
	"path/filepath"
	"regexp"
	"strings"

	"sluice/cluster/names"
)

// unnamed is the stream of what has no name, such as standard input.
const unnamed = "replay"

// endings are the endings of a name that do not belong to the stream.
var endings = regexp.MustCompile(`(?i)(\.part)?$|\.(gz|zst|zstd)(\.part)?$`)

// stamp is the time that sluice record puts before the ending of a rotated file.
var stamp = regexp.MustCompile(`-\d{8}T\d{6}(\.\d{3})?Z$`)

// StreamOf reads a stream off the name of a recording, as "sluice record --out
// '{stream}.ndjson.zst'" makes it: "tenant+acme-20260301T120000Z.ndjson.zst" is
// of tenant/acme, and "incident.log" of incident.
func StreamOf(file string) string {
	name := filepath.Base(file)
	if file == Stdin || name == "." || name == string(filepath.Separator) {
		return unnamed
	}
	name = endings.ReplaceAllString(strings.TrimLeft(name, "."), "")
	if !stamp.MatchString(name) {
		name = strings.TrimSuffix(name, filepath.Ext(name))
	}
	name = stamp.ReplaceAllString(name, "")
	// A plus is a slash there, and a plus that was one is escaped.
	if decoded, err := url.PathUnescape(strings.ReplaceAll(name, "+", "/")); err == nil {
		name = decoded
	}
	if names.Check(name) != nil {
		return unnamed
	}
	return name
}
