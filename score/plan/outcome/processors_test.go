package outcome

import (
	"math"
	"regexp"
	"slices"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
)

// processorNames are names as /proc/cpuinfo, firmware and APIs write them, with what they say.
var processorNames = []struct {
	name     string
	from, to int
	sockets  int
	threads  int
	cores    int
}{
	{"Intel(R) Xeon(R) CPU            5160  @ 3.00GHz", 2006, 2007, 2, 1, 0},
	{"Intel(R) Xeon(R) CPU           E5345  @ 2.33GHz", 2006, 2007, 2, 1, 0},
	{"Intel(R) Xeon(R) CPU           E5440  @ 2.83GHz", 2007, 2008, 2, 1, 0},
	{"Intel(R) Xeon(R) CPU           L5240  @ 3.00GHz", 2007, 2008, 2, 1, 0},
	{"Intel(R) Xeon(R) CPU           X5570  @ 2.93GHz", 2009, 2009, 2, 2, 0},
	{"Intel(R) Xeon(R) CPU           E5520  @ 2.27GHz", 2009, 2009, 2, 2, 0},
	{"Intel(R) Xeon(R) CPU           X5670  @ 2.93GHz", 2010, 2011, 2, 2, 0},
	{"Intel(R) Xeon(R) CPU           L5640  @ 2.27GHz", 2010, 2011, 2, 2, 0},
	{"Intel(R) Xeon(R) CPU           X3440  @ 2.53GHz", 2009, 2011, 1, 2, 0},
	{"Intel(R) Xeon(R) CPU           X3220  @ 2.40GHz", 2006, 2009, 1, 1, 0},
	{"Intel(R) Xeon(R) CPU           E7450  @ 2.40GHz", 2007, 2008, maxSockets, 1, 0},
	{"Intel(R) Xeon(R) CPU           X7560  @ 2.27GHz", 2010, 2010, maxSockets, 2, 0},
	{"Intel(R) Xeon(R) CPU E7- 4870  @ 2.40GHz", 2011, 2011, maxSockets, 2, 0},
	{"Intel(R) Xeon(R) CPU E7-8870 v3 @ 2.10GHz", 2015, 2015, maxSockets, 2, 0},
	{"Intel(R) Xeon(R) CPU E7-4890 v2 @ 2.80GHz", 2014, 2014, maxSockets, 2, 0},
	{"Intel(R) Xeon(R) CPU E7-8890 v4 @ 2.20GHz", 2016, 2017, maxSockets, 2, 0},
	{"Intel(R) Xeon(R) CPU E31220 @ 3.10GHz", 2011, 2011, 1, 2, 0},
	{"Intel(R) Xeon(R) CPU E3-1230 V2 @ 3.30GHz", 2012, 2012, 1, 2, 0},
	{"Intel(R) Xeon(R) CPU E3-1240 v3 @ 3.40GHz", 2013, 2014, 1, 2, 0},
	{"Intel(R) Xeon(R) CPU E3-1245 v5 @ 3.50GHz", 2015, 2016, 1, 2, 0},
	{"Intel(R) Xeon(R) CPU E3-1505M v6 @ 3.00GHz", 2017, 2017, 1, 2, 0},
	{"Intel(R) Xeon(R) CPU E5-1620 0 @ 3.60GHz", 2012, 2012, 1, 2, 0},
	{"Intel(R) Xeon(R) CPU E5-1650 v3 @ 3.50GHz", 2014, 2014, 1, 2, 0},
	{"Intel(R) Xeon(R) CPU E5-2407 v2 @ 2.40GHz", 2013, 2014, 2, 2, 0},
	{"Intel(R) Xeon(R) CPU E5-2670 0 @ 2.60GHz", 2012, 2012, 2, 2, 0},
	{"Intel(R) Xeon(R) CPU E5-2650L v3 @ 1.80GHz", 2014, 2015, 2, 2, 0},
	{"Intel(R) Xeon(R) CPU E5-2640 v4 @ 2.40GHz", 2016, 2016, 2, 2, 0},
	{"Intel(R) Xeon(R) CPU E5-2699A v4 @ 2.40GHz", 2016, 2016, 2, 2, 0},
	{"E5-2640 v4", 2016, 2016, 2, 2, 0},
	{"Intel(R) Xeon(R) CPU E5-4650 v2 @ 2.40GHz", 2014, 2014, 4, 2, 0},
	{"Intel(R) Xeon(R) CPU D-1541 @ 2.10GHz", 2015, 2017, 1, 2, 0},
	{"Intel(R) Xeon(R) D-2146NT CPU @ 2.30GHz", 2018, 2018, 1, 2, 0},
	{"Intel(R) Xeon(R) D-1736NT CPU @ 2.70GHz", 2022, 2022, 1, 2, 0},
	{"Intel(R) Xeon(R) E-2136 CPU @ 3.30GHz", 2018, 2018, 1, 2, 0},
	{"Intel(R) Xeon(R) E-2288G CPU @ 3.70GHz", 2019, 2019, 1, 2, 0},
	{"Intel(R) Xeon(R) E-2378 CPU @ 2.60GHz", 2021, 2021, 1, 2, 0},
	{"Intel(R) Xeon(R) E-2488", 2023, 2024, 1, 2, 0},
	{"Intel(R) Xeon(R) W-2145 CPU @ 3.70GHz", 2017, 2018, 1, 2, 0},
	{"Intel(R) Xeon(R) w9-3495X", 2023, 2024, 1, 2, 0},
	{"Intel(R) Xeon(R) Bronze 3104 CPU @ 1.70GHz", 2017, 2017, 2, 2, 0},
	{"Intel(R) Xeon(R) Silver 4110 CPU @ 2.10GHz", 2017, 2017, 2, 2, 0},
	{"Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz", 2017, 2017, 4, 2, 0},
	{"Intel(R) Xeon(R) Gold 5118 CPU @ 2.30GHz", 2017, 2017, 4, 2, 0},
	{"Intel(R) Xeon(R) Platinum 8175M CPU @ 2.50GHz", 2017, 2017, maxSockets, 2, 0},
	{"Intel(R) Xeon(R) Silver 4210R CPU @ 2.40GHz", 2019, 2020, 2, 2, 0},
	{"Intel(R) Xeon(R) Gold 6248R CPU @ 3.00GHz", 2019, 2020, 4, 2, 0},
	{"Intel(R) Xeon(R) Gold 6212U CPU @ 2.40GHz", 2019, 2023, 1, 2, 0},
	{"Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz", 2019, 2020, maxSockets, 2, 0},
	{"Intel(R) Xeon(R) Platinum 9242 CPU @ 2.30GHz", 2019, 2020, maxSockets, 2, 0},
	{"Intel(R) Xeon(R) Gold 6328HL CPU @ 2.80GHz", 2020, 2020, maxSockets, 2, 0},
	{"Intel(R) Xeon(R) Silver 4314 CPU @ 2.40GHz", 2021, 2021, 2, 2, 0},
	{"Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz", 2021, 2021, 2, 2, 0},
	{"Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz", 2021, 2021, 2, 2, 0},
	{"Intel(R) Xeon(R) Silver 4410Y", 2023, 2023, 2, 2, 0},
	{"Intel(R) Xeon(R) Gold 6430", 2023, 2023, 4, 2, 0},
	{"Intel(R) Xeon(R) Platinum 8488C", 2023, 2023, maxSockets, 2, 0},
	{"Intel(R) Xeon(R) CPU Max 9480", 2023, 2023, 2, 2, 0},
	{"INTEL(R) XEON(R) GOLD 6530", 2023, 2024, 2, 2, 0},
	{"INTEL(R) XEON(R) PLATINUM 8592+", 2023, 2024, 2, 2, 0},
	{"Intel(R) Xeon(R) 6780E", 2024, 2025, 8, 2, 0},
	{"Intel(R) Xeon(R) 6980P", 2024, 2025, 8, 2, 0},
	{"Intel(R) Xeon(R) 6546P-B", 2024, 2025, 8, 2, 0},
	{"Intel(R) Xeon(R) 6369P", 2025, 2025, 1, 2, 0},
	{"Intel(R) Xeon Phi(TM) CPU 7250 @ 1.40GHz", 2013, 2017, 1, 4, 0},
	{"Intel(R) Core(TM) i7-4790K CPU @ 4.00GHz", 2013, 2015, 1, 2, 0},
	{"Intel(R) Core(TM) i5-8500T CPU @ 2.10GHz", 2017, 2019, 1, 2, 0},
	{"13th Gen Intel(R) Core(TM) i5-13500", 2021, 2024, 1, 2, 0},
	{"Intel(R) Atom(TM) CPU C3758 @ 2.20GHz", 2017, 2018, 1, 1, 0},
	{"Intel(R) Xeon(R) CPU E3-1285L v4 @ 3.40GHz", 2015, 2015, 1, 2, 0},
	{"Intel(R) Xeon(R) CPU E5-1650 v2 @ 3.50GHz", 2013, 2014, 1, 2, 0},
	{"Intel(R) Xeon(R) CPU E5-1650 v4 @ 3.60GHz", 2016, 2016, 1, 2, 0},
	{"Intel(R) Xeon(R) CPU E5-4640 0 @ 2.40GHz", 2012, 2012, 4, 2, 0},
	{"Intel(R) Xeon(R) CPU E5-4669 v3 @ 2.10GHz", 2015, 2015, 4, 2, 0},
	{"Intel(R) Xeon(R) CPU E5-4667 v4 @ 2.20GHz", 2016, 2016, 4, 2, 0},
	{"Intel(R) Xeon(R) D-1627 CPU @ 2.90GHz", 2019, 2019, 1, 2, 0},
	{"Intel(R) Xeon(R) D-2899NT CPU @ 2.10GHz", 2023, 2024, 1, 2, 0},
	{"Intel(R) Xeon(R) W-2255 CPU @ 3.70GHz", 2019, 2019, 1, 2, 0},
	{"Intel(R) Xeon(R) W-3245 CPU @ 3.20GHz", 2019, 2019, 1, 2, 0},
	{"Intel(R) Xeon(R) W-1290P CPU @ 3.70GHz", 2020, 2020, 1, 2, 0},
	{"Intel(R) Xeon(R) W-3365 CPU @ 2.70GHz", 2021, 2021, 1, 2, 0},
	{"Intel(R) Core(TM) i7-2600 CPU @ 3.40GHz", 2011, 2012, 1, 2, 0},
	{"Intel(R) Core(TM) i7-6700 CPU @ 3.40GHz", 2015, 2017, 1, 2, 0},
	{"Intel(R) Core(TM) i9-10900K CPU @ 3.70GHz", 2019, 2021, 1, 2, 0},
	{"Intel(R) Core(TM) Ultra 7 265", 2023, 2025, 1, 2, 0},
	{"Intel(R) Atom(TM) CPU  C2750  @ 2.40GHz", 2013, 2014, 1, 1, 0},
	{"Intel(R) Atom(TM) C5325 Processor @ 2.40GHz", 2020, 2022, 1, 1, 0},
	{"AMD EPYC 7551 32-Core Processor", 2017, 2018, 2, 2, 32},
	{"AMD EPYC 7401P 24-Core Processor", 2017, 2018, 1, 2, 24},
	{"AMD EPYC 7502P 32-Core Processor", 2019, 2020, 1, 2, 32},
	{"AMD EPYC 7502 32-Core Processor", 2019, 2020, 2, 2, 32},
	{"AMD EPYC 7F72 24-Core Processor", 2019, 2020, 2, 2, 24},
	{"AMD EPYC 7R32", 2019, 2020, 2, 2, 0},
	{"AMD EPYC 7B12", 2019, 2020, 2, 2, 0},
	{"AMD EPYC 7763 64-Core Processor", 2021, 2022, 2, 2, 64},
	{"AMD EPYC 7R13 Processor", 2021, 2022, 2, 2, 0},
	{"AMD EPYC 7443P 24-Core Processor", 2021, 2022, 1, 2, 24},
	{"AMD EPYC 7773X 64-Core Processor", 2021, 2022, 2, 2, 64},
	{"AMD EPYC 9354P 32-Core Processor", 2022, 2023, 1, 2, 32},
	{"AMD EPYC 9654 96-Core Processor", 2022, 2023, 2, 2, 96},
	{"AMD EPYC 9684X 96-Core Processor", 2022, 2023, 2, 2, 96},
	{"AMD EPYC 9R14", 2022, 2023, 2, 2, 0},
	{"AMD EPYC 9V33X 96-Core Processor", 2022, 2023, 2, 2, 96},
	{"AMD EPYC 8324P 32-Core Processor", 2023, 2023, 1, 2, 32},
	{"AMD EPYC 4464P 12-Core Processor", 2024, 2024, 1, 2, 12},
	{"AMD EPYC 4565P 16-Core Processor", 2025, 2025, 1, 2, 16},
	{"AMD EPYC 9755 128-Core Processor", 2024, 2025, 2, 2, 128},
	{"AMD EPYC 9575F 64-Core Processor", 2024, 2025, 2, 2, 64},
	{"AMD EPYC 9355P 32-Core Processor", 2024, 2025, 1, 2, 32},
	{"AMD EPYC 3251 8-Core Processor", 2018, 2018, 1, 2, 8},
	{"Dual-Core AMD Opteron(tm) Processor 2218", 2006, 2009, 2, 1, 0},
	{"Quad-Core AMD Opteron(tm) Processor 8356", 2006, 2009, 8, 1, 0},
	{"Quad-Core AMD Opteron(tm) Processor 1352", 2006, 2009, 1, 1, 0},
	{"AMD Opteron(tm) Processor 6174", 2010, 2012, 4, 1, 0},
	{"AMD Opteron(tm) Processor 6272", 2010, 2012, 4, 1, 0},
	{"AMD Opteron(tm) Processor 4386", 2010, 2012, 2, 1, 0},
	{"AMD Opteron(tm) Processor 248", 2003, 2006, 8, 1, 0},
	{"AMD Opteron(tm) X3216 APU", 2013, 2017, 1, 1, 0},
	{"AMD Ryzen 7 PRO 2700 Eight-Core Processor", 2017, 2020, 1, 2, 0},
	{"AMD Ryzen 9 7950X 16-Core Processor", 2022, 2025, 1, 2, 16},
	{"AMD Ryzen Threadripper 3970X 32-Core Processor", 2017, 2020, 1, 2, 32},
	{"AMD Ryzen 9 5950X 16-Core Processor", 2020, 2022, 1, 2, 16},
	{"AMD Ryzen Threadripper PRO 5975WX 32-Cores", 2022, 2025, 1, 2, 32},
	{"Hygon C86 7285 32-core Processor", 2018, 2022, 2, 2, 32},
	{"Ampere(R) Altra(R) Processor Q80-30 CPU @ 3.0GHz", 2020, 2021, 2, 1, 0},
	{"Ampere(R) Altra(R) Max Processor M128-30", 2020, 2021, 2, 1, 0},
	{"AmpereOne(R)", 2023, 2025, 2, 1, 0},
	{"eMAG", 2018, 2019, 1, 1, 0},
	{"AWS Graviton", 2018, 2018, 1, 1, 0},
	{"AWS Graviton2", 2019, 2020, 1, 1, 0},
	{"AWS Graviton3", 2021, 2023, 1, 1, 0},
	{"AWS Graviton4", 2023, 2024, 2, 1, 0},
	{"Neoverse-N1", 2019, 2021, 2, 1, 0},
	{"Neoverse-V1", 2021, 2023, 2, 1, 0},
	{"Neoverse-V2", 2023, 2025, 2, 1, 0},
	{"NVIDIA Grace CPU", 2023, 2024, 2, 1, 0},
	{"ThunderX 88XX", 2014, 2016, 2, 1, 0},
	{"Cavium ThunderX2(R) CPU CN9980 v2.2 @ 2.20GHz", 2018, 2019, 2, 4, 0},
	{"Kunpeng-920", 2019, 2020, 4, 1, 0},
	{"POWER7 (architected), altivec supported", 2010, 2012, maxSockets, 4, 0},
	{"POWER9, altivec supported", 2017, 2019, maxSockets, 8, 0},
	{"POWER8 (raw), altivec supported", 2014, 2015, maxSockets, 8, 0},
	{"POWER10 (architected), altivec supported", 2021, 2025, maxSockets, 8, 0},
}

