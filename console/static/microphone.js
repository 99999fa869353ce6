// The caller's microphone, or a silent stand-in for those who call with keys only.

export class Microphone {
  #context = null;
  #frame = 0;

  constructor(onLevel) {
    this.onLevel = onLevel; // 0..1, about 15 times a second
    this.stream = null;
    this.silent = false;
  }

  get name() {
    return this.stream?.getAudioTracks()[0]?.label ?? "";
  }

  // Throws DOMException: NotAllowedError when refused, NotFoundError when there is none.
  async open() {
    if (this.stream && !this.silent) return;
    this.close();
    this.stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
    });
    this.silent = false;
    this.#measure();
  }

  openSilent() {
    this.close();
    this.#context = new AudioContext();
    // Without a source the browser sends nothing at all, and the line takes us for gone.
    const silence = new ConstantSourceNode(this.#context, { offset: 0 });
    const destination = this.#context.createMediaStreamDestination();
    silence.connect(destination);
    silence.start();
    this.stream = destination.stream;
    this.silent = true;
  }

  close() {
    clearTimeout(this.#frame);
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
    this.#context?.close();
    this.#context = null;
  }

  #measure() {
    this.#context = new AudioContext();
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 512;
    this.#context.createMediaStreamSource(this.stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const measure = () => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      // -60 dB and below is silence, -15 dB is loud speech.
      const decibels = 10 * Math.log10(power + 1e-12);
      this.onLevel(Math.min(1, Math.max(0, (decibels + 60) / 45)));
      this.#frame = setTimeout(measure, 66);
    };
    measure();
  }
}
