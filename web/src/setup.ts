// The set-up page: devices and how they are paired, people and their badges,
// stations with what their devices say, shops, rules and bins. What floord.toml sets is shown, and changed
// there only. A lead logs in by badge; the operator may use the admin token (/setup#admin).

import { clock, h, lang, put, say, tone, when } from "./lib";
import { Snapshot } from "./fold";
import { Asking, Page, Shell } from "./shell";
import { Keep, ports, saved } from "./ports";
import { bins, rules, shops } from "./site";

const PARTS = ["devices", "people", "stations", "ports", "shops", "rules", "bins"];
const SCREENS = ["pda", "station", "board"];
const ROLES = ["picker", "packer", "lead", "admin"];
const KINDS = ["printer", "scale", "scanner"];

/** How often devices are asked for what is new, and how many lines of bytes a device shows. */
const EVERY = 1000;
const LINES = 60;

interface Feed { kind: string; seq: number; box: HTMLElement; state: HTMLElement; bytes: HTMLElement }

class Setup implements Page {
  shell!: Shell;
  operator = location.hash === "#admin";
  private admin = sessionStorage.getItem("floord/setup/admin") || "";
  private part = "devices";
  private tabs = h("nav.tabs");
  private list = h("section.panel.list");
  private side = h("section.panel.side");
  private root = h("div.setup", null, this.tabs, h("div.parts", null, this.list, this.side));
  private badge: HTMLInputElement | null = null; // takes the next scan
  private feeds: Feed[] = [];
  private watching = "";
  private begun = false;
  private names = { stations: [] as string[] };

  draw(_: Snapshot): HTMLElement {
    if (this.operator && !this.admin) return this.ask;
    if (!this.begun) {
      this.begun = true;
      this.go("devices");
    }
    return this.root;
  }

  /** ask wants the operator's token; it is kept as long as this tab. */
  private ask = this.asking();

  private asking(): HTMLElement {
    const token = h("input", { type: "password", autocomplete: "off", maxlength: 200, "aria-label": say("setup-admin") }) as HTMLInputElement;
    const enter = async () => {
      this.admin = token.value.trim();
      if (!(await this.api("GET", "/devices"))) { this.admin = ""; return; }
      sessionStorage.setItem("floord/setup/admin", this.admin);
      this.shell.draw();
    };
    return h("form.calm.fields", { onsubmit: (e: Event) => { e.preventDefault(); enter(); } }, h("h1", null, say("setup-admin")), h("p", null, say("setup-admin-how")), token, h("button.big", { type: "submit" }, say("setup-enter")));
  }

  scan(code: string): void {
    if (!this.badge || !document.contains(this.badge)) return tone("wrong");
    this.badge.value = code;
    tone("ok");
  }

  tick(): void {
    if (this.part === "devices" && this.begun && !(this.shell.wire.state || {} as any).person && !this.operator) this.begun = false; // logged out
  }

  /** api asks the daemon as who is there. */
  private api(method: string, path: string, body?: any, o: Asking = {}): Promise<any> {
    return this.shell.ask(method, path, body, { ...o, token: this.operator ? this.admin : undefined });
  }

  /** text fetches a file. */
  private text(path: string, body?: any): Promise<string | null> {
    return this.api(body ? "POST" : "GET", path, body, { as: "text" });
  }

  private async go(part: string): Promise<void> {
    this.part = part;
    this.watching = "";
    this.badge = null;
    put(this.tabs, PARTS.map((p) => h("button", { type: "button", class: p === part ? "on" : "", onclick: () => this.go(p) }, say("setup-" + p))));
    put(this.list);
    put(this.side);
    if (part === "devices") await this.devices();
    else if (part === "people") await this.people();
    else if (part === "stations") await this.stations();
    else if (part === "ports") await ports((method: string, path: string, body?: any) => this.api(method, path, body), (path: string, body?: any) => this.text(path, body), this.list, this.side);
    else await ({ shops: shops, rules: rules, bins: bins } as any)[part]((method: string, path: string, body?: any) => this.api(method, path, body), this.list, this.side);
  }

