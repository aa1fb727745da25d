// The lead's page: where the orders stand, what is frozen and for how long, who
// does what. Any figure opens its orders, any order its time line.

import { graph, legend, Series } from "./chart";
import { Call, Snapshot } from "./fold";
import { age, clock, h, knows, lang, put, say, span, tone, when } from "./lib";
import { Page, Shell } from "./shell";
import { timeline } from "./timeline";

const STATES = ["NEW", "CHECKED", "ALLOCATED", "WAVED", "PICKING", "PICKED", "PACKING", "SEALED", "HANDED_OVER"];

const DUE = ["late", "2h", "4h", "8h", "later", "none"];

/** How many interceptions stand on the board itself, and what is said of each. */
const ASKS = 12;
const WELL = ["none", "starting", "empty", "moving", "stable", "taken", "return-to-zero", "tare-doubt"]; // what a scale shows while nobody need look
const HOPS = ["col-order", "hop-disk", "hop-froze", "hop-device", "hop-answer", "col-result"];

interface Frozen {
  intercept: string; order: string; why: string; stage: string; asked_at: string; heard_at?: string; frozen_at: string; deadline: string;
  outcome: string; told: string[]; shown: { device: string; at: string }[]; needs?: string; ended_by?: string;
  calls?: { person?: string; why: string; at: string }[]; labels?: { parcel: string; waybill: string; station: string }[]; pull?: any[]; answers: { person: string; text: string; at: string }[];
}

/** Names are what people are called, by id. */
let names: { [id: string]: string } = {};
const who = (id?: string) => (id && names[id]) || id || "";

class Board implements Page {
  guest = true;
  shell!: Shell;
  private drawers: HTMLElement[] = []; // what was clicked open, one over the other
  /** On the wall: ?big=1, read from afar and never scrolled. */
  private big = new URLSearchParams(location.search).get("big") === "1";

  constructor() {
    if (this.big) document.documentElement.className = "big";
  }

  /** called gives a cancel against urgent that nobody has taken on: it covers the screen of the lead who is logged in here, one by one. */
  called(s: Snapshot): Call | null {
    if (this.big || !s.person || !lead(s.person.roles)) return null;
    return ((s.board && s.board.open) || []).filter((i: Frozen) => i.needs === "conflict")[0] || null;
  }

