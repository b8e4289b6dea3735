package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"sync"
)

// withMemory has memory cleaned up less often, until the function that it returns is called: planning makes one estate
// after the other, and most of them live long. As long as there is little of it, it is not cleaned up at all: an audit of
// 1,000 machines ends before it would be worth it. Whoever runs the program may say otherwise (GOGC, GOMEMLIMIT).
func withMemory() (restore func()) {
	const (
		usual   = 100
		percent = 400       // garbage, of what is in use: for 10,000 machines another gigabyte, and a sixth of the time
		room    = 256 << 20 // bytes
	)
	limit := debug.SetMemoryLimit(-1)
	was := debug.SetGCPercent(-1)
	if was != usual || limit != math.MaxInt64 {
		debug.SetGCPercent(was)
		return func() {}
	}
	debug.SetMemoryLimit(room)
	var mu sync.Mutex
	over := false
	set := func(percent int) {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	}
	cleaned := new([64]byte) // unused: what is done when it is cleaned up is done after the first time
	runtime.AddCleanup(cleaned, func(percent int) {
		mu.Lock()
		defer mu.Unlock()
		if !over {
			set(percent)
		}
	}, percent)
	return func() {
		mu.Lock()
		defer mu.Unlock()
		over = true
		set(was)
	}
}
