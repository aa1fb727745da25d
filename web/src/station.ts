// The packer's page: what is on the table, what to do next, and the two devices
// beside it. One thing is asked at a time. Everything is done by scanner; what
// buttons there are have a key each, so that no hand needs a mouse.

import { count } from "./count";
import { key, kilos } from "./desk";
import { h, lang, put, say, tone } from "./lib";
import { Box, Doubt, Explanation, Item, Parcel, Snapshot } from "./fold";
import { Handover } from "./handover";
import { Page, Shell } from "./shell";
import { Answer } from "./wire";
import "./station.css";

interface Scale { state: string; code?: string; grams?: number; name?: string }
interface Printer { state: string; code?: string; name?: string; blind?: boolean }

/** Why another copy is printed, and why a lead lets a weight pass: the daemon's own codes. */
const REPRINT = ["spoilt", "unreadable", "lost"];
const PASS = ["record", "filling", "counted"];

class Packing implements Page {
  loud = true;
  keyed = true;
  shell!: Shell;
  private scale: Scale = { state: "none" };
  private printer: Printer = { state: "none" };
  private weighing = false;
  private sealing = "";
  private fresh = true; // what lies on the scale has not been weighed yet
  private just = 0; // the line that was scanned last
  private handover!: Handover;
  private aside = h("div.readings");
  private gauge = h("div.gauge");

  begin(): void {
    this.shell = new Shell("station", this);
    this.handover = new Handover(this.shell);
    this.shell.start();
  }

  live(m: any): void {
    this.scale = m.scale || { state: "none" };
    this.printer = m.printer || { state: "none" };
    if (this.scale.state === "empty" || this.scale.state === "moving") this.fresh = true;
    this.readings();
    this.follow();
  }

  /** follow weighs by itself what has come to rest on the scale, and seals what weighs right. */
  private follow(): void {
    const s = this.shell.wire.state;
    const p = s && s.parcel;
    if (!s || !p || !s.person || p.frozen || p.mark || this.handover.open || this.shell.wire.pending) return;
    const boxed = !(s.boxes || []).length || p.box;
    if (p.state === "verified" && boxed && this.fresh && this.scale.state === "stable") this.weigh(p);
    if (p.state === "weighed" && s.auto_seal && this.sealing !== p.id) this.seal(p);
  }

  private readings(): void {
    const sc = this.scale;
    const pr = this.printer;
    put(this.aside,
      h("div.reading", { class: sc.state }, h("span", null, say("scale"), sc.name && h("small", null, sc.name)),
        h("b", null, sc.grams === undefined ? "—" : kilos(sc.grams)), h("em", null, say(sc.code || "scale-" + sc.state))),
      h("div.reading", { class: pr.state }, h("span", null, say("printer"), pr.name && h("small", null, pr.name)),
        h("em", null, pr.code ? say(pr.code) : say("printer-" + pr.state))));
    put(this.gauge, this.needle());
  }

  /** needle shows what the scale says against what it should say. */
  private needle(): (HTMLElement | false)[] {
    const s = this.shell && this.shell.wire.state;
    const t = s && s.target;
    const g = this.scale.grams;
    const big = h("b.grams", { class: this.scale.state }, g === undefined ? "—" : kilos(g));
    const words = h("em", null, say(this.scale.code || "scale-" + this.scale.state));
    if (!t || !t.grams) return [big, words];
    const width = 6 * t.tolerance; // the band is the middle third
    const at = (grams: number) => Math.max(0, Math.min(100, 50 + ((grams - t.grams) / width) * 100));
    const line = h("div.band", null, h("i.good"), !!g && h("i.now"));
    const now = line.querySelector("i.now") as HTMLElement | null;
    if (now) now.style.left = at(g as number) + "%";
    return [big, words, line, h("p.should", null, say("weight-should", { kg: kilos(t.grams), g: t.tolerance }))];
  }

