// The session's own token, which every request that changes something bears; there is none without a session.

const token = document.querySelector('meta[name="csrf"]')?.content;

export const csrf = token ? { "X-CSRF-Token": token } : {};
