// The page of the shops, for leads: how each connection is, what a shop sent that
// nobody could read, what its trial shows, over which orders it contradicts us, and
// the rules by which orders are judged.

import { h, knows, lang, put, say, tone, when } from "./lib";
import { Snapshot } from "./fold";
import { Page, Shell } from "./shell";

const PARTS = ["channels", "disputes", "rules"];

/** How often the connections are looked at again. In ms. */
const EVERY = 5000;

class Channels implements Page {
  shell!: Shell;
  private part = "";
  private tabs = h("nav.tabs");
  private list = h("section.panel.list");
  private side = h("section.panel.side");
  private root = h("div.setup.shops", null, this.tabs, h("div.parts", null, this.list, this.side));
  private shown = ""; // the channel beside the list
  private asked = 0;

  draw(s: Snapshot): HTMLElement {
    const part = location.hash.slice(1);
    if ((s as any).person && this.part !== (PARTS.indexOf(part) >= 0 ? part : "channels")) this.go(PARTS.indexOf(part) >= 0 ? part : "channels");
    return this.root;
  }

  scan(): void { tone("wrong"); }

  tick(): void {
    const s: any = this.shell.wire.state;
    if (!s || !s.person) { this.part = ""; return; }
    if (this.part === "channels" && Date.now() - this.asked > EVERY) this.channels();
  }

  private async go(part: string): Promise<void> {
    this.part = part;
    this.shown = "";
    history.replaceState(null, "", location.pathname + location.search + "#" + part);
    put(this.tabs, PARTS.map((p) => h("button", { type: "button", class: p === part ? "on" : "", onclick: () => this.go(p) }, say("shops-" + p))),
      h("a.button", { href: "/board" + location.search }, say("app-board")));
    put(this.list);
    put(this.side);
    if (part === "channels") await this.channels();
    else if (part === "disputes") await this.disputes();
    else await this.rules();
  }

  private async channels(): Promise<void> {
    this.asked = Date.now();
    const all = await this.shell.ask("GET", "/channels");
    if (!all || this.part !== "channels") return;
    put(this.list, h("h2", null, say("shops-channels")), all.map((c: any) => h("article.shop", { class: c.ok ? "" : "out" },
      h("div.head", null, h("b", null, c.id), h("small", null, c.driver), c.trial && h("span.tag.note", null, say("shops-trial")),
        h("span.push"), c.driver !== "csv" && h("button.small", { type: "button", onclick: () => this.open(c.id) }, say("shops-look"))),
      c.troubles.length ? c.troubles.map((t: any) => h("p.bad", null, t[lang])) : h("p.good", null, say(c.driver === "csv" ? "shops-files" : "shops-well")),
      c.driver !== "csv" && figures(c))));
    if (!this.shown && window.innerWidth >= 900) { // on a small screen the connections come first
      const first = all.filter((c: any) => !c.ok || c.trial)[0] || all.filter((c: any) => c.driver !== "csv")[0];
      if (first) this.open(first.id);
    }
  }

  private async open(id: string): Promise<void> {
    this.shown = id;
    const c = await this.shell.ask("GET", "/channels/" + encodeURIComponent(id));
    if (!c || this.shown !== id) return;
    put(this.side, h("h2", null, id),
      c.trial && this.trial(id, c.trial),
      h("h3", null, say("shops-holds")), holds(c.holds),
      h("h3", null, say("shops-unmapped")), rows(["col-order", "shops-field", "shops-payload"], c.unmapped.map((u: any) => [link(u.order), h("b", null, u.field), hash(u.payload)])),
      h("h3", null, say("shops-unread")), rows(["shops-at", "shops-op", "shops-payload"], c.unread.map((u: any) => [
        when(u.at), h("span", null, u.op, h("small", null, u.why)), hash(u.hash)])), c.unread.length > 0 && h("p.hint", null, say("shops-unread-how", { channel: id })));
    if (window.innerWidth < 900) this.side.scrollIntoView({ block: "start" });
  }

  private trial(id: string, t: any): any[] {
    const p = t.plan;
    return [
      h("h3", null, say("shops-trial")),
      t.opened ? h("p", null, say("shops-opened", { at: when(t.opened), by: t.by, adopted: t.adopted || 0, left: t.left || 0 })) : h("p", null, say("shops-trial-how")),
      h("p", null, say("shops-compared", { orders: t.orders, same: t.same, differ: t.differ })),
      p && h("p", null, say("shops-plan", { orders: p.orders, held: p.held, short: p.short, waves: p.waves, waved: p.waved, metres: Math.round(p.metres) })),
      !t.opened && h("button.big.go", { type: "button", onclick: () => this.ask(id) }, say("shops-open")),
      t.differs.length > 0 && rows(["col-order", "shops-at", "shops-why"], t.differs.map((d: any) => [link(d.order), when(d.at), d.why.map((x: any) => said(x) + (x.code === "rule" && x.text ? "：" + x.text : "")).join("；")])),
    ];
  }

