// An SMSC for tests: the npm package smpp as a server, with faults, driven by JSON lines on its standard input.
// What it says of SMPP is that package's; what it does with messages is told to it. See tests/smsc.py.
"use strict";
const fs = require("fs");
const readline = require("readline");
const smpp = require("smpp");

const STATES = { ENROUTE: 1, DELIVRD: 2, EXPIRED: 3, DELETED: 4, UNDELIV: 5, ACCEPTD: 6, UNKNOWN: 7, REJECTD: 8 };
const options = JSON.parse(process.argv[2]);
let faults = options.faults;
const sessions = new Set();
const log = []; // every submit_sm, in the order in which it came
const byId = new Map();
const outbox = []; // what is to be delivered to the client
let backwards = [];
let count = 0;
let receipted = 0;
let secondBegan = 0;
let inSecond = 0;
let flushing = null;
// Also over a new start no id comes again.
const firstId = 0x10000000 + (Date.now() % 0x7fffff) * 0x1000;

const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");

function actionFor(row) {
  if (faults.script && faults.script.length) return faults.script.shift() || {};
  for (const rule of faults.every || []) if (row.n % rule.n === 0) return rule;
  const chosen = (faults.to || {})[row.to];
  if (chosen) return chosen;
  if (faults.per_second) {
    const now = Date.now();
    if (now - secondBegan >= 1000) [secondBegan, inSecond] = [now, 0];
    if (++inSecond > faults.per_second) return { status: smpp.ESME_RTHROTTLED };
  }
  return {};
}

function onSubmit(session, pdu) {
  const udh = pdu.short_message && pdu.short_message.udh;
  const told = pdu.message_payload || pdu.short_message;
  const row = {
    n: ++count, at: Date.now(), session: session.number, from: pdu.source_addr, to: pdu.destination_addr,
    ton: [pdu.source_addr_ton, pdu.source_addr_npi, pdu.dest_addr_ton, pdu.dest_addr_npi],
    text: told.message, udh: udh && udh.length ? Buffer.concat(udh).toString("hex") : "",
    sar: pdu.sar_total_segments ? [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum] : null,
    payload: Boolean(pdu.message_payload), coding: pdu.data_coding, esm_class: pdu.esm_class,
    reference: pdu.user_message_reference, registered: pdu.registered_delivery,
    validity: pdu.validity_period ? new Date(pdu.validity_period).toISOString() : "",
    id: "", status: 0, answered: false, receipt: "", receipted: 0,
  };
  log.push(row);
  const action = actionFor(row);
  if (action.drop === "unheard") {
    row.status = -1;
    session.destroy();
    return;
  }
  row.status = action.status || 0;
  if (!row.status) {
    const number = firstId + row.n;
    row.id = number.toString(16).toUpperCase();
    if (faults.ids === "hex_of_decimal") row.id = String(number);
    byId.set(row.id, row);
    if (pdu.registered_delivery & 1) planReceipt(row, pdu, action);
  }
  if (action.drop) {
    session.destroy();
    return;
  }
  if (action.silent) return;
  const answer = () => {
    row.answered = session.send(pdu.response(row.status ? { command_status: row.status } : { message_id: row.id }));
  };
  const delay = action.delay_ms || faults.delay_ms;
  if (delay) setTimeout(answer, delay);
  else answer();
}

function planReceipt(row, pdu, action) {
  const how = { state: "DELIVRD", delay_ms: 0, form: "both", ...(faults.receipts || {}), ...(action.receipt || {}) };
  row.receipt = how.state;
  if (faults.receipts === false || action.receipt === false) row.receipt = "";
  if (!row.receipt || (how.missing_every && row.n % how.missing_every === 0)) return;
  const parameters = {
    source_addr: pdu.destination_addr, source_addr_ton: pdu.dest_addr_ton, source_addr_npi: pdu.dest_addr_npi,
    destination_addr: pdu.source_addr, dest_addr_ton: pdu.source_addr_ton, dest_addr_npi: pdu.source_addr_npi,
    esm_class: 0x04, data_coding: 0, short_message: "",
  };
  let id = row.id;
  if (faults.ids === "decimal_of_hex") id = String(parseInt(row.id, 16));
  if (faults.ids === "hex_of_decimal") id = Number(row.id).toString(16).toUpperCase();
  const date = new Date().toISOString().replace(/[-T:]/g, "").slice(2, 12);
  const error = how.state === "DELIVRD" ? "000" : how.error || "012";
  if (how.form !== "tlv") {
    parameters.short_message = { message:
      `id:${id} sub:001 dlvrd:001 submit date:${date} done date:${date} stat:${how.state} err:${error} text:stat:x` };
  }
  if (how.form !== "text") {
    parameters.receipted_message_id = id;
    parameters.message_state = STATES[how.state];
  }
  if (row.reference !== undefined && how.reference !== false) parameters.user_message_reference = row.reference;
  const times = how.twice_every && row.n % how.twice_every === 0 ? 2 : 1;
  for (let i = 0; i < times; i++) {
    const entry = { parameters, row };
    if (how.backwards) {
      backwards.push(entry);
      if (backwards.length >= how.backwards) turnRound();
      clearTimeout(flushing);
      flushing = setTimeout(turnRound, 200);
    } else if (how.delay_ms) setTimeout(() => post(entry), how.delay_ms);
    else post(entry);
  }
}

