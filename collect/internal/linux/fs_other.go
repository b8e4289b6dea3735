//go:build !unix

package linux

import "os"

func openRegular(path string) (*os.File, error) { return os.Open(path) }
