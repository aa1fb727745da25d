package config

import (
	"cmp"
	"fmt"
	"strings"
)

// A Problem is one mistake. Line and Column begin at 1; 0 means the whole file.
type Problem struct {
	File         string
	Line, Column int
	en, zh       string
}

// Error gives the place and the sentence in English.
func (p Problem) Error() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.en)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.en)
}

// Text gives the sentence without its place in that language, "zh" unless "en".
func (p Problem) Text(lang string) string {
	if lang == "en" {
		return p.en
	}
	return p.zh
}

func byPlace(a, b Problem) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

// An Error is all mistakes of a file that the daemon cannot start with, by place.
type Error struct {
	Problems []Problem

	all  []Problem // with those that it could start with
	lang string    // of the site, as far as it could be read
}

func (e *Error) Error() string {
	texts := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		texts[i] = p.Error()
	}
	return strings.Join(texts, "\n")
}

// words is what the package says: English and Chinese with the same places.
var words = map[string][2]string{
	"right": {
		"%s is right: %d people, %d channels, %d carriers, %d stations",
		"%s 没有错误：人员 %d，渠道 %d，承运商 %d，工位 %d",
	},
	"unreadable":    {"cannot be read: %v", "读不了这个文件：%v"},
	"rule":          {"%s", "规则有误：%s"},
	"syntax":        {"not TOML: %s", "这里的写法不对：%s"},
	"quotes":        {`not TOML: a text must stand in "quotes"`, `这里的写法不对：文字必须放在 "引号" 里`},
	"open":          {"not TOML: what begins here is not closed", "这里的写法不对：从这里开始的括号或引号没有关上"},
	"utf-8":         {"this is not UTF-8: save the file as UTF-8 in the editor", "文件不是 UTF-8 编码：请在编辑器里另存为 UTF-8"},
	"unknown":       {"unknown key %q%s", "没有 %q 这个设置%s"},
	"unknown-table": {"unknown section %q%s", "没有 %q 这个段%s"},
	"perhaps":       {" (did you mean %q?)", "（是不是 %q？）"},
	"elsewhere":     {" (it belongs into [%s])", "（它应写在 [%s] 段里）"},
	"secret":        {"%q is a secret and must not stand here: put it into a file and name that with %s", "%q 是机密，不能写在这里：请存成文件，再用 %s 写文件名"},
	"twice":         {"%q is there twice, first on line %d", "%q 写了两次，第一次在第 %d 行"},
	"missing":       {"%q is missing", "缺少 %q"},
	"missing-for":   {"%q is missing, the %s driver needs it", "缺少 %q，%s 接口必须填"},
	"empty":         {"%s must not be empty", "%s 不能为空"},
	"one-of-two":    {"write either %q or %q", "%q 和 %q 必须且只能写一个"},
	"together":      {"%q needs %q beside it", "写了 %q 就必须同时写 %q"},
	"kind":          {"%s is %s, want %s", "%s 写成了%s，应为%s"},
	"range":         {"%s is %v, want %s", "%s 是 %v，应为 %s"},
	"one-of":        {"%s is %q%s, want %s", "%s 是 %q%s，应为 %s"},
	"text":          {"%s: %v", "%s：%v"},
	"too-long":      {"%s has %d bytes, at most %d are allowed", "%s 有 %d 字节，最多 %d"},
	"too-many":      {"%s has %d entries, at most %d are allowed", "%s 有 %d 项，最多 %d"},
	"control":       {"%s holds a control character", "%s 里有控制字符"},
	"form":          {"%s is %q, want %s", "%s 是 %q，应为%s"},
	"file":          {"%s: %s: %v", "%s：%s：%v"},
	"id-twice":      {"%s %q is there twice, first on line %d", "%s %q 重复，第一次在第 %d 行"},
	"no-channel":    {"%s names %q, which is no channel here", "%s 里的 %q 不是这里的渠道"},
	"badge-twice":   {"this badge is also that of %q", "这张工牌已经给了 %q"},
	"port-twice":    {"port %s is also that of the %s of station %q", "端口 %s 已经是工位 %[3]q 的 %[2]s"},
	"min-fill":      {"min_fill is %d, but a wave holds only %d orders", "min_fill 是 %d，但一个波次最多只有 %d 单"},
	"bin-form":      {"form is %q: AISLE and BAY are wanted, ZONE and LEVEL may be, each once", "form 是 %q：要有 AISLE 和 BAY，可以有 ZONE 和 LEVEL，各一次"},
	"profile":       {"%v", "设备档案有问题：%v"},
	"template":      {"label template %v", "面单模板有问题：%v"},
	"no-paper":      {"there is no waybill template for paper of %s; there are %s", "没有纸张 %s 的面单模板；现有 %s"},
	"device-line":   {"%v", "串口设置不对：%v"},
	"net-line":      {"a device on the network has no %s", "网络设备没有 %s 设置"},
	"not-printer":   {"%s belongs to a printer", "%s 只用于打印机"},

	"id":     {"letters, digits, and . _ - between them, at most 64", "字母、数字，中间可用 . _ -，最多 64 个"},
	"prefix": {"1 to 8 letters A-Z or digits", "1 到 8 个大写字母或数字"},
	"listen": {`host:port such as "0.0.0.0:8480"`, `主机:端口，例如 "0.0.0.0:8480"`},
	"host":   {`a name or an address without port, such as "wms.lan"`, `不带端口的名称或地址，例如 "wms.lan"`},
	"ws":     {`an address such as "ws://192.168.8.31:13528"`, `地址，例如 "ws://192.168.8.31:13528"`},
	"url":    {`an address such as "https://host/path"`, `网址，例如 "https://host/path"`},
	"port":   {`"/dev/serial/by-id/..." or "tcp://host:9100"`, `"/dev/serial/by-id/..." 或 "tcp://主机:9100"`},
	"zone":   {`a time zone such as "Asia/Shanghai"`, `时区，例如 "Asia/Shanghai"`},

	"a table":        {"a table", "表"},
	"an array":       {"an array", "数组"},
	"a text":         {"a text", "文字"},
	"a number":       {"a number", "数字"},
	"a whole number": {"a whole number", "整数"},
	"true or false":  {"true or false", "true 或 false"},
	"a date":         {"a date or time", "日期"},
	"a duration":     {`a duration such as "15s" or "5m"`, `时长，例如 "15s"、"5m"`},
	"tables":         {"one or more tables headed [[%s]]", "一个或几个以 [[%s]] 开头的表"},
}

// say gives the words of a code in that language.
func say(lang, code string, args ...any) string {
	text := words[code][0]
	if lang != "en" {
		text = words[code][1]
	}
	for i, arg := range args {
		if w, ok := arg.(word); ok {
			args[i] = w.in(lang)
		}
	}
	return fmt.Sprintf(text, args...)
}

// A word is an argument that is itself said in two languages.
type word struct {
	code string
	args []any
}

func (w word) in(lang string) string {
	if w.code == "" {
		return ""
	}
	return say(lang, w.code, append([]any(nil), w.args...)...)
}

// problem makes a mistake of a code of words.
func problem(at place, code string, args ...any) Problem {
	return Problem{
		File: at.file, Line: at.line, Column: at.column,
		en: say("en", code, append([]any(nil), args...)...),
		zh: say("zh", code, append([]any(nil), args...)...),
	}
}