  private ask(id: string): void {
    const open = (adopt: boolean) => async () => {
      if (!(await this.shell.ask("POST", "/channels/" + encodeURIComponent(id) + "/open", { adopt: adopt }))) return;
      tone("ok");
      await this.channels();
      this.open(id);
    };
    this.shell.choose({
      title: say("shops-open-sure", { channel: id }), text: say("shops-open-how"),
      choices: [{ label: say("shops-from-now"), kind: "go", pick: open(false) }, { label: say("shops-adopt"), kind: "warn", pick: open(true) }],
    });
  }

  private async disputes(): Promise<void> {
    const all = await this.shell.ask("GET", "/disputes");
    if (!all || this.part !== "disputes") return;
    put(this.side, h("p.hint", null, say("shops-disputes-how")));
    const many: { [key: string]: { channel: string; mend: string; n: number } } = {};
    all.filter((d: any) => d.mend === "close" || d.mend === "note").forEach((d: any) => {
      const key = d.channel + "|" + d.mend;
      (many[key] = many[key] || { channel: d.channel, mend: d.mend, n: 0 }).n++;
    });
    put(this.list, h("h2", null, say("shops-disputes") + (all.length ? " " + all.length : "")),
      Object.keys(many).sort().filter((k) => many[k].n > 1).map((k) => h("button.big.second", { type: "button", onclick: () => this.mendAll(many[k]) }, say("mend-all-" + many[k].mend, many[k]))),
      all.length === 0 ? h("p.good", null, say("shops-agree")) : all.map((d: any) => h("article.shop.out", null,
        h("div.head", null, link(d.order), h("small", null, d.channel + " " + d.number), h("span.push"), h("small", null, when(d.since))),
        h("p.bad", null, say("dispute-" + d.kind)),
        h("p", null, say("shops-they", { theirs: say("shop-" + d.theirs), before: d.before ? say("shop-" + d.before) : "—" }) + " · " + say("shops-we", { ours: say("state-" + d.ours) })),
        h("button.small.go", { type: "button", onclick: async () => {
          if (!(await this.shell.ask("POST", "/orders/" + encodeURIComponent(d.order) + "/mend", {}))) return;
          tone("ok");
          this.disputes();
        } }, say("mend-" + d.mend)))));
  }

  private mendAll(of: { channel: string; mend: string; n: number }): void {
    this.shell.choose({
      title: say("mend-all-" + of.mend, of), text: say("mend-all-how"),
      choices: [{ label: say("mend-all-yes", of), kind: "warn", pick: async () => {
        if (!(await this.shell.ask("POST", "/disputes/mend", { channel: of.channel, mend: of.mend }))) return;
        tone("ok");
        this.disputes();
      } }],
    });
  }

  private async rules(): Promise<void> {
    const r = await this.shell.ask("GET", "/rules");
    if (!r || this.part !== "rules") return;
    put(this.list, h("h2", null, say("shops-rules")), rows(["shops-rule", "shops-when", "shops-from"], r.rules.map((x: any) => [
      h("span", { class: x.speaks ? "" : "mute" }, h("b", null, x.kind === "tag" ? say("tag-" + x.name) : x.name), h("small", null, say("rule-" + x.kind) + (x.lose ? " −" + x.lose : "") + (x.speaks ? "" : " · " + say("shops-silent")))),
      h("span", null, x.when && h("code", null, x.when), (x.words || []).length > 0 && h("small", null, x.words.join(lang === "zh" ? "、" : ", ")), x.cause && h("small", null, x.cause)),
      h("small", null, x.file.replace(/^.*[\\/]/, "") + ":" + x.line)])));
    const text = h("textarea", { rows: 16, spellcheck: "false", "aria-label": say("shops-own"), maxlength: 262144 }) as HTMLTextAreaElement;
    text.value = r.text;
    const day = h("input", { type: "text", maxlength: 10, "aria-label": say("shops-day") }) as HTMLInputElement;
    day.value = isoDay(Date.now() - 86400000);
    const result = h("div.tried");
    put(this.side, h("form.fields", { onsubmit: (e: Event) => { e.preventDefault(); this.tryRules(day.value.trim(), text, result); } },
      h("h2", null, say("shops-own")), h("p.hint", null, r.file ? say("shops-file", { file: r.file }) : say("shops-no-file")),
      text, h("label", null, h("span", null, say("shops-day")), day), h("button.big.go", { type: "submit" }, say("shops-try"))), result);
  }

  private async tryRules(day: string, text: HTMLTextAreaElement, result: HTMLElement): Promise<void> {
    put(result, h("p.hint", null, say("shops-trying")));
    const t = await this.shell.ask("POST", "/rules/try", { day: day, text: text.value });
    if (!t) return put(result);
    if (t.mistakes.length) {
      put(result, t.mistakes.map((m: any) => h("p.bad", null, h("button.small", { type: "button", onclick: () => mark(text, m.line) }, say("shops-line", { line: m.line + (m.column ? ":" + m.column : "") })), " ", m.text)));
      return;
    }
    put(result, h("p", null, h("b", null, say("shops-tried", { day: t.day, orders: t.orders, differ: t.differ, now: t.held_now, then: t.held_then }))),
      h("p.hint", null, say("shops-put-in")),
      Object.keys(t.counts).length > 0 && rows(["shops-change", "shops-orders"], Object.keys(t.counts).sort().map((k) => [change(k), String(t.counts[k])])),
      t.changed.length > 0 && rows(["col-order", "shops-score", "shops-change"], t.changed.map((c: any) => [link(c.order), c.score + " → " + c.other, c.changes.map(change).join(", ")])));
    result.scrollIntoView({ block: "nearest" });
  }
}

