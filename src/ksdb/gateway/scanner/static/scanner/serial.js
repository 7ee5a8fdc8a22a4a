// A USB reader as a serial port: no keyboard in between. Chromium on desks only.

export const isPossible = () => "serial" in navigator;
const LONGEST = 8_000;
const BAUD = 9600;
let port = null;

// Asks the person for a port once; reads whole lines from it until it is pulled out.
export async function connect(onScan, onEnd) {
  await open(await navigator.serial.requestPort(), onScan, onEnd);
}

// The port that was chosen before, at a start or when it is plugged in again; whether there is one.
export async function reconnect(onScan, onEnd) {
  const [known] = (await navigator.serial.getPorts?.()) ?? [];
  if (!known || port) return Boolean(port);
  return open(known, onScan, onEnd).then(() => true, () => false);
}

async function open(chosen, onScan, onEnd) {
  await chosen.open({ baudRate: BAUD });
  port = chosen;
  read(chosen.readable, onScan)
    .catch(() => null) // pulled out in the middle of a line
    .finally(async () => {
      port = null;
      await chosen.close?.().catch(() => null);
      onEnd();
    });
}

export async function read(readable, onScan) {
  const decoder = new TextDecoder();
  const reader = readable.getReader();
  let text = "";
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += decoder.decode(part.value, { stream: true });
      const lines = text.split(/[\r\n]+/);
      text = lines.pop().slice(-LONGEST);
      for (const line of lines) if (line.trim()) onScan(line.trim());
    }
  } finally {
    reader.releaseLock();
  }
}
