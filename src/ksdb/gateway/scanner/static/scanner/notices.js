// What the operator should know besides the answer: what is safe, how old the lists are, the clock, the storage.
import { aheadMs, gatewaySeconds } from "./clock.js";
import { AMBER_SECONDS, RED_SECONDS, ageOf } from "./judge.js";
import { VERSION, counts } from "./queue.js";
import { isAudible } from "./signals.js";
import { ageWords, faultWords, say } from "./words.js";

const of = (id) => document.getElementById(id);
const FULL_SHARE = 0.8;
const CLOCK_MS = 60_000;
const SAID_ELSEWHERE = new Set(["offline", "list_missing", "busy", "too_often"]);
let isNewer = false;

// A newer app lies ready for the next start.
export const noteNewer = () => (isNewer = true);

export async function showNotices(known, { refusal, isFull, isQuiet }) {
  const [count, storage] = await Promise.all([counts(), share()]);
  const safe = count.scanned - count.waiting - count.aside;
  of("counts").textContent = say("counts", { scanned: count.scanned, safe });
  Object.assign(of("counts").dataset, { scanned: count.scanned, safe });
  const [listsLevel, listsWords] = listsNotice(known);
  of("lists").textContent = listsWords;
  of("about").textContent = say("about", { id: known.device.device_id, version: VERSION });
  of("root").textContent = known.root_name ? say("root", { name: known.root_name.match(/.{4}/g).join(" ") }) : "";
  of("aside").hidden = count.aside === 0;
  of("aside-words").textContent = say("aside_menu", { n: count.aside });
  const notices = [
    known.isStopped && ["red", faultWords("device_revoked")],
    refusal && refusal !== "device_revoked" && !SAID_ELSEWHERE.has(refusal) && ["red", faultWords(refusal)],
    isFull && ["red", say("storage_full_hint")],
    storage > FULL_SHARE && ["red", say("storage_low", { percent: Math.round(storage * 100) })],
    count.aside > 0 && ["red", say("aside", { n: count.aside })],
    (refusal === "offline" || !navigator.onLine) && ["amber", say("offline")],
    listsLevel && [listsLevel, listsWords],
    Math.abs(aheadMs()) > CLOCK_MS && ["amber", say("clock", { age: ageWords(Math.abs(aheadMs()) / 1000) })],
    !isQuiet && !isAudible() && ["plain", say("touch_for_sound")],
    isNewer && ["plain", say("newer")],
    count.waiting > 0 && ["plain", waitingWords(count)],
  ];
  fill(of("notices"), notices.filter(Boolean));
}

function waitingWords({ waiting, oldest_at }) {
  return say("waiting", { n: waiting, age: ageWords((Date.now() - oldest_at) / 1000) });
}

function listsNotice(known) {
  if (!known.status) return ["amber", say("lists_none")];
  const age = ageOf(known.status, gatewaySeconds());
  if (age >= RED_SECONDS) return ["red", say("lists_red")];
  if (age >= AMBER_SECONDS) return ["amber", say("lists_amber", { age: ageWords(age) })];
  return ["", say("lists_fresh", { age: ageWords(age) })];
}

async function share() {
  const { usage, quota } = (await navigator.storage?.estimate?.()) ?? {};
  return quota ? usage / quota : 0;
}

// Only what changed is touched, so that a screen reader does not say it all again.
function fill(list, notices) {
  const said = JSON.stringify(notices);
  if (list.dataset.said === said) return;
  list.dataset.said = said;
  list.replaceChildren(
    ...notices.map(([level, words]) => {
      const item = document.createElement("li");
      item.className = level;
      item.textContent = words;
      return item;
    }),
  );
}
