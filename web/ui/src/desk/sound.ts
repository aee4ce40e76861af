/** What this browser was told about being called. */
const SOUND = "desk-sound";
const READY = "desk-ready";

let context: AudioContext | null = null;

function audio(): AudioContext {
  context ??= new AudioContext();
  return context;
}

export const soundOn = () => localStorage.getItem(SOUND) !== "off";
export const turnSound = (on: boolean) => localStorage.setItem(SOUND, on ? "on" : "off");

/** Whether this person heard the sound once in this browser. */
export const wasTested = () => localStorage.getItem(READY) !== null;
export const setTested = () => localStorage.setItem(READY, "1");

/** Browsers let nothing sound before somebody pressed something: from then on it may. */
export function unlockSound(): () => void {
  const unlock = () => void audio().resume();
  const once = { once: true, capture: true };
  window.addEventListener("pointerdown", unlock, once);
  window.addEventListener("keydown", unlock, once);
  return () => {
    window.removeEventListener("pointerdown", unlock, once);
    window.removeEventListener("keydown", unlock, once);
  };
}

const NOTES = [
  { hz: 659.3, at: 0 },
  { hz: 880, at: 0.16 },
];

/** Two short notes. False when the browser lets nothing sound yet. */
export async function chime(): Promise<boolean> {
  const out = audio();
  if (out.state === "suspended") await Promise.race([out.resume(), new Promise((done) => setTimeout(done, 200))]);
  if (out.state !== "running") return false;
  for (const { hz, at } of NOTES) {
    const start = out.currentTime + at;
    const [tone, gain] = [out.createOscillator(), out.createGain()];
    tone.frequency.value = hz;
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(0.25, start + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.001, start + 0.4);
    tone.connect(gain).connect(out.destination);
    tone.start(start);
    tone.stop(start + 0.42);
  }
  return true;
}

const RING_MS = 1_000;

/** The sound of an offer, from one tab only however many are open. */
export function ring(): void {
  if (!soundOn()) return;
  if (!navigator.locks) return void chime();
  void navigator.locks.request("ring", { ifAvailable: true }, async (lock) => {
    if (lock && (await chime())) await new Promise((done) => setTimeout(done, RING_MS));
  });
}
