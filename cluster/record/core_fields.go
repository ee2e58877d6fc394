package record

import (
	"bytes"

	"sluice/cluster/jsonscan"
)

// core is one of bunyan's own fields.
type core uint8

const (
	keyOther core = iota
	keyV
	keyPID
	keyMsg
	keyName
	keyTime
	keyLevel
	keyHostname
	keyComponent
)

// coreKey returns which of bunyan's own fields a key, still escaped, stands for.
func coreKey(key []byte) core {
	k := plainKey(key)
	if k == keyOther && bytes.IndexByte(key, '\\') >= 0 {
		var buf [16]byte
		if plain, ok := jsonscan.AppendASCII(buf[:0], key); ok {
			return plainKey(plain)
		}
	}
	return k
}

// plainKey is coreKey for a key in which nothing is escaped.
func plainKey(key []byte) core {
	switch string(key) {
	case "v":
		return keyV
	case "pid":
		return keyPID
	case "msg":
		return keyMsg
	case "name":
		return keyName
	case "time":
		return keyTime
	case "level":
		return keyLevel
	case "hostname":
		return keyHostname
	case "component":
		return keyComponent
	}
	return keyOther
}
