package score

// What the tests outside the package see of a sampler and a stream.

// A Sampler rates one tally again and again.
type Sampler struct {
	*sampler
	random stream
}

// NewSampler rates a tally with numbers that begin at a seed.
func NewSampler(m *Model, t *Tally, seed int64) *Sampler {
	return &Sampler{newSampler(m, m.read(t)), stream(seed)}
}

// Draw draws new factors.
func (x *Sampler) Draw() { x.draw(&x.random) }

// Leave makes all factors 1.
func (x *Sampler) Leave() {
	for _, factors := range append([][]float64{x.pillars, x.indicators}, x.anchors...) {
		for i := range factors {
			factors[i] = 1
		}
	}
}

// Everything rates with all factors, Only with those of one pillar or indicator.
func (x *Sampler) Everything() (Bounds, int) { return x.everything(), x.level() }

// Only rates with the factors of one pillar or indicator.
func (x *Sampler) Only(i int) (Bounds, int) { return x.only(i), x.level() }

// Model is the model of the last rating.
func (x *Sampler) Model() *Model { return &x.model }

// Numbers draws n times 64 bits.
func Numbers(seed uint64, n int) []uint64 {
	s := stream(seed)
	var out []uint64
	for range n {
		out = append(out, s.next())
	}
	return out
}
