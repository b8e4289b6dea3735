package outcome

import (
	"reflect"
	"strings"
	"testing"
)

func TestLoadFactors(t *testing.T) {
	want := &Factors{
		Regions: []Region{{"DE", new(381.0), "Ember, 2024", 2023}, {"FR", new(56.0), "Ember", 2023}},
		Zones:   map[string]string{"fra": "DE", "ber": "DE"},
	}
	for name, text := range map[string]string{
		"f.csv":  "region,gCO2perKWh,source,year,zones\nDE,381,\"Ember, 2024\",2023,fra ber\r\n# a comment\nFR, 56 ,Ember,2023,\n",
		"f.txt":  "\uFEFFregion,gCO2perKWh,source,year,zones\nDE,381,\"Ember, 2024\",2023,ber  fra\nFR,56,Ember,2023,\"\"\n",
		"f.yaml": "regions:\n  - {region: DE, gCO2perKWh: 381, source: 'Ember, 2024', year: 2023}\n  - {region: FR, gCO2perKWh: 56, source: Ember, year: 2023}\nzones: {fra: DE, ber: DE}\n",
	} {
		got, err := LoadFactors(name, []byte(text))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestFactorFaults(t *testing.T) {
	const head = "region,gCO2perKWh,source,year\n"
	for _, row := range [][3]string{
		{"f.csv", "", `f.csv: no columns: want a first line with region,gCO2perKWh,source,year, and zones if wanted`},
		{"f.csv", head, `f.csv: no regions: want a line for each`},
		{"f.csv", "region,grams\nDE,1\n", `f.csv:1:1: have the columns "region,grams": want region,gCO2perKWh,source,year, and zones if wanted`},
		{"f.csv", head + "DE,-3,Ember,2023\n", `f.csv:2:4: gCO2perKWh "-3": want a number from 0 to 3000`},
		{"f.csv", head + "DE,NaN,Ember,2023\n", `f.csv:2:4: gCO2perKWh "NaN": want a number from 0 to 3000`},
		{"f.csv", head + "DE,381,Ember,this year\n", `f.csv:2:14: year "this year": want one from 1990 to 2100`},
		{"f.csv", head + "DE,381,,2023\n", `f.csv:2:8: source is empty: want who says so`},
		{"f.csv", head + ",381,Ember,2023\n", `f.csv:2:1: region is empty: want its name`},
		{"f.csv", head + "DE,381,Ember,2023\nde,381,Ember,2023\n", `f.csv:3:1: region "de" is there twice (capitals do not count)`},
		{"f.csv", head + "DE,381,Ember\n", `f.csv:2:1: 3 cells: want 4, as the first line has`},
		{"f.csv", head + "DE,381,\"Ember,2023\n", `f.csv:2:20: not CSV: extraneous or missing " in quoted-field`},
		{"f.csv", head + "DE,381,Em\x00ber,2023\n", `f.csv:2:10: not text: a control character`},
		{"f.csv", head + "DE,381,\xff,2023\n", `f.csv:2:1: not text: want UTF-8`},
		{"f.csv", "region,gCO2perKWh,source,year,zones\nDE,1,x,2023,a\nFR,1,x,2023,a\n", `f.csv:3:13: zone "a" is in DE as well: want one region`},
		{"f.yml", "regions: []\n", `f.yml:1:10: regions is missing or empty: want a list`},
		{"f.yml", "regions: [{region: DE, source: x, year: 2023}]\n", `f.yml:1:12: regions.1.gCO2perKWh is missing or empty: want a number from 0 to 3000`},
		{"f.yml", "regions: [{region: DE, gCO2perKWh: 9999, source: x, year: 2023}]\n", `f.yml:1:36: regions.1.gCO2perKWh: have "9999": want a number from 0 to 3000`},
		{"f.yml", "regions: [{region: DE, gCO2perKWh: 9, source: x, year: 2023}, {region: de, gCO2perKWh: 9, source: x, year: 2023}]\n",
			`f.yml:1:72: region "de" is there twice (capitals do not count)`},
		{"f.yml", "regions: [{region: DE, gCO2perKWh: 9, source: x, year: 2023}]\nzones: {a: DK}\n", `f.yml:2:12: zone "a": there is no region "DK": did you mean DE?`},
	} {
		_, err := LoadFactors(row[0], []byte(row[1]))
		if err == nil || err.Error() != row[2] {
			t.Errorf("%q\n got %v\nwant %s", row[1], err, row[2])
		}
	}
}

func FuzzFactors(f *testing.F) {
	f.Add(false, []byte("region,gCO2perKWh,source,year,zones\nDE,381,\"Ember, 2024\",2023,fra ber\nFR,56,Ember,2023,\n"))
	f.Add(true, []byte("regions:\n  - {region: DE, gCO2perKWh: 381, source: x, year: 2023}\nzones: {fra: DE}\n"))
	f.Fuzz(func(t *testing.T, yaml bool, text []byte) {
		name := "f.csv"
		if yaml {
			name = "f.yaml"
		}
		got, err := LoadFactors(name, text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), name+":") {
				t.Errorf("the error names no place: %v", err)
			}
			return
		}
		s := Default()
		s.Factors = got
		for _, r := range got.Regions {
			if s.Region = r.Region; s.Check() != nil || !(*r.Grams >= 0 && *r.Grams <= maxGrid) || r.Source == "" {
				t.Errorf("%+v", r)
			}
		}
		for zone := range got.Zones {
			if s.factor(zone).Default {
				t.Errorf("zone %q is in no region", zone)
			}
		}
	})
}
