package serial

import (
	"fmt"
	"slices"

	"github.com/tarm/serial"

	"floord/device/profile"
)

// Settings are how the bytes go over the wire.
type Settings struct {
	Baud     int
	DataBits int
	Parity   string // "none", "even", "odd"
	StopBits int
	Flow     string // "none", "xonxoff", "rtscts"
}

// Of gives the settings of a profile's line.
func Of(l profile.Line) Settings {
	return Settings{l.Baud, l.DataBits, l.Parity, l.StopBits, l.Flow}
}

// bauds are the speeds that tarm can set on Linux and that serial devices of a
// packing station have.
var bauds = []int{300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600}

// String gives the settings as people write them: "9600 8N1", "4800 7E1 rtscts".
func (s Settings) String() string {
	parity := map[string]string{"none": "N", "even": "E", "odd": "O"}[s.Parity]
	if parity == "" {
		parity = "?"
	}
	text := fmt.Sprintf("%d %d%s%d", s.Baud, s.DataBits, parity, s.StopBits)
	if s.Flow != "" && s.Flow != "none" {
		text += " " + s.Flow
	}
	return text
}

// Check tells whether a tty can be set so, without opening one.
func (s Settings) Check() error {
	_, err := s.config("")
	return err
}

func (s Settings) config(path string) (*serial.Config, error) {
	c := &serial.Config{Name: path, Baud: s.Baud, Size: byte(s.DataBits), StopBits: serial.StopBits(s.StopBits), ReadTimeout: tick}
	switch {
	case !slices.Contains(bauds, s.Baud):
		return nil, fmt.Errorf("baud %d is not one of %v", s.Baud, bauds)
	case s.DataBits != 7 && s.DataBits != 8:
		return nil, fmt.Errorf("%d data bits: 7 or 8 can be set", s.DataBits)
	case s.StopBits != 1 && s.StopBits != 2:
		return nil, fmt.Errorf("%d stop bits: 1 or 2 can be set", s.StopBits)
	case !slices.Contains([]string{"", "none", "xonxoff", "rtscts"}, s.Flow):
		return nil, fmt.Errorf("flow control %q is not none, xonxoff or rtscts", s.Flow)
	}
	switch s.Parity {
	case "", "none":
		c.Parity = serial.ParityNone
	case "even":
		c.Parity = serial.ParityEven
	case "odd":
		c.Parity = serial.ParityOdd
	default:
		return nil, fmt.Errorf("parity %q is not none, even or odd", s.Parity)
	}
	return c, nil
}
