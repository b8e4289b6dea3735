package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"

	"github.com/infraopt/infraopt/score"
)

// renderCSV writes one table: a line for each machine, after one for the estate as a whole, which holds the headline numbers
// and how many machines there are. Numbers are those of the JSON document; what is not known is empty.
func renderCSV(w io.Writer, r *Report) error {
	a, out := r.Assessment, csv.NewWriter(w)
	t := machineSheet(a)
	write := func(line []string) error {
		if err := out.Write(line); err != nil {
			return fmt.Errorf("writing the table: %w", err)
		}
		return nil
	}
	header := []string{"what"}
	for _, f := range t.fields {
		header = append(header, f.id)
	}
	whole := estateLine(a)
	for _, x := range whole.more {
		header = append(header, x[0])
	}
	if err := write(header); err != nil {
		return err
	}
	line := make([]string, len(header))
	line[0] = "estate"
	for i, f := range t.fields {
		line[1+i] = inert(whole.of[f.id])
	}
	for i, x := range whole.more {
		line[1+len(t.fields)+i] = x[1]
	}
	if err := write(line); err != nil {
		return err
	}
	clear(line)
	for i := range t.rows {
		line[0] = "machine"
		for j, v := range t.row(i) {
			line[1+j] = plainCell(v)
		}
		if err := write(line); err != nil {
			return err
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	return nil
}

// An estateRow is the line of the estate: cells of the machines' columns by their names, and columns that machines have not.
type estateRow struct {
	of   map[string]string
	more [][2]string
}

func estateLine(a *score.Assessment) estateRow {
	v := map[string]string{}
	for _, f := range figures(a) {
		v[f.id] = digits(f.value)
	}
	total := max(a.MachinesTotal, len(a.Machines))
	name := strconv.Itoa(total) + " machines"
	if left := total - len(a.Machines); left > 0 {
		name += ", " + strconv.Itoa(left) + " of them left out"
	}
	return estateRow{
		of: map[string]string{"name": name, "score_low": v["score.low"], "score_high": v["score.high"], "level": v["level.number"], "components": v["headline.components"],
			"workloads": v["headline.workloads.low"], "containers": strconv.Itoa(a.Inventory.Containers.Total), "vms": strconv.Itoa(a.Inventory.VMs.Total), "gaps": strconv.Itoa(len(a.Gaps))},
		more: [][2]string{{"workloads_high", v["headline.workloads.high"]}, {"coverage", v["coverage.evidence"]},
			{"components_per_workload_low", v["headline.componentsPerWorkload.low"]}, {"components_per_workload_high", v["headline.componentsPerWorkload.high"]},
			{"attainable_low", v["headline.attainable.low"]}, {"attainable_high", v["headline.attainable.high"]},
			{"hosts", v["headline.hosts"]}, {"hosts_plan", v["headline.hostsPlan"]}, {"hosts_bound", v["headline.hostsBound"]}},
	}
}

// plainCell spells a value of a sheet.
func plainCell(v any) string {
	switch v := v.(type) {
	case string:
		return inert(v)
	case int:
		return strconv.Itoa(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return digits(known(v))
	case bool:
		return strconv.FormatBool(v)
	default:
		return ""
	}
}
