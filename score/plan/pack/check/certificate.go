package check

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// Certificate tells whether a certificate proves its bound: what it proves is worked out from its definition and nothing
// else, and must be no less. Where it proves that no plan exists at all, it proves every bound.
func Certificate(in *instance.Instance, c *instance.Certificate) error {
	if err := Instance(in); err != nil {
		return err
	}
	if c == nil {
		return fmt.Errorf("there is no certificate")
	}
	if c.Bound < 0 {
		return fmt.Errorf("the bound is %d: want 0 or more", c.Bound)
	}
	var least *big.Int // nil: no number of hosts suffices
	var err error
	switch c.Kind {
	case instance.L1:
		least, err = continuous(in, c)
	case instance.L2:
		least, err = large(in, c)
	case instance.Configuration:
		least, err = priced(in, c)
	case instance.Separate:
		least, err = separate(in, c)
	default:
		err = fmt.Errorf("unknown kind of certificate %q: want one of %q", c.Kind,
			[]string{instance.L1, instance.L2, instance.Separate, instance.Configuration})
	}
	if err != nil {
		return err
	}
	if least != nil && least.Cmp(big.NewInt(int64(c.Bound))) < 0 {
		return fmt.Errorf("the certificate (%s) proves that %v hosts are needed: not the %d that it claims", c.Kind, least, c.Bound)
	}
	return nil
}

// continuous is L1: items are taken for a liquid, and hosts are filled up with it.
func continuous(in *instance.Instance, c *instance.Certificate) (*big.Int, error) {
	if err := dimension(in, c); err != nil {
		return nil, err
	}
	need := new(big.Int)
	for i := range in.Items {
		need.Add(need, big.NewInt(in.Items[i].Size[c.Dimension]))
	}
	worth := make([]int64, len(in.Types))
	for t := range in.Types {
		worth[t] = in.Types[t].Capacity[c.Dimension]
	}
	return filled(in, need, worth), nil
}

func dimension(in *instance.Instance, c *instance.Certificate) error {
	if c.Dimension < 0 || c.Dimension >= len(in.Dimensions) {
		return fmt.Errorf("the certificate (%s) is of dimension %d: want 0 to %d", c.Kind, c.Dimension, len(in.Dimensions)-1)
	}
	return nil
}

// filled is the least number of hosts that are worth need together: those of open types, which count anyway, then those
// worth most. It is nil where all that there are do not suffice.
func filled(in *instance.Instance, need *big.Int, worth []int64) *big.Int {
	hosts, left := new(big.Int), new(big.Int).Set(need)
	for t := range in.Types {
		if in.Types[t].Open {
			count := big.NewInt(int64(in.Types[t].Count))
			hosts.Add(hosts, count)
			left.Sub(left, count.Mul(count, big.NewInt(worth[t])))
		}
	}
	byWorth := make([]int, 0, len(in.Types))
	for t := range in.Types {
		if h := &in.Types[t]; !h.Open && h.Count != 0 && worth[t] > 0 {
			byWorth = append(byWorth, t)
		}
	}
	slices.SortFunc(byWorth, func(a, b int) int { return cmp.Compare(worth[b], worth[a]) })
	for _, t := range byWorth {
		if left.Sign() <= 0 {
			break
		}
		each := big.NewInt(worth[t])
		some := ceilDiv(left, each)
		if n := big.NewInt(int64(in.Types[t].Count)); in.Types[t].Count != instance.Unlimited && n.Cmp(some) < 0 {
			some = n
		}
		hosts.Add(hosts, some)
		left.Sub(left, each.Mul(each, some))
	}
	if left.Sign() > 0 {
		return nil
	}
	return hosts
}

// ceilDiv is a/b rounded up, for a and b above 0.
func ceilDiv(a, b *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(a, b, new(big.Int))
	if r.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	return q
}

