// A USB reader as a serial port: no keyboard in between. Chromium on desks only.

export const isPossible = () => "serial" in navigator;
const LONGEST = 8_000;

// Asks the person for a port once; reads whole lines from it until it is pulled out.
export async function connect(onScan, onEnd) {
  const port = await navigator.serial.requestPort();
  await port.open({ baudRate: 9600 });
  read(port.readable, onScan).finally(onEnd);
}

export async function read(readable, onScan) {
  const decoder = new TextDecoder();
  const reader = readable.getReader();
  let text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += decoder.decode(part.value, { stream: true });
    const lines = text.split(/[\r\n]+/);
    text = lines.pop().slice(-LONGEST);
    for (const line of lines) if (line.trim()) onScan(line.trim());
  }
}
