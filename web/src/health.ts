// The lead's daily report in the browser: any day, the health of shipping or the
// interceptions; any figure opens its orders, any order its time line. It is a page of
// its own: it reads the API with the token of this device's board and holds no socket,
// so that the board goes on beside it.

import { forget, graph, legend, Plan, Series } from "./chart";
import { h, lang, put, say, when } from "./lib";
import { timeline } from "./timeline";

interface Cell { text: string; link?: string }
interface Tile { label: string; value: string; note?: string; bad?: boolean; link?: string }
interface Table { title?: string; head: string[]; rows: Cell[][]; total?: boolean }
interface Grid { title: string; few: string; head: string[]; rows: { name: string; cells: { n?: number; level: number; few?: boolean; text?: string; note?: string; link?: string }[] }[] }
interface Paper { title: string; subtitle: string; tiles: Tile[]; attention: string; alerts: Cell[]; grids: Grid[]; tables: Table[]; notes_title: string; notes: string[] }

const BUCKETS = ["overdue", "under_2h", "under_6h", "under_24h", "later"];
const OPEN = ["open_overdue", "open_2h", "open_6h", "open_24h", "open_later"];
const HOPS = ["disk", "frozen", "device", "person"];

/** The site's calendar: report days are its days, whatever the zone of this screen. */
function today(back = 0): string {
  return new Date(Date.now() + 8 * 3600e3 - back * 86400e3).toISOString().slice(0, 10);
}

class Health {
  private root = document.getElementById("app")!;
  private top = h("header.tools");
  private body = h("main.paper");
  private side = h("div");
  private query = new URLSearchParams(location.search);
  private day = /^20\d\d-\d\d-\d\d$/.test(this.query.get("day") || "") ? this.query.get("day")! : today(1);
  private asks = this.query.get("asks") === "1";
  private asked = 0;

  constructor() {
    document.documentElement.lang = lang === "en" ? "en" : "zh-CN";
    document.title = say("health-title") + " · floord";
    put(this.root, this.top, this.body, this.side);
    const given = this.query.get("token");
    if (given) {
      sessionStorage.setItem("floord/board/token", given);
      this.query.delete("token");
    }
    window.addEventListener("popstate", () => location.reload());
    document.addEventListener("keydown", (e) => { if (e.key === "Escape") put(this.side); });
    this.go(this.day, this.asks, true);
  }

  private get token(): string {
    return sessionStorage.getItem("floord/board/token") || localStorage.getItem("floord/board/token") || sessionStorage.getItem("floord/setup/admin") || "";
  }

  /** api asks the daemon. Trouble is shown in the page's place and gives null. */
  private async api(path: string, raw = false): Promise<any> {
    try {
      const r = await fetch("/api/v1" + path, { headers: { Authorization: "Bearer " + this.token } });
      if (r.ok) return raw ? r.blob() : r.json();
      const answer = await r.json();
      this.trouble(r.status === 401 || r.status === 403 ? say("health-login") : answer[lang] || answer.detail || answer.title);
    } catch (e) {
      this.trouble(say("no-connection"));
    }
    return null;
  }

  private trouble(sentence: string): void {
    if (this.body.querySelector("h1") && this.body.querySelector(".tiles")) return this.show(sentence); // the report stays
    put(this.body, h("div.calm", null, h("h1", null, sentence), h("a.button", { href: "/board" + (lang === "en" ? "?lang=en" : "") }, say("health-board"))));
  }

  private async go(day: string, asks: boolean, first = false): Promise<void> {
    this.day = day;
    this.asks = asks;
    this.query.set("day", day);
    if (asks) this.query.set("asks", "1"); else this.query.delete("asks");
    history[first ? "replaceState" : "pushState"](null, "", location.pathname + "?" + this.query);
    put(this.side);
    this.tools();
    const n = ++this.asked;
    put(this.body, h("div.calm", null, h("h1", null, say("health-counting"))));
    const at = "/reports/" + day;
    const [paper, figures] = await Promise.all([this.api(at + "/page?lang=" + lang + (asks ? "&asks=true" : "")), this.api(at)]);
    if (!paper || !figures || n !== this.asked) return;
    forget("");
    this.draw(paper, figures);
  }

