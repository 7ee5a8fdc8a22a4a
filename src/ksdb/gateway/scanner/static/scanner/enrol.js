// The first screen: a code lets this device in.
import { Camera } from "./camera.js";
import { digitsOf, isCardNumber } from "./cardnumber.js";
import { Refused, enrol, sync } from "./sync.js";
import { faultWords, say } from "./words.js";

const of = (id) => document.getElementById(id);
let rootName = null;

export function startEnrolment() {
  of("enrol-form").addEventListener("submit", (event) => {
    event.preventDefault();
    letIn(of("code").value);
  });
  of("enrol-camera").addEventListener("click", readCode);
  // The QR of the owner's page may open this app: what stands after # is sent to no server.
  const given = codeIn(location.hash);
  rootName = rootNameIn(location.hash);
  history.replaceState(null, "", location.pathname);
  if (given) of("code").value = given;
  of("code").focus();
}

async function letIn(typed) {
  const code = digitsOf(typed);
  if (!isCardNumber(code)) return tell(faultWords("enrol_code_mistyped"));
  tell(say("enrol_busy"));
  try {
    await enrol(code, of("name").value.trim(), rootName);
    await sync();
    location.reload();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell(faultWords(error.code));
  }
}

async function readCode() {
  const video = of("enrol-video");
  video.hidden = false;
  const gone = (fault) => {
    video.hidden = true;
    tell(say(fault));
  };
  const camera = new Camera(video, found, gone);
  function found(text) {
    const code = codeIn(text);
    if (!code || !camera.isRunning) return;
    camera.stop();
    video.hidden = true;
    of("code").value = code;
    rootName = rootNameIn(text);
    letIn(code);
  }
  try {
    await camera.start();
  } catch {
    video.hidden = true;
    tell(say("camera_refused"));
  }
}

function codeIn(text) {
  const digits = text.match(/(?:^|\D)((?:\d[ -]?){11}\d)(?:\D|$)/)?.[1] ?? "";
  return isCardNumber(digits) ? digitsOf(digits) : "";
}

// The owner's page, which another server makes, names the root beside the code: so the gateway cannot name one of its own.
const rootNameIn = (text) => text.match(/[#&]root=([0-9a-f]{16})(?:&|$)/)?.[1] ?? null;

function tell(words) {
  of("enrol-fault").textContent = words;
}
