// The camera: frames to the worker and codes back, over and over. The stream is opened once and kept, because some phones ask
// the person anew each time.

let worker;
let waiting = new Map();
let number = 0;

function engine() {
  if (worker) return worker;
  worker = new Worker(new URL("reader-worker.js", import.meta.url));
  worker.onmessage = ({ data }) => {
    waiting.get(data.id)?.(data.texts);
    waiting.delete(data.id);
  };
  return worker;
}

export function decode(picture) {
  number += 1;
  const id = number;
  const answer = new Promise((resolve) => waiting.set(id, resolve));
  engine().postMessage({ id, picture }, [picture.data.buffer]);
  return answer;
}

export class Camera {
  constructor(video, onScan) {
    this.video = video;
    this.onScan = onScan;
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
  }

  // Throws what the browser says when it has no camera or may not use it.
  async start() {
    engine();
    const wanted = { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } };
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: wanted });
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

  get abilities() {
    return this.stream?.getVideoTracks()[0]?.getCapabilities?.() ?? {};
  }

  async set(constraint) {
    await this.stream?.getVideoTracks()[0]?.applyConstraints({ advanced: [constraint] });
  }

  // In turn the square in the middle, where people hold cards, and the whole picture.
  async #run() {
    for (let turn = 0; this.isRunning; turn += 1) {
      await new Promise((next) => (this.video.requestVideoFrameCallback ? this.video.requestVideoFrameCallback(next) : setTimeout(next, 60)));
      const [width, height] = [this.video.videoWidth, this.video.videoHeight];
      if (!width || document.hidden) continue;
      const side = Math.min(width, height);
      const part = turn % 2 ? [0, 0, width, height] : [(width - side) / 2, (height - side) / 2, side, side];
      const seenAt = performance.now();
      const texts = await decode(this.#picture(part));
      for (const text of texts) this.onScan(text, seenAt);
    }
  }

  #picture([x, y, width, height]) {
    this.canvas.width = width;
    this.canvas.height = height;
    this.context.drawImage(this.video, x, y, width, height, 0, 0, width, height);
    return this.context.getImageData(0, 0, width, height);
  }
}

const LONGEST_SIDE = 2400;

// The codes in a picture file.
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
