package host

// A memo is a fact that is read once.
type memo[T any] struct {
	done  bool
	value T
	err   error
}

func (m *memo[T]) get(read func() (T, error)) (T, error) {
	if !m.done {
		m.done = true
		m.value, m.err = read()
	}
	return m.value, m.err
}
