// The handhelds' wire, as docs/PROTOCOL.md has it: one socket, a picture of the
// floor kept up to date by events, and acts that are stored on this device
// before the screen confirms them and leave it when the daemon has answered.

import { lang } from "./lib";
import { fold, pretend, Snapshot, FloorEvent, Freeze } from "./fold";
import { Store } from "./store";

/** An Act is something a person did here. Number, session and day make its key for ever. */
export interface Act {
  n: number;
  day: string;
  verb: string;
  args: any;
  at: number;
  /** A code of it was typed and not scanned. */
  typed?: boolean;
}

/** An Answer is what became of an act. */
export interface Answer {
  type: "ok" | "refused" | "failed";
  n: number;
  seq?: number;
  result?: any;
  code?: string;
  zh?: string;
  en?: string;
}

/** A Doing is an act on its way: kept on this device, then answered. */
export interface Doing {
  /** Resolves once the act outlives this page; rejects if this device cannot store. */
  kept: Promise<void>;
  /** The daemon's answer. A page that was reloaded hears of refusals by its hook only. */
  answer: Promise<Answer>;
}

export interface Bye { code: string; zh?: string; en?: string }

export interface Hooks {
  /** The picture or the connection changed: draw. */
  change(): void;
  /** An act was refused, possibly one made long ago. */
  refused(a: Answer, act: Act): void;
  /** An order must be stopped now. */
  freeze(f: Freeze): void;
  /** Live readings of a station's devices. */
  live?(message: any): void;
  /** A code that the scanner on the station's own line has read. */
  scan?(code: string): void;
}

/** Times in ms: the daemon sends a beat every 20 s; a weighing may take 8 s. */
const SILENT = 45000;
const UNANSWERED = 15000;

/** Of the kept picture: raise it when Snapshot changes its meaning. */
const SHAPE = 1;

/** Byes after which this device must not come back by itself. */
const FINAL: { [code: string]: boolean } = { "bad-token": true, revoked: true, replaced: true, "bad-screen": true };

/** Verbs that never wait behind other acts: hands must be told, and heard. */
const URGENT: { [verb: string]: boolean } = { shown: true, answer: true };

export class Wire {
  screen: string;
  hooks: Hooks;
  token = "";
  station = "";
  device = "";
  online = false;
  bye: Bye | null = null;
  /** What the daemon has said. */
  truth: Snapshot | null = null;

  private socket: WebSocket | null = null;
  private epoch = "";
  private day = "";
  private store: Promise<Store> | null = null;
  private number = 0;
  private numbering = "";
  private kept: { [name: string]: any } = {};
  private saving = 0;
  private queue: Act[] = [];
  private answered: { act: Act; seq: number }[] = [];
  private waiting: { [n: number]: (a: Answer) => void } = {};
  private sent: { [n: number]: number } = {};
  private heard = 0;
  private wait = 500;
  private timer = 0;
  private ahead = 0; // of this device's clock, in ms

  constructor(screen: string, hooks: Hooks) {
    this.screen = screen;
    this.hooks = hooks;
    const q = new URLSearchParams(location.search);
    const given = q.get("token");
    if (given) {
      this.keep(given);
      q.delete("token");
      const rest = q.toString();
      history.replaceState(null, "", location.pathname + (rest ? "?" + rest : "") + location.hash);
    } else {
      this.token = sessionStorage.getItem(this.name("token")) || localStorage.getItem(this.name("token")) || "";
    }
  }

  private name(what: string): string {
    return "floord/" + this.screen + "/" + what;
  }

  /** own names something that belongs to the device that this token pairs. */
  private own(what: string): string {
    return this.name(this.token.slice(-8) + "/" + what);
  }

  /** keep makes this page the device of that token. */
  keep(token: string): void {
    this.token = token;
    this.store = null;
    this.bye = null;
    try {
      sessionStorage.setItem(this.name("token"), token);
      localStorage.setItem(this.name("token"), token);
    } catch (e) {
      // The token then lives as long as the page.
    }
  }