  draw(s: Snapshot): HTMLElement {
    const b = s.board || {};
    const f = b.figures || {};
    names = {};
    (b.people || []).forEach((p: any) => { names[p.id] = p.name; });
    if (this.big) return this.wall(b);
    const order = /^#order=([\w-]{1,64})$/.exec(location.hash); // another page leads here
    if (order && s.person) {
      history.replaceState(null, "", location.pathname + location.search);
      this.open(order[1]);
    }
    return h("div.board", null,
      h("div.left", null,
        this.due(f),
        (b.fuses || []).length > 0 && panel("fuse-title", h("ul.frozen", null, b.fuses.map((u: any) => h("li", null,
          h("div.hops", null, u[lang]), h("span.number", null, when(u.since)),
          s.person && u.closer && h("button.small", { type: "button", onclick: () => this.shell.act("fuse", { fuse: u.id }) }, say("fuse-close"))))), "alarm"),
        (b.hands || []).length > 0 && panel("board-hands", h("ul.frozen", null, b.hands.map((e: any) => h("li", null,
          h("div.hops", null, say(e.args.code, e.args)), h("span.number", null, when(e.wanted_at)),
          h("div.row", null, this.link(e.order),
            s.person && lead(s.person.roles) && h("button.small", { type: "button", onclick: () => this.shell.act("by-hand", { effect: e.id }) }, say("by-hand-done")))))), "alarm"),
        panel("board-frozen", this.frozen(b.open || []), (b.open || []).length ? "alarm" : ""),
        this.states(f),
        this.ahead(f.hours || []),
        panel("board-waves", table(["col-wave", "col-progress", "col-metres", "col-why"], (b.waves || []).map((w: any) => [
          w.id ? this.to(w.id, () => this.walks("wave=" + w.id, say("col-wave") + " " + w.id)) : say("kind-" + w.kind),
          progress(w.done, w.stops), h("span.unbroken", null, say("metres", { n: Math.round(w.metres) })), (w.why || []).map((r: any) => r[lang]).join(lang === "zh" ? ";" : "; ")]))),
        panel("board-intercepts", table(HOPS, (b.today || []).slice(0, ASKS).map((i: Frozen) => this.hops(i))), "",
          (b.today || []).length > ASKS && h("button.small", { type: "button", onclick: () => this.show(say("board-intercepts"), table(HOPS, b.today.map((i: Frozen) => this.hops(i)))) }, say("board-beyond", { n: b.today.length - ASKS })))),
      h("div.right", null,
        this.shell.scanner.field,
        !s.person && h("p.hint", null, say("board-login")),
        panel("board-people", table(["col-person", "col-device", "col-task", "col-idle"], (b.people || []).filter((p: any) => p.device).map((p: any) => [
          this.to(p.name, () => this.walks("person=" + p.id, p.name)), p.device, p.task || "—", this.idle(p.acted_at)]))),
        (b.reports || []).length > 0 && panel("board-reports", h("ul.reports", null, b.reports.slice(0, 8).map((x: any) => this.report(x)))),
        panel("board-stations", table(["col-device", "scale", "printer"], (b.stations || []).map((t: any) => [t.id, say(t.scale.code || "scale-" + t.scale.state), t.printer.code ? say(t.printer.code) : say("printer-" + t.printer.state)]))),
        panel("board-channels", table(["col-channel", "col-state"], (b.channels || []).map((c: any) => [
          h("a", { href: "/channels" + location.search }, c.id), h("span", { class: c.ok ? "good" : "bad" }, stateText(c))]))),
        panel("board-accounts", table(["col-carrier", "col-left", "col-state"], (b.accounts || []).map((c: any) => [
          c.name || c.id, String(c.left), h("span", { class: c.ok ? "good" : "bad" }, c.text || (c.ok ? "✓" : "✕"))]))),
        panel("board-outbox", owed(b.outbox || [], (id) => this.link(id))),
        panel("board-devices", h("div", null, table(["col-device", "col-person", "col-state", ""], (b.devices || []).map((d: any) => [
          d.id, who(d.person), d.revoked ? "✕" : d.online ? h("span.good", null, say("online")) : "—",
          s.person && !d.revoked && h("button.small", { type: "button", onclick: () => this.shell.ask("POST", "/devices/" + d.id + "/revoke", {}) }, say("board-revoke"))])),
          h("a.button", { href: "/plan" + location.search }, say("plan-title")), s.person && h("a.button", { href: "/stock" + location.search }, say("stock-title")), h("a.button", { href: "/whatif" + location.search }, say("whatif-title")),
          s.person && h("a.button", { href: "/channels" + location.search }, say("shops-title")), s.person && h("a.button", { href: "/setup" + location.search }, say("setup-title")), s.person && h("a.button", { href: "/report" + (lang === "en" ? "?lang=en" : "") }, say("health-title"))))),
      this.top);
  }

  private get top(): HTMLElement | null {
    return this.drawers[this.drawers.length - 1] || null;
  }

  /** wall is the form for the wall: what is due, where it stands, what is stuck. */
  private wall(b: any): HTMLElement {
    const f = b.figures || {};
    return h("div.wall", null,
      this.due(f),
      this.states(f),
      h("div.lists", null,
        rows("board-frozen", "board-quiet", (b.open || []).map((i: Frozen) => [
          h("div", null, this.link(i.order), countdown(i.deadline)),
          h("small", null, say("freeze-" + i.why) + " · " + (answers(i) || (i.needs ? say("needs-" + i.needs) : say("state-" + i.stage))))]), "alarm"),
        rows("board-waves", "board-still", (b.waves || []).slice().reverse().map((w: any) => [h("div", null, h("b", null, w.id || say("kind-" + w.kind)), progress(w.done, w.stops))])),
        rows("board-trouble", "board-fine", trouble(b).map((t) => [t]), "alarm")),
      this.top);
  }

  /** drawn takes from the wall's lists what does not fit, and says how much that is. */
  drawn(body: Element): void {
    const lists = body.querySelectorAll(".lists section");
    for (let i = 0; i < lists.length; i++) {
      const list = lists[i].querySelector("ul");
      if (!list) continue;
      while (list.children.length > 1 && list.scrollHeight > list.clientHeight) list.removeChild(list.lastChild!);
      const n = Number(list.getAttribute("data-all")) - list.children.length;
      put(lists[i].querySelector("h2 small")!, n > 0 && say("board-beyond", { n: n }));
    }
  }