  draw(s: Snapshot): HTMLElement {
    this.readings();
    if (!s.parcel || s.parcel.state === "sealed") this.sealing = "";
    window.setTimeout(() => this.follow(), 0);
    const doubt = (s.doubts || [])[0];
    const main = doubt ? this.doubt(doubt) : this.handover.open ? this.handover.draw(s) : s.parcel ? this.parcel(s, s.parcel) : this.empty();
    const large = main.contains(this.gauge); // the scale is shown in large: once is enough
    return h("div.desk", { class: large ? "large" : "" }, h("section", null, main),
      h("aside", null, this.aside, this.fuses(s), this.pulls(s), s.parcel && !this.handover.open && this.facts(s.parcel), this.shell.scanner.field));
  }

  /** early moves this screen to the station whose code was scanned: its printer and scale are then this screen's. */
  early(code: string): boolean {
    const s = this.shell.wire.state;
    if (!s || (s.stations || []).indexOf(code) < 0) return false;
    this.shell.act("station", { station: code });
    return true;
  }

  /** fuses say why labels stopped, and what mends it. */
  private fuses(s: Snapshot): HTMLElement[] {
    const person = s.person;
    const may = (role?: string) => !!role && !!person && person.roles.some((r) => r === role || r === "admin" || r === "lead");
    return (s.fuses || []).slice(0, 2).map((f, n) => h("div.fuse", { role: "alert" }, h("b", null, say("fuse-title")), h("p", null, f[lang]),
      n === 0 && may(f.closer) && key("F9", say("fuse-close"), () => { this.shell.act("fuse", { fuse: f.id }); })));
  }

  /** pulls name the labels that must be found before they leave, by their place in the run. */
  private pulls(s: Snapshot): HTMLElement | null {
    const n = (s.runs || []).reduce((n, r) => n + (r.pull || []).length, (s.pulls || []).length);
    if (!n) return null;
    return h("button.pulls", { type: "button", "data-key": "F5", onclick: () => this.pulling() }, h("kbd", null, "F5"),
      h("span", null, say("pull-some", { n: n })));
  }

  private pulling(): void {
    const s = this.shell.wire.state;
    const list = (s && s.pulls) || [];
    const runs = ((s && s.runs) || []).filter((r) => (r.pull || []).length > 0);
    this.shell.choose({
      title: say("pull-title"), text: say("pull-how"), close: say("back"),
      choices: runs.map((r) => ({ label: say("pull-done", { run: r.id }), kind: "warn", pick: () => { this.shell.act("pulled", { run: r.id, sheets: r.pull }); } })),
      body: h("ul.pull-list", null, runs.map((r) => h("li.sheets", null, h("b", null, r[lang] || ""))), list.slice(0, 12).map((p) => h("li", { class: p.why },
        h("b", null, p.sheet || p.parcel),
        h("span", null, p.waybill || "", h("small", null, p.parcel)), h("em", null, say("pull-" + p.why), p.again && h("small", null, say("pull-again", { order: p.again })))))),
      scan: (code) => { this.found(code); return true; },
    });
  }

  private async found(code: string): Promise<void> {
    const a = await this.shell.act("destroyed", { code: code });
    if (!a || a.type !== "ok") return;
    tone("ok");
    await this.shell.seen((x) => x.seq >= (a.seq || 0));
    this.shell.shut();
    const s = this.shell.wire.state;
    if (s && (s.pulls || []).length) this.pulling();
  }

  private facts(p: Parcel): HTMLElement {
    return h("div.facts", null,
      h("p", null, say("order"), h("b", null, p.order)),
      p.merged && h("div.merged", null, h("b", null, say("merged-of", { n: p.merged.length })), p.merged.map((o) => h("small", null, o))),
      h("p", null, say("parcel"), h("b", null, p.id + (p.piece ? " · " + say("piece", { n: p.piece }) : ""))),
      p.box && h("p", null, say("box"), h("b", null, p.box.name + " · " + p.box.grams + " g")),
      h("div.tags", null, (p.tags || []).filter((g) => g !== "note").map((g) => h("span.tag", { class: g }, say("tag-" + g)))),
      p.note && h("div.remark", null, p.note));
  }

