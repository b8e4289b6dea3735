package outcome

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A Processor is what the name of a processor says of it.
type Processor struct {
	Family   string
	From, To int // years in which servers with it came out
	Sockets  int // how many can sit in one box at most
	Threads  int // of a core at most
	Cores    int // 0 where the name does not say it
}

// processorSource is where the table of names comes from.
const processorSource = "years of launch by model number, from memory, as of 2025-06; a convention"

const (
	// maxSockets is the most sockets of a box, with boards between them that the makers of servers add.
	maxSockets = 32
	maxThreads = 8    // of a core: POWER, SPARC
	maxCores   = 4096 // logical processors of a machine of unknown size, more than any machine sold has
)

// anyProcessor is what holds for all processors.
var anyProcessor = Processor{To: math.MaxInt, Sockets: maxSockets, Threads: maxThreads}

// A pattern is a family of processors by the form of their names, which are stripped by plainName before.
type pattern struct {
	form     string // regular expression; a word begins where it begins
	family   string
	from, to int
	sockets  int
	threads  int
}

// patterns is the table of names: the first that fits decides. Model numbers are from the makers' price lists, the years
// those of their launches; custom parts of clouds (8259CL, 7R32, …) go with their generation.
var patterns = []pattern{
	// Intel Xeon 6 and Scalable: the second digit of four is the generation.
	{`xeon (6 )?6[5679]\d\d[ep](-b)?`, "Xeon 6", 2024, 2025, 8, 2},
	{`xeon (6 )?63\d\dp`, "Xeon 6300", 2025, 2025, 1, 2},
	{`xeon max 9[45]\d\d`, "Xeon Max", 2023, 2023, 2, 2},
	{`xeon (gold|platinum|silver|bronze) \d[1-5]\d\d[a-z]*u`, "Xeon Scalable for one socket", 2019, 2023, 1, 2},
	{`xeon (bronze|silver) \d1\d\d`, "Xeon Scalable (Skylake)", 2017, 2017, 2, 2},
	{`xeon gold \d1\d\d`, "Xeon Scalable (Skylake)", 2017, 2017, 4, 2},
	{`xeon platinum 81\d\d`, "Xeon Scalable (Skylake)", 2017, 2017, maxSockets, 2},
	{`xeon (bronze|silver) \d2\d\d`, "Xeon Scalable (Cascade Lake)", 2019, 2020, 2, 2},
	{`xeon gold \d2\d\d`, "Xeon Scalable (Cascade Lake)", 2019, 2020, 4, 2},
	{`xeon platinum [89]2\d\d`, "Xeon Scalable (Cascade Lake)", 2019, 2020, maxSockets, 2},
	{`xeon (gold|platinum) \d3\d\dhl?`, "Xeon Scalable (Cooper Lake)", 2020, 2020, maxSockets, 2},
	{`xeon (silver|gold|platinum) \d3\d\d`, "Xeon Scalable (Ice Lake)", 2021, 2021, 2, 2},
	{`xeon (bronze|silver) \d4\d\d`, "Xeon Scalable (Sapphire Rapids)", 2023, 2023, 2, 2},
	{`xeon gold \d4\d\d`, "Xeon Scalable (Sapphire Rapids)", 2023, 2023, 4, 2},
	{`xeon platinum 84\d\d`, "Xeon Scalable (Sapphire Rapids)", 2023, 2023, maxSockets, 2},
	{`xeon (bronze|silver|gold|platinum) \d5\d\d`, "Xeon Scalable (Emerald Rapids)", 2023, 2024, 2, 2},
	// Intel Xeon E3, E5, E7: the version is the generation, the first digit the sockets.
	{`(xeon )?e3-?1\d\d\d[a-z]* v2`, "Xeon E3 v2", 2012, 2012, 1, 2},
	{`(xeon )?e3-?1\d\d\d[a-z]* v3`, "Xeon E3 v3", 2013, 2014, 1, 2},
	{`(xeon )?e3-?1\d\d\d[a-z]* v4`, "Xeon E3 v4", 2015, 2015, 1, 2},
	{`(xeon )?e3-?1\d\d\d[a-z]* v5`, "Xeon E3 v5", 2015, 2016, 1, 2},
	{`(xeon )?e3-?1\d\d\d[a-z]* v6`, "Xeon E3 v6", 2017, 2017, 1, 2},
	{`(xeon )?e3-?1\d\d\d`, "Xeon E3", 2011, 2011, 1, 2},
	{`(xeon )?e5-1\d\d\d[a-z]* v2`, "Xeon E5 v2", 2013, 2014, 1, 2},
	{`(xeon )?e5-1\d\d\d[a-z]* v3`, "Xeon E5 v3", 2014, 2014, 1, 2},
	{`(xeon )?e5-1\d\d\d[a-z]* v4`, "Xeon E5 v4", 2016, 2016, 1, 2},
	{`(xeon )?e5-1\d\d\d`, "Xeon E5", 2012, 2012, 1, 2},
	{`(xeon )?e5-2\d\d\d[a-z]* v2`, "Xeon E5 v2", 2013, 2014, 2, 2},
	{`(xeon )?e5-2\d\d\d[a-z]* v3`, "Xeon E5 v3", 2014, 2015, 2, 2},
	{`(xeon )?e5-2\d\d\d[a-z]* v4`, "Xeon E5 v4", 2016, 2016, 2, 2},
	{`(xeon )?e5-2\d\d\d`, "Xeon E5", 2012, 2012, 2, 2},
	{`(xeon )?e5-4\d\d\d[a-z]* v2`, "Xeon E5 v2", 2014, 2014, 4, 2},
	{`(xeon )?e5-4\d\d\d[a-z]* v3`, "Xeon E5 v3", 2015, 2015, 4, 2},
	{`(xeon )?e5-4\d\d\d[a-z]* v4`, "Xeon E5 v4", 2016, 2016, 4, 2},
	{`(xeon )?e5-4\d\d\d`, "Xeon E5", 2012, 2012, 4, 2},
	{`(xeon )?e7- ?[248]\d\d\d[a-z]* v2`, "Xeon E7 v2", 2014, 2014, maxSockets, 2},
	{`(xeon )?e7- ?[48]\d\d\d[a-z]* v3`, "Xeon E7 v3", 2015, 2015, maxSockets, 2},
	{`(xeon )?e7- ?[48]\d\d\d[a-z]* v4`, "Xeon E7 v4", 2016, 2017, maxSockets, 2},
	{`(xeon )?e7- ?[248]\d\d\d`, "Xeon E7", 2011, 2011, maxSockets, 2},
	// Intel Xeon D, E and W.
	{`xeon d-15\d\d`, "Xeon D (Broadwell)", 2015, 2017, 1, 2},
	{`xeon d-16\d\d`, "Xeon D (Hewitt Lake)", 2019, 2019, 1, 2},
	{`xeon d-21\d\d`, "Xeon D (Skylake)", 2018, 2018, 1, 2},
	{`xeon d-[12]7\d\d`, "Xeon D (Ice Lake)", 2022, 2022, 1, 2},
	{`xeon d-[12]8\d\d`, "Xeon D (Ice Lake)", 2023, 2024, 1, 2},
	{`xeon e-21\d\d`, "Xeon E (Coffee Lake)", 2018, 2018, 1, 2},
	{`xeon e-22\d\d`, "Xeon E (Coffee Lake)", 2019, 2019, 1, 2},
	{`xeon e-23\d\d`, "Xeon E (Rocket Lake)", 2021, 2021, 1, 2},
	{`xeon e-24\d\d`, "Xeon E (Raptor Lake)", 2023, 2024, 1, 2},
	{`xeon w-21\d\d|xeon w-31\d\d`, "Xeon W (Skylake)", 2017, 2018, 1, 2},
	{`xeon w-22\d\d|xeon w-32\d\d`, "Xeon W (Cascade Lake)", 2019, 2019, 1, 2},
	{`xeon w-12\d\d`, "Xeon W (Comet Lake)", 2020, 2020, 1, 2},
	{`xeon w-13\d\d|xeon w-33\d\d`, "Xeon W (Rocket Lake, Ice Lake)", 2021, 2021, 1, 2},
	{`xeon w[3579]-[23][45]\d\d`, "Xeon W (Sapphire Rapids)", 2023, 2024, 1, 2},
	// Intel Xeon before, by number.
	{`xeon [elwx]?51[1-6]\d`, "Xeon 5100", 2006, 2007, 2, 1},
	{`xeon [elwx]?53[1-6]\d`, "Xeon 5300", 2006, 2007, 2, 1},
	{`xeon [elwx]?5[24]\d\d`, "Xeon 5200 and 5400", 2007, 2008, 2, 1},
	{`xeon [elwx]?55\d\d`, "Xeon 5500", 2009, 2009, 2, 2},
	{`xeon [elwx]?56\d\d`, "Xeon 5600", 2010, 2011, 2, 2},
	{`xeon [elwx]?3[0-3]\d\d`, "Xeon 3000 to 3300", 2006, 2009, 1, 1},
	{`xeon [elwx]?3[456]\d\d`, "Xeon 3400 to 3600", 2009, 2011, 1, 2},
	{`xeon [elx]?7[34]\d\d`, "Xeon 7300 and 7400", 2007, 2008, maxSockets, 1},
	{`xeon [elx]?[67]5\d\d`, "Xeon 6500 and 7500", 2010, 2010, maxSockets, 2},
	{`xeon phi`, "Xeon Phi", 2013, 2017, 1, 4},
	// Intel's processors of desktops, which also stand in racks: one socket.
	{`core i[3579]-[23]\d{3}`, "Core, 2nd and 3rd generation", 2011, 2012, 1, 2},
	{`core i[3579]-[45]\d{3}`, "Core, 4th and 5th generation", 2013, 2015, 1, 2},
	{`core i[3579]-[67]\d{3}`, "Core, 6th and 7th generation", 2015, 2017, 1, 2},
	{`core i[3579]-[89]\d{3}`, "Core, 8th and 9th generation", 2017, 2019, 1, 2},
	{`core i[3579]-1[01]\d{3}`, "Core, 10th and 11th generation", 2019, 2021, 1, 2},
	{`core i[3579]-1[234]\d{3}`, "Core, 12th to 14th generation", 2021, 2024, 1, 2},
	{`core ultra`, "Core Ultra", 2023, 2025, 1, 2},
	{`atom c2\d\d\d`, "Atom C2000", 2013, 2014, 1, 1},
	{`atom c3\d\d\d`, "Atom C3000", 2017, 2018, 1, 1},
	{`atom c5\d\d\d`, "Atom C5000", 2020, 2022, 1, 1},
	// AMD EPYC: the last digit is the generation, the first the socket; P is for boxes with one.
	{`epyc 7[0-9a-z]{2}1p?`, "EPYC 7001", 2017, 2018, 2, 2},
	{`epyc 7[0-9a-z]{2}2x?p?`, "EPYC 7002", 2019, 2020, 2, 2},
	{`epyc 7[0-9a-z]{2}3x?p?`, "EPYC 7003", 2021, 2022, 2, 2},
	{`epyc 3\d\d1`, "EPYC 3000", 2018, 2018, 1, 2},
	{`epyc 8[0-9a-z]{2}4p?n?`, "EPYC 8004", 2023, 2023, 1, 2},
	{`epyc 4[0-9a-z]{2}4p?x?`, "EPYC 4004", 2024, 2024, 1, 2},
	{`epyc 4[0-9a-z]{2}5p?x?`, "EPYC 4005", 2025, 2025, 1, 2},
	{`epyc 9[0-9a-z]{2}4x?p?`, "EPYC 9004", 2022, 2023, 2, 2},
	{`epyc 9v33x`, "EPYC 9004", 2022, 2023, 2, 2},
	{`epyc 9[0-9a-z]{2}5f?p?`, "EPYC 9005", 2024, 2025, 2, 2},
	// AMD before and beside.
	{`opteron (x[123]\d\d\d|a1\d\d\d)`, "Opteron X and A", 2013, 2017, 1, 1},
	{`opteron [34][123]\d\d`, "Opteron 3000 and 4000", 2010, 2012, 2, 1},
	{`opteron 6[123]\d\d`, "Opteron 6000", 2010, 2012, 4, 1},
	{`opteron 1[23]\d\d`, "Opteron 1000", 2006, 2009, 1, 1},
	{`opteron 2[234]\d\d`, "Opteron 2000", 2006, 2009, 2, 1},
	{`opteron 8[234]\d\d`, "Opteron 8000", 2006, 2009, 8, 1},
	{`opteron [128]\d\d`, "Opteron", 2003, 2006, 8, 1},
	{`ryzen threadripper (pro )?[123]9\d\d`, "Ryzen Threadripper", 2017, 2020, 1, 2},
	{`ryzen threadripper (pro )?[579]9\d\d`, "Ryzen Threadripper", 2022, 2025, 1, 2},
	{`ryzen [3579] (pro )?[123]\d{3}`, "Ryzen 1000 to 3000", 2017, 2020, 1, 2},
	{`ryzen [3579] (pro )?[456]\d{3}`, "Ryzen 4000 to 6000", 2020, 2022, 1, 2},
	{`ryzen [3579] (pro )?[789]\d{3}`, "Ryzen 7000 to 9000", 2022, 2025, 1, 2},
	{`hygon c86`, "Hygon C86", 2018, 2022, 2, 2},
	// Arm and POWER.
	{`ampere altra|ampere-altra`, "Ampere Altra", 2020, 2021, 2, 1},
	{`ampereone|ampere-1`, "AmpereOne", 2023, 2025, 2, 1},
	{`emag`, "Ampere eMAG", 2018, 2019, 1, 1},
	{`(aws )?graviton2`, "Graviton2", 2019, 2020, 1, 1},
	{`(aws )?graviton3`, "Graviton3", 2021, 2023, 1, 1},
	{`(aws )?graviton4`, "Graviton4", 2023, 2024, 2, 1},
	{`(aws )?graviton`, "Graviton", 2018, 2018, 1, 1},
	{`neoverse-n1`, "Neoverse N1", 2019, 2021, 2, 1},
	{`neoverse-v1`, "Neoverse V1", 2021, 2023, 2, 1},
	{`neoverse-(v2|n2)`, "Neoverse V2 and N2", 2023, 2025, 2, 1},
	{`nvidia grace`, "NVIDIA Grace", 2023, 2024, 2, 1},
	{`thunderx2`, "ThunderX2", 2018, 2019, 2, 4},
	{`thunderx`, "ThunderX", 2014, 2016, 2, 1},
	{`kunpeng[- ]?920`, "Kunpeng 920", 2019, 2020, 4, 1},
	{`power7`, "POWER7", 2010, 2012, maxSockets, 4},
	{`power8`, "POWER8", 2014, 2015, maxSockets, 8},
	{`power9`, "POWER9", 2017, 2019, maxSockets, 8},
	{`power1[01]`, "POWER10 and 11", 2021, 2025, maxSockets, 8},
}

