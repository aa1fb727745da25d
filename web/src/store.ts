// What this device keeps: so that a reload, a crash or an empty battery loses
// nothing that the screen has confirmed.

const STORE = "kept";

/**
 * A Store keeps values under names, on flash before save resolves (IndexedDB with
 * strict durability). Where a browser has none that works, it is the page's local
 * storage, which an empty battery may set back by seconds.
 */
export class Store {
  private db: IDBDatabase | null = null;
  private name: string;

  private constructor(name: string) {
    this.name = name;
  }

  /** open gives the store of that name; it never fails. */
  static open(name: string): Promise<Store> {
    const s = new Store(name);
    return new Promise((resolve) => {
      const give = () => resolve(s);
      try {
        const r = indexedDB.open("floord/" + name, 1);
        r.onupgradeneeded = () => { r.result.createObjectStore(STORE); };
        r.onsuccess = () => { s.db = r.result; give(); };
        r.onerror = give;
        r.onblocked = give;
      } catch (e) {
        give();
      }
    });
  }

  /** load gives all that is kept, by name. */
  load(): Promise<{ [key: string]: any }> {
    const db = this.db;
    const all: { [key: string]: any } = {};
    if (!db) {
      for (const key of Object.keys(localStorage)) {
        if (key.slice(0, this.name.length + 1) === this.name + "/") all[key.slice(this.name.length + 1)] = parsed(localStorage.getItem(key));
      }
      return Promise.resolve(all);
    }
    return new Promise((resolve) => {
      const c = db.transaction(STORE).objectStore(STORE).openCursor();
      c.onerror = () => resolve(all);
      c.onsuccess = () => {
        const at = c.result;
        if (!at) return resolve(all);
        all[String(at.key)] = at.value;
        at.continue();
      };
    });
  }

  /**
   * save keeps all of the changes or none; undefined takes a value away. Saves are
   * done in the order they were asked for. It rejects if there is no room.
   */
  save(changes: { [key: string]: any }): Promise<void> {
    const db = this.db;
    return new Promise((resolve, reject) => {
      if (!db) {
        for (const key in changes) {
          const at = this.name + "/" + key;
          if (changes[key] === undefined) localStorage.removeItem(at);
          else localStorage.setItem(at, JSON.stringify(changes[key]));
        }
        return resolve();
      }
      const t: IDBTransaction = (db as any).transaction(STORE, "readwrite", { durability: "strict" });
      const rows = t.objectStore(STORE);
      for (const key in changes) {
        if (changes[key] === undefined) rows.delete(key);
        else rows.put(changes[key], key);
      }
      t.oncomplete = () => resolve();
      t.onabort = () => reject(t.error);
    });
  }
}

function parsed(text: string | null): any {
  try {
    return JSON.parse(text || "null");
  } catch (e) {
    return null;
  }
}