/** figures are the numbers of a connection, in one line each. */
function figures(c: any): HTMLElement {
  const lag = (l: any) => say("shops-lag-" + l.way, { n: length(l.seconds), most: length(l.allowed) });
  const good = c.answers.filter((a: any) => !a.class).reduce((n: number, a: any) => n + a.count, 0);
  return h("ul.figures", null,
    c.lags.map((l: any) => h("li", { class: l.seconds > l.allowed ? "bad" : "" }, lag(l))),
    h("li", null, say("shops-answers", { good: good, p50: c.p50_ms, p99: c.p99_ms })),
    failures(c.answers),
    Object.keys(c.pushes).length > 0 && h("li", null, say("shops-pushes") + Object.keys(c.pushes).sort().map((k) => say("push-" + k) + " " + c.pushes[k]).join("，")),
    c.garbled > 0 && h("li", null, say("shops-garbled", { n: c.garbled })),
    Math.abs(c.skew_seconds) > 0 && h("li", null, say("shops-skew", { n: Math.round(c.skew_seconds) })),
    c.ends.map((e: any) => h("li", null, say("end-" + e.what) + " " + e.at.slice(0, 10))));
}

/** CLASSES are the classes of bad answers, those that want a person first. */
const CLASSES = ["unauthorized", "refused", "rate-limited", "retryable"];

/** failures says of each class of bad answers what it means, and how they came. */
function failures(answers: any[]): HTMLElement[] {
  return CLASSES.map((of): [string, any[]] => [of, answers.filter((a) => a.class === of)]).filter((c) => c[1].length > 0).map((c) =>
    h("li", null, say("class-" + c[0]) + (lang === "zh" ? "：" : ": ") + c[1].map((a) => status(a.status) + " × " + a.count).join(lang === "zh" ? "，" : ", ")));
}

/** status says in words how an answer of HTTP came, with its number for whoever looks it up. */
function status(n: number): string {
  if (n === 0) return say("status-none");
  if (n >= 200 && n < 300) return say("status-said");
  return say(knows("status-" + n) ? "status-" + n : "status-" + String(n).charAt(0) + "xx") + " " + n;
}

function length(seconds: number): string {
  const s = Math.round(seconds);
  return s < 90 ? say("seconds", { n: s }) : s < 5400 ? say("minutes", { n: Math.round(s / 60) }) : say("hours", { n: Math.round(s / 3600) });
}

function holds(of: { [code: string]: number }): HTMLElement {
  const codes = Object.keys(of).sort();
  return codes.length === 0 ? h("p.none", null, say("board-none")) : h("ul.figures", null, codes.map((c) => h("li", null, said({ code: c, field: "" }) + " " + of[c])));
}

function said(x: { code: string; field?: string }): string {
  return knows("hold-" + x.code) ? say("hold-" + x.code, { field: x.field || "…" }) : x.code;
}

/** change says what other rules would do to an order, "+hold large", in the reader's words. */
function change(of: string): string {
  const x = /^([+-])(tag|hold|lost|split) (.*)$/.exec(of);
  if (!x) return of;
  const name = x[2] === "tag" ? say("tag-" + x[3]) : x[2] === "hold" ? said({ code: x[3] }) : x[3];
  return (x[1] === "+" ? "+" : "−") + say("rule-" + (x[2] === "lost" ? "score" : x[2])) + " " + name;
}

function link(order: string): HTMLElement {
  return h("a", { href: "/board" + location.search + "#order=" + order }, order);
}

function hash(sum: string): HTMLElement { return h("code", { title: sum }, sum.slice(0, 12)); }

function isoDay(at: number): string {
  const d = new Date(at), two = (n: number) => (n < 10 ? "0" : "") + n;
  return d.getFullYear() + "-" + two(d.getMonth() + 1) + "-" + two(d.getDate());
}

/** mark selects a line of a text. */
function mark(text: HTMLTextAreaElement, line: number): void {
  const lines = text.value.split("\n");
  const from = lines.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  text.focus();
  text.setSelectionRange(from, from + (lines[line - 1] || "").length);
}

function rows(head: string[], body: any[][]): HTMLElement {
  if (!body.length) return h("p.none", null, say("board-none"));
  return h("table", null, h("thead", null, h("tr", null, head.map((c) => h("th", null, c && say(c))))), h("tbody", null, body.map((r) => h("tr", null, r.map((c) => h("td", null, c))))));
}

const page = new Channels();
page.shell = new Shell("board", page);
document.title = say("shops-title") + " · floord";
document.body.className += " on-setup on-shops";
page.shell.start();
