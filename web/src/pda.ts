// The picker's page: one stop a screen, the bin in the largest type.

import { h, put, say, span, tone, unbroken } from "./lib";
import { alike, Call, left, nextStop, place, serves, Slot, Snapshot, Steps, Stop, Task, wanted } from "./fold";
import { count } from "./count";
import { day, gs1, isItem } from "./gs1";
import { report } from "./report";
import { Page, Shell } from "./shell";
import { WAVE } from "./scan";
import { listen, speak } from "./voice";
import { Act } from "./wire";

/** How far the person is at the stop: what was scanned so far. It outlives a reload. */
interface Here {
  task: string; stop: number;
  bin: boolean; code: string; qty: number; counted: number; sure: boolean;
  lot?: string; expiry?: string; serials: string[];
}

/** A Stage is the one thing to do next at a stop. */
type Stage = "bind" | "wall" | "bin" | "item" | "lot" | "expiry" | "serial" | "sure" | "tote" | "back" | "slot";

/** Refusals of this page that say that a hand was wrong, or what lay before it. */
const MISSCANS = ["wrong-bin", "wrong-sku", "wrong-lot", "wrong-tote", "tote-taken", "over-pick", "wrong-slot", "not-wanted"];

class Picking implements Page {
  loud = true;
  shell!: Shell;
  private here: Here | null = null;
  private asking = false;
  private asked = 0;
  private clock: HTMLElement | null = null;
  private told = ""; // the task that was said to be overdue
  private pictures: { [sku: string]: HTMLElement } = {};

  called(s: Snapshot): Call | null {
    return (s.calls || [])[0] || null;
  }

  draw(s: Snapshot): HTMLElement {
    this.clock = null;
    const t = s.task;
    if (!t) return this.idle(s);
    const x = nextStop(t);
    if (!x) return h("div.calm", null, h("h1", null, say(t.stops.some((y) => y.frozen && left(y) > 0) ? "walk-frozen" : "walk-done")), this.shell.scanner.field);
    this.brief(t);
    const here = this.arrive(t, x);
    return t.kind === "sort" ? this.sorting(t, x, here) : this.stop(s, t, x, here);
  }

  /** arrive gives how far the person is, and forgets what was scanned at another stop. */
  private arrive(t: Task, x: Stop): Here {
    if (!this.here) this.here = this.shell.wire.noted("here") || null;
    const was = this.here;
    if (was && was.task === t.id && (was.stop === x.no || t.kind === "sort" && was.code && t.stops.some((y) => y.no === was.stop && left(y) > 0 && !y.frozen))) return was;
    return (this.here = { task: t.id, stop: x.no, bin: false, code: "", qty: wanted(t, x), counted: 0, sure: false, serials: [] });
  }

  private steps(s: Snapshot): Steps {
    return s.steps || { bin: "scan", item: "first", tote: "scan" };
  }

  /** stage gives what to do next. */
  private stage(s: Snapshot, t: Task, x: Stop, here: Here): Stage {
    const steps = this.steps(s);
    const of = slotOf(t, x);
    const ask = x.ask || [];
    if (t.kind === "putback" || x.put) return here.code ? "back" : "item";
    if (t.kind === "refill") {
      if (!here.bin) return "bin";
      if (!here.code) return "item";
      if (ask.indexOf("lot") >= 0 && !here.lot) return "lot";
      return ask.indexOf("expiry") >= 0 && !here.expiry ? "expiry" : "sure";
    }
    if (t.kind === "sort") return !t.wall ? "wall" : here.code ? "slot" : "item";
    if (t.kind === "batch" ? !(t.totes || []).length : of && !of.tote) return "bind";
    if (steps.bin !== "off" && !here.bin) return "bin";
    if (steps.item !== "off" && !here.code) return "item";
    if (ask.indexOf("lot") >= 0 && !here.lot) return "lot";
    if (ask.indexOf("expiry") >= 0 && !here.expiry) return "expiry";
    if (ask.indexOf("serial") >= 0 && here.serials.length < here.qty) return "serial";
    if (steps.item === "each" && here.counted < here.qty || steps.item === "count" && here.counted < 1) return "item";
    return steps.tote === "off" ? "sure" : "tote";
  }

