// What the desk sounds like: it rings, and beeps once before it answers by itself. And how loud a microphone is.

const RING_SECONDS = 1;
const PAUSE_SECONDS = 2;

async function contextOn(device) {
  const context = new AudioContext();
  if (device && context.setSinkId) await context.setSinkId(device).catch(() => {}); // it was unplugged
  return context;
}

function tone(context, hertz, at, seconds, loudness) {
  const source = new OscillatorNode(context, { frequency: hertz });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setTargetAtTime(loudness, at, 0.02);
  gain.gain.setTargetAtTime(0, at + seconds - 0.08, 0.02);
  source.connect(gain).connect(context.destination);
  source.start(at);
  source.stop(at + seconds);
}

export class Ringer {
  #context = null;
  #timer = 0;

  async start(device) {
    if (this.#context) return;
    this.#context = new AudioContext(); // taken at once, so that stop() finds it
    const context = this.#context;
    if (device && context.setSinkId) await context.setSinkId(device).catch(() => {});
    const ring = () => {
      if (this.#context !== context) return;
      tone(context, 440, context.currentTime, RING_SECONDS, 0.12);
      tone(context, 480, context.currentTime, RING_SECONDS, 0.12);
    };
    if (this.#context !== context) return;
    ring();
    this.#timer = setInterval(ring, (RING_SECONDS + PAUSE_SECONDS) * 1000);
  }

  stop() {
    clearInterval(this.#timer);
    this.#context?.close();
    this.#context = null;
  }
}

export async function beep(device) {
  const context = await contextOn(device);
  tone(context, 880, context.currentTime, 0.25, 0.15);
  setTimeout(() => context.close(), 500);
}

export function showLevel(meter, level) {
  if (!meter) return;
  [...meter.children].forEach((bar, index) => bar.classList.toggle("on", level * meter.children.length > index + 0.5));
}

// Tells 0..1, some 10 times a second, until the returned function is called.
export function measure(stream, onLevel) {
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 512 });
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
    // -60 dB and below is silence, -15 dB is loud speech.
    onLevel(Math.min(1, Math.max(0, (10 * Math.log10(power + 1e-12) + 60) / 45)));
  }, 100);
  return () => { clearInterval(timer); context.close(); };
}