  /** tick: what counts down grows longer, and may not fit any more. */
  tick(): void {
    const all = document.querySelectorAll(".countdown");
    for (let i = 0; i < all.length; i++) count(all[i] as HTMLElement);
    if (this.big) this.drawn(document.body);
  }

  /** due shows how much is how near its ship-by and its collect-by time, and what may not make it. */
  private due(f: any): HTMLElement {
    const row = (clock: string, n: { [due: string]: number }) => h("div", null, h("span.of", null, say("due-" + clock)), DUE.map((d) =>
      h("button.due-" + d, { type: "button", class: n[d] ? "some" : "", onclick: () => this.list("due=" + d + "&clock=" + clock, say("due-" + clock) + " " + say("due-" + d)) },
        h("b", null, String(n[d] || 0)), h("span", null, say("due-" + d)))));
    return h("section.panel.due", null,
      h("div.rows", null, row("ship", f.due || {}), row("collect", f.collect || {})),
      h("button.risk", { type: "button", class: f.risk ? "some" : "", onclick: () => this.list("due=risk", say("board-risk"), rests(f.rests || [])) },
        h("b", null, String(f.risk || 0)), h("span", null, say("board-risk"))));
  }

  /** ahead draws what is to be shipped hour by hour, and how far it is. */
  private ahead(hours: any[]): HTMLElement | null {
    if (!hours.some((x) => x.waiting + x.walking + x.packed > 0)) return null;
    const series: Series[] = [["waiting", "faint"], ["walking", "look"], ["packed", "go"]].map(([part, tone]) => ({
      label: say("ahead-" + part), values: hours.map((x) => x[part] || null), tone: tone as any,
    }));
    return panel("board-ahead", h("div", null, legend(series), graph("ahead", say("board-ahead"), {
      labels: hours.map((x) => clock(x.at)), series: series, stacked: true,
      pick: (at) => this.list("hour=" + encodeURIComponent(hours[at].at), say("due-ship") + " " + clock(hours[at].at) + "–" + clock(Date.parse(hours[at].at) + 3600000)),
    })));
  }

  private states(f: any): HTMLElement {
    const n = f.by_state || {};
    return h("section.states", null,
      STATES.map((s) => h("button.figure", { type: "button", onclick: () => this.list("state=" + s, say("state-" + s)) }, h("b", null, String(n[s] || 0)), h("span", null, say("state-" + s)))),
      h("div.flags", null,
        this.flag("short-orders", f.short, "flag=short"),
        this.flag("held-orders", f.held, "flag=held"),
        this.flag("board-frozen", f.frozen, "flag=frozen")));
  }

  private flag(word: string, n: number, query: string): HTMLElement {
    return h("button.flag", { type: "button", class: n ? "some" : "", onclick: () => this.list(query, say(word)) }, h("b", null, String(n || 0)), h("span", null, say(word)));
  }

  private frozen(list: Frozen[]): HTMLElement {
    if (!list.length) return h("p.none", null, say("board-quiet"));
    return h("ul.frozen", null, list.map((i) => h("li", null,
      h("div", null, this.link(i.order), h("span.tag.urgent", null, say("freeze-" + i.why)), h("span", null, say("state-" + i.stage))),
      countdown(i.deadline),
      h("div.row", null,
        i.needs && h("button.small", { type: "button", onclick: () => this.shell.act("answer", { intercept: i.intercept, text: "on-it" }) }, say("on-it")),
        h("button.small", { type: "button", onclick: () => this.shell.act("thaw", { order: i.order }) }, say(i.needs === "conflict" ? "conflict-ship" : "thaw")),
        h("button.small.warn", { type: "button", onclick: () => this.close(i.order) }, say("close-order"))),
      h("div.hops", null, heard(i), h("span", null, answers(i)), called(i),
        (i.pull || []).map((r) => h("p.bad", null, r[lang])), (i.labels || []).map((l) => h("p.bad", null, say("freeze-label", l)))))));
  }

  /** hops says how long an interception took from one to the next: shop, disk, freeze, device, person. */
  private hops(i: Frozen): any[] {
    const shown = (i.shown || []).map((x) => x.at).sort();
    const said = (i.answers || []).filter((a) => a.text !== "on-it").map((a) => a.at).sort();
    return [
      h("span", null, this.link(i.order), h("small", null, say("freeze-" + i.why) + " · " + clock(i.asked_at, true))),
      took(i.asked_at, i.heard_at || i.frozen_at), i.heard_at ? took(i.heard_at, i.frozen_at) : "0 s",
      h("span", null, took(i.frozen_at, shown[shown.length - 1]), (i.told || []).length > 0 && h("small", null, heard(i))),
      h("span", null, took(i.frozen_at, said[0]), h("small", null, answers(i))),
      say("outcome-" + i.outcome)];
  }

