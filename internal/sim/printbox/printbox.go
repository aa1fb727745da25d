// Package printbox pretends to be a platform's print component on the machine
// beside the printer: it takes tasks over a WebSocket, one document each, and says
// what became of them. How it fails is set while it runs.
package printbox

import (
	"net/http"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

// A Mood is how the component takes the next task.
type Mood string

// The moods.
const (
	Good     Mood = ""
	NoPaper  Mood = "no paper"        // takes the task, and reports that it failed
	Refuses  Mood = "refuses"         // will not take the task
	Silent   Mood = "silent"          // prints, and never says so
	Drops    Mood = "drops"           // prints, and the connection breaks
	DropsAt  Mood = "drops at once"   // breaks before it prints
	Talks    Mood = "talks of others" // says much about other tasks before
	Nonsense Mood = "talks nonsense"  // says what is no JSON before
	Half     Mood = "document failed" // the task is printed, its document is not
)

// A Box is the component. It is an http.Handler; all methods may be called while
// it serves.
type Box struct {
	Platform string // "cainiao", "pdd" or "douyin"

	mu      sync.Mutex
	moods   []Mood         // of the next tasks; guarded by mu, like all below
	printed map[string]int // labels by encryptedData
	tasks   map[string]bool
	last    map[string]any // the newest content
	twice   int            // tasks sent twice under one id
}

// Next sets how the next tasks are taken.
func (b *Box) Next(moods ...Mood) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.moods = append(b.moods, moods...)
}

// Printed counts the labels that came out for print data.
func (b *Box) Printed(data string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.printed[data]
}

// Last gives the newest task's content, and how many tasks came twice.
func (b *Box) Last() (content map[string]any, twice int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.last, b.twice
}

var up = websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}

// ServeHTTP serves one connection.
func (b *Box) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	for {
		var ask struct {
			Cmd     string `json:"cmd"`
			Request string `json:"requestID"`
			Version string `json:"version"`
			Task    struct {
				ID        string `json:"taskID"`
				Printer   string `json:"printer"`
				Documents []struct {
					ID       string           `json:"documentID"`
					Contents []map[string]any `json:"contents"`
				} `json:"documents"`
			} `json:"task"`
		}
		if conn.ReadJSON(&ask) != nil {
			return
		}
		switch ask.Cmd {
		case "getPrinters":
			_ = conn.WriteJSON(map[string]any{"cmd": "getPrinters", "requestID": ask.Request, "defaultPrinter": "TSC", "printers": []any{map[string]any{"name": "TSC", "status": "enable"}}})
			continue
		case "print":
		default:
			_ = conn.WriteJSON(map[string]any{"cmd": ask.Cmd, "requestID": ask.Request, "status": "failed", "msg": "unknown cmd"})
			continue
		}
		if len(ask.Task.Documents) != 1 || len(ask.Task.Documents[0].Contents) != 1 || ask.Version != "1.0" {
			_ = conn.WriteJSON(map[string]any{"cmd": "print", "requestID": ask.Request, "taskID": ask.Task.ID, "status": "failed", "msg": "bad task"})
			continue
		}
		if !b.print(conn, ask.Request, ask.Task.ID, ask.Task.Documents[0].Contents[0]) {
			return
		}
	}
}

// print takes one task and reports whether the connection goes on.
func (b *Box) print(conn *websocket.Conn, request, task string, content map[string]any) bool {
	b.mu.Lock()
	mood := Good
	if len(b.moods) > 0 {
		mood, b.moods = b.moods[0], b.moods[1:]
	}
	if b.tasks == nil {
		b.tasks, b.printed = map[string]bool{}, map[string]int{}
	}
	if b.tasks[task] {
		b.twice++
	}
	b.tasks[task], b.last = true, content
	data, _ := content["encryptedData"].(string)
	readable := strings.HasPrefix(data, "AES:") && (b.Platform != "douyin" || content["params"] != nil)
	if readable && mood != NoPaper && mood != Refuses && mood != DropsAt && mood != Half {
		b.printed[data]++
	}
	b.mu.Unlock()
	answer := map[string]any{"cmd": "print", "requestID": request, "taskID": task, "status": "success", "previewURL": ""}
	result := map[string]any{"cmd": "notifyPrintResult", "requestID": "n-1", "printer": "TSC", "taskID": task, "taskStatus": "printed",
		"printStatus": []any{map[string]any{"documentID": task, "status": "success", "msg": "", "detail": "", "printer": "TSC"}}}
	if b.Platform == "pdd" {
		result["cmd"] = "PrintResultNotify"
		delete(result, "requestID")
	}
	switch {
	case !readable || mood == Refuses:
		answer["status"], answer["msg"] = "failed", "解密失败"
		return conn.WriteJSON(answer) == nil
	case mood == DropsAt || mood == Drops:
		return false
	case mood == Talks:
		other := map[string]any{"cmd": result["cmd"], "taskID": "other", "taskStatus": "failed", "printStatus": []any{}}
		_ = conn.WriteJSON(other)
	case mood == Nonsense:
		_ = conn.WriteMessage(websocket.TextMessage, []byte("<html>"))
		_ = conn.WriteMessage(websocket.TextMessage, []byte(`{"cmd":7}`))
	case mood == NoPaper:
		result["taskStatus"], result["printStatus"] = "failed", []any{map[string]any{"documentID": task, "status": "failed", "msg": "打印机缺纸"}}
	case mood == Half:
		result["printStatus"] = []any{map[string]any{"documentID": task, "status": "failed", "msg": "打印机脱机"}}
	}
	if conn.WriteJSON(answer) != nil {
		return false
	}
	rendered := map[string]any{"cmd": result["cmd"], "taskID": task, "taskStatus": "rendered", "printStatus": []any{}}
	if conn.WriteJSON(rendered) != nil {
		return false
	}
	return mood == Silent || conn.WriteJSON(result) == nil
}