  // ---- no task

  private idle(s: Snapshot): HTMLElement {
    this.ask(s);
    return h("div.calm", null, h("h1", null, say("idle-title")), h("p", null, say("idle-how")),
      h("button.big", { type: "button", onclick: () => this.take() }, say("take")),
      h("button.big.plain", { type: "button", onclick: () => report(this.shell, {}) }, say("report")),
      this.shell.scanner.field);
  }

  /** ask takes a task by itself: after login, and whenever one was issued. */
  private ask(s: Snapshot): void {
    const waiting = s.waiting || 0;
    if (waiting <= 0 || this.asked === s.seq) return;
    this.asked = s.seq;
    this.take();
  }

  private async take(wave?: string): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    try {
      await this.shell.act("take", wave ? { wave: wave } : {});
    } finally {
      this.asking = false;
    }
  }

  // ---- what a wave asks for

  /** brief shows once what is special about a task's orders. */
  private brief(t: Task): void {
    const w = this.shell.wire;
    if (w.noted("briefed") === t.id) return;
    w.note("briefed", t.id);
    if (t.slots.some((x) => (x.tags || []).length > 0)) this.briefing(t);
  }

  /** carried shows what a wave's code says by itself, where nobody can be asked. */
  private carried(wave: string, code: string): void {
    const text = code.slice(code.indexOf("#") + 1);
    this.shell.choose({
      title: wave,
      text: say("wave-offline"),
      body: h("ul.brief", null, text.split(";").slice(1).map((x) => h("li", null, x))),
      choices: [],
      close: say("ok-button"),
    });
  }

  private briefing(t: Task): void {
    const by: { [tag: string]: number[] } = {};
    for (const x of t.slots) for (const g of x.tags || []) (by[g] = by[g] || []).push(x.no);
    const pieces = t.stops.reduce((n, x) => n + x.qty, 0);
    const orders = t.stops.map((x) => x.order).filter((o, i, all) => all.indexOf(o) === i).length;
    this.shell.choose({
      title: t.wave || t.id,
      text: say("brief-counts", { orders: orders, pieces: pieces, metres: Math.round(t.metres) }),
      body: h("ul.brief", null, Object.keys(by).map((g) => h("li", null,
        h("span.tag", { class: g }, say("tag-" + g)), h("b", null, "×" + by[g].length), h("span", null, say("brief-slots", { list: by[g].join(", ") }))))),
      choices: [],
      close: say("brief-go"),
    });
  }

  // ---- a stop of a walk

  private stop(s: Snapshot, t: Task, x: Stop, here: Here): HTMLElement {
    const of = slotOf(t, x);
    const stage = this.stage(s, t, x, here);
    return h("div.stop", null,
      this.walk(t),
      h("div.bin", { class: here.bin || stage === "back" ? "done" : "" }, binName(x.bin)),
      this.goods(s, t, x, here, stage),
      this.target(t, x, of),
      this.prompt(s, t, x, here, stage),
      this.shell.scanner.field,
      this.row(t, x));
  }

  /** walk says how far the walk is, and how much time is left. */
  private walk(t: Task): HTMLElement {
    const open = t.stops.filter((y) => !y.dropped);
    const done = open.filter((y) => left(y) <= 0).length;
    this.clock = h("span.left");
    this.tick();
    return h("div.walk", null,
      h("div.line", null, h("span", null, say("stop-of", { i: Math.min(done + 1, open.length), n: open.length })),
        h("span", null, (t.kind === "pick" ? "" : say("kind-" + t.kind) + " ") + (t.wave || t.id)), this.clock),
      h("div.bar", null, bar(done, open.length)));
  }

  drawn(body: HTMLElement): void {
    const box = body.querySelector(".bin") as HTMLElement | null;
    if (box) fit(box);
  }

  tick(): void {
    const s = this.shell.wire.state;
    const t = s && s.task;
    if (!t || !t.due || !this.clock) return;
    const rest = (Date.parse(t.due) - this.shell.wire.now()) / 1000;
    const late = rest <= 0 || !!t.overdue;
    this.clock.className = "left" + (late ? " late" : rest < 120 ? " near" : "");
    put(this.clock, late ? say("task-late", { t: span(-rest) }) : span(rest));
    if (late && this.told !== t.id) {
      this.told = t.id;
      tone("wrong");
      speak("overdue");
    }
  }

  private goods(s: Snapshot, t: Task, x: Stop, here: Here, stage: Stage): HTMLElement {
    const each = this.steps(s).item === "each" && (stage === "item" || stage === "serial") && here.counted > 0;
    const n = here.code || here.bin ? here.qty : wanted(t, x);
    const of = slotOf(t, x);
    return h("div.goods", null,
      this.steps(s).pictures && this.picture(x.sku),
      h("div.what", null, h("div.name", null, x.name || x.sku), h("div.sku", null, x.sku + (x.spec ? " · " + x.spec : "")),
        (x.lot || x.expiry) && h("div.lot", null, lotWords(x).map((w) => h("span", null, w))),
        h("div.tags", null, of && (of.tags || []).map((g) => h("span.tag", { class: g }, say("tag-" + g))))),
      h("div.qty", null, h("b", null, each ? here.counted + "/" + n : String(n)), h("small", null, say("pieces"))));
  }

  /** picture is the article's own, or nothing if there is none; it is asked for once. */
  private picture(sku: string): HTMLElement {
    if (!this.pictures[sku]) {
      const img = h("img", { alt: "", src: "/pictures/" + encodeURIComponent(sku) });
      img.addEventListener("error", () => { img.style.visibility = "hidden"; });
      this.pictures[sku] = h("div.picture", null, img);
    }
    return this.pictures[sku];
  }

  private target(t: Task, x: Stop, of: Slot | null): HTMLElement | null {
    if (t.kind === "putback") return null;
    if (t.kind === "refill") return x.put ? null : h("div.slot", null, h("b", null, "→"), h("span", null, say("refill-to", { bin: t.stops[1].bin })));
    const totes = t.totes || [];
    if (t.kind === "batch") return h("div.slot", null, h("b", null, "Σ"), h("span", null, totes[totes.length - 1] || "—"), h("small", null, say("serves", { n: serves(t, x).map((y) => y.order).filter((o, i, all) => all.indexOf(o) === i).length })));
    return of && h("div.slot", null, h("b", null, String(of.no)), h("span", null, of.tote || "—"));
  }

  /** prompt says the next step, with the quantity to adjust or to confirm beside it. */
  private prompt(s: Snapshot, t: Task, x: Stop, here: Here, stage: Stage): HTMLElement {
    const max = wanted(t, x);
    const amount = (stage === "tote" || stage === "back" || stage === "sure" || stage === "slot" || stage === "item" && here.counted > 0) && max > 1;
    const to = (n: number) => () => {
      here.qty = Math.max(Math.max(1, here.serials.length), Math.min(max, n));
      this.noted();
    };
    return h("div.next", null,
      h("div.step", null, this.step(t, x, here, stage)),
      amount && h("div.amount", null,
        h("button", { type: "button", "aria-label": "−", onclick: to(here.qty - 1) }, "−"),
        h("b", null, String(here.qty)),
        h("button", { type: "button", "aria-label": "+", onclick: to(here.qty + 1) }, "+")),
      stage === "sure" && h("button.big.go", { type: "button", onclick: () => this.pick(t, x, here, "") }, say("sure", { n: here.qty })));
  }

  private step(t: Task, x: Stop, here: Here, stage: Stage): string {
    const n = x.slot;
    switch (stage) {
      case "bind": {
        const of = slotOf(t, x);
        return t.kind === "batch" ? say("step-batch-bind") : say(of && of.joined ? "step-joined-bind" : "step-tote-bind", { n: n });
      }
      case "lot": return x.lot ? say("step-lot-of", { lot: x.lot }) : say("step-lot");
      case "serial": return say("step-serial", { i: here.serials.length + 1, n: here.qty });
      case "tote": return t.kind === "batch" ? say("step-batch-tote") : say("step-tote", { n: n });
      case "back": return x.put ? say("step-into") : say("step-back");
      default: return say("step-" + stage);
    }
  }

  private row(t: Task, x: Stop): HTMLElement {
    return h("div.row", null,
      t.kind !== "putback" && !x.put && h("button.warn", { type: "button", onclick: () => this.short(t, x) }, say("short")),
      t.kind !== "refill" && h("button", { type: "button", onclick: () => this.shell.act("skip", { task: t.id, stop: x.no }) }, say("skip")),
      h("button", { type: "button", onclick: () => this.menu(t, x) }, say("more-menu")));
  }

  private menu(t: Task, x: Stop): void {
    const of = slotOf(t, x);
    const choices = [{ label: say("report"), pick: () => report(this.shell, { task: t.id, stop: x.no }) },
      { label: say("brief-title"), pick: () => this.briefing(t) }];
    if (t.kind === "pick" && of && of.tote) choices.unshift({ label: say("tote-full", { n: of.no }), pick: () => { this.shell.keep("full", { task: t.id, slot: of.no }); } });
    this.shell.choose({ title: say("more-menu"), choices: choices, close: say("back") });
  }

  // ---- the put wall

  private sorting(t: Task, x: Stop, here: Here): HTMLElement {
    const at = here.code ? t.stops.filter((y) => y.no === here.stop)[0] : null;
    const of = at && slotOf(t, at);
    const slot = of ? place(t, of) : "";
    const stage = this.stage(this.shell.wire.state!, t, x, here);
    return h("div.stop.wall", null,
      this.walk(t),
      at && slot ? h("div.place", null, h("b", null, slotNumber(slot)), h("span", null, slot)) : this.grid(t),
      at ? this.goods(this.shell.wire.state!, t, at, here, stage) : h("div.goods.rest", null, say("wall-rest", { n: t.stops.reduce((n, y) => n + (y.frozen ? 0 : left(y)), 0) })),
      this.prompt(this.shell.wire.state!, t, at || x, here, stage),
      this.shell.scanner.field,
      at ? this.row(t, at) : h("div.row", null, h("button", { type: "button", onclick: () => this.menu(t, x) }, say("more-menu"))));
  }

  /** grid shows the slots of this batch: how full each is. */
  private grid(t: Task): HTMLElement {
    return h("div.grid", null, t.slots.map((of) => {
      const mine = t.stops.filter((y) => y.slot === of.no && !y.dropped);
      const all = mine.reduce((n, y) => n + y.qty - (y.missing || 0), 0);
      const done = mine.reduce((n, y) => n + y.done, 0);
      const frozen = mine.some((y) => y.frozen);
      return h("div", { class: frozen ? "frozen" : done >= all ? "full" : done ? "some" : "" },
        h("b", null, of.tote ? slotNumber(of.tote) : "·"), h("small", null, done + "/" + all));
    }));
  }

  // ---- scans

  async scan(code: string): Promise<void> {
    const s = this.shell.wire.state;
    if (!s) return;
    listen();
    const t = s.task;
    const w = WAVE.exec(code);
    if (w && !this.shell.wire.online) return this.carried(w[1], code);
    if (w && !t) return this.take(w[1]);
    if (w && t) {
      if (w[1] !== t.wave) return this.no("finish-first", { task: t.id });
      return this.briefing(t);
    }
    const x = t && nextStop(t);
    if (!t || !x) return;
    const here = this.arrive(t, x);
    const stage = this.stage(s, t, x, here);
    switch (stage) {
      case "bind": return this.bind(s, t, x, code);
      case "wall": return this.done(await this.shell.keep("wall", { task: t.id, wall: code }));
      case "bin": return this.bin(x, here, code);
      case "item": return t.kind === "sort" ? this.find(t, here, code) : this.item(t, x, here, code);
      case "lot": return this.lot(x, here, gs1(code) ? gs1(code)!.lot || "" : code.slice(0, 64));
      case "expiry": return this.expiry(x, here, code);
      case "serial": return this.serial(x, here, code);
      case "sure": return this.no("scan-nonsense", { code: code });
      case "back": return this.putBack(t, x, here, code);
      case "slot": return this.putIn(t, here, code);
      default: return this.tote(t, x, here, code);
    }
  }

  /** no refuses a scan: a sentence, the tone, and the words if there are any. */
  private no(code: string, args: { [name: string]: string | number } = {}): void {
    this.shell.refuse(say(code, args), code);
    const s = this.shell.wire.state;
    const t = s && s.task;
    if (!t || MISSCANS.indexOf(code) < 0) return;
    this.shell.keep("mis-scan", { act: t.kind === "sort" ? "put" : t.kind === "refill" ? "carry" : "pick", code: code, task: t.id, stop: this.here ? this.here.stop : 0 });
  }

  /** noted keeps how far the person is, and shows it. */
  private noted(heard = false): void {
    this.shell.wire.note("here", this.here);
    if (heard) tone("ok");
    this.shell.draw();
  }

  private done(kept: boolean): void {
    if (kept) tone("ok");
    this.shell.draw();
  }

  private async bind(s: Snapshot, t: Task, x: Stop, code: string): Promise<void> {
    const cart = this.steps(s).cart;
    if (t.kind === "pick" && cart && code.indexOf(cart) === 0) return this.done(await this.shell.keep("cart", { task: t.id, cart: code }));
    if (t.stops.some((y) => y.bin === code) || isItem(code, x.sku, x.barcode)) return this.no("scan-a-tote", { code: code });
    if (t.slots.some((y) => y.tote === code)) return this.no("tote-taken", { tote: code });
    this.done(await this.shell.keep("bind", { task: t.id, slot: t.kind === "batch" ? 0 : x.slot, tote: code, order: t.kind === "batch" ? "" : x.order }));
  }

  private bin(x: Stop, here: Here, code: string): void {
    if (code !== x.bin) return this.no("wrong-bin", { got: code, want: x.bin });
    here.bin = true;
    this.noted(true);
  }

  private item(t: Task, x: Stop, here: Here, code: string): void {
    if (!isItem(code, x.sku, x.barcode)) return this.no("wrong-sku", { got: code, want: x.sku });
    const more = gs1(code);
    if (more && !this.promised(x, more.lot, more.expiry)) return;
    if (more) {
      here.lot = more.lot || here.lot;
      here.expiry = more.expiry || here.expiry;
      if (more.serial && here.serials.indexOf(more.serial) < 0) here.serials.push(more.serial);
    }
    if (!here.code) here.qty = wanted(t, x);
    here.code = code;
    const most = wanted(t, x);
    const s = this.shell.wire.state;
    if (s && this.steps(s).item === "count" && most > 1 && (x.ask || []).indexOf("serial") < 0) {
      tone("ok");
      return count(this.shell, say("count-picked", { n: most }), most, (n) => { here.qty = here.counted = n; this.noted(true); });
    }
    here.counted++;
    this.noted(true);
  }

  /** promised says whether pieces of a lot may be taken here, and refuses if not. */
  private promised(x: Stop, lot: string | undefined, expiry: string | undefined): boolean {
    if ((!lot || !x.lot || lot === x.lot) && (!expiry || !x.expiry || expiry === x.expiry)) return true;
    this.no("wrong-lot", { got: [lot, expiry].filter((w) => w).join(" "), want: [x.lot, x.expiry].filter((w) => w).join(" ") });
    return false;
  }

  private lot(x: Stop, here: Here, lot: string): void {
    if (!lot) return this.no("lot-needed", { sku: x.sku });
    if (!this.promised(x, lot, here.expiry)) return;
    here.lot = lot;
    this.noted(true);
  }

  private expiry(x: Stop, here: Here, code: string): void {
    const d = day(code);
    if (!d) return this.no("bad-expiry", { got: code });
    if (!this.promised(x, here.lot, d)) return;
    here.expiry = d;
    this.noted(true);
  }

  private serial(x: Stop, here: Here, code: string): void {
    const more = gs1(code);
    const n = more && more.serial ? more.serial : code;
    if (isItem(code, x.sku, x.barcode) && !(more && more.serial)) return this.no("scan-a-serial", { code: code });
    if (here.serials.indexOf(n) >= 0) return this.no("serial-twice", { serial: n });
    here.serials.push(n.slice(0, 64));
    this.noted(true);
  }

  private async tote(t: Task, x: Stop, here: Here, code: string): Promise<void> {
    const of = slotOf(t, x);
    const mine = t.kind === "batch" ? (t.totes || []).indexOf(code) >= 0 : !of || of.tote === code;
    if (mine) return this.pick(t, x, here, code);
    if (isItem(code, x.sku, x.barcode)) { // one piece too many, or the same one again
      if (here.counted < here.qty) { here.counted++; return this.noted(true); }
      return this.no("over-pick", { left: wanted(t, x), got: here.counted + 1 });
    }
    const want = of ? of.tote || "" : (t.totes || []).slice(-1)[0];
    if (t.slots.some((y) => y.tote === code) || t.stops.some((y) => y.bin === code)) return this.no("wrong-tote", { got: code, slot: x.slot, want: want });
    this.another(t, x, here, of, code, want);
  }

  /** another asks for the same scan twice: a tote that is not bound yet takes what is left. */
  private another(t: Task, x: Stop, here: Here, of: Slot | null, code: string, want: string): void {
    tone("wrong");
    const go = async () => {
      if (of) await this.shell.keep("full", { task: t.id, slot: of.no });
      await this.shell.keep("bind", { task: t.id, slot: of ? t.slots.length + 1 : 0, tote: code, order: of ? of.order : "" });
      await this.pick(t, x, here, code);
    };
    this.shell.choose({
      title: of ? say("full-title", { n: of.no, tote: want }) : say("full-batch", { tote: want }),
      text: say("full-again", { tote: code }),
      choices: [],
      scan: (again) => {
        if (again !== code) return false;
        this.shell.shut();
        go();
        return true;
      },
    });
  }

  private async pick(t: Task, x: Stop, here: Here, tote: string): Promise<void> {
    const args: any = { task: t.id, stop: x.no, bin: x.bin, code: gs1(here.code) ? x.barcode : here.code || x.sku, qty: here.qty };
    if (tote) args.tote = tote;
    if (here.lot) args.lot = here.lot;
    if (here.expiry) args.expiry = here.expiry;
    if (here.serials.length) args.serials = here.serials;
    const all = here.qty >= wanted(t, x);
    const empties = all && x.last && !t.stops.some((y) => alike(x, y) && left(y) > 0 && serves(t, x).indexOf(y) < 0 && y.no !== x.no);
    this.here = null;
    this.shell.wire.note("here", undefined);
    const kept = await this.shell.keep(t.kind === "refill" ? "carry" : "pick", args);
    this.done(kept);
    if (kept && empties && this.steps(this.shell.wire.state!).zero) this.empty(t, x);
  }

  /** empty asks what the bin looks like that should hold nothing now. */
  private empty(t: Task, x: Stop): void {
    const tell = (empty: boolean) => () => { this.shell.keep("checked", { task: t.id, stop: x.no, empty: empty }); };
    this.shell.choose({
      title: x.lot || x.expiry ? say("zero-lot", { bin: x.bin }) : say("zero-title", { bin: x.bin }),
      text: [x.name || x.sku, lotOf(x)].filter((w) => w).join(" · "),
      choices: [{ label: say("zero-yes"), kind: "go", pick: tell(true) }, { label: say("zero-no"), pick: tell(false) }],
      close: say("zero-later"),
    });
  }

  private async putBack(t: Task, x: Stop, here: Here, code: string): Promise<void> {
    if (code !== x.bin) return this.no("wrong-bin", { got: code, want: x.bin });
    this.here = null;
    this.shell.wire.note("here", undefined);
    this.done(await this.shell.keep(x.put ? "carry" : "put-back", { task: t.id, stop: x.no, bin: x.bin, code: here.code, qty: here.qty }));
  }

  /** find gives the order that a piece of the batch goes to: one that has a slot already before others. */
  private find(t: Task, here: Here, code: string): void {
    const fits = t.stops.filter((y) => left(y) > 0 && !y.frozen && isItem(code, y.sku, y.barcode));
    const open = fits.filter((y) => (slotOf(t, y) || { tote: "" }).tote);
    const x = open[0] || fits[0];
    if (!x) return this.no("not-wanted", { code: code });
    const of = slotOf(t, x);
    const slot = of ? place(t, of) : "";
    if (!slot) return this.no("wall-full", { wall: t.wall!.id, free: 0, need: 1 });
    this.here = Object.assign({}, here, { stop: x.no, code: code, qty: left(x) });
    this.shell.wire.note("here", this.here);
    tone("ok");
    speak(Number(slotNumber(slot)), "slot");
    this.shell.draw();
  }

  private async putIn(t: Task, here: Here, code: string): Promise<void> {
    const x = t.stops.filter((y) => y.no === here.stop)[0];
    const of = slotOf(t, x);
    const want = of ? place(t, of) : "";
    if (code !== want) return this.no("wrong-slot", { got: code, want: want });
    this.here = null;
    this.shell.wire.note("here", undefined);
    this.done(await this.shell.keep("put", { task: t.id, stop: x.no, code: gs1(here.code) ? x.barcode : here.code, qty: here.qty, slot: code }));
  }

  /** short takes two words: why, and the bin scanned once more by whoever stands before it. */
  private short(t: Task, x: Stop): void {
    const tell = (why: string) => () => {
      const go = () => { this.shell.keep("short", { task: t.id, stop: x.no, why: why }); };
      if (t.kind === "sort") return go();
      this.shell.choose({
        title: say("short-sure", { bin: x.bin }),
        text: [say("short-" + why), x.name || x.sku, lotOf(x)].filter((w) => w).join(" · "),
        choices: [{ label: say("short-no-code"), pick: go }],
        scan: (code) => {
          if (code !== x.bin) return false;
          this.shell.shut();
          go();
          return true;
        },
      });
    };
    this.shell.choose({
      title: say("short-why"),
      text: (t.kind === "sort" ? "" : x.bin + " · ") + (x.name || x.sku),
      choices: ["empty", "damaged", "wrong-item"].map((why) => ({ label: say((t.kind === "sort" ? "lost-" : "short-") + why), pick: tell(why) })),
    });
  }

  /** tells says what an act was, for whoever made it a while ago. */
  tells(a: Act): string {
    const x = a.args;
    const at = x.bin || x.tote || x.slot || x.cart || x.wave || "";
    return [say("verb-" + a.verb), at, x.code && x.code !== at ? x.code : "", x.qty ? "×" + x.qty : ""].filter((w) => w !== "").join(" ");
  }
}

