// What a GS1 code says beside the article's number: (01) GTIN, (10) lot, (15) and
// (17) dates, (21) serial number. GS1 General Specifications, section 3.

export interface Parts { gtin?: string; lot?: string; expiry?: string; serial?: string }

/** Fixed lengths by AI; the others end at a separator or with the code. */
const FIXED: { [ai: string]: number } = { "00": 18, "01": 14, "02": 14, "11": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2 };
const NAMES: { [ai: string]: keyof Parts } = { "01": "gtin", "10": "lot", "15": "expiry", "17": "expiry", "21": "serial" };

/** gs1 reads an element string that begins with a GTIN. It gives null for any other code. */
export function gs1(code: string): Parts | null {
  const parts: Parts = {};
  let rest = code.replace(/\((\d{2})\)/g, "\x1d$1").replace(/^\x1d/, "");
  if (!/^01\d{14}/.test(rest)) return null;
  while (rest) {
    const ai = rest.slice(0, 2);
    const n = FIXED[ai];
    if (!n && !NAMES[ai]) return null;
    const end = rest.indexOf("\x1d");
    const to = n ? 2 + n : end < 0 ? rest.length : end;
    const value = rest.slice(2, to);
    if (!value || n && !(value.length === n && /^\d+$/.test(value))) return null;
    const name = NAMES[ai];
    if (name) parts[name] = name === "expiry" ? day(value) || "" : value;
    rest = rest.slice(to).replace(/^\x1d/, "");
  }
  return parts;
}

/** day reads 261130, 20261130 or 2026-11-30 as 2026-11-30; "" if it is none. Day 00 is the month's last. */
export function day(text: string): string {
  const m = /^(\d\d)?(\d\d)[-/.]?(\d\d)[-/.]?(\d\d)$/.exec(text.trim());
  if (!m) return "";
  const year = Number((m[1] || "20") + m[2]);
  const month = Number(m[3]);
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const d = Number(m[4]) || last;
  if (month < 1 || month > 12 || d > last) return "";
  return year + "-" + m[3] + "-" + (d < 10 ? "0" : "") + d;
}

/** isItem says whether a code stands for the article with that number and bar code. */
export function isItem(code: string, sku: string, barcode?: string): boolean {
  if (code === sku || code === barcode) return true;
  const g = gs1(code);
  return !!g && !!barcode && /^\d{8,14}$/.test(barcode) && ("00000000000000" + barcode).slice(-14) === g.gtin;
}
