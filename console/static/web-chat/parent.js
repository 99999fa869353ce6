// The customer's page, which has this one in a frame: told and heard by its exact origin alone.

const { site, parent: origin } = document.body.dataset;

export const framed = window.parent !== window && Boolean(origin);

export function tellParent(kind, more = {}) {
  if (framed) window.parent.postMessage({ infolinia: site, kind, ...more }, origin);
}

export function hearParent(handlers) {
  addEventListener("message", (event) => {
    if (event.source !== window.parent || event.origin !== origin || event.data?.infolinia !== site) return;
    handlers[event.data.kind]?.(event.data);
  });
}
