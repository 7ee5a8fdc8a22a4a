// Who of a family or a class has come so far, in one lane: for the operator's count and against a card held out twice.
// Nothing of it is sent: who belongs together is nobody's business but theirs. It lies sealed, ends with the day, and is
// gone when the operator says so.
import { get, put } from "./db.js";
import { dayOf } from "./inside.js";
import { seal, unseal } from "./vault.js";

export class Group {
  constructor(lane, key) {
    this.name = `group ${lane}`;
    this.key = key;
    this.cards = null;
  }

  get isOpen() {
    return this.cards !== null;
  }

  get size() {
    return this.cards?.size ?? 0;
  }

  has = (card) => this.cards?.has(card) ?? false;

  // As it was when the app was closed.
  async read() {
    const kept = await get("counters", this.name);
    const { day, cards } = kept ? await unseal(kept, this.key) : {};
    this.cards = day === dayOf(Date.now()) ? new Set(cards) : null;
  }

  async turn() {
    this.cards = this.isOpen ? null : new Set();
    await this.#write();
  }

  async add(card) {
    if (!this.isOpen) return;
    this.cards.add(card);
    // The scan itself is kept by now; a count that the disk has no room for is no reason to say it was not.
    await this.#write().catch(() => null);
  }

  async #write() {
    const kept = this.isOpen ? await seal({ day: dayOf(Date.now()), cards: [...this.cards] }, this.key) : null;
    await put("counters", this.name, kept);
  }
}