function turnRound() {
  backwards.reverse().forEach(post);
  backwards = [];
}

// A delivery stays until it is confirmed, over whichever session is there.
function post(entry) {
  outbox.push(entry);
  setImmediate(deliver);
}

function deliver() {
  const window = faults.deliver_window || 100;
  for (const session of sessions) {
    while (session.outstanding.size < window && outbox.length) send(session, outbox.shift());
  }
}

function send(session, entry) {
  const pdu = new smpp.PDU("deliver_sm", { ...entry.parameters });
  session.outstanding.add(entry);
  session.send(pdu, (answer) => {
    if (!session.outstanding.delete(entry)) return;
    if (entry.answers) entry.answers.push(answer.command_status);
    if (answer.command_status === 0) {
      if (entry.row && entry.row.receipted++ === 0) receipted++;
      if (entry.done) entry.done();
    } else if (entry.once) entry.done();
    else setTimeout(post, faults.again_ms || 200, entry);
    deliver();
  });
}

let number = 0;
const server = smpp.createServer((session) => {
  session.number = ++number;
  session.outstanding = new Set();
  session.on("error", () => session.destroy());
  session.on("close", () => {
    sessions.delete(session);
    for (const entry of session.outstanding) outbox.push(entry);
    session.outstanding.clear();
    deliver();
  });
  session.on("bind_transceiver", (pdu) => {
    let status = faults.bind_status || 0;
    if (pdu.system_id !== options.system_id) status = smpp.ESME_RINVSYSID;
    else if (pdu.password !== options.password) status = smpp.ESME_RINVPASWD;
    if (faults.deaf) return;
    session.send(pdu.response(status ? { command_status: status } : { system_id: "smsc" }));
    if (!status) {
      sessions.add(session);
      deliver();
    }
  });
  session.on("submit_sm", (pdu) => onSubmit(session, pdu));
  session.on("enquire_link", (pdu) => { if (!faults.lifeless) session.send(pdu.response()); });
  session.on("unbind", (pdu) => { session.send(pdu.response()); session.close(); });
  session.on("query_sm", (pdu) => {
    const row = byId.get(pdu.message_id);
    session.send(pdu.response(row
      ? { message_id: row.id, message_state: STATES[row.receipt || "ENROUTE"] }
      : { command_status: smpp.ESME_RQUERYFAIL }));
  });
  session.on("unknown", (pdu) => session.send(pdu.response()));
});

const commands = {
  faults: (given) => { faults = given.faults; return true; },
  disconnect: () => { for (const session of [...sessions]) session.destroy(); return true; },
  unbind: () => { for (const session of [...sessions]) session.unbind(); return true; },
  enquire: (given, done) => { [...sessions][0].enquire_link((answer) => done(answer.command_status)); },
  raw: (given) => { for (const session of sessions) session.socket.write(Buffer.from(given.hex, "hex")); return true; },
  counts: () => ({
    submits: log.length, accepted: byId.size, 
    waiting: outbox.length + backwards.length + [...sessions].reduce((sum, one) => sum + one.outstanding.size, 0),
    receipted, sessions: sessions.size,
  }),
  log: (given) => { fs.writeFileSync(given.path, JSON.stringify(log)); return log.length; },
  deliver: (given, done) => {
    const entries = given.pdus.map((parameters) => ({ parameters, answers: [], once: given.once }));
    let left = entries.length;
    for (const entry of entries) {
      if (entry.parameters.hex !== undefined) {
        entry.parameters.short_message = Buffer.from(entry.parameters.hex, "hex");
        delete entry.parameters.hex;
      } else if (entry.parameters.udh) {
        const message = entry.parameters.short_message;
        entry.parameters.short_message = { udh: Buffer.from(entry.parameters.udh, "hex"), message };
        delete entry.parameters.udh;
      }
      entry.done = () => { if (--left === 0) done(entries.map((one) => one.answers)); };
      post(entry);
    }
  },
};

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const given = JSON.parse(line);
  const done = (value) => say({ id: given.id, value });
  try {
    const value = commands[given.do](given, done);
    if (value !== undefined) done(value);
  } catch (error) {
    say({ id: given.id, error: String(error.stack) });
  }
}).on("close", () => process.exit(0));

server.on("error", (error) => { say({ error: String(error) }); process.exit(1); });
server.listen(options.port, "127.0.0.1", () => say({ listening: server.address().port }));
