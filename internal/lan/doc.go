// Package lan gives a test machines of its own: network namespaces, each on a wire to
// the test, which lies in another one. Cables are pulled, and what is sent one way
// vanishes, as on a network that fails: nobody is told, no connection is refused or
// reset. Nothing of it is seen outside of the test, and nothing is left of it.
//
// It needs Linux, namespaces that the kernel lets the user make, util-linux, and
// iproute2: elsewhere its tests skip.
package lan
