// Package foreign knows the programs, libraries and files of others that tests
// talk to. A test asks for each that it needs, by its name in the table of
// things.go, and is skipped where it is missing.
//
//   - With SLUICE_PEERS=none everything counts as missing.
//   - With SLUICE_CI set, otherwise, a test that would be skipped fails.
//   - Each test that is skipped adds a line, the reason, its name and its
//     package's folder between tabs, to the file that SLUICE_SKIPPED names. `make test` names another each time,
//     and go test takes no result from its cache whose test has read a variable
//     that has changed since: the file is complete, although packages that skip
//     nothing come from the cache.
package foreign