  /** report is a line about something odd; its photo is a click away. */
  private report(x: any): HTMLElement {
    return h("li", null, h("time", null, clock(x.at)), h("div", null,
      this.to(say("exception-" + x.what), () => this.odd(x)), x.photo && h("span.tag", null, say("photo")),
      h("small", null, [who(x.person), x.bin, x.sku, x.text].filter((t: string) => t).join(" · "))));
  }

  private async odd(x: any): Promise<void> {
    const picture = h("div.photo", null, x.photo ? say("photo-loading") : say("photo-none"));
    this.show(say("exception-" + x.what),
      h("p", null, clock(x.at, true) + " · " + [who(x.person), x.bin, x.sku, x.task].filter((t: string) => t).join(" · ")),
      x.text && h("p", null, x.text), x.order && h("p", null, this.link(x.order)), picture);
    if (!x.photo) return;
    try {
      const r = await fetch("/api/v1/exceptions/" + x.id + "/photo", { headers: { Authorization: "Bearer " + this.shell.wire.token } });
      if (!r.ok) {
        const no = await r.json();
        put(picture, no[lang] || no.title);
        return;
      }
      put(picture, h("img", { alt: say("exception-" + x.what), src: URL.createObjectURL(await r.blob()) }));
    } catch (e) {
      put(picture, say("no-connection"));
    }
  }

  private close(order: string): void {
    this.shell.choose({
      title: say("close-why"),
      text: order,
      choices: ["cancel", "address", "lead"].map((why) => ({
        label: say("why-" + why), pick: () => { this.shell.act("close", { order: order, why: why }); this.shut(); },
      })),
    });
  }

  /** idle says for how long a person has done nothing, from the first minute on. */
  private idle(since?: string): HTMLElement | string {
    const now = this.shell.wire.now();
    const at = Date.parse(since || "");
    if (!(now - at >= 60000)) return "";
    return h("span", { class: now - at >= 15 * 60000 ? "bad" : "" }, age(at, now));
  }

  private link(order: string): HTMLElement {
    return this.to(order, () => this.open(order));
  }

  private to(text: string, open: () => void): HTMLElement {
    return h("a", { href: "#", onclick: (e: Event) => { e.preventDefault(); open(); } }, text);
  }

  private shut(): void {
    this.drawers.pop();
    this.shell.draw();
  }

  private show(title: string, ...body: any[]): void {
    this.drawers = this.drawers.slice(-9).concat([h("div.drawer", null,
      h("div.title", null, h("h2", null, title), h("button.quiet", { type: "button", onclick: () => this.shut() }, say("back"))), ...body)]);
    this.shell.draw();
  }

  private async list(query: string, title: string, note = ""): Promise<void> {
    const page = await this.shell.ask("GET", "/orders?limit=200&" + query);
    if (!page) return;
    const collect = query.indexOf("clock=collect") >= 0;
    this.show(title + " · " + page.orders.length + (page.next ? "+" : ""), note && h("p.hint", null, note),
      table(["col-order", "col-state", "col-channel", collect ? "col-collect-by" : "col-ship-by", "col-lines"], page.orders.map((o: any) => [
        this.link(o.id), say("state-" + o.state), o.channel, when(collect ? o.collect_by : o.ship_by), String(o.lines.length)])), page.next && h("p.hint", null, say("more")));
  }

