// The scanning screen: inputs into the desk, and its answers onto the lanes.
import { EngineFault, codesIn } from "./camera.js";
import { isCardNumber } from "./cardnumber.js";
import { chosen, readChosen } from "./chosen.js";
import { startClock } from "./clock.js";
import { put } from "./db.js";
import { Desk } from "./desk.js";
import { foreignIn } from "./foreign.js";
import { Group } from "./group.js";
import { insideAfter, insideToday } from "./inside.js";
import { Lane } from "./lane.js";
import { isCameraOpen, readyCamera } from "./lens.js";
import { showNotices } from "./notices.js";
import { readyOptions, readyTyping, tickTwoLanes } from "./options.js";
import { expect, sendSoon, standing, startSending } from "./sending.js";
import { connect, isPossible, reconnect } from "./serial.js";
import { awaken } from "./signals.js";
import { say } from "./words.js";
import * as wedge from "./wedge.js";

const of = (id) => document.getElementById(id);
const AWAKE_MS = 30 * 60_000;
let desk;
let lanes;

export async function startScanning(known, logOut) {
  await Promise.all([readChosen(), startClock()]);
  desk = new Desk(known);
  await layLanes();
  listenToReaders();
  readySerial();
  readyCamera((text, seenAt) => take(text, "camera", seenAt));
  readyTyping(take);
  of("photo").addEventListener("change", takePhoto);
  readyOptions({ logOut, deviceId: known.device.device_id, onChange: refresh, onLanes: layLanes, resetInside });
  for (const event of ["pointerdown", "keydown"]) window.addEventListener(event, touched, { capture: true });
  document.addEventListener("visibilitychange", () => document.hidden || keepAwake());
  await refresh();
  startSending(desk, refresh);
}

const isQuiet = () => chosen("quiet") === true;

// A tablet at a point with two lanes begins with two; elsewhere it is one until somebody says otherwise.
const isTwoLanes = () => chosen("two-lanes") ?? (desk.known.device.point.lanes >= 2 && matchMedia("(min-width: 48rem)").matches);

async function layLanes() {
  const isTwo = isTwoLanes();
  tickTwoLanes(isTwo);
  lanes = await Promise.all((isTwo ? [1, 2] : [1]).map((number) => laid(number, isTwo)));
  showExits();
  of("lanes").replaceChildren(...lanes.map((lane) => lane.place));
  of("lanes").classList.toggle("two", isTwo);
  await refresh();
}

async function laid(number, isTwo) {
  const group = new Group(number, desk.known.device.key);
  await group.read();
  return new Lane(number, isTwo, group);
}

// Where nobody is scanned when they leave, nobody can turn an entrance into an exit by mistake.
function showExits() {
  for (const lane of lanes) lane.allowExit(desk.known.device.point.is_exit_scanned);
}

// `how`: camera, reader, typed or photo. The answer that was shown, or null.
export async function take(text, how, seenAt = performance.now()) {
  const lane = how === "reader" ? lanes.at(-1) : lanes[0];
  const answer = await desk.take(text, how, lane);
  if (!answer) return null;
  lane.show(answer, isQuiet());
  requestAnimationFrame(() => setTimeout(() => (lane.place.dataset.ms = (performance.now() - seenAt).toFixed(1))));
  expect(answer, lane);
  if (answer.inside !== undefined) showInside(answer.inside);
  lane.showGroup();
  keepAwake();
  sendSoon();
  return answer;
}

async function refresh() {
  of("point").textContent = desk.known.device.point.name;
  showExits();
  showInside(await insideToday());
  await showNotices(desk.known, { ...standing(), isQuiet: isQuiet() });
}

function showInside(count) {
  const most = desk.known.device.point.capacity;
  const key = !most ? "inside" : count >= most ? "inside_full" : "inside_of";
  for (const lane of lanes) {
    const place = lane.place.querySelector(".inside");
    const words = say(key, { n: count, most });
    if (place.textContent !== words) place.textContent = words;
    place.classList.toggle("full", key === "inside_full");
  }
}

async function resetInside() {
  await put("counters", "inside", insideAfter(null, 0, Date.now()));
  showInside(0);
}

function touched() {
  awaken();
  keepAwake();
}

let lock = null;
let asleep = 0;

// A tablet on a stand must not fall asleep between two people, whatever it reads with: half an hour after the last of them,
// and as long as its camera is open.
async function keepAwake() {
  clearTimeout(asleep);
  asleep = setTimeout(() => (isCameraOpen() ? keepAwake() : lock?.release()), AWAKE_MS);
  if (lock && !lock.released) return;
  lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
}

const isCode = (text) => isCardNumber(text) || /^\d{60,}$/.test(text) || foreignIn(text) !== null;

function listenToReaders() {
  wedge.listen({ isCode, onScan: (text) => take(text, "reader"), onSpoilt: () => lanes.at(-1).warn(say("spoilt"), isQuiet()) });
}

function readySerial() {
  if (!isPossible()) return;
  const said = (key) => (of("serial").textContent = say(key));
  const ways = [(text) => take(text, "reader"), () => said("serial_off")];
  const again = async () => (await reconnect(...ways)) && said("serial_on");
  of("serial").hidden = false;
  of("serial").addEventListener("click", () => connect(...ways).then(() => said("serial_on"), () => said("serial"))); // nobody chose a port
  navigator.serial.addEventListener?.("connect", again);
  again();
}

async function takePhoto() {
  const [file] = of("photo").files;
  of("photo").value = "";
  if (!file) return;
  try {
    const texts = await codesIn(file);
    if (texts.length === 0) return void lanes[0].warn(say("photo_none"), isQuiet());
    for (const text of texts) await take(text, "photo");
  } catch (error) {
    lanes[0].warn(say(error instanceof EngineFault ? "camera_engine" : "photo_unreadable"), isQuiet());
  }
}
