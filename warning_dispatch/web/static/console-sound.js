// A calm double tone every few seconds while something rings. Browsers want a gesture first: the button is one.

const EVERY = 4000;
const KEY = "console-sound";

function remembered() {
  try {
    return localStorage.getItem(KEY) !== "off";
  } catch {
    return true;
  }
}

export class Sound {
  constructor(button) {
    this.button = button;
    this.wanted = remembered();
    this.timer = 0;
    this.context = null;
    if (!button || !window.AudioContext) return;
    button.hidden = false;
    button.addEventListener("click", () => this.turn(!this.on()));
    for (const kind of ["pointerdown", "keydown"]) {
      document.addEventListener(kind, (event) => {
        if (!button.contains(event.target)) this.wake(); // the button says itself what it wants
      });
    }
    this.show();
  }

  on() {
    return this.wanted && this.context !== null && this.context.state === "running";
  }

  wake() {
    if (!this.wanted) return;
    if (this.context?.state === "running") return;
    this.context ??= new AudioContext();
    this.context.onstatechange = () => this.show();
    this.context.resume().then(() => this.show());
  }

  turn(on) {
    this.wanted = on;
    try {
      localStorage.setItem(KEY, on ? "on" : "off");
    } catch {
      // a browser that keeps nothing: for this page only
    }
    if (on) this.wake();
    else this.context?.suspend();
    this.show();
  }

  show() {
    if (!this.button) return;
    this.button.textContent = this.on() ? this.button.dataset.on : this.button.dataset.off;
    this.button.setAttribute("aria-pressed", String(this.on()));
  }

  ring(wanted) {
    if (wanted && !this.timer) {
      this.tone();
      this.timer = setInterval(() => this.tone(), EVERY);
    }
    if (!wanted && this.timer) {
      clearInterval(this.timer);
      this.timer = 0;
    }
  }

  tone() {
    if (!this.on()) return;
    for (const [after, pitch] of [[0, 660], [0.28, 880]]) {
      const from = this.context.currentTime + after;
      const voice = this.context.createOscillator();
      const loud = this.context.createGain();
      voice.frequency.value = pitch;
      loud.gain.setValueAtTime(0, from);
      loud.gain.linearRampToValueAtTime(0.25, from + 0.02);
      loud.gain.exponentialRampToValueAtTime(0.001, from + 0.26);
      voice.connect(loud).connect(this.context.destination);
      voice.start(from);
      voice.stop(from + 0.28);
    }
  }
}
