//go:build !race

package wait

const race = false
