// Package paths knows patterns of files' paths with holes, as in
// '/var/log/containers/*_{namespace}_{container}-*.log': which paths match, and what
// the holes hold then.
//
// # Contract
//
// A pattern is a path. "*" stands for any characters but "/", "?" for one of them,
// "[a-z]" and "[^a-z]" for one of a set, and "{name}" for at least one: a hole, whose
// value has that name. "{name:[^-]}" holds characters of a set only. A backslash
// takes the character behind it for itself. As in a shell, what begins with a dot is
// matched by a dot only.
//
// A path may be divided in several ways: then holes take as much as they can, and
// stars as little, from left to right. [Hole] says so, since whoever names files
// could choose what another hole holds.
//
// Paths are foreign input: matching takes time proportional to the pattern times the
// square of a path's element, which has 255 bytes, and no more memory than that.
package paths
