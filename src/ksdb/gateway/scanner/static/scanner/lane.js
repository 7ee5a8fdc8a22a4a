// One lane on the screen: its answer, its direction, its count.
import { awaken, signal } from "./signals.js";
import { answerWords, say } from "./words.js";

const SHOWN_MS = 4_000;

export class Lane {
  constructor(number, isNamed) {
    this.isExit = false;
    this.place = document.getElementById("lane").content.firstElementChild.cloneNode(true);
    this.place.querySelector(".lane-name").textContent = isNamed ? say(`lane_${number}`) : "";
    this.place.querySelector(".way").addEventListener("click", () => this.#turn());
    this.#showWay();
    this.rest();
  }

  #turn() {
    awaken();
    this.isExit = !this.isExit;
    this.#showWay();
  }

  #showWay() {
    const button = this.place.querySelector(".way");
    const way = say(this.isExit ? "way_out" : "way_in");
    button.textContent = `${this.isExit ? "←" : "→"} ${way}`;
    button.setAttribute("aria-label", say("way_label", { way }));
    button.classList.toggle("out", this.isExit);
  }

  // Colour, sign, word, sound and vibration of an answer.
  show(answer, isQuiet) {
    const [word, hint, kind] = answerWords(answer);
    this.#put(kind, word, hint);
    this.place.dataset.result = answer.result;
    this.place.dataset.count = String(Number(this.place.dataset.count ?? 0) + 1);
    signal(kind, isQuiet);
  }

  warn(hint, isQuiet) {
    this.#put("refused", say("unreadable"), hint);
    this.place.dataset.result = "spoilt";
    signal("refused", isQuiet);
  }

  // The gateway's answer to a typed number, when it comes while people still look.
  correct(answer, isQuiet) {
    if (Date.now() - this.shownAt < SHOWN_MS && this.place.dataset.result !== answer.result) this.show(answer, isQuiet);
  }

  rest() {
    this.#put("ready", say("ready"), say("ready_hint"));
    clearTimeout(this.timer);
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
