package snapshot

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// Streams opens the file for each reading anew. A pipe cannot be opened twice, nor can what is open already and only
// has a name in /dev. What is wrong with a file that is not there is said by whoever reads it.
func (c *collector) Streams(ctx context.Context) (identities, all inventory.Observations, ok bool) {
	if name, err := filepath.Abs(c.name); err != nil || strings.HasPrefix(name, "/dev/") {
		return nil, nil, false
	}
	if info, err := os.Stat(c.name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, nil, false
	}
	all = c.stream(ctx, func(r io.Reader) inventory.Observations { return inventory.Stream(r, nil) })
	return c.stream(ctx, inventory.Identities), all, true
}

// stream reads the file observation by observation, with the errors of Read.
func (c *collector) stream(ctx context.Context, observations func(io.Reader) inventory.Observations) inventory.Observations {
	return func(yield func(*inventory.Observation, error) bool) {
		enough := false // nobody wants more
		err := reading(ctx, c.name, func(r io.Reader) error {
			return unpack(r, func(r io.Reader) error {
				for o, err := range observations(r) {
					if err == nil {
						err = ctx.Err()
					}
					if err != nil {
						return err
					}
					if enough = !yield(o, nil); enough {
						return nil
					}
				}
				return nil
			})
		})
		if err != nil && !enough {
			yield(nil, err)
		}
	}
}
