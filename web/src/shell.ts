// The frame around every page: who and where, what waits, what was refused, and
// the stop sign. A page gives it a body to draw and a handler for scans.

import { age, clock, h, lang, put, say, tone, unbroken } from "./lib";
import { Call, Freeze, Snapshot } from "./fold";
import { Scanner } from "./scan";
import { speak } from "./voice";
import { Act, Answer, Wire } from "./wire";

export interface Page {
  /** draw gives the page's body for this picture. */
  draw(s: Snapshot): HTMLElement;
  /** scan takes a code while nothing else wants it. */
  scan(code: string): void | Promise<void>;
  /** live takes the readings of a station's devices. */
  live?(message: any): void;
  /** drawn is called when the body stands in the page, before anybody sees it. */
  drawn?(body: HTMLElement): void;
  /** tick is called every second, to change what shows the time and nothing else. */
  tick?(): void;
  /** tells says what an act was, for a person who made it a while ago. */
  tells?(act: Act): string;
  /** early takes a code before anybody is logged in; false if it is a badge. */
  early?(code: string): boolean;
  /** called gives the freeze that this screen's lead must say something to now; pages of people without the role have none. */
  called?(s: Snapshot): Call | null;
  /** guest says that the page may be looked at with nobody logged in. */
  guest?: boolean;
  /** operator says that the page is the operator's, with a token of its own and no device. */
  operator?: boolean;
  /** loud says that freezes fill this screen. */
  loud?: boolean;
  /** keyed says that every button has a key (data-key: "Enter", "Esc", "F2", "1"), for a screen without a mouse. */
  keyed?: boolean;
}

interface Sheet {
  title: string;
  text?: string;
  body?: HTMLElement;
  choices: { label: string; kind?: string; pick: () => void }[];
  /** Takes a code scanned while the sheet is open; true if it was meant for it. */
  scan?(code: string): boolean;
  /** close is what leaving it without a choice is called. */
  close?: string;
}

/** How a question to the daemon differs from most. */
export interface Asking {
  /** as is what the answer is read as. */
  as?: "json" | "text" | "blob";
  /** token is whose, if not this device's. */
  token?: string;
  /** quiet says that trouble is not shown. */
  quiet?: boolean;
  /** says has the sentence for a status, in place of the answer's own. */
  says?: { [status: number]: string };
}

/** A refusal that somebody has to read; of an act made long ago, it says which. */
interface No { sentence: string; act?: Act }

/** Bar codes on the wall that do what buttons do, for hands that hold something else. */
const COMMAND = /^FLOORD-(OK|CANCEL|[1-9])$/;

/** An act older than this when its answer comes has been forgotten by whoever made it. In ms. */
const LATE = 5000;

/** So long after a scan an Enter is still the scanner's. In ms. */
const STRAY = 300;

