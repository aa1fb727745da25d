// The packer's page: what is on the table, what to do next, and the two devices
// beside it. Everything is done by scanner; the buttons are for the exceptions.

import { h, put, say, tone } from "./lib";
import { Doubt, Item, Parcel, Snapshot } from "./fold";
import { Page, Shell } from "./shell";

interface Scale { state: string; grams?: number }
interface Printer { state: string; code?: string; text?: string }

class Packing implements Page {
  loud = true;
  shell!: Shell;
  private scale: Scale = { state: "none" };
  private printer: Printer = { state: "none" };
  private weighing = false;
  private tried = "";
  private handing = false;
  private carrier = "";
  private handed: string[] = [];
  private reading = h("div.readings");

  live(m: any): void {
    this.scale = m.scale || { state: "none" };
    this.printer = m.printer || { state: "none" };
    this.readings();
  }

  private readings(): void {
    const sc = this.scale;
    const pr = this.printer;
    put(this.reading,
      h("div.reading", { class: sc.state },
        h("span", null, say("scale")),
        h("b", null, sc.grams === undefined ? "—" : kilos(sc.grams)),
        h("em", null, say("scale-" + sc.state))),
      h("div.reading", { class: pr.state },
        h("span", null, say("printer")),
        h("em", null, pr.code ? say(pr.code) : say("printer-" + pr.state))));
  }

  draw(s: Snapshot): HTMLElement {
    this.readings();
    const doubt = (s.doubts || [])[0];
    const side = h("aside", null, this.reading, this.shell.scanner.field,
      h("button", { type: "button", onclick: () => this.swap() }, say(this.handing ? "back" : "handover")));
    const main = doubt ? this.doubt(doubt) : this.handing ? this.handover(s) : s.parcel ? this.parcel(s.parcel) : this.empty();
    return h("div.desk", null, h("section", null, main), side);
  }

  private swap(): void {
    this.handing = !this.handing;
    this.handed = [];
    this.carrier = "";
    this.shell.draw();
  }

  private empty(): HTMLElement {
    return h("div.calm", null, h("h1", null, say("pack-start")));
  }

  private parcel(p: Parcel): HTMLElement {
    if (p.state === "verified" && this.tried !== p.id) {
      this.tried = p.id; // once by itself; then it is the packer's to press
      window.setTimeout(() => this.weigh(p, false), 0);
    }
    const after = p.state === "sealed";
    return h("div.parcel", null,
      h("div.title", null, h("h1", null, this.todo(p)), h("span.number", null, p.order + " · " + p.id)),
      (p.tags || []).length > 0 && h("div.tags", null, (p.tags || []).map((g) => h("span.tag", { class: g }, say("tag-" + g)))),
      p.mark && h("button.big.warn", { type: "button", onclick: () => this.shell.act("read", { parcel: p.id, mark: p.mark }) }, say("ok-button")),
      p.note && h("div.note", null, h("b", null, say("note-title")), h("span", null, p.note)),
      h("ul.items", null, p.items.map(item)),
      after ? this.label(p) : this.acts(p));
  }

  private todo(p: Parcel): string {
    switch (p.state) {
      case "open": return say("pack-items");
      case "verified": return say(this.weighing ? "weighing" : "pack-weigh");
      case "weighed": return say("pack-seal");
    }
    return say("pack-label");
  }

  private acts(p: Parcel): HTMLElement {
    return h("div.row", null,
      h("button.big", { type: "button", disabled: p.state !== "verified" || this.weighing, onclick: () => this.weigh(p, false) }, say("weigh")),
      h("button.big.go", { type: "button", disabled: p.state !== "weighed", onclick: () => this.shell.act("seal", { parcel: p.id }) }, say("seal")),
      p.grams !== undefined && h("span.weight", null, kilos(p.grams) + (p.expected ? " / " + kilos(p.expected) : "")));
  }