  private tools(): void {
    const step = (by: number) => new Date(Date.parse(this.day + "T00:00:00Z") + by * 86400e3).toISOString().slice(0, 10);
    const date = h("input", { type: "date", value: this.day, max: today(), "aria-label": say("health-day") }) as HTMLInputElement;
    date.addEventListener("change", () => { if (date.value) this.go(date.value, this.asks); });
    const file = (form: string, label: string) => h("button.small", { type: "button", onclick: () => this.save(form) }, label);
    const other = new URLSearchParams(this.query);
    if (lang === "en") other.delete("lang"); else other.set("lang", "en");
    put(this.top,
      h("div.pick", null,
        h("button.small", { type: "button", "aria-label": say("health-before"), onclick: () => this.go(step(-1), this.asks) }, "‹"), date,
        h("button.small", { type: "button", "aria-label": say("health-after"), disabled: this.day >= today(), onclick: () => this.go(step(1), this.asks) }, "›"),
        h("button.small", { type: "button", onclick: () => this.go(today(1), this.asks) }, say("health-yesterday")),
        h("button.small", { type: "button", onclick: () => this.go(today(), this.asks) }, say("health-today"))),
      h("nav.tabs", null,
        h("button", { type: "button", class: this.asks ? "" : "on", onclick: () => this.go(this.day, false) }, say("health-health")),
        h("button", { type: "button", class: this.asks ? "on" : "", onclick: () => this.go(this.day, true) }, say("health-asks"))),
      h("div.files", null,
        file(this.asks ? "intercepts.pdf" : "pdf", "PDF"), file(this.asks ? "intercepts.csv" : "csv", "CSV"), file(this.asks ? "intercepts.html" : "html", "HTML"),
        h("button.small", { type: "button", onclick: () => window.print() }, say("health-print")),
        h("a.small.button", { href: location.pathname + "?" + other }, lang === "en" ? "中文" : "English"),
        h("a.small.button", { href: "/board" + (lang === "en" ? "?lang=en" : "") }, say("health-board"))));
  }

  /** save gets a file with this page's token and hands it to the browser. */
  private async save(form: string): Promise<void> {
    const data = await this.api("/reports/" + this.day + "/file?form=" + form + "&lang=" + lang, true);
    if (!data) return;
    const url = URL.createObjectURL(data);
    const a = h("a", { href: url, download: (this.asks ? "intercepts-" : "health-") + this.day + "." + form.replace(/^.*\./, "") });
    document.body.appendChild(a);
    a.click();
    document.body.removeChild(a);
    window.setTimeout(() => URL.revokeObjectURL(url), 60000);
  }

  private draw(p: Paper, f: any): void {
    put(this.body,
      h("h1", null, p.title), h("p.sub", null, p.subtitle),
      h("div.tiles", null, p.tiles.map((t) => this.opens(t.link, t.label, "tile" + (t.bad ? ".bad" : ""), h("span", null, t.label), h("b", null, t.value), h("small", null, t.note || "")))),
      h("section.alerts", null, h("h2", null, p.attention), h("ul", null, p.alerts.map((a) => h("li", null, a.link ? this.leads(a.link, p.attention, a.text, "line") : a.text)))),
      h("div.graphs", null, this.asks ? this.hops(f) : this.graphs(f)),
      p.grids.map((g) => this.grid(g)),
      p.tables.map((t) => this.table(t)),
      h("section.notes", null, h("h2", null, p.notes_title), p.notes.map((n) => h("p", null, n))));
    window.scrollTo(0, 0);
  }

  /** opens makes something that leads to the orders behind a figure. */
  private opens(link: string | undefined, title: string, kind: string, ...children: any[]): HTMLElement {
    if (!link) return h("div." + kind, null, ...children);
    return h("button." + kind, { type: "button", onclick: () => this.list(link, title) }, ...children);
  }