export class Shell {
  readonly wire: Wire;
  readonly scanner: Scanner;
  private page: Page;
  private root = document.getElementById("app")!;
  private top = h("header");
  private body = h("main");
  private over = h("div.over");
  private refusals: No[] = [];
  private sheet: Sheet | null = null;
  private drawing = 0;
  private counting: HTMLElement | null = null;
  private covered: any = null;
  private behind = 0;
  private scanned = 0;
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
      scan: (code) => this.scanner.scan(code),
    });
    this.scanner = new Scanner((code) => this.scan(code));
    put(this.root, this.top, this.body, this.over);
    this.root.addEventListener("click", () => this.scanner.focus());
    window.setInterval(() => this.tick(), 1000);
    if (screen === "pda") this.settle();
    if (page.keyed) document.addEventListener("keydown", (e) => this.pressed(e));
  }

  /** pressed takes the keys that no scanner sends. An Enter right behind a scan is a scanner's second one. */
  private pressed(e: KeyboardEvent): void {
    const f = /^F([1-9])$/.exec(e.key);
    const what = f ? f[1] : e.key === "Escape" ? "CANCEL" : e.key === "Enter" ? "OK" : "";
    if (!what || e.defaultPrevented || e.ctrlKey || e.altKey || e.metaKey) return;
    if (what === "OK" && ((e.target as HTMLElement).tagName === "BUTTON" || Date.now() - this.scanned < STRAY)) return;
    e.preventDefault();
    this.command(what);
  }

  async start(): Promise<void> {
    const m = /^#pair=([\w-]{1,64})$/.exec(location.hash);
    if (m) {
      history.replaceState(null, "", location.pathname + location.search);
      const trouble = await this.wire.pair(m[1]);
      if (trouble) this.tell({ sentence: say(trouble) });
      else return;
    }
    this.wire.start();
  }

  /** settle asks the browser for what it gives a page of its own over HTTPS: to open in dead air, to keep its store, to stay lit. */
  private settle(): void {
    const n: any = navigator;
    if (!(window as any).isSecureContext || !n.serviceWorker) return;
    n.serviceWorker.register("/sw.js").catch(() => undefined);
    if (n.storage && n.storage.persist) n.storage.persist();
    const lit = () => { if (n.wakeLock && !document.hidden) n.wakeLock.request("screen").catch(() => undefined); };
    document.addEventListener("visibilitychange", lit);
    lit();
  }

  /** act does something and gives the answer; the screen's own trouble is shown. */
  async act(verb: string, args: any): Promise<Answer | null> {
    const d = this.wire.act(verb, args, this.byHand());
    return (await this.safe(d.kept)) ? d.answer : null;
  }

  /** keep does something and waits no longer than until this device will not forget it. */
  keep(verb: string, args: any): Promise<boolean> {
    return this.safe(this.wire.act(verb, args, this.byHand()).kept);
  }

  /** ask asks the daemon over HTTP; trouble is shown and gives null. */
  async ask(method: string, path: string, body?: any, o: Asking = {}): Promise<any> {
    try {
      const r = await fetch("/api/v1" + path, {
        method: method,
        headers: { Authorization: "Bearer " + (o.token === undefined ? this.wire.token : o.token), "Content-Type": "application/json" },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      if (r.ok) return await r[o.as || "json"]();
      const no = await r.json();
      const word = o.says && o.says[r.status] || r.status === 422 && !no[lang] && "bad-field";
      if (!o.quiet) this.refuse(word ? say(word) : no[lang] || no.detail || no.title);
    } catch (e) {
      if (!o.quiet) this.refuse(say("no-connection"));
    }
    return null;
  }

  /** byHand says whether a code of this act was typed: the report counts that. */
  private byHand(): boolean {
    const typed = this.scanner.typed;
    this.scanner.typed = false;
    return typed;
  }

  private async safe(kept: Promise<void>): Promise<boolean> {
    try {
      await kept;
      return true;
    } catch (e) {
      this.refuse(say("storage-broken"));
      return false;
    }
  }

  /** seen waits until the picture shows what a scan has led to, five seconds at most: the next scan is about that. */
  async seen(test: (s: Snapshot) => boolean): Promise<void> {
    for (let n = 0; n < 250; n++) {
      const s = this.wire.truth;
      if (!s || test(s)) return;
      await new Promise((resolve) => window.setTimeout(resolve, 20));
    }
  }

  /** refuse shows a sentence that stays until somebody has read it. */
  refuse(sentence: string, spoken = ""): void {
    tone("wrong");
    speak(spoken);
    this.tell({ sentence: sentence });
  }

  private tell(no: No): void {
    this.refusals.push(no);
    this.draw();
  }

  /** choose asks one question with a few answers. */
  choose(sheet: Sheet): void {
    this.sheet = sheet;
    this.draw();
  }

  /** shut takes the question away. */
  shut(): void {
    this.sheet = null;
    this.draw();
  }

  private refused(a: Answer, act: Act): void {
    if (act.verb === "take" && a.code === "no-task" && !act.args.wave) return this.wire.read(act.n); // the idle page says it
    tone("wrong");
    speak(a.code || "");
    this.tell({ sentence: a[lang] || a.code || "", act: act });
  }

  private alarm(f: Freeze): void {
    if (!this.page.loud || this.alarmed[f.intercept]) return;
    this.alarmed[f.intercept] = true;
    tone("stop");
    speak("order", ...f.order.slice(-4).split(""), "freeze-" + f.why, "stop");
    this.wire.act("shown", { intercept: f.intercept }).kept.catch(() => this.draw());
  }

  private async scan(code: string): Promise<void> {
    const s = this.wire.state;
    this.scanned = Date.now();
    if (this.page.operator) return this.page.scan(code);
    if (!this.wire.token) return this.pairing(code);
    if (!s) return;
    if (COMMAND.test(code)) return this.command(code.slice(7));
    const typed = this.page.keyed && /^[1-9]$/.test(code) && !(this.sheet && this.sheet.scan) && this.button(code);
    if (typed) return typed.click();
    if (this.asked(s) || this.calls(s)) return tone("wrong"); // a freeze is answered by hand or by command
    if (this.refusals.length) return tone("wrong"); // read it first
    if (this.sheet) {
      if (!this.sheet.scan || !this.sheet.scan(code)) tone("wrong");
      return;
    }
    if (!s.person && !this.page.guest) {
      if (this.page.early && this.page.early(code)) return;
      const a = await this.act("login", { badge: code });
      if (a && a.type === "ok" && a.result && a.result.left) {
        this.choose({ title: say("left-title", { device: a.result.left }), text: say("left-how"), choices: [], close: say("ok-button") });
      }
      if (a && a.type === "ok" && a.result && a.result.from) { // one badge on two screens: somebody should know
        tone("wrong");
        this.choose({ title: say("from-title", { device: a.result.from }), text: say("from-how", { device: a.result.from }), choices: [], close: say("ok-button") });
      }
      if (a && a.type === "ok") await this.seen((x) => !!x.person);
      return;
    }
    return this.page.scan(code);
  }

  /** command presses a button of what lies over the page, or else of the page. */
  private command(what: string): void {
    const b = this.button(what);
    if (b) b.click();
    else tone("wrong");
  }

  /** button finds what OK, CANCEL or a number presses: over the page the only one, the last one, the one in that place. */
  private button(what: string): HTMLElement | null {
    const over = this.over.querySelectorAll("button");
    if (!over.length) {
      const key = what === "OK" ? "Enter" : what === "CANCEL" ? "Esc" : what;
      return this.body.querySelector('[data-key="' + key + '"],[data-key="F' + key + '"]');
    }
    const at = what === "OK" ? (over.length === 1 ? 0 : -1) : what === "CANCEL" ? (this.sheet ? over.length - 1 : -1) : Number(what) - 1;
    return over[at] || null;
  }

  private async pairing(code: string): Promise<void> {
    const trouble = await this.wire.pair(code.replace(/^.*#pair=/, "")); // the address in a pairing QR, or its code alone
    if (trouble) this.refuse(say(trouble));
  }

  private asked(s: Snapshot): Freeze | null {
    if (!this.page.loud) return null;
    return (s.freezes || []).filter((f) => !f.answered)[0] || null;
  }

  private calls(s: Snapshot): Call | null {
    return this.page.called ? this.page.called(s) : null;
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
    if (w.bye && w.bye.code === "replaced") put(this.body, this.elsewhere());
    else if (!w.token && !this.page.operator) put(this.body, this.unpaired());
    else if (!s && !this.page.operator) put(this.body, h("div.calm", null, h("h1", null, say("connecting"))));
    else if (s && !s.person && !this.page.guest) put(this.body, this.login());
    else {
      const body = this.page.draw(s as Snapshot);
      if (this.body.firstChild !== body) put(this.body, body); // what stays keeps its focus
      if (this.page.drawn) this.page.drawn(this.body);
    }
    this.paintOver(s);
    this.scanner.focus();
  }

  /** paintOver leaves what lies over the page alone while it is the same: somebody may be typing in it. */
  private paintOver(s: Snapshot | null): void {
    const f = s && (this.asked(s) || this.calls(s));
    const what = f ? f.intercept : this.refusals.length ? this.refusals[0] : this.sheet;
    const n = f ? 0 : this.refusals.length;
    if (what === this.covered && n === this.behind) return;
    this.covered = what;
    this.behind = n;
    put(this.over, this.cover(s));
  }

  private tick(): void {
    const w = this.wire;
    const s = w.state;
    if (w.pending || !w.online) this.paintTop(s);
    if (this.counting && s) this.count(s);
    if (this.page.tick) this.page.tick();
  }

  private paintTop(s: Snapshot | null): void {
    const w = this.wire;
    const person = s && s.person;
    const off = !w.online && !!w.token && !!w.truth;
    this.top.className = off ? "off" : "";
    put(this.top,
      h("b", null, this.page.operator ? say("setup-admin") : w.station || w.device || say("app-" + w.screen)),
      person && h("span.who", null, person.name),
      h("span.push"),
      off || w.pending ? h("button.pending", { type: "button", role: "status", onclick: () => this.waiting() }, this.waits(off)) : null,
      person && h("button.quiet", { type: "button", onclick: () => this.leave() }, say("logout")),
      !this.page.operator && h("i.dot", { class: w.online ? "on" : "", title: say(w.online ? "online" : "connecting") }));
  }

  private waits(off: boolean): string {
    const list = this.wire.waits;
    const old = list.length ? " · " + age(list[0].at) : "";
    if (!off) return say("sending", { n: list.length }) + old;
    return say("off-line") + (list.length ? " · " + say("acts", { n: list.length }) + old : "");
  }

  /** waiting shows what is not sent yet: what it was, and since when. */
  private waiting(): void {
    const list = this.wire.waits;
    this.choose({
      title: say("queue-title", { n: list.length }),
      text: say(this.wire.online ? "queue-online" : "queue-offline"),
      body: h("ul.queue", null, list.map((a) => h("li", null, h("time", null, clock(a.at, true)), h("span", null, this.saying(a)), h("small", null, age(a.at))))),
      choices: [],
      close: say("back"),
    });
  }

  private saying(a: Act): string {
    return (this.page.tells && this.page.tells(a)) || say("verb-" + a.verb);
  }

  /** leave logs out; with work unsent it asks first. */
  private leave(): void {
    if (!this.wire.pending) { this.act("logout", {}); return; }
    this.choose({
      title: say("logout-unsent", { n: this.wire.pending }),
      choices: [{ label: say("logout"), pick: () => { this.act("logout", {}); } }],
    });
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
    this.counting = null;
    const f = s && this.asked(s);
    if (s && f) return this.stopSign(s, f);
    const c = s && this.calls(s);
    if (c) return this.call(c);
    if (this.refusals.length) return this.wrong(this.refusals[0]);
    const q = this.sheet;
    if (!q) return null;
    const done = (f?: () => void) => () => { if (this.sheet === q) this.sheet = null; if (f) f(); this.draw(); };
    return h("div.cover.ask", { role: "dialog" }, h("h2", null, q.title), q.text && h("p", null, q.text), q.body,
      q.choices.map((c) => h("button.big", { type: "button", class: c.kind, onclick: done(c.pick) }, c.label)),
      h("button.big", { type: "button", class: q.choices.length || !q.close ? "quiet" : "go", onclick: done() }, q.close || say("cancel")));
  }

  /** wrong says a no; it stays until somebody has read it, and others wait behind it. */
  private wrong(no: No): HTMLElement {
    const a = no.act;
    const late = a && Date.now() - a.at > LATE;
    const more = this.refusals.length - 1;
    const read = () => {
      this.refusals.shift();
      if (a) this.wire.read(a.n);
      this.draw();
    };
    return h("div.cover.wrong", { role: "alertdialog" },
      a && late && h("p.made", null, clock(a.at, true) + " · " + this.saying(a)),
      h("p.sentence", null, unbroken(no.sentence)),
      h("button.big", { type: "button", onclick: read }, say("ok-button") + (more > 0 ? " (" + say("more-waits", { n: more }) + ")" : "")));
  }

  private stopSign(s: Snapshot, f: Freeze): HTMLElement {
    if (!f.shown) this.alarm(f); // it came with a snapshot
    this.counting = h("p.counting");
    this.count(s);
    const answers = ["out", "not-yet", "sealed"];
    return h("div.cover.stop", { role: "alertdialog" },
      h("div.octagon", null, say("freeze-stop")),
      h("h1", null, say("freeze-" + f.why)),
      h("p.number", null, f.order),
      f.in && h("p", null, say("freeze-in", { order: f.in })),
      this.counting,
      h("p", null, say("freeze-ask")),
      answers.map((a) => h("button.big", {
        type: "button",
        onclick: () => this.act("answer", { intercept: f.intercept, text: a }),
      }, say("answer-" + a))));
  }

  /** call wants the word of a lead who was called. It stays until somebody decides, or says to be on it. */
  private call(c: Call): HTMLElement {
    if (!this.alarmed["call/" + c.intercept]) {
      this.alarmed["call/" + c.intercept] = true;
      tone("stop");
      speak("order", ...c.order.slice(-4).split(""), "freeze-" + c.why);
    }
    const conflict = c.needs === "conflict";
    const decide = (verb: string, word: string, args: any) => h("button.big.second", {
      type: "button",
      onclick: (e: Event) => {
        const b = e.currentTarget as HTMLElement;
        if (b.className.indexOf("armed") >= 0) { this.act(verb, args); return; }
        b.className += " armed"; // what cannot be taken back is pressed twice
        put(b, say("press-again", { what: say(word) }));
      },
    }, say(word));
    return h("div.cover.stop.call", { role: "alertdialog" },
      h("div.octagon", null, say("call-title")),
      h("h1", null, say("freeze-" + c.why)),
      h("p.number", null, c.order),
      h("p", null, say("needs-" + c.needs) + " · " + say("state-" + c.stage) + " · " + clock(c.asked_at, true)),
      (c.answers || []).map((a) => h("p", null, a.person + " " + say("answer-" + a.text))),
      h("button.big", { type: "button", onclick: () => { this.act("answer", { intercept: c.intercept, text: "on-it" }); } }, say("on-it")),
      decide("thaw", conflict ? "conflict-ship" : "thaw", { order: c.order }),
      decide("close", conflict ? "conflict-close" : "close-order", { order: c.order, why: c.why === "cancel" || c.why === "address" ? c.why : "lead" }));
  }

  /** count shows how long there is to answer the stop sign. */
  private count(s: Snapshot): void {
    const f = this.asked(s);
    if (!f || !this.counting) return;
    const left = Math.ceil((Date.parse(f.deadline) - this.wire.now()) / 1000);
    put(this.counting, left > 0 ? say("seconds-left", { n: left }) : say("too-late", { n: -left }));
  }
}
