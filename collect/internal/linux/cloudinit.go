package linux

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// ParseCloudResult reads result.json: {"v1": {"datasource": "DataSourceEc2Local [seed=…]", "errors": []}}.
func ParseCloudResult(text []byte) (datasource string, err error) {
	var r struct {
		V1 *struct {
			Datasource *string `json:"datasource"`
		} `json:"v1"`
	}
	if err := json.Unmarshal(text, &r); err != nil || r.V1 == nil {
		return "", cloudFormat("result.json", err)
	}
	if r.V1.Datasource == nil {
		return "", nil
	}
	name, _, _ := strings.Cut(*r.V1.Datasource, " ")
	if name == "DataSourceNone" {
		return "", nil
	}
	return name, nil
}

// ParseCloudStatus finds in status.json when the last stage ended: {"v1": {"datasource": …, "init": {"start": …,
// "finished": 1700000000.5}, "modules-final": {…}}}, times in seconds since 1970.
func ParseCloudStatus(text []byte) (finished time.Time, err error) {
	var s struct {
		V1 map[string]json.RawMessage `json:"v1"`
	}
	if err := json.Unmarshal(text, &s); err != nil || s.V1 == nil {
		return time.Time{}, cloudFormat("status.json", err)
	}
	for _, stage := range s.V1 {
		var at struct {
			Finished *float64 `json:"finished"`
		}
		if json.Unmarshal(stage, &at) != nil || at.Finished == nil { // not a stage, or one that has not ended
			continue
		}
		if sec := *at.Finished; sec > 0 && sec < math.MaxInt32*2 {
			if t := time.Unix(int64(sec), 0).UTC(); t.After(finished) {
				finished = t
			}
		}
	}
	return finished, nil
}

// ParseCloudName reads the name of the cloud out of instance-data.json, and no more: what else is in it is the
// instance's own affair.
func ParseCloudName(text []byte) (string, error) {
	var i struct {
		V1 struct {
			CloudName string `json:"cloud_name"`
		} `json:"v1"`
	}
	if err := json.Unmarshal(text, &i); err != nil {
		return "", cloudFormat("instance-data.json", err)
	}
	return i.V1.CloudName, nil
}

// redactInstance keeps of instance-data.json what ParseCloudName reads.
func redactInstance(text []byte) []byte {
	name, err := ParseCloudName(text)
	if err != nil || name == "" {
		return []byte("{}\n")
	}
	quoted, err := json.Marshal(name)
	if err != nil {
		return []byte("{}\n")
	}
	return fmt.Appendf(nil, `{"v1": {"cloud_name": %s}}`+"\n", quoted)
}

// ParseIgnition reads when Ignition provisioned a machine, out of /etc/.ignition-result.json.
func ParseIgnition(text []byte) (time.Time, error) {
	var r struct {
		Date time.Time `json:"provisioningDate"`
	}
	if err := json.Unmarshal(text, &r); err != nil || r.Date.IsZero() {
		return time.Time{}, cloudFormat(".ignition-result.json", err)
	}
	return r.Date.UTC(), nil
}

func cloudFormat(name string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w: %w", name, ErrFormat, err)
	}
	return fmt.Errorf("%s: %w: what is looked for is not there", name, ErrFormat)
}