// forms are the expressions of the patterns, ready to use.
var forms = sync.OnceValue(func() []*regexp.Regexp {
	out := make([]*regexp.Regexp, len(patterns))
	for i := range patterns {
		out[i] = regexp.MustCompile(`(?:^|[ (])(?:` + patterns[i].form + `)(?:$|[^0-9])`)
	}
	return out
})

// Identify finds out what the name of a processor says, in whatever form /proc/cpuinfo, firmware or an API writes it.
// Where nothing is known of it the result holds for all processors.
func Identify(model string) (p Processor, known bool) {
	p = identify(plainName(model))
	return p, p.Family != ""
}

// A registry remembers what was found out of names: an estate has many machines and few kinds of processor.
type registry map[string]Processor

func (r registry) find(model string) Processor {
	p, ok := r[model]
	if !ok {
		p, _ = Identify(model)
		r[model] = p
	}
	return p
}

func identify(name string) Processor {
	for i, form := range forms() {
		found := form.FindString(name)
		if found == "" {
			continue
		}
		x := &patterns[i]
		p := Processor{x.family, x.from, x.to, x.sockets, x.threads, coresInName(name)}
		if strings.HasPrefix(x.family, "EPYC") && oneSocket.MatchString(found) {
			p.Sockets = 1
		}
		return p
	}
	return anyProcessor
}