  private async devices(): Promise<void> {
    const [all, stations] = await Promise.all([this.api("GET", "/devices"), this.api("GET", "/stations")]);
    if (!all || this.part !== "devices") return;
    this.names.stations = (stations || []).map((s: any) => s.id);
    put(this.list, h("h2", null, say("setup-devices")), rows(["col-device", "setup-screen", "col-person", "setup-seen", ""], all.map((d: any) => [
      h("b", null, d.id), say("app-" + d.screen) + (d.station ? " · " + d.station : ""), d.person || "—", seen(d),
      !d.revoked && h("button.small.warn", { type: "button", onclick: () => this.revoke(d.id) }, say("board-revoke"))])));
    if (!this.side.firstChild) this.inviting();
  }

  private revoke(id: string): void {
    this.shell.choose({
      title: say("setup-revoke-sure", { device: id }), text: say("setup-revoke-how"),
      choices: [{ label: say("board-revoke"), kind: "warn", pick: async () => { if (await this.api("POST", "/devices/" + id + "/revoke", {})) this.devices(); } }],
    });
  }

  private inviting(): void {
    const name = field("text", "board-device-id");
    const screen = choice(SCREENS.map((s) => [s, say("app-" + s)]));
    const station = choice(this.names.stations.map((s) => [s, s]));
    const where = labelled("setup-station", station);
    const fit = () => { where.hidden = screen.value !== "station"; };
    screen.addEventListener("change", fit);
    fit();
    const result = h("div.paired");
    put(this.side, form("board-invite", "setup-make-code", async () => {
      const body: any = { device: name.value.trim(), screen: screen.value };
      if (screen.value === "station") body.station = station.value;
      const a = await this.api("POST", "/devices", body);
      if (!a) return;
      put(result, h("img.qr", { src: "data:image/png;base64," + a.qr, alt: a.url, width: 210, height: 210 }),
        h("b.code", null, a.code), h("p", null, say("setup-pair-how", { screen: say("app-" + screen.value) })), h("p.number", null, a.url),
        h("p.look", null, say("setup-until", { at: clock(a.until) })),
        this.printers((at) => this.api("POST", "/devices/" + encodeURIComponent(body.device) + "/label", { code: a.code, station: at })));
      result.scrollIntoView({ block: "nearest" });
    }, labelled("col-device", name), labelled("setup-screen", screen), where), result);
    name.focus();
  }

  /** printers are a button for each station: it has that label printed there. */
  private printers(print: (station: string) => Promise<any>): HTMLElement {
    const said = h("p.look");
    return h("div.printers", null, this.names.stations.map((s) => h("button.small", { type: "button", onclick: async () => {
      if (await print(s)) put(said, say("setup-printing", { station: s }));
    } }, say("setup-print-at", { station: s }))), said);
  }

  private async people(): Promise<void> {
    const [all, stations] = await Promise.all([this.api("GET", "/people"), this.api("GET", "/stations")]);
    if (!all || this.part !== "people") return;
    this.names.stations = (stations || []).map((s: any) => s.id);
    put(this.list, h("h2", null, say("setup-people"), h("button.small", { type: "button", onclick: () => this.person(null) }, say("setup-add-person"))),
      rows(["col-person", "setup-roles", "setup-team", "setup-lang", "col-device", ""], all.map((p: any) => [
        h("span", null, h("b", null, p.name), h("small", null, p.id)), p.roles.map((r: string) => say("role-" + r)).join(lang === "zh" ? "、" : ", "),
        p.team || "—", say("lang-" + (p.lang || "zh")), p.device || "—",
        h("span.acts", null, p.in_file && fromFile(), h("button.small", { type: "button", onclick: () => this.person(p) }, say(p.in_file ? "setup-badge" : "setup-change")))])));
    if (!this.side.firstChild) this.person(null);
  }

