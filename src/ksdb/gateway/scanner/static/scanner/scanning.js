// The scanning screen: inputs into the desk, answers onto the lanes, and what waits to the gateway.
import { asideFile, discardAside, putBack } from "./aside.js";
import { Camera, codesIn } from "./camera.js";
import { digitsOf, isCardNumber } from "./cardnumber.js";
import { put } from "./db.js";
import { Desk, dayOf, insideToday } from "./desk.js";
import { foreignIn } from "./foreign.js";
import { Lane } from "./lane.js";
import { showNotices } from "./notices.js";
import { flush } from "./queue.js";
import { renew } from "./renewal.js";
import { connect, isPossible } from "./serial.js";
import { awaken } from "./signals.js";
import { knowledge, sync } from "./sync.js";
import * as wedge from "./wedge.js";
import { say } from "./words.js";

const of = (id) => document.getElementById(id);
const FLUSH_MS = 30_000;
const SYNC_MS = 60_000;
const REST_MS = 5_000;
let desk;
let lanes;
let camera;
let refusal = null;
let isFull = false;
const numbers = new Map(); // sequence of a typed scan -> the lane that waits for its answer

export async function startScanning(known, logOut) {
  desk = new Desk(known);
  layLanes();
  listenToReaders();
  readyCamera();
  readyDialogs(logOut);
  readyGroup();
  await refresh();
  await showInside(await insideToday());
  for (const [target, event] of [[window, "online"], [document, "visibilitychange"]]) {
    target.addEventListener(event, () => document.hidden || wake());
  }
  window.addEventListener("pointerdown", awaken, { capture: true });
  window.addEventListener("keydown", awaken, { capture: true });
  setInterval(send, FLUSH_MS);
  setInterval(() => document.hidden || update(), SYNC_MS);
  update();
}

function wake() {
  if (camera.isRunning) keepAwake(true);
  update();
}

const isQuiet = () => localStorage.getItem("quiet") === "1";

function layLanes() {
  const isTwo = localStorage.getItem("two-lanes") === "1";
  lanes = isTwo ? [new Lane(1, true), new Lane(2, true)] : [new Lane(1, false)];
  of("lanes").replaceChildren(...lanes.map((lane) => lane.place));
  of("lanes").classList.toggle("two", isTwo);
}

// `how`: camera, reader, typed or photo. The answer that was shown, or null.
export async function take(text, how, seenAt = performance.now()) {
  const lane = how === "reader" ? lanes.at(-1) : lanes[0];
  const answer = await desk.take(text, how, lane.isExit);
  if (!answer) return null;
  if (answer.result === "storage_full") isFull = true;
  lane.show(answer, isQuiet());
  lane.place.dataset.ms = (performance.now() - seenAt).toFixed(1);
  if (answer.sequence && isCardNumber(digitsOf(text))) numbers.set(answer.sequence, lane);
  if (answer.inside !== undefined) await showInside(answer.inside);
  showGroup();
  sendSoon();
  return answer;
}

let sending = null;
let isMore = false;
let failedAt = 0;

// After a scan: where the network was away a moment ago, it is not tried again for each of a queue of people.
function sendSoon() {
  if (Date.now() - failedAt > REST_MS) send();
  else refresh();
}

// One sending at a time; what was scanned meanwhile goes right after it.
function send() {
  isMore = true;
  sending ??= (async () => {
    while (isMore) {
      isMore = false;
      const done = await flush();
      refusal = done.error;
      failedAt = refusal ? Date.now() : 0;
      tryAgain(refusal || done.isElsewhere);
      if (done.sent) isFull = false;
      for (const result of done.results) answerLate(result);
      await refresh();
    }
    sending = null;
    if (refusal) await later();
  })();
  return sending;
}

let again = 0;
let rest = REST_MS;

// What could not be sent, or was left to another tab that had just finished, is tried again soon, then less and less often.
function tryAgain(isNeeded) {
  clearTimeout(again);
  rest = isNeeded ? Math.min(2 * rest, FLUSH_MS) : REST_MS;
  if (isNeeded) again = setTimeout(send, rest / 2);
}

function answerLate({ sequence, result }) {
  const lane = numbers.get(sequence);
  numbers.delete(sequence);
  lane?.correct({ result }, isQuiet());
}

// Chromium sends by itself when the network is back, even if this page is closed by then.
async function later() {
  const registration = await navigator.serviceWorker?.getRegistration();
  await registration?.sync?.register("ksdb-flush").catch(() => null);
}

async function update() {
  await renew();
  await putBack(false);
  const said = await sync();
  const known = await knowledge();
  if (known) desk.known = known;
  await send();
  refusal ??= said;
  await refresh();
}

async function refresh() {
  of("point").textContent = desk.known.device.point.name;
  await showNotices(desk.known, refusal, isFull);
}

async function showInside(count) {
  const most = desk.known.device.point.capacity;
  const key = !most ? "inside" : count >= most ? "inside_full" : "inside_of";
  for (const lane of lanes) {
    const place = lane.place.querySelector(".inside");
    place.textContent = say(key, { n: count, most });
    place.classList.toggle("full", key === "inside_full");
  }
}

const isCode = (text) => isCardNumber(text) || /^\d{60,}$/.test(text) || foreignIn(text) !== null;