  /** leads is a figure or sentence in the text that leads to its orders. */
  private leads(link: string, title: string, text: string, kind = "link"): HTMLElement {
    return h("a." + kind, { href: "#", "aria-label": title, onclick: (e: Event) => { e.preventDefault(); this.list(link, title); } }, text);
  }

  private chart(key: string, title: string, plan: Plan, kind = ""): HTMLElement {
    return h("section.panel", null, h("h2", null, title), plan.series.length > 1 && legend(plan.series), graph(key, title, plan, kind));
  }

  private graphs(f: any): any[] {
    const out: any[] = [];
    const busy = f.hours.map((x: any, i: number) => ({ i: i, r: x.received, s: x.shipped })).filter((x: any) => x.r + x.s > 0);
    if (busy.length) {
      const span = [];
      for (let i = busy[0].i; i <= busy[busy.length - 1].i; i++) span.push(i);
      const figures = ["received", "shipped"];
      out.push(this.chart("hours", say("health-hours"), {
        labels: span.map((i) => i + ":00"),
        series: [
          { label: say("health-received"), tone: "faint", values: span.map((i) => f.hours[i].received) },
          { label: say("health-shipped"), tone: "go", values: span.map((i) => f.hours[i].shipped) },
        ],
        pick: (i, s) => this.list("figure=" + figures[s] + "&" + figures[s] + "_hour=" + span[i], span[i] + ":00 " + say("health-" + figures[s])),
      }));
    }
    const channels = f.channels.filter((c: any) => c.on_time.n || c.collected.yes + c.collected.no + c.collected.unknown).slice(0, 12);
    if (channels.length) {
      const percent = (v: number) => Math.round(v * 10) / 10 + "%";
      const band = (c: any): [number, number] | null => {
        const n = c.yes + c.no + c.unknown;
        return n ? [100 * c.yes / n, Math.max(100 * (c.yes + c.unknown) / n, 100 * c.yes / n + 0.6)] : null;
      };
      const series: Series[] = [
        { label: say("health-on-time"), tone: "go", values: channels.map((c: any) => (c.on_time.n ? 100 * c.on_time.rate : null)) },
        { label: say("health-collected"), tone: "look", values: channels.map((c: any) => band(c.collected)) },
      ];
      out.push(this.chart("clocks", say("health-clocks"), {
        labels: channels.map((c: any) => c.name || c.channel), series: series, sideways: true, most: 100, says: percent,
        tells: (i, s) => {
          const c = channels[i];
          if (s === 0) return percent(100 * c.on_time.rate) + " (n=" + c.on_time.n + ", 95% " + percent(100 * c.on_time.low) + "–" + percent(100 * c.on_time.high) + ")";
          const b = band(c.collected)!;
          return percent(b[0]) + "–" + percent(100 * (c.collected.yes + c.collected.unknown) / (c.collected.yes + c.collected.no + c.collected.unknown)) + " (n=" + (c.collected.yes + c.collected.no + c.collected.unknown) + ")";
        },
        pick: (i, s) => this.list((s ? "figure=collect_due" : "figure=due") + "&channel=" + encodeURIComponent(channels[i].channel), channels[i].name || channels[i].channel),
      }, channels.length > 5 ? "tall" : ""));
    }
    if (BUCKETS.some((b) => f.backlog[b] || f.backlog_collect[b])) {
      const names = [say("health-overdue"), "< 2 h", "2–6 h", "6–24 h", "> 24 h"];
      out.push(this.chart("backlog", say("health-backlog"), {
        labels: names,
        series: [
          { label: say("health-to-collect"), tone: "go", values: BUCKETS.map((b) => f.backlog_collect[b]) },
          { label: say("health-to-ship"), tone: "faint", values: BUCKETS.map((b) => f.backlog[b]) },
        ],
        pick: (i, s) => this.list("figure=" + (s ? "" : "collect_") + OPEN[i], say("health-backlog") + " " + names[i]),
      }));
    }
    return out;
  }