  /** person shows somebody's form: to be changed, or of somebody in floord.toml only the badge. */
  private person(p: any): void {
    const badge = this.badge = field("text", p ? "setup-badge-keep" : "setup-badge-scan", 128);
    badge.autocomplete = "off";
    const label = h("div.badge");
    const show = async (id: string) => {
      const body = { badge: badge.value.trim(), lang: lang };
      const path = "/people/" + encodeURIComponent(id) + "/badge";
      const a = await this.api("POST", path, body);
      if (!a) return;
      put(label, a.png && h("img", { src: "data:image/png;base64," + a.png, alt: say("setup-badge") }), a.mistakes.map((m: string) => h("p.bad", null, m)),
        a.png && h("button.big.go", { type: "button", onclick: () => window.print() }, say("setup-print")), a.png && h("p.hint", null, say("setup-print-how")),
        a.png && this.printers((at) => this.api("POST", path, { badge: body.badge, lang: lang, station: at })));
    };
    if (p && p.in_file) {
      put(this.side, form("setup-badge", "setup-draw-badge", () => show(p.id), h("p", null, h("b", null, p.name + " "), fromFile()), h("p.hint", null, say("setup-in-file")), labelled("setup-badge-code", badge)), label);
      return;
    }
    const id = field("text", "setup-person-id");
    const name = field("text", "setup-name");
    const team = field("text", "setup-team-how");
    const tongue = choice([["zh", say("lang-zh")], ["en", say("lang-en")]]);
    const roles = ROLES.map((r) => h("input", { type: "checkbox", value: r, checked: p ? p.roles.indexOf(r) >= 0 : r === "picker" }) as HTMLInputElement);
    if (p) {
      id.value = p.id;
      id.readOnly = true;
      name.value = p.name;
      team.value = p.team || "";
      tongue.value = p.lang || "zh";
    }
    put(this.side, form(p ? "setup-change" : "setup-add-person", "setup-save", async () => {
      const body: any = { name: name.value.trim(), roles: roles.filter((r) => r.checked).map((r) => r.value), lang: tongue.value, team: team.value.trim() };
      if (badge.value.trim()) body.badge = badge.value.trim();
      if (!body.roles.length) return this.shell.refuse(say("setup-no-role"));
      if (!(await this.api("PUT", "/people/" + encodeURIComponent(id.value.trim()), body))) return;
      tone("ok");
      if (body.badge) {
        await show(id.value.trim());
        put(this.side, h("h2", null, body.name), label);
      }
      this.people();
    }, labelled("setup-number", id), labelled("col-person", name),
      h("div.checks", null, h("span", null, say("setup-roles")), h("div", null, ROLES.map((r, i) => h("label", null, roles[i], say("role-" + r))))),
      h("div.pair", null, labelled("setup-team", team), labelled("setup-lang", tongue)),
      h("div.pair", null, labelled("setup-badge-code", badge), h("button.small", { type: "button", onclick: () => { badge.value = fresh(); } }, say("setup-new-code")))),
      p && h("button.quiet", { type: "button", onclick: () => this.remove(p) }, say("setup-remove")), label);
  }

  private remove(p: any): void {
    this.shell.choose({
      title: say("setup-remove-sure", { name: p.name }), text: say("setup-remove-how"),
      choices: [{ label: say("setup-remove"), kind: "warn", pick: async () => { if (await this.api("DELETE", "/people/" + encodeURIComponent(p.id))) this.go("people"); } }],
    });
  }

  private async stations(): Promise<void> {
    const all = await this.api("GET", "/stations");
    if (!all || this.part !== "stations") return;
    put(this.list, h("h2", null, say("setup-stations"), fromFile()), rows(["setup-station", "printer", "scale", ""], all.map((t: any) => [
      h("b", null, t.id),
      h("span", { class: t.printer.state === "ready" || t.printer.state === "printing" ? "good" : "bad" }, t.printer.code ? say(t.printer.code) : say("printer-" + t.printer.state)),
      h("span", { class: t.scale.state === "down" ? "bad" : "" }, say(t.scale.code || "scale-" + t.scale.state)),
      h("button.small", { type: "button", onclick: () => this.watch(t.id) }, say("setup-watch"))])));
    if (all.length) this.watch(all[0].id);
  }

  private watch(station: string): void {
    this.watching = station;
    this.feeds = KINDS.map((kind) => {
      const f = { kind: kind, seq: 0, box: h("div.feed"), state: h("div"), bytes: h("pre", { tabindex: 0 }) };
      const keep: Keep = () => this.text("/stations/" + encodeURIComponent(station) + "/devices/" + kind + "/session");
      put(f.box, h("h3", null, say(kind)), f.state, f.bytes, saved(keep, station + "-" + kind), kind === "scale" && h("button.small", { type: "button", onclick: async () => {
        if (await this.api("POST", "/stations/" + encodeURIComponent(station) + "/scale/zero", {})) tone("ok");
      } }, say("setup-zero")));
      return f;
    });
    put(this.side, h("h2", null, station + " · " + say("setup-live")), this.feeds.map((f) => f.box));
    this.follow(this.feeds);
  }

