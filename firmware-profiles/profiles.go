// Package profiles holds what is shipped of device profiles, one TOML file a
// family, and no logic. A site's own folder is laid over it; see device/profile.
package profiles

import "embed"

// FS holds the shipped *.toml files.
//
//go:embed *.toml
var FS embed.FS

// Name is how the files of FS are called in origins and errors.
const Name = "firmware-profiles"
