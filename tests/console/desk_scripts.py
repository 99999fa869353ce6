"""What tests of the desk run inside its page."""

from __future__ import annotations

SOFTPHONE = """
export class MicrophoneRefused extends Error {}
export async function openMicrophone() { return navigator.mediaDevices.getUserMedia({ audio: true }); }
export function connect(settings, listener) {
  setTimeout(() => listener.registered(), 0);
  const asked = [];
  window.phone = {
    settings, listener, asked, inCall: false,
    answer() { asked.push("answer"); this.inCall = true; listener.accepted(); },
    hangUp() { asked.push("hang up"); },
    mute(on) { asked.push(`mute ${on}`); },
    close() { asked.push("close"); },
    async quality() {
      return this.inCall && { said: 0.04, heard: 0.5, lost: 0, jitter_seconds: 0, round_trip_seconds: 0 };
    },
  };
  return window.phone;
}
"""

CUT = """() => [...document.querySelectorAll("main button, h1, .pill, .rail-item span, .strip span")]
    .filter((e) => e.offsetParent && !e.closest(".visually-hidden, .outcome") && e.clientWidth
        && e.scrollWidth > e.clientWidth + 1).map((e) => e.outerHTML)"""

SMALL = """() => [...document.querySelectorAll("main button, main input, main select, .top button, summary")]
    .filter((e) => e.offsetParent && !e.matches(".visually-hidden, [type=checkbox]")
        && e.getBoundingClientRect().height < 24).map((e) => e.outerHTML)"""

# The microphone is lost, and the browser asks for its leave anew.
UNGRANTED = """() => {
  const devices = navigator.mediaDevices;
  const open = devices.getUserMedia.bind(devices);
  devices.getUserMedia = (wanted) => new Promise((grant) => {
    window.grant = () => open(wanted).then((media) => { window.granted = media; grant(media); });
  });
  window.before = phone;
  phone.settings.media.getTracks().forEach((track) => track.stop());
}"""
