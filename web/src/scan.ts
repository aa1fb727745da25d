// One scan intake for every page: whatever the scanner types reaches the page's
// handler, with or without the field in focus, and no fast scan is lost.

import { h, say } from "./lib";

/** A wedge types faster than this; a person does not. In ms between keys. */
const BURST = 35;
/**
 * A burst without Enter ends after this much silence, or after four times the
 * longest pause within it if that is more, on a device whose scanner was never
 * seen to send Enter. Once it was, only Enter and Tab end a scan: a busy device
 * makes pauses within a code, and half a code is a wrong one.
 */
const SILENCE = 50;
const ENTERS = "floord/scanner-sends-enter";
/** The same code again so soon after its end is one pull of the trigger that fired twice. */
const GUARD = 120;
/** The longest code that is taken: what the daemon takes of one. The rest is noise. */
const LONGEST = 128;
/**
 * The code on a wave's cart, group 1 is the wave: an address, of at most 300 bytes
 * of host and path, and behind the # at most 300 of text. It is read here and
 * goes nowhere.
 */
export const WAVE = /^(?:floord:|https?:\/\/[^\s#]+\/wave#)?(W-\d+)(?:[\s;]|$)/;
const LONGEST_WAVE = 600;
/** Separators that scanners type as Ctrl with a key: a code of several fields needs them. */
const SEPARATORS: { [key: string]: string } = { "\\": "\x1c", "]": "\x1d", "^": "\x1e", "6": "\x1e", _: "\x1f", "-": "\x1f" };

/** Who types a code by hand takes longer than this from key to key; no scanner does. In ms, on average. */
const BY_HAND = 120;

export class Scanner {
  /** typed is true once a code was typed and not scanned, until somebody takes note of it. */
  typed = false;
  /** The field to show: what was scanned or typed, Enter ends it. */
  readonly field: HTMLElement;
  private input: HTMLInputElement;
  private handle: (code: string) => void | Promise<void>;
  private codes: string[] = [];
  private busy = false;
  private last = 0; // when the newest key came
  private fast = 0; // keys in a row as fast as a wedge's
  private slowest = 0; // of the pauses between them
  private first = 0; // when the first key of this code came
  private ended = 0; // when the code before ended
  private before = ""; // and which it was
  private timer = 0;
  private stray: { at: HTMLInputElement; was: string; code: string } | null = null;
  private enters = localStorage.getItem(ENTERS) === "yes";

  constructor(handle: (code: string) => void | Promise<void>) {
    this.handle = handle;
    this.input = h("input", {
      type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      maxlength: LONGEST_WAVE, "aria-label": say("scan"), placeholder: say("scan"),
    }) as HTMLInputElement;
    this.typing(false);
    const keys = h("button.keys", { type: "button", onclick: () => this.type() }, say("keyboard"));
    this.field = h("div.scan", null, this.input, keys);
    document.addEventListener("keydown", (e) => this.key(e), true);
    // Scanners that hand their code to the input method press no keys.
    this.input.addEventListener("input", () => this.handed());
  }

  /** type opens the soft keyboard, which never opens by itself. */
  private type(): void {
    this.typing(true);
    this.input.blur();
    this.input.focus();
  }

  /** typing lets the soft keyboard open, or not. A browser that knows no inputmode opens none for a field that only reads. */
  private typing(on: boolean): void {
    this.input.setAttribute("inputmode", on ? "text" : "none");
    this.input.readOnly = !on && !("inputMode" in this.input);
  }

  private key(e: KeyboardEvent): void {
    if (e.isComposing || e.keyCode === 229) return;
    const now = e.timeStamp;
    const pause = now - this.last;
    const at = e.target as HTMLInputElement;
    if (at !== this.input && /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName)) return this.elsewhere(e, at, pause);
    const char = this.char(e);
    if (!char && (e.ctrlKey || e.altKey || e.metaKey || e.key.length > 1 && e.key !== "Enter" && e.key !== "Tab")) return;
    this.pace(now, pause, this.input.value === "");
    if (!char) {
      if (!this.input.value) return; // Enter on a button is a press of it
      e.preventDefault();
      return this.end(now);
    }
    e.preventDefault(); // the key goes into the field, wherever the focus is
    if (this.input.value.length < LONGEST_WAVE) this.input.value += char;
    this.wait();
  }

  /** char gives what a key types, or "". */
  private char(e: KeyboardEvent): string {
    if (e.ctrlKey && !e.altKey && !e.metaKey) return SEPARATORS[e.key] || "";
    return !e.altKey && !e.metaKey && e.key.length === 1 ? e.key : "";
  }

  private pace(now: number, pause: number, begins: boolean): void {
    if (begins) this.first = now;
    this.slowest = begins ? 0 : Math.max(this.slowest, pause);
    this.fast = !begins && pause < BURST ? this.fast + 1 : 0;
    this.last = now;
    window.clearTimeout(this.timer);
  }

  /** wait ends a burst by itself, where no Enter may come. */
  private wait(): void {
    if (this.fast < 3 || this.enters) return;
    this.timer = window.setTimeout(() => this.take(this.last), Math.max(SILENCE, 4 * this.slowest));
  }

  private end(now: number): void {
    if (this.fast >= 3) this.learn();
    this.take(now);
  }

  /**
   * elsewhere watches another field: what a wedge types into it is a scan, and the
   * field gets back what it held. What a person types stays.
   */
  private elsewhere(e: KeyboardEvent, at: HTMLInputElement, pause: number): void {
    const char = this.char(e);
    if (char) {
      if (!this.stray || this.stray.at !== at || pause >= BURST) this.stray = { at: at, was: at.value, code: "" };
      this.stray.code += char;
      this.pace(e.timeStamp, pause, this.stray.code.length === 1);
      return;
    }
    const s = this.stray;
    if (!s || e.key !== "Enter" && e.key !== "Tab") return;
    this.stray = null;
    if (s.at !== at || s.code.length < 4 || pause >= BURST) return;
    e.preventDefault();
    e.stopPropagation();
    at.value = s.was;
    this.input.value = s.code;
    this.end(e.timeStamp);
  }

  /** handed takes a code that came into the field without keys, at once or in pieces. */
  private handed(): void {
    const now = performance.now();
    const much = this.input.value.length > 3;
    this.pace(now, now - this.last, false);
    if (!this.first) this.first = now;
    if (!much || this.input.getAttribute("inputmode") === "text") return;
    this.timer = window.setTimeout(() => this.take(now), SILENCE);
  }

  private learn(): void {
    if (this.enters) return;
    this.enters = true;
    try {
      localStorage.setItem(ENTERS, "yes");
    } catch (e) {
      // Then it is learnt anew with the next page.
    }
  }

  private take(now: number): void {
    window.clearTimeout(this.timer);
    const read = readable(this.input.value);
    const code = WAVE.test(read) ? read : read.slice(0, LONGEST);
    const twice = code === this.before && this.first - this.ended < GUARD;
    if (code.length > 3 && (this.last - this.first) / (code.length - 1) > BY_HAND) this.typed = true;
    this.input.value = "";
    this.fast = 0;
    this.first = 0;
    this.typing(false);
    if (!code) return;
    this.before = code;
    this.ended = now;
    if (!twice) this.scan(code);
  }

  /** scan takes a code as if it had been scanned. Codes are handled one after the other. */
  scan(code: string): void {
    this.codes.push(code);
    this.drain();
  }

  private async drain(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      for (let code = this.codes.shift(); code !== undefined; code = this.codes.shift()) await this.handle(code);
    } finally {
      this.busy = false;
    }
  }

  /** focus takes the keys back unless the person is typing elsewhere. */
  focus(): void {
    const at = document.activeElement;
    if (!at || at === document.body || !document.contains(at)) this.input.focus({ preventScroll: true }); // on a phone it may stand far below what is read
  }
}

/**
 * readable makes of what a scanner typed what the bar code says: without the
 * symbology's name (]C1), full-width letters of an input method as plain ones, and
 * bytes of UTF-8 or GBK that came one by one as the characters they are.
 */
export function readable(typed: string): string {
  let s = typed.replace(/[\uff01-\uff5e]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 0xfee0));
  s = s.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "").replace(/^\][A-Za-z]\d/, "");
  if (!/[\x80-\xff]/.test(s) || /[^\x00-\xff]/.test(s)) return s;
  const bytes = new Uint8Array(s.length);
  for (let i = 0; i < s.length; i++) bytes[i] = s.charCodeAt(i);
  for (const name of ["utf-8", "gbk"]) {
    try {
      return new TextDecoder(name, { fatal: true }).decode(bytes);
    } catch (e) {
      // Then it is the next, or as it was typed.
    }
  }
  return s;
}