  private row(...keys: (HTMLElement | false | null | undefined)[]): HTMLElement {
    return h("div.actions", null, keys, key("F2", say("handover"), () => this.handover.start()));
  }

  private empty(): HTMLElement {
    return h("div.table", null, h("div.calm", null, h("h1", null, say("pack-start")), h("p", null, say("pack-start-how"))), this.row());
  }

  private parcel(s: Snapshot, p: Parcel): HTMLElement {
    if (p.state === "void") return this.gone(p);
    if (p.state === "sealed") return this.sealed(s, p);
    if (p.frozen) return this.frozen(p);
    if (p.mark) return this.must(p);
    if (p.state === "open") return this.items(p);
    if (p.state === "weighed") return this.ready(p);
    if ((s.boxes || []).length && !p.box) return this.boxes(p, s.boxes as Box[]);
    return p.off ? this.off(s, p) : this.onScale(s, p);
  }

  /** must is what has to be read before hands go on. */
  private must(p: Parcel): HTMLElement {
    return h("div.must", { role: "alertdialog" }, h("h1", null, say("must-read")),
      (p.tags || []).length > 0 && h("div.tags", null, (p.tags || []).map((g) => h("span.tag", { class: g }, say("tag-" + g)))),
      p.note && h("p.text", { class: p.note.length > 60 ? "long" : "" }, p.note),
      key("Enter", say("must-done"), () => { this.shell.act("read", { parcel: p.id, mark: p.mark }); }, "go"));
  }

  private items(p: Parcel): HTMLElement {
    const left = (i: Item) => i.qty - i.verified;
    const all = p.items.reduce((n, i) => n + i.qty, 0);
    const done = p.items.reduce((n, i) => n + i.verified, 0);
    const order = p.items.filter(left).concat(p.items.filter((i) => !left(i)));
    return h("div.table", null,
      h("div.title", null, h("h1", null, say("pack-items")), h("b.total", null, done + " / " + all)),
      h("ul.goods-list", null, order.map((i) => this.item(i))),
      this.row(this.parking(p), done > 0 && done < all && key("F3", say("split"), () => this.split(p))));
  }

  private item(i: Item): HTMLElement {
    const done = i.verified >= i.qty;
    return h("li", { class: (done ? "done" : "") + (this.just === i.line ? " just" : "") },
      tile(i), h("div.what", null, h("div.name", null, i.name || i.sku, i.gift && h("span.tag.gift", null, say("tag-gift"))),
        h("div.sku", null, i.sku + (i.spec ? " · " + i.spec : ""))),
      h("b.count", null, done ? "✓ " + i.qty : i.verified + " / " + i.qty));
  }

  private split(p: Parcel): void {
    const rest = p.items.reduce((n, i) => n + i.qty - i.verified, 0);
    this.shell.choose({
      title: say("split-sure"), text: say("split-how", { n: rest }),
      choices: [{ label: say("split"), kind: "warn", pick: () => { this.shell.act("split", { parcel: p.id }); } }],
    });
  }

  private boxes(p: Parcel, list: Box[]): HTMLElement {
    return h("div.table", null, h("div.title", null, h("h1", null, say("pack-box"))),
      h("div.boxes", null, list.slice(0, 8).map((b, n) => key(String(n + 1), b.name, () => { this.shell.act("box", { parcel: p.id, code: b.code }); }))),
      this.row());
  }

  private onScale(s: Snapshot, p: Parcel): HTMLElement {
    return h("div.table", null, h("div.title", null, h("h1", null, say(this.weighing ? "weighing" : "pack-weigh"))),
      this.gauge, this.row(key("Enter", say("weigh"), () => this.weigh(p)), (s.boxes || []).length > 0 && key("F4", say("box-other"), () => this.rebox(p, s.boxes as Box[])),
        key("F7", say("weigh-typed"), () => this.typed(p)), this.parking(p)));
  }

