// Release builds what a version is handed out as, for each platform: an archive and,
// for Linux, a Debian package, an SBOM (CycloneDX) and, for all files, their checksums.
//
//	go run ./deploy/release -version v1.2.0 -commit HASH -date 2026-03-01T12:00:00Z -out dist
//
// `make release` fills in what git knows. From one commit and one version of Go come the
// same bytes, whenever, wherever and by whomever it is built: paths, clocks, users,
// umasks and time zones are left out, and files have the date of the commit, or that of
// SOURCE_DATE_EPOCH. Nothing is fetched but the module's dependencies.
package main