  /** follow shows what the devices of a station say, until somebody looks at something else. */
  private async follow(feeds: Feed[]): Promise<void> {
    const station = this.watching;
    await Promise.all(feeds.map(async (f) => {
      const a = await this.api("GET", "/stations/" + encodeURIComponent(station) + "/devices/" + f.kind + "?after=" + f.seq, undefined, { quiet: true });
      if (!a) { f.box.className = "feed bare"; f.bytes.hidden = true; put(f.state, h("p.none", null, say("setup-none-there"))); return; }
      if (a.seq < f.seq) put(f.bytes); // the daemon began anew
      f.seq = a.seq;
      put(f.state, h("p", { class: a.phase === "up" ? "good" : "bad" }, a.say[lang], a.phase !== "up" && a.detail ? h("small", null, a.detail) : null),
        h("p.number", null, a.port + " · " + a.line + " · " + a.profile), a.is && h("p.number", null, say("setup-is", { is: a.is })), a.good + a.bad + a.noise > 0 && h("p.number", null, say("setup-frames", { good: a.good, bad: a.bad, noise: a.noise })));
      f.bytes.hidden = false;
      const atEnd = f.bytes.scrollTop + f.bytes.clientHeight >= f.bytes.scrollHeight - 20;
      a.bytes.forEach((b: any) => f.bytes.appendChild(h("div", null, h("time", null, clock(b.at, true)), h("i", null, b.way), h("span", null, b.text || b.hex || say("setup-bytes", { n: b.size || 0 })), h("em", null, b.ascii))));
      while (f.bytes.childNodes.length > LINES) f.bytes.removeChild(f.bytes.firstChild!);
      if (!f.bytes.firstChild) put(f.bytes, h("div.quiet", null, say("setup-silent")));
      else if (atEnd) f.bytes.scrollTop = f.bytes.scrollHeight;
    }));
    window.setTimeout(() => { if (this.feeds === feeds && this.watching === station && this.part === "stations") this.follow(feeds); }, EVERY);
  }
}

function fromFile(): HTMLElement { return h("span.tag.note", null, say("setup-from-file")); }

function seen(d: any): HTMLElement | string {
  if (d.revoked) return h("span.bad", null, say("setup-revoked"));
  if (d.online) return h("span.good", null, say("online"));
  return d.seen ? when(d.seen) : say("setup-not-seen");
}

function rows(head: string[], body: any[][]): HTMLElement {
  if (!body.length) return h("p.none", null, say("board-none"));
  return h("table", null, h("thead", null, h("tr", null, head.map((c) => h("th", null, c && say(c))))), h("tbody", null, body.map((r) => h("tr", null, r.map((c) => h("td", null, c))))));
}

function field(type: string, hint: string, most = 64): HTMLInputElement {
  return h("input", { type: type, maxlength: most, placeholder: say(hint) }) as HTMLInputElement;
}

function choice(options: string[][]): HTMLSelectElement {
  return h("select", null, options.map((o) => h("option", { value: o[0] }, o[1]))) as HTMLSelectElement;
}

function labelled(word: string, input: HTMLElement): HTMLElement { return h("label", null, h("span", null, say(word)), input); }

function form(title: string, go: string, send: () => void, ...fields: any[]): HTMLElement {
  return h("form.fields", { onsubmit: (e: Event) => { e.preventDefault(); send(); } }, h("h2", null, say(title)), ...fields, h("button.big.go", { type: "submit" }, say(go)));
}

/** fresh makes a badge code that nobody guesses: twelve letters and digits that are not taken for each other. */
function fresh(): string {
  const letters = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.prototype.map.call(bytes, (b: number) => letters[b % 32]).join("");
}

const page = new Setup();
page.shell = new Shell("board", page);
document.title = say("setup-title") + " · floord";
document.body.className += " on-setup";
if (page.operator) page.shell.draw();
else page.shell.start();
