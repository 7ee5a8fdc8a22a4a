// The scanner's first file: enrolment or scanning, whichever this device is ready for.
import { wipe } from "./db.js";
import { startEnrolment } from "./enrol.js";
import { noteNewer } from "./notices.js";
import { startScanning } from "./scanning.js";
import { knowledge } from "./sync.js";
import { speak } from "./words.js";

const of = (id) => document.getElementById(id);

async function start() {
  speak(localStorage.getItem("language") ?? "vi");
  const known = await knowledge();
  of("enrol").hidden = Boolean(known);
  of("scan").hidden = !known;
  if (known) await startScanning(known, logOut);
  else startEnrolment();
  document.documentElement.dataset.state = known ? "scanning" : "enrolling";
}

// Nothing is left: neither what was scanned nor what lets this device in.
async function logOut() {
  await wipe();
  localStorage.clear();
  location.reload();
}

const LOOK_MS = 3_600_000;

// An app that is left open for weeks asks for a newer one by itself; it runs from the next start.
async function lookForNewer() {
  const hadOne = Boolean(navigator.serviceWorker?.controller);
  navigator.serviceWorker?.addEventListener("controllerchange", () => hadOne && noteNewer());
  const registration = await navigator.serviceWorker?.getRegistration();
  setInterval(() => registration?.update().catch(() => null), LOOK_MS);
}

// Chromium can send scans with the app closed; elsewhere the same worker serves without that.
async function keepOffline() {
  if (!("serviceWorker" in navigator)) return;
  try {
    if (!("SyncManager" in window)) throw new TypeError("no background sync here");
    await navigator.serviceWorker.register("sw-sync.js", { type: "module" });
  } catch {
    await navigator.serviceWorker.register("sw.js");
  }
}

for (const button of document.querySelectorAll(".language")) {
  button.addEventListener("click", () => {
    localStorage.setItem("language", document.documentElement.lang === "vi" ? "en" : "vi");
    location.reload();
  });
}
for (const button of document.querySelectorAll("dialog .closes")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}
if (document.documentElement.dataset.state !== "unfit") {
  await start();
  await keepOffline();
  await lookForNewer();
}
