// Handing over: one carrier at a time, each label scanned onto its sheet, the
// driver's name and signature, the sheet as PDF. What is on the sheet comes from
// the daemon, so a reload in the middle loses nothing.

import { key, kilos } from "./desk";
import { h, lang, say, tone } from "./lib";
import { Sheet, Snapshot } from "./fold";
import { Shell } from "./shell";

/** The bounds of a signature, as the daemon has them. */
const WIDE = 1000;
const HIGH = 300;
const POINTS = 4000;

export class Handover {
  open = false;
  private shell: Shell;
  private carrier = "";
  private signing = false;
  private driver = "";
  private just = ""; // the parcel or number scanned last
  private ink: number[][] = [];

  constructor(shell: Shell) {
    this.shell = shell;
    this.carrier = sessionStorage.getItem("floord/handover") || "";
    this.open = this.carrier !== "";
  }

  start(): void {
    this.open = true;
    const s = this.shell.wire.state;
    const sheets = (s && s.sheets) || [];
    if (sheets.length === 1) this.choose(sheets[0].carrier);
    this.shell.draw();
  }

  private choose(carrier: string): void {
    this.carrier = carrier;
    this.just = "";
    this.clear();
    // The page comes back here after a reload.
    sessionStorage.setItem("floord/handover", carrier);
    this.shell.draw();
  }

  private leave(): void {
    this.open = false;
    this.choose("");
  }

  private clear(): void {
    this.signing = false;
    this.driver = "";
    this.ink = [];
  }

  draw(s: Snapshot): HTMLElement {
    const sheets = s.sheets || [];
    const sheet = sheets.filter((x) => x.carrier === this.carrier)[0];
    if (!sheet) return this.carriers(sheets);
    return this.signing && sheet.id ? this.sign(sheet) : this.sheet(sheet);
  }

  private carriers(sheets: Sheet[]): HTMLElement {
    return h("div.table", null, h("div.title", null, h("h1", null, say("handover-carrier"))),
      h("div.boxes", null, sheets.slice(0, 9).map((x, n) => key(String(n + 1), name(x) + (x.parcels ? " · " + say("n-parcels", { n: x.parcels }) : ""), () => this.choose(x.carrier)))),
      h("div.actions", null, key("Esc", say("back-to-pack"), () => this.leave())));
  }

  private sheet(x: Sheet): HTMLElement {
    const last = x.last || [];
    const signed = x.signed || [];
    return h("div.table.handing", null,
      h("div.title", null, h("h1", null, say("handover-to", { carrier: name(x) })), h("span.number", null, x.id || "")),
      h("div.tally", null, h("b", null, String(x.parcels || 0)), h("span", null, say("pieces"), h("small", null, kilos(x.grams || 0)))),
      h("p.ask", null, say("handover-scan")),
      h("ul.scanned", null, last.map((l) => h("li", { class: l.parcel === this.just || l.waybill === this.just ? "just" : "" },
        h("b", null, String(l.no)), h("span", null, l.waybill), h("small", null, l.parcel)))),
      h("div.actions", null,
        x.parcels ? key("F4", say("sign"), () => { this.signing = true; this.shell.draw(); }, "go") : null,
        signed.length > 0 && key("F6", say("sheet-again", { sheet: signed[0] }), () => this.pdf(signed[0])),
        key("F3", say("other-carrier"), () => this.choose("")), key("Esc", say("back-to-pack"), () => this.leave())));
  }

  private sign(x: Sheet): HTMLElement {
    return h("div.table.signing", null,
      h("div.title", null, h("h1", null, say("sign-title", { carrier: name(x), n: x.parcels || 0 })), h("span.number", null, x.id || "")),
      h("p.ask", null, say(this.driver ? "sign-ink" : "sign-driver")),
      this.driver ? h("p.driver", null, say("driver"), h("b", null, this.driver)) : null,
      this.pad(),
      h("div.actions", null, this.driver && key("Enter", say(this.ink.length ? "sign-done" : "sign-paper"), () => { this.finish(x); }, "go"),
        key("F3", say("sign-clear"), () => { this.ink = []; this.driver = ""; this.shell.draw(); }),
        key("Esc", say("back"), () => { this.clear(); this.shell.draw(); })));
  }

  /** pad is where the driver signs with a finger or a pen, if the screen takes one. */
  private pad(): HTMLElement {
    const canvas = h("canvas.pad", { width: WIDE, height: HIGH }) as HTMLCanvasElement;
    const paper = canvas.getContext("2d")!;
    paper.lineWidth = 6;
    paper.lineCap = paper.lineJoin = "round";
    paper.strokeStyle = "#16211f";
    const line = (l: number[], from: number) => {
      paper.beginPath();
      paper.moveTo(l[from], l[from + 1]);
      for (let i = from; i + 1 < l.length; i += 2) paper.lineTo(l[i], l[i + 1]);
      paper.stroke();
    };
    this.ink.forEach((l) => line(l, 0));
    let now: number[] | null = null;
    const spot = (e: PointerEvent) => {
      const r = canvas.getBoundingClientRect();
      const within = (v: number, most: number) => Math.max(0, Math.min(most, Math.round(v)));
      return [within(((e.clientX - r.left) / r.width) * WIDE, WIDE), within(((e.clientY - r.top) / r.height) * HIGH, HIGH)];
    };
    canvas.addEventListener("pointerdown", (e) => { now = spot(e); this.ink.push(now); e.preventDefault(); });
    canvas.addEventListener("pointermove", (e) => {
      const used = this.ink.reduce((n, l) => n + l.length / 2, 0);
      if (!now || used >= POINTS) return;
      now.push(...spot(e));
      line(now, now.length - 4);
    });
    const up = () => { if (now) { now = null; this.shell.draw(); } };
    canvas.addEventListener("pointerup", up);
    canvas.addEventListener("pointercancel", up);
    return h("div.padding", null, canvas, h("span", null, say("sign-here")));
  }

  private async finish(x: Sheet): Promise<void> {
    const id = x.id as string;
    const args: any = { sheet: id, count: x.parcels, driver: this.driver };
    if (this.ink.length) args.ink = this.ink;
    const a = await this.shell.act("sign", args);
    if (!a || a.type !== "ok") { this.signing = false; return this.shell.draw(); }
    tone("ok");
    this.clear();
    this.shell.draw();
    this.pdf(id);
  }

  /** pdf opens a sheet in a window of its own, to be printed. */
  private async pdf(id: string): Promise<void> {
    const sheet = await this.shell.ask("GET", "/sheets/" + encodeURIComponent(id) + "/pdf?lang=" + lang, undefined, { as: "blob" });
    if (!sheet) return;
    const url = URL.createObjectURL(sheet);
    this.shell.choose({
      title: say("sheet-ready", { sheet: id }), text: say("sheet-ready-how"), close: say("done"),
      choices: [{ label: say("sheet-print"), kind: "go", pick: () => { if (!window.open(url)) this.shell.refuse(say("no-window")); } }],
    });
  }

  async scan(code: string): Promise<void> {
    if (!this.carrier) return this.shell.refuse(say("handover-carrier"));
    if (this.signing) {
      this.driver = code;
      tone("ok");
      return this.shell.draw();
    }
    const a = await this.shell.act("hand-over", { carrier: this.carrier, code: code });
    if (!a || a.type !== "ok") return;
    this.just = code;
    tone("ok");
    this.shell.draw();
  }
}

function name(x: Sheet): string {
  return x.name || x.carrier;
}
