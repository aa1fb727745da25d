// Package component is the client of the platforms' local print components:
// programs on a machine near the printer that alone can read the cipher of a
// platform's waybill (a floord/floor.Ticket) and print its label. All speak JSON
// over a WebSocket, with small differences: Cainiao (ports 13528, 13529 with TLS),
// Pinduoduo (5000, 18653), Douyin (13888, 13999).
//
// A task has one document, so that nothing is printed again for another's sake.
// The component first says that it took the task, then what became of it
// (notifyPrintResult). Once the task has been sent only that second word, or a
// clear no to the first, says whether a label came out; everything else is in
// doubt, and a person is asked.
package component

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"floord/floor"
)

// A Verdict is what became of a label.
type Verdict int

// The verdicts.
const (
	Printed    Verdict = iota
	NotPrinted         // for certain: it was not sent, or the component said no
	InDoubt            // it was sent, and nobody said how it ended
)

// An Outcome is a verdict with the component's words. Why is a code of the message
// catalogue where there is one ("component-down").
type Outcome struct {
	Verdict Verdict
	Why     string
	Refused bool // the component will not print this ticket, however often it is asked
}

// A Client talks to one component. It holds no connection between labels: the
// components drop idle ones. Its methods may be called from several goroutines.
type Client struct {
	URL     string // "ws://127.0.0.1:13528"
	Printer string // as the component names it; empty: its own default

	// Within bounds how long a printed label is waited for; 45 s if 0.
	Within time.Duration
	dialer websocket.Dialer
}

// A Task is one label.
type Task struct {
	ID     string // never used for another label
	Ticket floor.Ticket
	Add    map[string]any // what the label says besides the ticket
}

// maxMessage bounds what a component says.
const maxMessage = 1 << 20

type header struct {
	Cmd     string `json:"cmd"`
	Request string `json:"requestID"`
	Version string `json:"version"`
}

// said is what a component answers or reports. Names and places differ between
// platforms and versions; what a message lacks is empty.
type said struct {
	Cmd      string `json:"cmd"`
	Request  string `json:"requestID"`
	Status   string `json:"status"` // success, failed
	Msg      string `json:"msg"`
	Task     string `json:"taskID"`
	State    string `json:"taskStatus"` // rendered, printed, failed
	Statuses []struct {
		Document string `json:"documentID"`
		Status   string `json:"status"`
		Msg      string `json:"msg"`
		Detail   string `json:"detail"`
	} `json:"printStatus"`
	Printers []struct {
		Name   string `json:"name"`
		Status string `json:"status"`
	} `json:"printers"`
}

// Printers gives the names of the printers that the component has.
func (c *Client) Printers(ctx context.Context) ([]string, error) {
	conn, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	id := "printers-" + fmt.Sprint(time.Now().UnixNano())
	if err := conn.WriteJSON(header{"getPrinters", id, "1.0"}); err != nil {
		return nil, fmt.Errorf("print component: %w", err)
	}
	for {
		m, err := read(conn)
		if err != nil {
			return nil, fmt.Errorf("print component: %w", err)
		}
		if m.Cmd == "getPrinters" && (m.Request == id || m.Request == "") {
			var names []string
			for _, p := range m.Printers {
				names = append(names, p.Name)
			}
			return names, nil
		}
	}
}

func (c *Client) dial(ctx context.Context) (*websocket.Conn, error) {
	d := c.dialer
	d.HandshakeTimeout = 5 * time.Second
	conn, resp, err := d.DialContext(ctx, c.URL, http.Header{})
	if resp != nil && resp.Body != nil {
		resp.Body.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("print component: %w", err)
	}
	conn.SetReadLimit(maxMessage)
	return conn, nil
}

// Print sends a task and waits for what becomes of it.
func (c *Client) Print(ctx context.Context, t Task) Outcome {
	within := c.Within
	if within == 0 {
		within = 45 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	conn, err := c.dial(ctx)
	if err != nil {
		return Outcome{Verdict: NotPrinted, Why: "component-down"}
	}
	defer conn.Close()
	// The connection is read until the label's end; ctx's end breaks it.
	defer context.AfterFunc(ctx, func() { conn.SetReadDeadline(time.Unix(1, 0)) })()
	deadline, _ := ctx.Deadline()
	if err := conn.SetWriteDeadline(deadline); err != nil {
		return Outcome{Verdict: NotPrinted, Why: "component-down"}
	}
	data, err := json.Marshal(request(t, c.Printer))
	if err != nil {
		return Outcome{Verdict: NotPrinted, Why: err.Error(), Refused: true}
	}
	if err := conn.WriteMessage(websocket.TextMessage, data); err != nil {
		return Outcome{Verdict: InDoubt, Why: "interrupted"}
	}
	return await(conn, t.ID)
}

// request is the task in the components' words.
func request(t Task, printer string) any {
	content := map[string]any{"encryptedData": t.Ticket.Data, "templateURL": t.Ticket.Template}
	for name, text := range map[string]string{"signature": t.Ticket.Signature, "ver": t.Ticket.Version, "params": t.Ticket.Params} {
		if text != "" {
			content[name] = text
		}
	}
	if len(t.Add) > 0 {
		content["addData"] = t.Add
	}
	return struct {
		header
		Task any `json:"task"`
	}{header{"print", t.ID, "1.0"}, map[string]any{
		"taskID": t.ID, "preview": false, "printer": printer, "previewType": "", "firstDocumentNumber": 1, "totalDocumentCount": 1,
		"documents": []any{map[string]any{"documentID": t.ID, "contents": []any{content}}},
	}}
}

// await hears the component out about a task.
func await(conn *websocket.Conn, id string) Outcome {
	for {
		m, err := read(conn)
		if err != nil {
			return Outcome{Verdict: InDoubt, Why: "interrupted"}
		}
		switch {
		case m.Cmd == "print" && (m.Request == id || m.Task == id) && failed(m.Status):
			return Outcome{Verdict: NotPrinted, Why: words(m), Refused: true}
		case !strings.EqualFold(m.Cmd, "notifyPrintResult") && !strings.EqualFold(m.Cmd, "PrintResultNotify"), m.Task != id:
			continue // another's, or only that it was taken or rendered
		case failed(m.State):
			return Outcome{Verdict: NotPrinted, Why: words(m)}
		case m.State == "printed":
			for _, s := range m.Statuses {
				if failed(s.Status) {
					return Outcome{Verdict: NotPrinted, Why: words(m)}
				}
			}
			return Outcome{Verdict: Printed}
		}
	}
}

func failed(status string) bool { return status == "failed" || status == "fail" || status == "error" }

// words gives the component's own words for the person at the station.
func words(m said) string {
	text := m.Msg
	for _, s := range m.Statuses {
		if s.Msg != "" || s.Detail != "" {
			text = strings.TrimSpace(s.Msg + " " + s.Detail)
		}
	}
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > 80 {
		text = string(r[:80])
	}
	if text == "" {
		return "component-failed"
	}
	return text
}

// read gives the next message that is one; what is no JSON is passed over.
func read(conn *websocket.Conn) (said, error) {
	for {
		kind, data, err := conn.ReadMessage()
		if err != nil {
			return said{}, err
		}
		var m said
		if err := json.Unmarshal(data, &m); err != nil {
			var syntax *json.SyntaxError
			if errors.As(err, &syntax) || kind != websocket.TextMessage {
				continue
			}
		}
		return m, nil
	}
}