  private rebox(p: Parcel, list: Box[]): void {
    this.shell.choose({
      title: say("pack-box"),
      choices: list.slice(0, 8).map((b) => ({ label: b.name, pick: () => { this.shell.act("box", { parcel: p.id, code: b.code }); } })),
      scan: (code) => {
        const found = list.filter((b) => b.code === code).length > 0;
        if (found) { this.shell.shut(); this.shell.act("box", { parcel: p.id, code: code }); }
        return found;
      },
    });
  }

  /** off says what is wrong with a weight, and what would explain it. */
  private off(s: Snapshot, p: Parcel): HTMLElement {
    const off = p.off!;
    const gap = off.grams - off.expected;
    const why = off.why || [];
    return h("div.table.off", { role: "alert" },
      h("div.title", null, h("h1", null, say(gap > 0 ? "off-heavy" : "off-light", { g: Math.abs(gap) }))),
      h("p.figures", null, say("off-figures", { got: kilos(off.grams), want: kilos(off.expected), tol: off.tolerance })),
      why.length ? h("ul.why", null, why.map((x) => this.because(s, p, x))) : h("p.why.none", null, say("off-unknown")),
      h("p.cure", null, say("off-cure")),
      this.gauge,
      this.row((s.boxes || []).length > 0 && key("F4", say("box-other"), () => this.rebox(p, s.boxes as Box[])),
        key("F7", say("weigh-pass"), () => this.pass(p)), this.parking(p)));
  }

  private because(s: Snapshot, p: Parcel, x: Explanation): HTMLElement {
    const box = (s.boxes || []).filter((b) => b.code === x.box)[0];
    return h("li", null, (x.pieces || []).map((q) => {
      const i = p.items.filter((i) => i.sku === q.sku)[0];
      return h("div.cause", null, tile(i || { sku: q.sku }), h("div", null,
        h("b", null, say(q.qty < 0 ? "off-missing" : "off-extra", { n: Math.abs(q.qty), name: (i && i.name) || q.sku })),
        h("small", null, q.sku + (i && i.spec ? " · " + i.spec : ""))));
    }), x.box && h("div.cause", null, h("b", null, say("off-box", { name: box ? box.name : x.box }))));
  }

  /** lead gives the badge of a lead who agrees: asked for, unless one is logged in. */
  private lead(then: (badge: string) => void): void {
    const s = this.shell.wire.state;
    if (s && s.person && s.person.roles.some((r) => r === "lead" || r === "admin")) return then("");
    this.shell.choose({
      title: say("lead-badge"), text: say("lead-badge-how"), choices: [],
      scan: (code) => { this.shell.shut(); then(code); return true; },
    });
  }

  private pass(p: Parcel): void {
    this.shell.choose({
      title: say("pass-why"),
      choices: PASS.map((why) => ({
        label: say("pass-" + why),
        pick: () => this.lead((badge) => { this.shell.act("pass", badge ? { parcel: p.id, reason: why, badge: badge } : { parcel: p.id, reason: why }); }),
      })),
    });
  }

  /** typed takes a weight that was read elsewhere, for a scale that is dead. */
  private typed(p: Parcel): void {
    this.shell.choose({
      title: say("weigh-typed"), text: say("weigh-typed-how"), choices: [],
      scan: (code) => {
        const grams = Number(code);
        if (!/^\d{1,6}$/.test(code) || grams < 1) return false;
        this.shell.shut();
        this.lead((badge) => { this.shell.act("weigh", badge ? { parcel: p.id, grams: grams, badge: badge } : { parcel: p.id, grams: grams }); });
        return true;
      },
    });
  }