var (
	oneSocket = regexp.MustCompile(`epyc [0-9a-z]{4}x?p`)
	coreCount = regexp.MustCompile(`(?:^| )(\d{1,3})-core`)
	decor     = regexp.MustCompile(`\((?:r|tm|c)\)|®|™|\bcpu\b|\bprocessor\b`)
)

// plainName takes from a name what some write and others do not: marks, the word CPU, the clock, capitals, blanks.
func plainName(model string) string {
	name, _, _ := strings.Cut(strings.ToLower(model), "@")
	return strings.Join(strings.Fields(decor.ReplaceAllString(name, " ")), " ")
}

// coresInName reads "32-Core"; 0 where it is not there.
func coresInName(name string) int {
	if m := coreCount.FindStringSubmatch(name); m != nil {
		n, _ := strconv.Atoi(m[1]) // three digits at most
		return n
	}
	return 0
}

// A count is a number of things that is known to lie between two.
type count struct{ lo, hi int64 }

func (c count) plus(d count) count { return count{c.lo + d.lo, c.hi + d.hi} }

// box finds out which processor a box has, and how many: as it was read, or else how many of them can sit there, or make
// the number of logical processors.
func (r registry) box(m *inventory.Machine) (Processor, count) {
	p := r.find(m.CPUModel.Or(""))
	if n, ok := m.Sockets.Get(); ok && n >= 1 {
		return p, count{int64(n), int64(n)}
	}
	all := count{1, int64(p.Sockets)}
	cores, ok := physical(m)
	each := []int{1}
	if !ok {
		var logical float64
		if logical, ok = m.Cores.Get(); ok {
			cores, each = int(math.Min(logical, maxCores)), []int{1, p.Threads}
		}
	}
	if !ok || p.Cores == 0 {
		return p, all
	}
	fits := count{math.MaxInt64, 0}
	for n := int64(1); n <= all.hi; n++ {
		for _, t := range each {
			if n*int64(p.Cores)*int64(t) == int64(cores) {
				fits.lo, fits.hi = min(fits.lo, n), max(fits.hi, n)
			}
		}
	}
	if fits.hi == 0 { // some processors are off, or the name means something else
		return p, all
	}
	return p, fits
}

func physical(m *inventory.Machine) (int, bool) {
	n, ok := m.PhysicalCores.Get()
	return n, ok && n >= 1
}

// coresOf is how many cores a box has, threads counted once.
func coresOf(m *inventory.Machine, p *Processor, sockets count) count {
	if n, ok := physical(m); ok {
		return count{int64(n), int64(n)}
	}
	c := count{1, maxCores}
	if logical, ok := m.Cores.Get(); ok && logical >= 1 {
		n := int64(math.Ceil(math.Min(logical, maxCores)))
		c = count{(n + int64(p.Threads) - 1) / int64(p.Threads), n}
	}
	if p.Cores > 0 {
		lo, hi := max(c.lo, sockets.lo*int64(p.Cores)), min(c.hi, sockets.hi*int64(p.Cores))
		if lo <= hi { // else some of them are off
			return count{lo, hi}
		}
	}
	return c
}