func TestIdentify(t *testing.T) {
	for _, row := range processorNames {
		p, known := Identify(row.name)
		p.Family = ""
		if want := (Processor{"", row.from, row.to, row.sockets, row.threads, row.cores}); !known || p != want {
			t.Errorf("%q: %+v, known: %v; want %+v", row.name, p, known, want)
		}
	}
}

// What says nothing of a generation is any processor.
func TestIdentifyNothing(t *testing.T) {
	for _, name := range []string{
		"", "AMD EPYC", "Intel(R) Xeon(R) CPU @ 2.20GHz", "Intel Xeon Processor (Skylake, IBRS)", "QEMU Virtual CPU version 2.5+", "Common KVM processor",
		"IBM/S390", "Cortex-A72", "Intel(R) Xeon(R) Gold", "Intel(R) Xeon(R) Gold 61300", "AMD EPYC 75021", "Xeon", "\xff\xfe",
	} {
		if p, known := Identify(name); known || p != anyProcessor {
			t.Errorf("%q: %+v", name, p)
		}
	}
}

// Each row of the table decides for some name: none is hidden by those before it.
func TestPatterns(t *testing.T) {
	used := map[int]bool{}
	for _, row := range processorNames {
		used[slices.IndexFunc(forms(), func(f *regexp.Regexp) bool { return f.MatchString(plainName(row.name)) })] = true
	}
	for i, x := range patterns {
		if !used[i] {
			t.Errorf("no name for %s: %s", x.family, x.form)
		}
	}
}

