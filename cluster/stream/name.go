package stream

import "sluice/cluster/zmtp"

// MaxName is the longest stream name, in bytes.
const MaxName = zmtp.MaxName

// CheckName reports why name cannot name a stream: see [zmtp.CheckName].
func CheckName[T string | []byte](name T) error { return zmtp.CheckName(name) }
