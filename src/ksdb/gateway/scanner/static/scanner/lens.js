// The camera on the scanning screen: open and close, torch, zoom, and a sentence when it will not.
import { Camera } from "./camera.js";
import { say } from "./words.js";

const of = (id) => document.getElementById(id);
const FAULTS = { NotFoundError: "camera_missing", NotReadableError: "camera_busy", EngineFault: "camera_engine" };
let camera;
let zoomed = 0;

export function readyCamera(onScan) {
  camera = new Camera(of("video"), onScan, (fault) => {
    show();
    of("camera-fault").textContent = say(fault);
  });
  of("camera-toggle").addEventListener("click", toggle);
  of("torch").addEventListener("click", () => light(of("torch").getAttribute("aria-pressed") !== "true"));
  of("zoom").addEventListener("click", () => zoom((zoomed + 1) % camera.zooms.length));
}

export const isCameraOpen = () => Boolean(camera?.isRunning);

async function toggle() {
  of("camera-fault").textContent = "";
  of("camera-toggle").disabled = true;
  try {
    if (camera.isRunning) camera.stop();
    else await camera.start();
  } catch (error) {
    camera.stop();
    of("camera-fault").textContent = say(FAULTS[error.name] ?? "camera_refused");
  } finally {
    of("camera-toggle").disabled = false;
    of("camera-toggle").focus();
  }
  show();
}

// Opened anew, a camera has neither light nor zoom.
function show() {
  const isOn = camera.isRunning;
  of("video").hidden = !isOn;
  of("camera").classList.toggle("on", isOn);
  of("work").classList.toggle("camera-on", isOn);
  of("camera-toggle").textContent = say(isOn ? "stop_camera" : "start_camera");
  of("torch").hidden = !isOn || !camera.abilities.torch;
  of("torch").setAttribute("aria-pressed", "false");
  of("zoom").hidden = !isOn || camera.zooms.length < 2;
  zoomed = 0;
  showZoom();
}

async function light(isOn) {
  await camera.set({ torch: isOn }).then(
    () => of("torch").setAttribute("aria-pressed", String(isOn)),
    () => (of("camera-fault").textContent = say("torch_refused")),
  );
}

async function zoom(step) {
  await camera.set({ zoom: camera.zooms[step] }).then(
    () => (zoomed = step),
    () => null,
  );
  showZoom();
}

function showZoom() {
  of("zoom").textContent = `${say("zoom")} ${camera.zooms[zoomed] ?? 1}×`;
}