  private ready(p: Parcel): HTMLElement {
    return h("div.table", null, h("div.title", null, h("h1", null, say("pack-seal"))),
      h("div.gauge", null, h("b.grams.stable", null, kilos(p.grams || 0))),
      this.row(key("Enter", say("seal"), () => this.seal(p), "go")));
  }

  private sealed(s: Snapshot, p: Parcel): HTMLElement {
    const state = p.label === "printed" && this.printer.blind ? "taken" : p.label || "none";
    const carrier = (s.sheets || []).filter((x) => x.carrier === p.carrier)[0];
    return h("div.table", null,
      h("div.label", { class: p.stale || p.frozen ? "not-printed" : state }, h("h1", null, say(p.frozen ? "label-frozen" : p.stale ? "label-stale" : "label-" + state)), p.stuck && h("p.cure", null, say(p.stuck)),
        p.sort_code && h("p.sort", null, p.sort_code), h("p.waybill", null, p.waybill || say("waybill-waits")),
        (p.chosen || []).length > 0 && h("p.chosen", null, p.chosen![0][lang]),
        h("p.number", null, ((carrier && carrier.name) || p.carrier || "") + " · " + kilos(p.grams || 0) + (p.copies && p.copies > 1 ? " · " + say("copy", { n: p.copies }) : ""))),
      p.rest ? h("p.after", null, say("rest-waits", { n: p.rest })) : h("p.after", null, say("pack-next")),
      this.row(!!p.rest && key("Enter", say("open-rest"), () => { this.shell.act("open", { code: p.order }); }, "go"),
        key("F8", say("reprint"), () => this.reprint(p)), key("F9", say("renew"), () => this.renew(p), p.stale ? "go" : "")));
  }

  private frozen(p: Parcel): HTMLElement {
    return h("div.table.off", null, h("div.calm", null, h("h1", null, say("frozen-title")), h("p.number", null, p.order + " · " + p.id), h("p", null, say("frozen-how"))),
      this.row(this.parking(p)));
  }

  /** parking puts a parcel that cannot be finished to the side. */
  private parking(p: Parcel): HTMLElement {
    return key("F6", say("park"), () => { this.shell.act("park", { parcel: p.id }); });
  }

  private gone(p: Parcel): HTMLElement {
    return h("div.table", null, h("div.calm", null, h("h1", null, say("parcel-is-void", { parcel: p.id })), h("p", null, say("pack-start"))), this.row());
  }

  private doubt(d: Doubt): HTMLElement {
    const answer = (a: string) => () => { this.shell.act("doubt", { effect: d.effect, answer: a }); };
    return h("div.doubt", { role: "alertdialog" }, h("h1", null, say("doubt-title")), h("p", null, say(d.why || "doubt-how")),
      h("p.number", null, (d.parcel || "") + (d.copy && d.copy > 1 ? " · " + say("copy", { n: d.copy }) : "")),
      ["came-out", "did-not", "reprint"].map((a, n) => key(String(n + 1), say("doubt-" + a), answer(a))));
  }

  private async weigh(p: Parcel): Promise<void> {
    if (this.weighing) return;
    this.weighing = true;
    this.fresh = false;
    this.shell.draw();
    try {
      const a = await this.shell.act("weigh", { parcel: p.id });
      if (a && a.type === "ok") tone(a.result && a.result.off ? "wrong" : "ok");
    } finally {
      this.weighing = false;
      this.shell.draw();
    }
  }

  /** seal is tried once by itself; after a refusal it is the packer's to press. */
  private async seal(p: Parcel): Promise<void> {
    this.sealing = p.id;
    const a = await this.shell.act("seal", { parcel: p.id });
    if (a && a.type === "ok") tone("ok");
  }