// large is L2 of Martello and Toth 1990, section 8.3, for one alpha. With C as the capacity of the largest host, items
// above C − alpha share a host with nothing that counts, and no two items above C/2 share one. What of the smaller items
// from alpha on does not fit beside the latter takes further hosts.
func large(in *instance.Instance, c *instance.Certificate) (*big.Int, error) {
	if err := dimension(in, c); err != nil {
		return nil, err
	}
	room := int64(0)
	for t := range in.Types {
		if h := &in.Types[t]; h.Count != 0 {
			room = max(room, h.Capacity[c.Dimension])
		}
	}
	if c.Alpha < 0 || c.Alpha > room/2 {
		return nil, fmt.Errorf("the certificate (L2) leaves out items below %d: want 0 to half of the largest host, %d", c.Alpha, room/2)
	}
	alone, halves := int64(0), int64(0)
	over := new(big.Int) // what the small items need, less what is left beside those above a half
	for i := range in.Items {
		switch size := in.Items[i].Size[c.Dimension]; {
		case size > room-c.Alpha:
			alone++
		case size > room/2: // the same as 2·size > room, for whole numbers
			halves++
			over.Sub(over, big.NewInt(room-size))
		case size >= c.Alpha:
			over.Add(over, big.NewInt(size))
		}
	}
	least := big.NewInt(alone + halves)
	if over.Sign() > 0 { // then room is above 0: every item that counts here is at most half of it
		least.Add(least, ceilDiv(over, big.NewInt(room)))
	}
	return orOpen(in, least), nil
}

// separate counts the items of a group of which no two share a host.
func separate(in *instance.Instance, c *instance.Certificate) (*big.Int, error) {
	if c.Group < 0 || c.Group >= len(in.Apart) {
		return nil, fmt.Errorf("the certificate is of group %d of items to keep apart: there are %d groups", c.Group, len(in.Apart))
	}
	different := map[int]bool{}
	for _, i := range in.Apart[c.Group] {
		different[i] = true
	}
	return orOpen(in, big.NewInt(int64(len(different)))), nil
}

// orOpen is n or, if there are more, the number of hosts that are in use whatever the plan.
func orOpen(in *instance.Instance, n *big.Int) *big.Int {
	open := new(big.Int)
	for t := range in.Types {
		if in.Types[t].Open {
			open.Add(open, big.NewInt(int64(in.Types[t].Count)))
		}
	}
	if n.Cmp(open) < 0 {
		return open
	}
	return n
}

// priced is the bound of the configuration LP that given prices prove: no host is worth more than the dearest set of items
// that fits into it, so that many are needed to be worth as much as all items are.
func priced(in *instance.Instance, c *instance.Certificate) (*big.Int, error) {
	if err := classes(in, c); err != nil {
		return nil, err
	}
	need := new(big.Int)
	for _, k := range c.Of {
		need.Add(need, big.NewInt(c.Classes[k].Price))
	}
	if !need.IsInt64() {
		return nil, fmt.Errorf("the prices of all items come to %v: want at most %d in sum", need, int64(math.MaxInt64))
	}
	worth := make([]int64, len(in.Types))
	known := map[string]int64{}
	left := patience
	for t := range in.Types {
		if in.Types[t].Count == 0 {
			continue
		}
		k := sackOf(in, c, t)
		key := k.key()
		w, ok := known[key]
		if !ok {
			k.patience = left
			w = k.dearest()
			left = k.patience
			known[key] = w
		}
		worth[t] = w
	}
	return filled(in, need, worth), nil
}

// classes tells whether the classes of a certificate are what they have to be: no larger than any of their items.
func classes(in *instance.Instance, c *instance.Certificate) error {
	if len(c.Of) != len(in.Items) {
		return fmt.Errorf("the certificate has classes of %d items: want %d", len(c.Of), len(in.Items))
	}
	for k := range c.Classes {
		if c.Classes[k].Price < 0 {
			return fmt.Errorf("class %d has the price %d: want 0 or more", k, c.Classes[k].Price)
		}
		if err := amounts("size", c.Classes[k].Size, in.Dimensions); err != nil {
			return fmt.Errorf("class %d: %w", k, err)
		}
	}
	for i, k := range c.Of {
		if k < 0 || k >= len(c.Classes) {
			return fmt.Errorf("item %s is of class %d: there are %d", label(in.Items[i].Name, i), k, len(c.Classes))
		}
		for d, size := range c.Classes[k].Size {
			if size > in.Items[i].Size[d] {
				return fmt.Errorf("class %d has the size %d in %s, and its item %s is smaller (%d)",
					k, size, in.Dimensions[d], label(in.Items[i].Name, i), in.Items[i].Size[d])
			}
		}
	}
	return nil
}
