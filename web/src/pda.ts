// The picker's page: one stop a screen, the bin in the largest type.

import { h, say, tone } from "./lib";
import { left, nextStop, Slot, Snapshot, Stop, Task } from "./fold";
import { Page, Shell } from "./shell";

/** How far the person is at the stop: what was scanned so far. */
interface Here { task: string; stop: number; bin: boolean; code: string; qty: number }

class Picking implements Page {
  loud = true;
  shell!: Shell;
  private here: Here = { task: "", stop: 0, bin: false, code: "", qty: 1 };
  private asking = false;
  private asked = 0;

  draw(s: Snapshot): HTMLElement {
    const t = s.task;
    if (!t) return this.idle(s);
    const x = nextStop(t);
    if (!x) return h("div.calm", null, h("h1", null, say(t.stops.some((y) => y.frozen && left(y) > 0) ? "walk-frozen" : "walk-done")));
    this.arrive(t, x);
    return this.stop(t, x);
  }

  /** arrive forgets what was scanned at another stop. */
  private arrive(t: Task, x: Stop): void {
    if (this.here.task === t.id && this.here.stop === x.no) return;
    this.here = { task: t.id, stop: x.no, bin: false, code: "", qty: left(x) };
  }

  private idle(s: Snapshot): HTMLElement {
    this.ask(s);
    return h("div.calm", null, h("h1", null, say("idle-title")), h("p", null, say("idle-how")),
      h("button.big", { type: "button", onclick: () => this.take() }, say("take")), this.shell.scanner.field);
  }

  /** ask takes a task by itself: after login, and whenever one was issued. */
  private ask(s: Snapshot): void {
    const waiting = s.waiting || 0;
    if (waiting <= 0 || this.asked === s.seq) return;
    this.asked = s.seq;
    this.take();
  }

  private async take(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    try {
      await this.shell.act("take", {});
    } finally {
      this.asking = false;
    }
  }

  private stop(t: Task, x: Stop): HTMLElement {
    const slot = slotOf(t, x);
    const open = t.stops.filter((y) => !y.dropped);
    const done = open.filter((y) => left(y) <= 0).length;
    const back = t.kind === "putback";
    return h("div.stop", null,
      h("div.walk", null, h("span", null, say("stop-of", { i: Math.min(done + 1, open.length), n: open.length })),
        h("span", null, (back ? say("putback") + " " : "") + (t.wave || t.id))),
      h("div.bar", null, bar(done, open.length)),
      h("div.bin", { class: this.here.bin ? "done" : "" }, fit(x.bin)),
      h("div.goods", null,
        h("div.qty", null, h("b", null, String(this.here.code ? this.here.qty : left(x))), h("small", null, say("pieces"))),
        h("div.what", null, h("div.name", null, x.name || x.sku), h("div.sku", null, x.sku + (x.spec ? " · " + x.spec : "")),
          slot && (slot.tags || []).map((g) => h("span.tag", { class: g }, say("tag-" + g))))),
      slot && h("div.slot", null, h("b", null, String(slot.no)), h("span", null, slot.tote || "—")),
      this.here.code && this.amount(x),
      h("div.step", null, this.step(t, x)),
      this.shell.scanner.field,
      h("div.row", null,
        !back && h("button.warn", { type: "button", onclick: () => this.short(t, x) }, say("short")),
        h("button", { type: "button", onclick: () => this.shell.act("skip", { task: t.id, stop: x.no }) }, say("skip"))));
  }

  private amount(x: Stop): HTMLElement | null {
    if (left(x) < 2) return null;
    const to = (n: number) => () => { this.here.qty = Math.max(1, Math.min(left(x), n)); this.shell.draw(); };
    return h("div.amount", null,
      h("button", { type: "button", onclick: to(this.here.qty - 1) }, "−"),
      h("b", null, String(this.here.qty)),
      h("button", { type: "button", onclick: to(this.here.qty + 1) }, "+"));
  }

  private step(t: Task, x: Stop): string {
    const slot = slotOf(t, x);
    if (t.kind === "putback") return say(this.here.code ? "step-putback" : "step-item");
    if (slot && !slot.tote) return say("step-tote-bind", { n: slot.no });
    if (!this.here.bin) return say("step-bin");
    if (!this.here.code) return say("step-item");
    return say("step-tote", { n: x.slot });
  }

  async scan(code: string): Promise<void> {
    const s = this.shell.wire.state;
    const t = s && s.task;
    const x = t && nextStop(t);
    if (!t || !x) return;
    this.arrive(t, x);
    const slot = slotOf(t, x);
    if (t.kind === "putback") return this.putBack(t, x, code);
    if (slot && !slot.tote) {
      if (await this.shell.keep("bind", { task: t.id, slot: slot.no, tote: code })) this.heard();
      return;
    }
    if (!this.here.bin) return this.bin(x, code);
    if (!this.here.code) return this.item(x, code);
    return this.tote(t, x, slot, code);
  }

  private heard(): void {
    tone("ok");
    this.shell.draw();
  }

  private bin(x: Stop, code: string): void {
    if (code !== x.bin) return this.shell.refuse(say("wrong-bin", { got: code, want: x.bin }));
    this.here.bin = true;
    this.heard();
  }

  private item(x: Stop, code: string): void {
    if (code !== x.sku && code !== x.barcode) return this.shell.refuse(say("wrong-sku", { got: code, want: x.sku }));
    this.here.code = code;
    this.here.qty = left(x);
    this.heard();
  }

  private async tote(t: Task, x: Stop, slot: Slot | null, code: string): Promise<void> {
    if (slot && slot.tote !== code) return this.shell.refuse(say("wrong-tote", { got: code, slot: slot.no, want: slot.tote || "" }));
    const here = this.here;
    this.here = { task: "", stop: 0, bin: false, code: "", qty: 1 };
    if (await this.shell.keep("pick", { task: t.id, stop: x.no, bin: x.bin, code: here.code, qty: here.qty, tote: code })) this.heard();
  }

  private async putBack(t: Task, x: Stop, code: string): Promise<void> {
    if (!this.here.code) return this.item(x, code);
    if (code !== x.bin) return this.shell.refuse(say("wrong-bin", { got: code, want: x.bin }));
    const here = this.here;
    this.here = { task: "", stop: 0, bin: false, code: "", qty: 1 };
    if (await this.shell.keep("put-back", { task: t.id, stop: x.no, bin: x.bin, code: here.code, qty: here.qty })) this.heard();
  }

  private short(t: Task, x: Stop): void {
    this.shell.choose({
      title: say("short-why"),
      text: x.bin + " · " + (x.name || x.sku),
      choices: ["empty", "damaged", "wrong-item"].map((why) => ({
        label: say("short-" + why),
        pick: () => { this.shell.act("short", { task: t.id, stop: x.no, why: why }); },
      })),
    });
  }
}

function slotOf(t: Task, x: Stop): Slot | null {
  return t.slots.filter((s) => s.no === x.slot)[0] || null;
}

/** fit makes a bin's name as large as the screen allows. */
function fit(bin: string): HTMLElement {
  const el = h("span", null, bin);
  el.style.fontSize = Math.min(18, 150 / Math.max(bin.length, 1)) + "vw";
  return el;
}

function bar(done: number, all: number): HTMLElement {
  const el = h("i");
  el.style.width = (all ? (100 * done) / all : 0) + "%";
  return el;
}

const page = new Picking();
page.shell = new Shell("pda", page);
page.shell.start();
