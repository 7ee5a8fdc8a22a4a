// One lane on the screen: its answer, its direction, its group, its count.
import { choose, chosen } from "./chosen.js";
import { awaken, signal } from "./signals.js";
import { answerWords, say, timeWords } from "./words.js";

const SHOWN_MS = 4_000;
const LATE_MS = 8_000;

export class Lane {
  constructor(number, isNamed, group) {
    this.number = number;
    this.group = group;
    this.count = 0;
    this.people = 0;
    this.place = document.getElementById("lane").content.firstElementChild.cloneNode(true);
    this.place.querySelector(".lane-name").textContent = isNamed ? say(`lane_${number}`) : "";
    this.place.querySelector(".way").addEventListener("click", () => this.#turn());
    this.place.querySelector(".group").addEventListener("click", () => this.#turnGroup());
    this.allowExit(true);
    this.showGroup();
    this.rest();
  }

  // The direction as it was turned on this device, where the point scans people who leave.
  allowExit(isAllowed) {
    this.isExit = isAllowed && chosen(`exit-${this.number}`) === true;
    this.place.querySelector(".way").hidden = !isAllowed;
    this.#showWay();
  }

  // Kept for the next start: an exit that counts people in is worse than none.
  async #turn() {
    awaken();
    this.isExit = !this.isExit;
    this.#showWay();
    await choose(`exit-${this.number}`, this.isExit);
  }

  #showWay() {
    const button = this.place.querySelector(".way");
    const way = say(this.isExit ? "way_out" : "way_in");
    button.textContent = `${this.isExit ? "←" : "→"} ${way}`;
    button.setAttribute("aria-label", say("way_label", { way }));
    button.classList.toggle("out", this.isExit);
  }

  async #turnGroup() {
    const kept = this.group.turn();
    this.showGroup();
    await kept;
  }

  showGroup() {
    const button = this.place.querySelector(".group");
    const { isOpen, size } = this.group;
    button.setAttribute("aria-pressed", String(isOpen));
    button.textContent = isOpen ? `${say("group_count", { n: size })} · ${say("group_end")}` : say("group");
  }

  // Colour, sign, word, sound and vibration of an answer.
  show(answer, isQuiet) {
    this.people += 1;
    this.#answer(answer, isQuiet);
  }

  #answer(answer, isQuiet) {
    const [word, hint, kind] = answerWords(answer);
    this.#put(kind, word, hint);
    this.sequence = answer.sequence ?? null;
    this.#number(answer.result);
    signal(kind, isQuiet);
  }

  warn(hint, isQuiet) {
    this.people += 1;
    this.#put("refused", say("unreadable"), hint);
    this.sequence = null;
    this.#number("spoilt");
    signal("refused", isQuiet);
  }

  // Two answers alike are told apart by their number and a flash, with ears by the number too: a screen reader that
  // finds the same words again says nothing.
  #number(result) {
    this.count += 1;
    Object.assign(this.place.dataset, { result, count: String(this.count), flash: String(this.count % 2) });
    this.place.querySelector(".nth").textContent = say("nth", { n: this.people, time: timeWords(Date.now()) });
  }

  // The gateway's answer to a scan, when it comes. Who still stands there gets it in place of ours; when the next person does,
  // it is told beside theirs, which stays.
  correct(answer, sequence, isQuiet) {
    if (this.sequence === sequence && Date.now() - this.shownAt < SHOWN_MS) return this.#answer({ ...answer, sequence }, isQuiet);
    const [word, hint, kind] = answerWords(answer);
    if (kind === "good" || kind === "unsure") return;
    const late = this.place.querySelector(".late");
    late.textContent = say("late", { word, hint });
    signal(kind, isQuiet);
    clearTimeout(this.lateTimer);
    this.lateTimer = setTimeout(() => (late.textContent = ""), LATE_MS);
  }

  rest() {
    this.#put("ready", say("ready"), say("ready_hint"));
    this.place.querySelector(".nth").textContent = "";
    clearTimeout(this.timer);
  }

  get isResting() {
    return this.place.classList.contains("ready");
  }

  #put(kind, word, hint) {
    this.place.className = `lane ${kind}`;
    // Going back to "ready" is nothing to interrupt a screen reader for.
    this.place.querySelector(".answer").setAttribute("aria-live", kind === "ready" ? "off" : "assertive");
    this.place.querySelector("use").setAttribute("href", `#sign-${kind}`);
    this.place.querySelector(".word").textContent = word;
    this.place.querySelector(".hint").textContent = hint;
    this.shownAt = Date.now();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rest(), SHOWN_MS);
  }
}