  /** renew gives the parcel another number; redo puts it back onto the table, to be weighed and sealed anew. */
  private renew(p: Parcel): void {
    const ask = (verb: string, why: string) => ({ label: say(verb + "-" + why), pick: () => { this.shell.act(verb, { parcel: p.id, reason: why }); } });
    this.shell.choose({
      title: say("renew-why"), text: say("renew-how"),
      choices: [ask("renew", "address"), ask("renew", "refused-number"), ask("renew", "wrong-parcel"), ask("redo", "carrier"), ask("redo", "weight")],
    });
  }

  private reprint(p: Parcel): void {
    this.shell.choose({
      title: say("reprint-why"),
      choices: REPRINT.map((why) => ({
        label: say("reprint-" + why), pick: () => { this.shell.act("reprint", { parcel: p.id, reason: why }); },
      })),
    });
  }

  async scan(code: string): Promise<void> {
    const s = this.shell.wire.state;
    if (!s || (s.doubts || []).length) return tone("wrong");
    if (this.handover.open) return this.handover.scan(code);
    const p = s.parcel;
    if (p && p.mark && p.state !== "sealed" && p.state !== "void") return tone("wrong"); // read it first
    let a;
    if (!p || p.state === "sealed" || p.state === "void") {
      if (this.early(code)) return;
      a = await this.shell.act("open", { code: code });
    } else if ((s.boxes || []).filter((b) => b.code === code).length) {
      a = await this.shell.act("box", { parcel: p.id, code: code });
    } else if (p.state === "open") {
      const i = p.items.filter((i) => (i.sku === code || i.barcode === code) && i.qty > i.verified)[0];
      const rest = i ? i.qty - i.verified : 0;
      if (s.count_items && rest > 1) { // asked for beside the scans: what is typed comes as one
        tone("ok");
        return count(this.shell, say("count-packed", { n: rest }), rest, (n) => { this.verify(p, code, n); });
      }
      return this.verify(p, code, 1);
    } else {
      return this.shell.refuse(say("scan-nonsense", { code: code }));
    }
    return this.done(a);
  }

  /** verify counts pieces of an item into the parcel. */
  private async verify(p: Parcel, code: string, qty: number): Promise<void> {
    const a = await this.shell.act("verify", { parcel: p.id, code: code, qty: qty });
    const i = p.items.filter((i) => i.sku === code || i.barcode === code)[0];
    if (a && a.type === "ok" && i) this.just = i.line;
    return this.done(a);
  }

  /** done waits until the picture shows what a scan has led to. */
  private async done(a: Answer | null): Promise<void> {
    if (!a || a.type !== "ok") return;
    tone("ok");
    const opened = a.result && a.result.parcel;
    const seq = a.seq || 0;
    await this.shell.seen((x) => x.seq >= seq && (!opened || !!x.parcel && x.parcel.id === opened));
    this.shell.draw();
  }
}

/** Pictures that have come, and SKUs that have none: a page that is drawn anew must not flicker. */
const pictures: { [sku: string]: HTMLImageElement | "none" } = {};

/** tile is the picture of a SKU, or its name in large where there is none. */
function tile(i: { sku: string; name?: string }): HTMLElement {
  const known = pictures[i.sku];
  if (known && known !== "none") return h("div.tile", null, known.cloneNode() as HTMLImageElement);
  const name = (i.name || i.sku).replace(/[\s(（].*$/, "");
  const el = h("div.tile", null, h("span", null, name.slice(0, /[^\x00-\x7f]/.test(name) ? 2 : 3)));
  let hue = 0;
  for (let n = 0; n < i.sku.length; n++) hue = (hue * 31 + i.sku.charCodeAt(n)) % 360;
  el.style.background = "hsl(" + hue + ",32%,90%)";
  el.style.color = "hsl(" + hue + ",45%,28%)";
  if (known) return el;
  pictures[i.sku] = "none";
  const img = h("img", { src: "/pictures/" + encodeURIComponent(i.sku), alt: "" }) as HTMLImageElement;
  img.addEventListener("load", () => { pictures[i.sku] = img; put(el, img.cloneNode()); });
  return el;
}

new Packing().begin();