function listenToReaders() {
  wedge.listen({ isCode, onScan: (text) => take(text, "reader"), onSpoilt: () => lanes.at(-1).warn(say("spoilt"), isQuiet()) });
  of("serial").hidden = !isPossible();
  of("serial").addEventListener("click", async () => {
    try {
      await connect(
        (text) => take(text, "reader"),
        () => (of("serial").textContent = say("serial_off")),
      );
      of("serial").textContent = say("serial_on");
    } catch {
      of("serial").textContent = say("serial"); // nobody chose a port
    }
  });
}

function readyCamera() {
  camera = new Camera(of("video"), (text, seenAt) => take(text, "camera", seenAt));
  of("camera-toggle").addEventListener("click", toggleCamera);
  for (const [name, on, off] of [["torch", { torch: true }, { torch: false }], ["zoom", { zoom: 2 }, { zoom: 1 }]]) {
    of(name).addEventListener("click", async () => {
      const isOn = of(name).getAttribute("aria-pressed") !== "true";
      await camera.set(isOn ? on : off);
      of(name).setAttribute("aria-pressed", String(isOn));
    });
  }
}

async function toggleCamera() {
  of("camera-fault").textContent = "";
  const isOn = !camera.isRunning;
  if (isOn) {
    try {
      await camera.start();
    } catch (error) {
      of("camera-fault").textContent = say(error.name === "NotFoundError" ? "camera_missing" : "camera_refused");
      return;
    }
  } else {
    camera.stop();
  }
  await keepAwake(isOn);
  of("video").hidden = !isOn;
  of("camera").classList.toggle("on", isOn);
  of("camera-toggle").textContent = say(isOn ? "stop_camera" : "start_camera");
  of("torch").hidden = !isOn || !camera.abilities.torch;
  of("zoom").hidden = !isOn || !((camera.abilities.zoom?.max ?? 1) >= 2);
}

let lock = null;

// A tablet on a stand must not fall asleep between two people.
async function keepAwake(isOn) {
  await lock?.release();
  lock = isOn ? await navigator.wakeLock?.request("screen").catch(() => null) : null;
}

function readyDialogs(logOut) {
  of("type-open").addEventListener("click", () => {
    of("number").value = "";
    of("number-fault").textContent = "";
    of("type").showModal();
  });
  of("type-form").addEventListener("submit", takeTyped);
  of("photo").addEventListener("change", takePhoto);
  of("menu-open").addEventListener("click", () => of("menu").showModal());
  of("send-now").addEventListener("click", update);
  of("inside-reset").addEventListener("click", async () => {
    await put("counters", "inside", { day: dayOf(Date.now()), count: 0 });
    await showInside(0);
  });
  tick("quiet", () => null);
  tick("two-lanes", async () => {
    layLanes();
    await showInside(await insideToday());
  });
  of("log-out").addEventListener("click", async () => {
    const { waiting, aside } = await showNotices(desk.known, refusal, isFull);
    const unsent = waiting + aside;
    makeSure(unsent ? say("log_out_sure", { n: unsent }) : say("log_out_ask"), say("log_out_yes"), logOut);
  });
  readyAside();
  window.addEventListener("beforeinstallprompt", (event) => {
    of("install").hidden = false;
    of("install").onclick = () => event.prompt();
  });
}

function makeSure(words, yes, then) {
  of("sure-words").textContent = words;
  of("sure-yes").textContent = yes;
  of("sure-yes").onclick = then;
  of("sure").showModal();
}

function readyAside() {
  of("aside-again").addEventListener("click", async () => {
    await putBack(true);
    await send();
  });
  of("aside-save").addEventListener("click", async () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await asideFile());
    link.download = `luot-quet-${desk.known.device.device_id}.json`;
    link.click();
    URL.revokeObjectURL(link.href);
  });
  of("aside-discard").addEventListener("click", async () => {
    const { aside } = await showNotices(desk.known, refusal, isFull);
    makeSure(say("aside_sure", { n: aside }), say("aside_yes"), async () => {
      of("sure").close();
      await discardAside();
      await refresh();
    });
  });
}

function tick(name, then) {
  of(name).checked = localStorage.getItem(name) === "1";
  of(name).addEventListener("change", () => {
    localStorage.setItem(name, of(name).checked ? "1" : "0");
    then();
  });
}

// A USB reader may type into the field, too: then it is a scan and no typed number.
async function takeTyped(event) {
  event.preventDefault();
  const text = of("number").value;
  const digits = digitsOf(text);
  if (/^\d{60,}$/.test(digits)) await take(digits, "reader");
  else if (!isCardNumber(digits)) return void (of("number-fault").textContent = say("number_mistyped_hint"));
  else await take(digits, "typed");
  of("type").close();
}

async function takePhoto() {
  const [file] = of("photo").files;
  of("photo").value = "";
  if (!file) return;
  const texts = await codesIn(file).catch(() => []);
  if (texts.length === 0) return lanes[0].warn(say("photo_none"), isQuiet());
  for (const text of texts) await take(text, "photo");
}

function readyGroup() {
  of("group").addEventListener("click", () => {
    desk.group = desk.group ? null : new Set();
    showGroup();
  });
}

function showGroup() {
  of("group").setAttribute("aria-pressed", String(Boolean(desk.group)));
  of("group").textContent = desk.group ? `${say("group_count", { n: desk.group.size })} · ${say("group_end")}` : say("group");
}
