// The camera: frames to the worker and codes back, over and over. The stream is opened once and kept, because some phones ask
// the person anew each time.

const READY_MS = 30_000;
const READ_MS = 6_000;
const NATIVE_TURNS = 3;
let engine;

// The reader of codes does not load, or does not answer.
export class EngineFault extends Error {}

// The worker with what it was asked and has not answered. One that fails is given up with all its questions, and the next
// question starts another.
class Engine {
  constructor() {
    this.asked = new Map();
    this.number = 0;
    this.worker = new Worker(new URL("reader-worker.js", import.meta.url));
    this.isReady = new Promise((resolve, reject) => {
      this.asked.set("ready", { resolve, reject });
    });
    this.isReady.catch(() => null);
    this.#limit("ready", READY_MS);
    this.worker.onmessage = ({ data }) => {
      if ("error" in data) return this.#fail();
      this.#settle(data.isReady ? "ready" : data.id, data.texts);
    };
    this.worker.onerror = () => this.#fail();
  }

  async decode(picture) {
    await this.isReady;
    this.number += 1;
    const id = this.number;
    const answer = new Promise((resolve, reject) => this.asked.set(id, { resolve, reject }));
    this.#limit(id, READ_MS);
    this.worker.postMessage({ id, picture }, [picture.data.buffer]);
    return answer;
  }

  #limit(id, milliseconds) {
    this.asked.get(id).timer = setTimeout(() => this.#fail(), milliseconds);
  }

  #settle(id, texts) {
    clearTimeout(this.asked.get(id)?.timer);
    this.asked.get(id)?.resolve(texts);
    this.asked.delete(id);
  }

  #fail() {
    if (engine === this) engine = undefined;
    this.worker.terminate();
    for (const { reject, timer } of this.asked.values()) {
      clearTimeout(timer);
      reject(new EngineFault());
    }
    this.asked.clear();
  }
}

// The texts of the codes in a picture. Throws EngineFault.
export function decode(picture) {
  engine ??= new Engine();
  return engine.decode(picture);
}

// The browser's own reader where it has one that knows QR codes; null elsewhere.
async function nativeReader() {
  try {
    const formats = (await globalThis.BarcodeDetector?.getSupportedFormats()) ?? [];
    return formats.includes("qr_code") ? new BarcodeDetector({ formats: ["qr_code"] }) : null;
  } catch {
    return null;
  }
}

export class Camera {
  // `onEnd` hears that the camera is gone: pulled out, taken by a call, or its codes can no longer be read.
  constructor(video, onScan, onEnd = () => null) {
    this.video = video;
    this.onScan = onScan;
    this.onEnd = onEnd;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  // Throws what the browser says when it has no camera or may not use it. Asked twice, it opens once.
  start() {
    this.starting ??= this.#start().finally(() => (this.starting = undefined));
    return this.starting;
  }

  async #start() {
    if (this.isRunning) return;
    engine ??= new Engine();
    const wanted = { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } };
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: wanted });
    const [track] = this.stream.getVideoTracks();
    track.addEventListener("ended", () => this.#end("camera_ended"));
    if (this.abilities.focusMode?.includes("continuous")) await this.set({ focusMode: "continuous" }).catch(() => null);
    this.native = await nativeReader();
    this.video.srcObject = this.stream;
    await this.video.play();
    this.isRunning = true;
    this.#run();
  }

  stop() {
    this.isRunning = false;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.video.srcObject = null;
  }

  #end(fault) {
    if (!this.isRunning) return;
    this.stop();
    this.onEnd(fault);
  }

  get abilities() {
    return this.stream?.getVideoTracks()[0]?.getCapabilities?.() ?? {};
  }

  // The steps that this camera can be zoomed by: once, twice, three times and as far as it goes.
  get zooms() {
    const most = this.abilities.zoom?.max ?? 1;
    return [1, 2, 3, 4].filter((times) => times <= most);
  }

  async set(constraint) {
    await this.stream?.getVideoTracks()[0]?.applyConstraints({ advanced: [constraint] });
  }

  async #run() {
    for (let turn = 0; this.isRunning; turn += 1) {
      await new Promise((next) => (this.video.requestVideoFrameCallback ? this.video.requestVideoFrameCallback(next) : setTimeout(next, 60)));
      if (!this.video.videoWidth || document.hidden || !this.isRunning) continue;
      const seenAt = performance.now();
      try {
        for (const text of await this.#texts(turn)) this.onScan(text, seenAt);
      } catch (error) {
        if (!(error instanceof EngineFault)) throw error;
        this.#end("camera_engine");
      }
    }
  }

  // The browser's own reader first, where there is one; what it does not see, ours sees in some of the frames.
  async #texts(turn) {
    if (!this.native) return decode(this.#picture(turn));
    try {
      const found = await this.native.detect(this.video);
      if (found.length > 0) return found.map((one) => one.rawValue).filter(Boolean);
    } catch {
      this.native = null;
    }
    return turn % NATIVE_TURNS ? [] : decode(this.#picture(turn));
  }

  // In turn the square in the middle, where people hold cards, and the whole picture.
  #picture(turn) {
    const { videoWidth: width, videoHeight: height } = this.video;
    const side = Math.min(width, height);
    const [x, y, w, h] = turn % 2 ? [0, 0, width, height] : [(width - side) / 2, (height - side) / 2, side, side];
    this.canvas.width = w;
    this.canvas.height = h;
    this.context.drawImage(this.video, x, y, w, h, 0, 0, w, h);
    return this.context.getImageData(0, 0, w, h);
  }
}

const LONGEST_SIDE = 2400;

// The codes in a picture file. Throws EngineFault.
export async function codesIn(file) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return decode(context.getImageData(0, 0, canvas.width, canvas.height));
}
