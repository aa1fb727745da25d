// The page of the stock, for leads: where goods should lie and what that saves, what
// is to be counted, and where an article lies, lot by lot and pool by pool.

import { h, put, say, tone, when } from "./lib";
import { Snapshot } from "./fold";
import { Page, Shell } from "./shell";

interface Move { sku: string; from: string; to: string; with?: string; visits: number; metres: number }
interface Advice { at?: string; busy: boolean; days: number; orders: number; moves: Move[]; error?: string }
interface Spot { bin: string; sku: string; lot?: string; expiry?: string }
interface Lies extends Spot { sellable: number; reserved: number; inspection: number; transit: number }
interface List {
  counts: (Spot & { why: string; since: string })[];
  stopped: { sku: string; since: string }[];
  quotas: { channel: string; sku: string; limit: number; used: number }[];
  advice: Advice;
}

/** How often the page is read again. In ms. */
const EVERY = 5000;

class Stock implements Page {
  shell!: Shell;
  private advice = h("section.panel.list");
  private wants = h("section.panel");
  private found = h("div.found", { "aria-live": "polite" });
  private root = h("div.setup.shops.stock");
  private asked = 0;
  private shown = "";

  draw(s: Snapshot): HTMLElement {
    if ((s as any).person && !this.root.firstChild) this.open();
    return this.root;
  }

  /** scan looks up the article that was scanned. */
  scan(code: string): void { this.find(code); }

  tick(): void {
    const s: any = this.shell.wire.state;
    if (!s || !s.person) { put(this.root); this.shown = ""; return; }
    if (Date.now() - this.asked > EVERY) this.refresh();
  }

  private open(): void {
    const field = h("input", { type: "search", "aria-label": say("stock-find"), placeholder: say("stock-find") }) as HTMLInputElement;
    const file = h("input", { type: "file", accept: ".csv,text/csv", "aria-label": say("stock-file") }) as HTMLInputElement;
    put(this.root,
      h("nav.tabs", null, h("a.button", { href: "/plan" + location.search }, say("plan-title")), h("a.button", { href: "/board" + location.search }, say("app-board"))),
      h("div.parts", null, this.advice,
        h("div.side", null,
          h("section.panel", null, h("h2", null, say("stock-where")),
            h("form.find", { onsubmit: (e: Event) => { e.preventDefault(); this.find(field.value); } }, field, h("button", { type: "submit" }, say("stock-look"))),
            this.found),
          this.wants,
          h("section.panel", null, h("h2", null, say("stock-import")), h("p", null, say("stock-import-how")), file,
            h("button", { type: "button", onclick: () => this.import(file) }, say("stock-take"))))));
    this.refresh();
  }

  private async refresh(): Promise<void> {
    this.asked = Date.now();
    const l: List | null = await this.shell.ask("GET", "/stock");
    const now = JSON.stringify(l);
    if (!l || now === this.shown) return; // whoever reads or tabs is not disturbed
    this.shown = now;
    this.advise(l.advice);
    put(this.wants, h("h2", null, say("stock-wants")),
      l.counts.length + l.stopped.length + l.quotas.length === 0 && h("p.quiet", null, say("stock-nothing")),
      h("ul", null,
        l.stopped.map((x) => h("li", null, h("b", null, x.sku), " ", say("stock-stopped", { since: when(x.since) }))),
        l.counts.map((x) => h("li", null, h("b", null, x.bin + " " + x.sku), " ", [lotOf(x), say("stock-count-" + x.why), when(x.since)].filter((w) => w).join(" · "))),
        l.quotas.map((x) => h("li", null, h("b", null, x.channel + " " + x.sku), " ", say("stock-quota", { used: x.used, limit: x.limit })))));
  }

  /** advise shows which goods should lie elsewhere, and the metres a day each saves. */
  private advise(a: Advice): void {
    const all = a.moves.reduce((n, m) => n + m.metres, 0);
    put(this.advice, h("h2", null, say("stock-advice")),
      h("p", null, a.busy ? say("stock-busy") : a.error ? a.error : a.at ? say("stock-replayed", { orders: a.orders, days: a.days, at: when(a.at), n: Math.round(all) }) : say("stock-no-advice")),
      h("button", { type: "button", onclick: () => this.again() }, say("stock-again")),
      a.at && a.moves.length === 0 && h("p.quiet", null, say("stock-no-moves")),
      h("ol.moves", null, a.moves.map((m) => h("li", null,
        h("b", null, say("stock-move", { sku: m.sku, from: m.from, to: m.to, n: Math.round(m.metres) })),
        h("small", null, [m.with ? say("stock-with", { sku: m.with }) : say("stock-free"), say("stock-visits", { n: Math.round(m.visits * 10) / 10 })].join(" · "))))));
  }

  private async again(): Promise<void> {
    if (await this.shell.ask("POST", "/stock/advice", {})) { tone("ok"); this.refresh(); }
  }

  private async find(code: string): Promise<void> {
    if (!code.trim()) return;
    const all: Lies[] | null = await this.shell.ask("GET", "/stock/" + encodeURIComponent(code.trim()));
    if (!all) return;
    const pools: (keyof Lies)[] = ["sellable", "reserved", "inspection", "transit"];
    put(this.found, all.length === 0 ? h("p.quiet", null, say("stock-none")) : h("table", null,
      h("thead", null, h("tr", null, h("th", null, say("col-bin")), h("th", null, say("stock-lot")), pools.map((p) => h("th", null, say("pool-" + p))))),
      h("tbody", null, all.map((x) => h("tr", null, h("td", null, x.bin), h("td", null, lotOf(x) || "—"), pools.map((p) => h("td", null, String(x[p]))))))));
  }

  private import(field: HTMLInputElement): void {
    const file = field.files && field.files[0];
    if (!file) return this.shell.refuse(say("stock-no-file"));
    const r = new FileReader();
    r.onload = async () => {
      const got = await this.shell.ask("POST", "/stock/import", { csv: String(r.result) });
      if (!got) return;
      tone("ok");
      field.value = "";
      put(this.found, h("p.good", null, say("stock-taken", { first: got.first, counted: got.counted })));
    };
    r.readAsText(file);
  }
}

function lotOf(x: Spot): string {
  return [x.lot || "", x.expiry ? say("expiry-of", { day: x.expiry }) : ""].filter((w) => w).join(" · ");
}

const page = new Stock();
page.shell = new Shell("board", page);
document.title = say("stock-title") + " · floord";
document.body.className += " on-setup on-shops on-stock";
page.shell.start();
