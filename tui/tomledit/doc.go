// Package tomledit puts a key into a file of TOML that a person wrote, and leaves
// everything else in it as it stands: comments, order, blanks.
//
// # Contract
//
// [Set] changes text, [SetFile] a file, of which the old one or the new one is there,
// never a part; a symbolic link stays one, and a file keeps its permissions. A change
// that would alter anything besides the key is refused, as is one of a file that
// cannot be read as TOML. Nothing here waits for anything but the disk.
package tomledit