  private hops(f: any): any[] {
    const all = HOPS.map((k) => (k === "frozen" ? f.interceptions.freeze : f.interceptions[k]));
    if (!all.some((d) => d.n > 0)) return [];
    const of = (key: string) => all.map((d) => (d.n ? Math.round(d[key]) / 1000 : null));
    return [this.chart("hops", say("health-hops"), {
      labels: HOPS.map((k) => say("health-" + k)), sideways: true,
      series: [
        { label: say("health-median"), tone: "go", values: of("p50_ms") }, { label: say("health-p95"), tone: "look", values: of("p95_ms") },
        { label: say("health-max"), tone: "stop", values: of("max_ms") },
      ],
      pick: (i) => this.list("figure=reached/" + (HOPS[i] === "frozen" ? "freeze" : HOPS[i]), say("health-" + HOPS[i])),
    })];
  }

  private grid(g: Grid): HTMLElement {
    return h("section.panel.wide", null, h("h2", null, g.title), h("table.heat", null,
      h("thead", null, h("tr", null, h("th"), g.head.map((x) => h("th", null, x)))),
      h("tbody", null, g.rows.map((r) => h("tr", null, h("th", null, r.name), r.cells.map((c) =>
        h("td", { class: c.n ? "l" + c.level + (c.few ? " few" : "") : "", title: c.note }, c.n && (c.link
          ? this.leads(c.link, r.name + " · " + c.note, c.text!) : c.text))))))),
      h("p.hint", null, g.few));
  }

  private table(t: Table): HTMLElement {
    return h("section.panel.wide", null, t.title && h("h2", null, t.title), h("table", null,
      h("thead", null, h("tr", null, t.head.map((x) => h("th", null, x)))),
      h("tbody", null, t.rows.map((r, i) => h("tr", { class: t.total && i === t.rows.length - 1 ? "total" : "" }, r.map((c, k) =>
        h("td", { class: k === 0 && c.text.charAt(0) === " " ? "in" : "" }, c.link && c.text !== "0" && c.text !== "–"
          ? this.leads(c.link, [t.title, r[0].text.trim(), t.head[k]].filter((x) => x).join(" · "), c.text) : c.text)))))));
  }

  private show(title: string, ...body: any[]): void {
    put(this.side, h("div.drawer", { role: "dialog", "aria-label": title }, h("div.title", null, h("h2", null, title), h("button.quiet", { type: "button", onclick: () => put(this.side) }, say("back"))), ...body));
  }

  /** list shows the orders behind a figure, or the order that a link names. */
  private async list(link: string, title: string): Promise<void> {
    const one = new URLSearchParams(link).get("order");
    if (one) return this.order(one);
    const got = await this.api("/reports/" + this.day + "/orders?" + link);
    if (!got) return;
    this.show(title + " · " + say("health-orders", { n: got.all }),
      !got.orders.length && h("p.none", null, say("health-none")),
      got.orders.length > 0 && h("table", null,
        h("thead", null, h("tr", null, ["col-order", "col-channel", "col-carrier", "col-ship-by", "health-shipped"].map((c) => h("th", null, say(c))))),
        h("tbody", null, got.orders.map((o: any) => h("tr", null,
          h("td", null, h("a.link", { href: "#", onclick: (e: Event) => { e.preventDefault(); this.order(o.order); } }, o.order)), h("td", null, o.channel), h("td", null, o.carrier || "—"),
          h("td", null, when(o.ship_by) || "—"), h("td", null, when(o.handed_over_at) || "—"))))),
      got.all > got.orders.length && h("p.hint", null, say("health-cut", { n: got.orders.length })));
  }

  private async order(id: string): Promise<void> {
    const o = await this.api("/orders/" + encodeURIComponent(id));
    if (!o) return;
    this.show(id, h("p", null, say("state-" + o.order.state) + " · " + o.order.channel + " · " + say("col-ship-by") + " " + (when(o.order.ship_by) || "—")),
      h("table", null, h("tbody", null, o.order.lines.map((l: any) => h("tr", null, h("td", null, l.sku), h("td", null, l.name || ""), h("td", null, l.picked + " / " + l.qty))))),
      h("h3", null, say("timeline")), timeline(o));
  }
}

new Health();
