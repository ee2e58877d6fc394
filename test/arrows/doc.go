// Package arrows has tests alone: of who may import whom, of the folder map, and of why each
// dependency is here.
package arrows