/** slotOf gives the slot of the cart or wall that a stop goes into; a batch has none. */
function slotOf(t: Task, x: Stop): Slot | null {
  return t.slots.filter((s) => s.no === x.slot)[0] || null;
}

/** lotWords says which lot a stop takes; nothing if it does not matter. */
function lotWords(x: Stop): string[] {
  return [x.lot ? say("lot-of", { lot: x.lot }) : "", x.expiry ? say("expiry-of", { day: x.expiry }) : ""].filter((w) => w);
}

function lotOf(x: Stop): string {
  return lotWords(x).join(" · ");
}

/** slotNumber is what stands on a slot of the wall: 7 of W1-07. */
function slotNumber(code: string): string {
  const m = /(\d+)$/.exec(code);
  return m ? String(Number(m[1])) : code;
}

/** binName is a bin's name, which may go on in a second line after the dash in its middle. */
function binName(bin: string): HTMLElement {
  const dashes = bin.split("").map((c, i) => (c === "-" ? i + 1 : 0)).filter((i) => i > 0 && i < bin.length);
  const at = dashes.sort((i, j) => Math.abs(i - bin.length / 2) - Math.abs(j - bin.length / 2))[0] || bin.length;
  return h("span", null, h("i", null, bin.slice(0, at)), h("wbr"), h("i", null, bin.slice(at)));
}

/** fit makes a bin's name as large as its box allows, in one line or two. */
function fit(box: HTMLElement): void {
  const parts = Array.prototype.map.call(box.querySelectorAll("i"), (i: HTMLElement) => (i.textContent || "").length) as number[];
  const wide = box.clientWidth - 20;
  const one = Math.min(wide / (0.6 * (parts[0] + parts[1])), box.clientHeight * 0.8);
  const two = Math.min(wide / (0.6 * Math.max(parts[0], parts[1])), box.clientHeight * 0.46);
  box.style.fontSize = Math.floor(Math.max(one, two)) + "px";
  box.style.whiteSpace = two > one ? "normal" : "nowrap";
}

function bar(done: number, all: number): HTMLElement {
  const el = h("i");
  el.style.width = (all ? (100 * done) / all : 0) + "%";
  return el;
}

const page = new Picking();
page.shell = new Shell("pda", page);
page.shell.start();
