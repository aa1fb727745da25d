// The frame around every page: who and where, what waits, what was refused, and
// the stop sign. A page gives it a body to draw and a handler for scans.

import { h, lang, put, say, tone, unbroken } from "./lib";
import { Freeze, Snapshot } from "./fold";
import { Scanner } from "./scan";
import { Act, Answer, Wire } from "./wire";

export interface Page {
  /** draw gives the page's body for this picture. */
  draw(s: Snapshot): HTMLElement;
  /** scan takes a code while nothing else wants it. */
  scan(code: string): void | Promise<void>;
  /** live takes the readings of a station's devices. */
  live?(message: any): void;
  /** guest says that the page may be looked at with nobody logged in. */
  guest?: boolean;
  /** loud says that freezes fill this screen. */
  loud?: boolean;
}

interface Sheet { title: string; text?: string; choices: { label: string; kind?: string; pick: () => void }[] }

export class Shell {
  readonly wire: Wire;
  readonly scanner: Scanner;
  private page: Page;
  private root = document.getElementById("app")!;
  private top = h("header");
  private banner = h("div.banner", { role: "status" });
  private body = h("main");
  private over = h("div.over");
  private refusals: string[] = [];
  private sheet: Sheet | null = null;
  private drawing = 0;
  private alarmed: { [intercept: string]: boolean } = {};

  constructor(screen: string, page: Page) {
    this.page = page;
    document.documentElement.lang = lang === "en" ? "en" : "zh-CN";
    document.title = say("app-" + screen) + " · floord";
    document.body.className = "on-" + screen;
    this.wire = new Wire(screen, {
      change: () => this.draw(),
      refused: (a, act) => this.refused(a, act),
      freeze: (f) => this.alarm(f),
      live: (m) => page.live && page.live(m),
    });
    this.scanner = new Scanner((code) => this.scan(code));
    put(this.root, this.top, this.banner, this.body, this.over);
    this.root.addEventListener("click", () => this.scanner.focus());
  }

  async start(): Promise<void> {
    const m = /^#pair=([\w-]{1,64})$/.exec(location.hash);
    if (m) {
      history.replaceState(null, "", location.pathname + location.search);
      const trouble = await this.wire.pair(m[1]);
      if (trouble) this.tell(say(trouble));
      else return;
    }
    this.wire.start();
  }

  /** act does something and shows the screen's own trouble, if there is any. */
  async act(verb: string, args: any): Promise<Answer | null> {
    try {
      return await this.wire.act(verb, args);
    } catch (e) {
      this.refuse(say("storage-broken"));
      return null;
    }
  }

  /** refuse shows a sentence that stays until somebody has read it. */
  refuse(sentence: string): void {
    tone("wrong");
    this.tell(sentence);
  }

  private tell(sentence: string): void {
    this.refusals.push(sentence);
    this.draw();
  }

  /** choose asks one question with a few answers. */
  choose(sheet: Sheet): void {
    this.sheet = sheet;
    this.draw();
  }

  private refused(a: Answer, act: Act): void {
    if (act.verb === "take" && a.code === "no-task") return; // the idle page says it
    this.refuse(a[lang] || a.code || "");
  }

  private alarm(f: Freeze): void {
    if (!this.page.loud || this.alarmed[f.intercept]) return;
    this.alarmed[f.intercept] = true;
    tone("stop");
    this.wire.act("shown", { intercept: f.intercept }).catch(() => this.draw());
  }

  private async scan(code: string): Promise<void> {
    const s = this.wire.state;
    if (!this.wire.token) return this.pairing(code);
    if (!s || this.asked(s)) return; // a question must be answered by hand
    if (this.refusals.length) return tone("wrong"); // read it first
    if (!s.person && !this.page.guest) {
      await this.act("login", { badge: code });
      return;
    }
    return this.page.scan(code);
  }

  private async pairing(code: string): Promise<void> {
    const trouble = await this.wire.pair(code);
    if (trouble) this.refuse(say(trouble));
  }