func TestBox(t *testing.T) {
	known := inventory.Known[int]
	for _, row := range []struct {
		what    string
		m       inventory.Machine
		sockets count
		cores   count
	}{
		{"as read", inventory.Machine{Sockets: known(2), PhysicalCores: known(32), Cores: inventory.Known(64.0)}, count{2, 2}, count{32, 32}},
		{"nothing is known", inventory.Machine{}, count{1, maxSockets}, count{1, maxCores}},
		{"a P has one socket", named("AMD EPYC 7502P 32-Core Processor", 64), count{1, 1}, count{32, 32}},
		{"64 threads of 32 cores, or one each of 64", named("AMD EPYC 7502 32-Core Processor", 64), count{1, 2}, count{32, 64}},
		{"128 threads", named("AMD EPYC 7502 32-Core Processor", 128), count{2, 2}, count{64, 64}},
		{"some are off", named("AMD EPYC 7502 32-Core Processor", 60), count{1, 2}, count{32, 60}},
		{"two sockets, and some are off", with(named("AMD EPYC 7502 32-Core Processor", 60), 2), count{2, 2}, count{30, 60}},
		{"no number of cores in the name", named("Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz", 128), count{1, 2}, count{64, 128}},
		{"no threads", named("Ampere(R) Altra(R) Processor Q80-30", 80), count{1, 2}, count{80, 80}},
		{"threads are unknown", inventory.Machine{Cores: inventory.Known(16.0)}, count{1, maxSockets}, count{2, 16}},
		{"half a core", inventory.Machine{Cores: inventory.Known(.5)}, count{1, maxSockets}, count{1, maxCores}},
		{"nonsense", inventory.Machine{Sockets: known(-3), PhysicalCores: known(0), Cores: inventory.Known(math.Inf(1))}, count{1, maxSockets}, count{maxCores / maxThreads, maxCores}},
	} {
		p, sockets := registry{}.box(&row.m)
		if cores := coresOf(&row.m, &p, sockets); sockets != row.sockets || cores != row.cores {
			t.Errorf("%s: %v sockets, %v cores; want %v and %v", row.what, sockets, cores, row.sockets, row.cores)
		}
	}
}

// named is a machine with a processor and a number of threads.
func named(model string, logical float64) inventory.Machine {
	return inventory.Machine{CPUModel: inventory.Known(model), Cores: inventory.Known(logical)}
}

func with(m inventory.Machine, sockets int) inventory.Machine {
	m.Sockets = inventory.Known(sockets)
	return m
}
