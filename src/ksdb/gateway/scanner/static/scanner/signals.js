// The answer without eyes: a sound of its own for each kind, and a vibration.

// [hertz, from second, to second] each; `square` cuts through a market's noise.
const TUNES = {
  good: { wave: "sine", notes: [[880, 0, 0.09], [1319, 0.09, 0.22]], shake: [60] },
  unsure: { wave: "triangle", notes: [[660, 0, 0.12], [660, 0.18, 0.3]], shake: [60, 60, 60] },
  ask: { wave: "square", notes: [[988, 0, 0.1], [740, 0.14, 0.24], [988, 0.28, 0.38], [740, 0.42, 0.52]], shake: [120, 80, 120, 80, 120] },
  refused: { wave: "sawtooth", notes: [[196, 0, 0.5]], shake: [500] },
  again: { wave: "sine", notes: [[523, 0, 0.1]], shake: [30, 40, 30] },
};

let context;

// Browsers let a page sound only after somebody touched it, and iOS takes it back after a call ("interrupted").
export function awaken() {
  context ??= new AudioContext();
  if (context.state !== "running") context.resume().catch(() => null);
}

// Whether an answer would be heard. Not before the first touch, nor after the phone took the sound away.
export const isAudible = () => context?.state === "running";

export function signal(kind, isQuiet) {
  const { wave, notes, shake } = TUNES[kind];
  navigator.vibrate?.(shake);
  if (isQuiet || !isAudible()) return;
  for (const [hertz, from, to] of notes) sound(wave, hertz, context.currentTime + from, context.currentTime + to);
}

function sound(wave, hertz, from, to) {
  const tone = new OscillatorNode(context, { type: wave, frequency: hertz });
  const loudness = new GainNode(context, { gain: 0.6 });
  loudness.gain.setTargetAtTime(0, to - 0.03, 0.01);
  tone.connect(loudness).connect(context.destination);
  tone.start(from);
  tone.stop(to + 0.05);
}
