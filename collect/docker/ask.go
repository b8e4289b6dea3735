package docker

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

// one is how long a single container may keep its engine busy. An engine locks a container while it changes it;
// one that is stuck must not use up the time of all others.
const one = 5 * time.Second

// An answered question: what came back, or why nothing did.
type answered[T any] struct {
	value T
	err   error
}

// get asks and keeps the answer.
func (a *answered[T]) get(ctx context.Context, question func(context.Context) (T, error)) {
	a.value, a.err = question(ctx)
}

// found is everything that an engine told.
type found struct {
	*collector
	engine     *engine
	version    answered[version]
	host       answered[host]
	containers answered[[]listed]
	details    map[string]answered[inspected] // by container
	samples    map[string]answered[sample]    // by running container
	images     answered[[]stored]
	volumes    answered[[]named]
	networks   answered[[]named]
	buildCache answered[int64]
	dataUsed   answered[int64]
}

// errNotAsked marks a question that was not put, as the answer would cost too much.
var errNotAsked = errors.New("not asked")

// ask puts all questions to the engine, side by side: one that is not answered does not hold up the others. Each
// goroutine fills fields of its own, and all have ended when ask returns, at the latest soon after ctx is done.
func ask(ctx context.Context, e *engine, c *collector) *found {
	f := &found{collector: c, engine: e}
	f.buildCache.err, f.dataUsed.err = errNotAsked, errNotAsked
	var wg sync.WaitGroup
	wg.Go(func() { f.version.get(ctx, e.version) })
	wg.Go(func() {
		f.host.get(ctx, e.host)
		if f.host.err == nil && f.local() && f.host.value.dataRoot != "" {
			f.dataUsed.get(ctx, f.measureDataRoot)
		}
	})
	wg.Go(func() {
		if f.containers.get(ctx, e.containers); f.containers.err == nil {
			f.inspectAll(ctx, e)
		}
	})
	wg.Go(func() { f.images.get(ctx, e.images) })
	wg.Go(func() { f.volumes.get(ctx, e.volumes) })
	wg.Go(func() { f.networks.get(ctx, e.networks) })
	if e.atLeast("1.42") {
		wg.Go(func() { f.buildCache.get(ctx, e.buildCache) })
	}
	wg.Wait()
	f.sampleAll(ctx, e)
	return f
}

// plainID is the form of identifiers that may stand in a request's path.
var plainID = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z_.-]{0,127}$`)

// inspectAll asks for each container what the list does not tell.
func (f *found) inspectAll(ctx context.Context, e *engine) {
	list := slices.DeleteFunc(f.containers.value, func(c listed) bool { return c.id == "" })
	slices.SortFunc(list, func(a, b listed) int { return strings.Compare(a.id, b.id) })
	list = slices.CompactFunc(list, func(a, b listed) bool { return a.id == b.id })
	f.details = each(list, parallel, func(c listed) answered[inspected] {
		if !plainID.MatchString(c.id) {
			return answered[inspected]{err: errors.New("its identifier has a form that no engine uses")}
		}
		return within(ctx, func(ctx context.Context) (inspected, error) { return e.inspect(ctx, c.id) })
	})
	// Whoever was removed between listing and inspecting is gone, not unknown.
	f.containers.value = slices.DeleteFunc(list, func(c listed) bool { return isGone(f.details[c.id].err) })
}

// sampleAll asks for the counters of the running containers. Docker before 23.0 answers each such question only
// once a second, so there it is asked only from afar: here the host source reads the same from the cgroups.
func (f *found) sampleAll(ctx context.Context, e *engine) {
	slow := !e.podman && !e.atLeast("1.42")
	if !e.atLeast("1.41") || slow && f.local() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, one)
	defer cancel()
	var running []listed
	for _, c := range f.containers.value {
		if d, ok := f.details[c.id]; ok && d.err == nil && stateOf(c.status).Or("") == inventory.Running {
			running = append(running, c)
		}
	}
	f.samples = each(running, parallel, func(c listed) answered[sample] {
		if ctx.Err() != nil {
			return answered[sample]{err: errNotAsked}
		}
		return within(ctx, func(ctx context.Context) (sample, error) { return e.stats(ctx, c.id) })
	})
}

// each puts a question for each container, some at once, and returns the answers by container. All goroutines have
// ended when it returns.
func each[T any](list []listed, atOnce int, question func(listed) answered[T]) map[string]answered[T] {
	answers := make([]answered[T], len(list)) // each goroutine fills elements of its own
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(atOnce, len(list)) {
		workers.Go(func() {
			for i := range next {
				answers[i] = question(list[i])
			}
		})
	}
	for i := range list {
		next <- i
	}
	close(next)
	workers.Wait()
	out := make(map[string]answered[T], len(list))
	for i, c := range list {
		out[c.id] = answers[i]
	}
	return out
}

// within asks one question about one container.
func within[T any](ctx context.Context, question func(context.Context) (T, error)) answered[T] {
	ctx, cancel := context.WithTimeout(ctx, one)
	defer cancel()
	var a answered[T]
	a.get(ctx, question)
	return a
}

// measureDataRoot returns the bytes used on the file system of the engine's data. A dead network file system
// never answers, so the wait ends with ctx; the goroutine then ends when the kernel lets it.
func (f *found) measureDataRoot(ctx context.Context) (int64, error) {
	done := make(chan answered[int64], 1) // buffered: a given-up measurement can still finish
	path := f.tree().Path(f.host.value.dataRoot)
	go func() {
		var a answered[int64]
		a.value, a.err = used(path)
		done <- a
	}()
	ctx, cancel := context.WithTimeout(ctx, one)
	defer cancel()
	select {
	case a := <-done:
		return a.value, a.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// useless returns the error of an engine that told neither of itself nor of its containers.
func (f *found) useless() error {
	if f.host.err != nil && f.containers.err != nil {
		return f.containers.err
	}
	return nil
}