  private label(p: Parcel): HTMLElement {
    const state = p.label || "none";
    return h("div.label", { class: state },
      h("div.waybill", null, h("b", null, p.waybill || ""), p.sort_code && h("span", null, p.sort_code)),
      h("p", null, say("label-" + state)),
      h("div.row", null,
        h("button", { type: "button", onclick: () => this.reprint(p) }, say("reprint"))));
  }

  private doubt(d: Doubt): HTMLElement {
    return h("div.doubt", null, h("h1", null, say("doubt-title")), h("p", null, say(d.why || "doubt-how")), h("p.number", null, d.parcel || ""),
      ["came-out", "did-not", "reprint"].map((a) => h("button.big", {
        type: "button", onclick: () => this.shell.act("doubt", { effect: d.effect, answer: a }),
      }, say("doubt-" + a))));
  }

  private handover(s: Snapshot): HTMLElement {
    if (!this.carrier) {
      return h("div.calm", null, h("h1", null, say("handover-carrier")), (s.carriers || []).map((c) =>
        h("button.big", { type: "button", onclick: () => { this.carrier = c; this.shell.draw(); } }, c)));
    }
    return h("div.handover", null, h("h1", null, say("handover-title") + " · " + this.carrier), h("p", null, say("handover-scan")),
      h("p.count", null, say("handover-count", { n: this.handed.length })),
      h("ul.items", null, this.handed.slice(-8).reverse().map((c) => h("li", null, c))));
  }

  private async weigh(p: Parcel, override: boolean): Promise<void> {
    if (this.weighing) return;
    this.weighing = true;
    this.shell.draw();
    try {
      const a = await (override ? this.shell.act("pass", { parcel: p.id, reason: "counted" }) : this.shell.act("weigh", { parcel: p.id }));
      const off = !!(a && a.result && a.result.off);
      if (a && a.type === "ok" && !off) tone("ok");
      if (off) this.pass(p);
    } finally {
      this.weighing = false;
      this.shell.draw();
    }
  }

  private pass(p: Parcel): void {
    this.shell.choose({ title: say("weigh-pass"), choices: [{ label: say("weigh-pass"), kind: "warn", pick: () => { this.weigh(p, true); } }] });
  }

  private reprint(p: Parcel): void {
    this.shell.choose({
      title: say("reprint-why"),
      choices: ["torn", "blurred", "lost"].map((why) => ({
        label: say("reprint-" + why), pick: () => { this.shell.act("reprint", { parcel: p.id, reason: why }); },
      })),
    });
  }

  async scan(code: string): Promise<void> {
    const s = this.shell.wire.state;
    if (!s || (s.doubts || []).length) return;
    const p = s.parcel;
    let a;
    if (this.handing) {
      if (!this.carrier) return;
      a = await this.shell.act("hand-over", { carrier: this.carrier, code: code });
      if (a && a.type === "ok") this.handed.push(code);
    } else if (!p || p.state === "sealed" || p.state === "void") {
      a = await this.shell.act("open", { code: code });
    } else if (p.state === "open") {
      a = await this.shell.act("verify", { parcel: p.id, code: code, qty: 1 });
    } else {
      return this.shell.refuse(say("scan-nonsense", { code: code }));
    }
    if (a && a.type === "ok") tone("ok");
    this.shell.draw();
  }
}

function item(i: Item): HTMLElement {
  const done = i.verified >= i.qty;
  return h("li", { class: done ? "done" : "" },
    h("b.count", null, i.verified + " / " + i.qty),
    h("span.name", null, i.name || i.sku, i.gift && h("span.tag.gift", null, say("tag-gift"))),
    h("span.sku", null, i.sku + (i.spec ? " · " + i.spec : "")));
}

function kilos(grams: number): string {
  return (grams / 1000).toFixed(3) + " kg";
}

const page = new Packing();
page.shell = new Shell("station", page);
page.shell.start();