  /** pair spends a one-time code. It gives the sentence to show if that did not work. */
  async pair(code: string): Promise<string> {
    try {
      const r = await fetch("/api/v1/pair", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ code: code }),
      });
      const body = await r.json();
      if (!r.ok) return body[lang] || body.detail || body.title;
      this.keep(body.token);
      this.start();
      return "";
    } catch (e) {
      return "pair-failed";
    }
  }

  /** start takes up what this device kept, opens the socket and keeps it open. */
  async start(): Promise<void> {
    if (!this.token) {
      this.hooks.change();
      return;
    }
    this.bye = null;
    await this.opened();
    this.connect();
    if (!this.timer) this.timer = window.setInterval(() => this.watch(), 1000);
    window.addEventListener("online", () => this.retry(0));
  }

  /** state is what the daemon has said and what was done here since. */
  get state(): Snapshot | null {
    if (!this.truth) return null;
    const since = this.answered.map((a) => a.act).concat(this.queue);
    return since.reduce(pretend, this.truth);
  }

  /** now is the daemon's time, in ms. */
  now(): number {
    return Date.now() - this.ahead;
  }

  /** waits are the acts without an answer, the oldest first. */
  get waits(): Act[] {
    return this.queue;
  }

  get pending(): number {
    return this.queue.length;
  }

  /** act keeps something a person did, then sends it. */
  act(verb: string, args: any, typed = false): Doing {
    const a: Act = { n: 0, day: this.day || today(), verb: verb, args: args, at: Date.now() };
    if (typed) a.typed = true;
    let answered: (a: Answer) => void;
    const answer = new Promise<Answer>((resolve) => (answered = resolve));
    const kept = this.opened().then((store) => {
      a.n = ++this.number;
      this.waiting[a.n] = answered;
      return store.save({ number: a.n, ["act/" + a.n]: a });
    }).then(() => {
      this.queue.push(a);
      this.queue.sort((x, y) => x.n - y.n);
      this.pump();
      this.hooks.change();
    });
    return { kept: kept, answer: answer };
  }

  /** note keeps something of the page's own beside the acts; it comes back after a reload. */
  note(name: string, value: any): void {
    this.kept[name] = value;
    this.opened().then((store) => store.save({ ["note/" + name]: value })).catch(() => undefined);
  }

  /** noted gives what the page noted under that name. */
  noted(name: string): any {
    return this.kept[name];
  }

  /** read forgets a refusal that somebody has read. */
  read(n: number): void {
    this.opened().then((store) => store.save({ ["no/" + n]: undefined })).catch(() => undefined);
  }

  /** opened gives the store after what it kept was taken up. */
  private opened(): Promise<Store> {
    return this.store || (this.store = Store.open(this.own("kept")).then((s) => this.takeUp(s)));
  }

  /** takeUp brings back what was kept: the acts that wait, refusals nobody has read, the picture. */
  private async takeUp(store: Store): Promise<Store> {
    const all = await store.load();
    this.number = all.number || 0;
    this.numbering = all.session || "";
    if (!this.numbering) {
      const random = new Uint8Array(8);
      crypto.getRandomValues(random);
      this.numbering = Array.prototype.map.call(random, (b: number) => (b < 16 ? "0" : "") + b.toString(16)).join("");
      await store.save({ session: this.numbering }).catch(() => undefined);
    }
    const refused: { a: Answer; act: Act }[] = [];
    this.queue = [];
    for (const key of Object.keys(all)) {
      if (key.slice(0, 4) === "act/") this.queue.push(all[key]);
      else if (key.slice(0, 3) === "no/") refused.push(all[key]);
      else if (key.slice(0, 5) === "note/") this.kept[key.slice(5)] = all[key];
    }
    this.queue.sort((x, y) => x.n - y.n);
    const p = all.picture;
    if (p && p.shape === SHAPE && !this.truth) {
      this.epoch = p.epoch;
      this.truth = p.truth;
      this.answered = p.answered;
      this.device = p.device;
      this.day = p.day;
    }
    refused.sort((x, y) => x.act.n - y.act.n).forEach((r) => this.hooks.refused(r.a, r.act));
    this.hooks.change();
    return store;
  }

  /** picture is what the screen shows, as it is kept: a reload in dead air shows it again. */
  private picture(): any {
    if (this.screen !== "pda" || !this.truth) return undefined;
    return { shape: SHAPE, epoch: this.epoch, device: this.device, day: this.day, truth: this.truth, answered: this.answered };
  }

  private keepPicture(): void {
    if (this.screen !== "pda" || this.saving) return;
    this.saving = window.setTimeout(() => {
      this.saving = 0;
      this.opened().then((store) => store.save({ picture: this.picture() })).catch(() => undefined);
    }, 300);
  }

  private connect(): void {
    if (this.socket || this.bye) return;
    const s = new WebSocket(location.origin.replace(/^http/, "ws") + "/ws");
    this.socket = s;
    this.heard = Date.now();
    s.onopen = () => {
      const t = this.truth;
      const hello: any = { type: "hello", token: this.token, session: this.numbering, lang: lang };
      if (t) {
        hello.epoch = this.epoch;
        hello.seq = t.seq;
      }
      s.send(JSON.stringify(hello));
    };
    s.onmessage = (m) => this.hear(JSON.parse(m.data));
    s.onclose = () => {
      if (this.socket === s) this.lost();
    };
  }

  private lost(): void {
    this.socket = null;
    this.online = false;
    this.sent = {};
    this.hooks.change();
    if (!this.bye) this.retry(this.wait);
    this.wait = Math.min(this.wait * 2, 5000);
  }

  private retry(wait: number): void {
    window.setTimeout(() => this.connect(), wait * (0.5 + Math.random()));
  }

  /** again takes this page back after another window took its place. */
  again(): void {
    this.bye = null;
    this.connect();
  }

  /** watch finds the dead air that a socket does not report. */
  private watch(): void {
    if (!this.socket) return;
    const now = Date.now();
    let dead = now - this.heard > SILENT;
    for (const n in this.sent) dead = dead || now - this.sent[n] > UNANSWERED;
    if (dead) {
      const s = this.socket;
      this.lost();
      s.close();
    }
  }

  /** pump sends the oldest act and waits for its answer; urgent ones go at once. */
  private pump(): void {
    if (!this.online) return;
    for (const a of this.queue) if (URGENT[a.verb]) this.send(a);
    for (const a of this.queue) {
      if (URGENT[a.verb]) continue;
      this.send(a);
      return;
    }
  }

  private send(a: Act): void {
    if (this.sent[a.n] || !this.socket) return;
    this.sent[a.n] = Date.now();
    if (a.verb === "report") { this.post(a); return; }
    this.socket.send(JSON.stringify({ type: "act", n: a.n, day: a.day, verb: a.verb, args: a.args, typed: a.typed }));
  }

  /** post sends a report: a photo is too large for the socket. It counts once all the same. */
  private async post(a: Act): Promise<void> {
    try {
      const r = await fetch("/api/v1/exceptions", {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: "Bearer " + this.token },
        body: JSON.stringify(Object.assign({ session: this.numbering, n: a.n, day: a.day }, a.args)),
      });
      const body = await r.json();
      this.answer({ type: r.ok ? "ok" : body.code ? "refused" : "failed", n: a.n, code: body.code, zh: body.zh, en: body.en });
    } catch (e) {
      this.answer({ type: "failed", n: a.n });
    }
    this.hooks.change();
  }

  private hear(m: any): void {
    this.heard = Date.now();
    switch (m.type) {
      case "welcome":
        this.epoch = m.epoch;
        this.day = m.day;
        this.device = m.device;
        this.station = m.station || "";
        this.ahead = Date.now() - Date.parse(m.now);
        if (!m.resumed) this.truth = null;
        this.online = true;
        this.wait = 500;
        this.pump();
        break;
      case "beat":
        this.day = m.day;
        return;
      case "snapshot":
        this.truth = Object.assign({ board: this.truth && this.truth.board }, m) as Snapshot;
        this.settle();
        break;
      case "board":
        this.truth = Object.assign({}, this.truth, { seq: m.seq, board: m.board });
        break;
      case "event":
        if (this.truth) this.truth = fold(this.truth, m as FloorEvent);
        this.settle();
        break;
      case "freeze":
        if (this.truth) this.truth = fold(this.truth, m);
        this.hooks.freeze(m as Freeze);
        break;
      case "scan":
        if (this.hooks.scan) this.hooks.scan(String(m.code));
        return;
      case "live":
        if (this.hooks.live) this.hooks.live(m);
        return;
      case "ok":
      case "refused":
      case "failed":
        this.answer(m as Answer);
        break;
      case "bye":
        if (FINAL[m.code]) this.end(m as Bye);
        break;
    }
    this.hooks.change();
  }

  private end(b: Bye): void {
    this.bye = b;
    if (b.code !== "replaced") {
      this.token = "";
      sessionStorage.removeItem(this.name("token"));
      localStorage.removeItem(this.name("token"));
    }
  }

  private answer(a: Answer): void {
    delete this.sent[a.n];
    if (a.type === "failed") {
      window.setTimeout(() => this.pump(), 1000); // the same number again
      return;
    }
    const i = this.queue.map((q) => q.n).indexOf(a.n);
    if (i >= 0) {
      const act = this.queue[i];
      this.queue.splice(i, 1);
      if (a.type === "ok") this.answered.push({ act: act, seq: a.seq || 0 });
      this.done(a, act);
      if (a.type === "refused") this.hooks.refused(a, act);
      this.settle();
    }
    if (this.waiting[a.n]) this.waiting[a.n](a);
    delete this.waiting[a.n];
    this.pump();
  }

  /** done takes an answered act off this device; a refusal stays until it is read. */
  private done(a: Answer, act: Act): void {
    const changes: { [key: string]: any } = { ["act/" + act.n]: undefined, picture: this.picture() };
    if (a.type === "refused") changes["no/" + act.n] = { a: a, act: act };
    this.opened().then((store) => store.save(changes)).catch(() => undefined);
  }

  /** settle forgets answered acts that the daemon's own events now show. */
  private settle(): void {
    const seq = this.truth ? this.truth.seq : 0;
    this.answered = this.answered.filter((a) => a.seq > seq); // an act that showed nothing here has seq 0
    this.keepPicture();
  }
}

/** today is the day of an act made before the daemon has ever said which day it is. */
function today(): string {
  const d = new Date();
  return String(d.getFullYear() * 10000 + (d.getMonth() + 1) * 100 + d.getDate());
}