  /** walks shows the walks of a wave or a person, each with its orders. */
  private async walks(query: string, title: string): Promise<void> {
    const all = await this.shell.ask("GET", "/tasks?" + query);
    if (!all) return;
    const p = ((this.shell.wire.state && this.shell.wire.state.board && this.shell.wire.state.board.people) || []).filter((x: any) => query === "person=" + x.id)[0];
    this.show(title,
      p && h("p", null, p.roles.map((r: string) => say("role-" + r)).join(lang === "zh" ? "、" : ", ") + (p.device ? " · " + p.device : ""),
        p.acted_at && h("span.soft", null, " · " + say("last-act", { at: clock(p.acted_at, true), age: age(Date.parse(p.acted_at), this.shell.wire.now()) }))),
      all.length ? all.map((t: any) => h("section.walk", null,
        h("h3", null, t.id + " · " + say("kind-" + t.kind), t.wave && query.indexOf("wave=") < 0 && h("small", null, " ", this.to(t.wave, () => this.walks("wave=" + t.wave, say("col-wave") + " " + t.wave)))),
        h("p.soft", null, [say("walk-is-" + t.state), who(t.person), t.device, say("metres", { n: Math.round(t.metres) }), t.taken_at ? clock(t.taken_at) + (t.due && t.state === "running" ? "–" + clock(t.due) : "") : ""].filter((x: string) => x).join(" · "),
          t.overdue && h("b.bad", null, " " + say("walk-is-overdue"))),
        progress(t.done, t.stops),
        table(["col-order", "col-state", "pieces"], t.orders.map((o: any) => [this.link(o.order), [say("state-" + o.state), o.frozen && h("span.tag.urgent", null, say("board-frozen"))], o.done + " / " + o.pieces])))) : h("p.none", null, say("board-none")));
  }

  private async open(id: string): Promise<void> {
    const o = await this.shell.ask("GET", "/orders/" + encodeURIComponent(id), undefined, { says: { 404: "no-order" } });
    if (!o) return;
    this.show(o.order.id,
      h("p", null, say("state-" + o.order.state) + " · " + o.order.channel + " · " + say("col-ship-by") + " " + when(o.order.ship_by)),
      o.order.of && h("p", null, h("b", null, say("merged-with", { in: o.order.in || o.order.id })), " ", o.order.of.filter((x: string) => x !== id).map((x: string) => [this.link(x), " "])),
      o.to && h("p", null, say("recipient") + " " + [o.to.name, o.to.phone, o.to.province, o.to.city, o.to.district, o.to.detail].filter((x: string) => x).join(" ")),
      table(["sku", "col-what", "pieces"], o.order.lines.map((l: any) => [l.sku, l.name || "", l.picked + " / " + l.qty])),
      (o.order.holds || []).map((x: any) => h("p.bad", null, say("hold-" + x.code, { field: x.field || "" }) + (x.code === "rule" ? "：" + x.text : ""))),
      o.order.state !== "CLOSED" && h("div.row", null,
        o.order.holds && !o.order.frozen && h("button.small", { type: "button", onclick: () => { this.shell.act("unhold", { order: id }); this.shut(); } }, say("unhold")),
        o.order.frozen
          ? h("button.small", { type: "button", onclick: () => { this.shell.act("thaw", { order: id }); this.shut(); } }, say("thaw"))
          : h("button.small.warn", { type: "button", onclick: () => { this.shell.act("freeze", { order: id }); this.shut(); } }, say("freeze")),
        h("button.small.warn", { type: "button", onclick: () => this.close(id) }, say("close-order"))),
      h("h3", null, say("timeline")),
      timeline(o));
  }

  async scan(code: string): Promise<void> {
    const s = this.shell.wire.state;
    if (!s) return;
    if (s.person) return this.open(code);
    const a = await this.shell.act("login", { badge: code });
    if (a && a.type === "ok") tone("ok");
  }
}

/** rows is a list of the wall. */
function rows(title: string, none: string, all: any[][], kind = ""): HTMLElement {
  return h("section.panel", { class: all.length ? kind : "" }, h("h2", null, say(title) + (all.length ? " " + all.length : ""), h("small")),
    all.length ? h("ul", { "data-all": all.length }, all.map((r) => h("li", null, r))) : h("p.none", null, say(none)));
}

/** trouble says what is out of order: what stops work first. */
function trouble(b: any): string[] {
  const out: string[] = (b.fuses || []).map((f: any) => f[lang]);
  for (const t of b.stations || []) {
    if (t.printer.state === "down" || t.printer.state === "fault") out.push(t.id + " " + say("printer") + " " + say(t.printer.code || "printer-" + t.printer.state));
    if (WELL.indexOf(t.scale.state) < 0) out.push(t.id + " " + say("scale") + " " + say(t.scale.code || "scale-" + t.scale.state));
  }
  if ((b.hands || []).length) out.push(say("trouble-hands", { n: b.hands.length }));
  for (const r of b.runs || []) if (r[lang]) out.push(r[lang]);
  for (const c of (b.channels || []).concat(b.accounts || [])) if (!c.ok) out.push((c.name || c.id) + " " + stateText(c));
  const stuck: { [lane: string]: number } = {};
  for (const e of b.outbox || []) if (e.tries > 1) stuck[e.lane] = (stuck[e.lane] || 0) + 1;
  for (const lane in stuck) out.push(say("trouble-outbox", { n: stuck[lane], lane: lane }));
  return out;
}

