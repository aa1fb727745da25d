// One scan intake for every page: whatever the scanner types reaches the page's
// handler, with or without the field in focus, and no fast scan is lost.

import { h, say } from "./lib";

/** A wedge types faster than this; a person does not. In ms between keys. */
const BURST = 35;
/**
 * A burst without Enter ends after this much silence, on a device whose scanner
 * was never seen to send Enter. Once it was, only Enter ends a scan: a busy
 * device makes pauses within a code, and half a code is a wrong one.
 */
const SILENCE = 120;
const ENTERS = "floord/scanner-sends-enter";
/** The longest code that is taken; longer is noise. */
const LONGEST = 128;

export class Scanner {
  /** The field to show: what was scanned or typed, Enter ends it. */
  readonly field: HTMLElement;
  private input: HTMLInputElement;
  private handle: (code: string) => void | Promise<void>;
  private codes: string[] = [];
  private busy = false;
  private last = 0;
  private fast = 0;
  private timer = 0;
  private enters = localStorage.getItem(ENTERS) === "yes";

  constructor(handle: (code: string) => void | Promise<void>) {
    this.handle = handle;
    this.input = h("input", {
      type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      inputmode: "none", maxlength: LONGEST, "aria-label": say("scan"), placeholder: say("scan"),
    }) as HTMLInputElement;
    const keys = h("button.keys", { type: "button", onclick: () => this.type() }, say("keyboard"));
    this.field = h("div.scan", null, this.input, keys);
    document.addEventListener("keydown", (e) => this.key(e));
  }

  /** type opens the soft keyboard, which never opens by itself. */
  private type(): void {
    this.input.setAttribute("inputmode", "text");
    this.input.blur();
    this.input.focus();
  }

  private key(e: KeyboardEvent): void {
    const at = e.target as HTMLElement;
    const elsewhere = at !== this.input && (at.tagName === "INPUT" || at.tagName === "TEXTAREA" || at.tagName === "SELECT");
    if (elsewhere || e.ctrlKey || e.altKey || e.metaKey) return;
    const now = Date.now();
    this.fast = now - this.last < BURST ? this.fast + 1 : 0;
    this.last = now;
    window.clearTimeout(this.timer);
    if (e.key === "Enter" || e.key === "Tab") {
      if (!this.input.value) return; // Enter on a button is a press of it
      e.preventDefault();
      if (this.fast >= 3) this.learn();
      this.take();
      return;
    }
    if (e.key.length !== 1) return;
    if (at !== this.input) {
      e.preventDefault(); // the key goes into the field, wherever the focus is
      if (this.input.value.length < LONGEST) this.input.value += e.key;
    }
    if (this.fast >= 3 && !this.enters) this.timer = window.setTimeout(() => this.take(), SILENCE);
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

  private take(): void {
    const code = this.input.value.trim();
    this.input.value = "";
    this.fast = 0;
    this.input.setAttribute("inputmode", "none");
    if (code) this.scan(code);
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
    if (!at || at === document.body || !document.contains(at)) this.input.focus();
  }
}