  private asked(s: Snapshot): Freeze | null {
    if (!this.page.loud) return null;
    return (s.freezes || []).filter((f) => !f.answered)[0] || null;
  }

  /** draw paints the page, once however many changes came since the last frame. */
  draw(): void {
    if (this.drawing) return;
    this.drawing = window.setTimeout(() => {
      this.drawing = 0;
      this.paint();
    }, 0);
  }

  private paint(): void {
    const w = this.wire;
    const s = w.state;
    this.paintTop(s);
    this.paintBanner();
    if (w.bye && w.bye.code === "replaced") put(this.body, this.elsewhere());
    else if (!w.token) put(this.body, this.unpaired());
    else if (!s) put(this.body, h("div.calm", null, h("h1", null, say("connecting"))));
    else if (!s.person && !this.page.guest) put(this.body, this.login());
    else put(this.body, this.page.draw(s));
    put(this.over, this.cover(s));
    this.scanner.focus();
  }

  private paintTop(s: Snapshot | null): void {
    const w = this.wire;
    const person = s && s.person;
    put(this.top,
      h("b", null, w.station || w.device || say("app-" + w.screen)),
      person && h("span.who", null, person.name),
      h("span.push"),
      w.pending > 0 && h("span.pending", null, say("sending", { n: w.pending })),
      person && h("button.quiet", { type: "button", onclick: () => this.act("logout", {}) }, say("logout")),
      h("i.dot", { class: w.online ? "on" : "", title: say(w.online ? "online" : "connecting") }));
  }

  private paintBanner(): void {
    const w = this.wire;
    const off = !w.online && !!w.token && !!w.truth;
    this.banner.className = "banner" + (off ? " show" : "");
    put(this.banner, off && say("offline", { n: w.pending }));
  }

  private unpaired(): HTMLElement {
    return h("div.calm", null, h("h1", null, say("pair-title")), h("p", null, say("pair-how")), this.scanner.field);
  }

  private elsewhere(): HTMLElement {
    return h("div.calm", null, h("h1", null, say("replaced")),
      h("button.big", { type: "button", onclick: () => { this.wire.again(); this.draw(); } }, say("use-here")));
  }

  private login(): HTMLElement {
    return h("div.calm", null, h("h1", null, say("login-title")), h("p", null, say("login-how")), this.scanner.field);
  }

  /** cover gives what lies over the page: the stop sign first, then a refusal, then a question. */
  private cover(s: Snapshot | null): HTMLElement | null {
    const f = s && this.asked(s);
    if (f) return this.stopSign(f);
    if (this.refusals.length) {
      return h("div.cover.wrong", { role: "alertdialog" }, h("p.sentence", null, unbroken(this.refusals[0])),
        h("button.big", { type: "button", onclick: () => { this.refusals.shift(); this.draw(); } }, say("ok-button")));
    }
    const q = this.sheet;
    if (!q) return null;
    const done = (f?: () => void) => () => { this.sheet = null; if (f) f(); this.draw(); };
    return h("div.cover.ask", { role: "dialog" }, h("h2", null, q.title), q.text && h("p", null, q.text),
      q.choices.map((c) => h("button.big", { type: "button", class: c.kind, onclick: done(c.pick) }, c.label)),
      h("button.big.quiet", { type: "button", onclick: done() }, say("cancel")));
  }

  private stopSign(f: Freeze): HTMLElement {
    if (!f.shown) this.alarm(f); // it came with a snapshot
    const answers = ["out", "not-yet", "sealed"];
    return h("div.cover.stop", { role: "alertdialog" },
      h("div.octagon", null, say("freeze-stop")),
      h("h1", null, say("freeze-" + f.why)),
      h("p.number", null, f.order),
      h("p", null, say("freeze-ask")),
      answers.map((a) => h("button.big", {
        type: "button",
        onclick: () => this.act("answer", { intercept: f.intercept, text: a }),
      }, say("answer-" + a))));
  }
}