/** stateText is a connection's state in the page's language. */
function stateText(c: any): string { return (lang === "en" && c.en) || c.text || ""; }

function panel(title: string, body: Node, kind = "", ...more: (Node | false)[]): HTMLElement {
  return h("section.panel", { class: kind }, h("h2", null, say(title)), body, more);
}

function table(head: string[], rows: any[][]): HTMLElement {
  if (!rows.length) return h("p.none", null, say("board-none"));
  return h("table", null,
    h("thead", null, h("tr", null, head.map((c) => h("th", null, c && (c === "sku" ? "SKU" : say(c)))))),
    h("tbody", null, rows.map((r) => h("tr", null, r.map((c) => h("td", null, c))))));
}

function progress(done: number, all: number): HTMLElement {
  const i = h("i");
  i.style.width = (all ? (100 * done) / all : 0) + "%";
  return h("span.progress", null, h("span.bar", null, i), done + " / " + all);
}

/** rests says what "at risk" is measured by. */
function rests(all: { from: string; minutes: number; n: number }[]): string {
  return say("board-rests", { list: all.map((r) => say("rest-" + r.from, { t: span(r.minutes * 60).replace(/:00$/, "") }) + (r.n ? say("rest-n", { n: r.n }) : say("rest-default"))).join(lang === "zh" ? "；" : "; ") });
}

/** owed lists what waits to go out: what and for whom, then where it hangs. */
function owed(all: any[], link: (order: string) => HTMLElement): HTMLElement {
  if (!all.length) return h("p.none", null, say("board-none"));
  return h("ul.owed", null, all.map((e) => h("li", null, h("div", null, h("b", null, say("effect-" + e.what)), e.order && link(e.order)),
    h("small", null, [e.lane, e.tries ? say("tries", { n: e.tries }) : "", say(knows(e.err) ? e.err : "effect-is-" + e.state), e.err && !knows(e.err) ? e.err : ""].filter((x) => x).join(" · ")))));
}

function lead(roles: string[]): boolean {
  return roles.indexOf("lead") >= 0 || roles.indexOf("admin") >= 0;
}

/** took says how long it was from one time to the next; "—" if that has not come. */
function took(from: string | undefined, to: string | undefined): string {
  const ms = Date.parse(to || "") - Date.parse(from || "");
  if (!(ms > -1e12)) return "—";
  const s = Math.max(0, ms) / 1000;
  return s < 10 ? s.toFixed(1) + " s" : s < 90 ? Math.round(s) + " s" : span(s);
}

function heard(i: Frozen): HTMLElement {
  return h("span", null, (i.told || []).map((d) => h("span.device", { class: (i.shown || []).some((x) => x.device === d) ? "good" : "bad" }, d)));
}

/** called says why a lead is wanted, and who was called when. */
function called(i: Frozen): HTMLElement | false {
  const calls = i.calls || [];
  if (!i.needs && !calls.length) return false;
  return h("p.bad", null, i.needs ? say("needs-" + i.needs) + " " : "",
    calls.map((c) => say("called", { person: who(c.person) || "—", at: clock(c.at, true) })).join(", "));
}

function answers(i: Frozen): string {
  return (i.answers || []).map((a) => who(a.person) + " " + say("answer-" + a.text)).join(", ");
}

/** countdown runs as long as it is on the page: see Board.tick. */
function countdown(deadline: string): HTMLElement {
  const el = h("b.countdown", { "data-until": deadline });
  count(el);
  return el;
}

function count(el: HTMLElement): void {
  const s = Math.ceil((Date.parse(el.getAttribute("data-until") || "") - Date.now()) / 1000);
  el.className = "countdown" + (s < 0 ? " late" : s <= 5 ? " near" : "");
  put(el, s < 0 ? say("too-late", { n: -s }) : say("seconds-left", { n: s }));
}

const page = new Board();
page.shell = new Shell("board", page);
window.addEventListener("resize", () => page.tick()); // less may fit now
page.shell.start();
