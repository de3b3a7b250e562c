// Acts: the bytes that are signed are shown from the bytes themselves, and checked against what the
// page showed and what this browser saw before. The key never leaves the browser.
import { confirm, handle, lang, post } from "./passkey.js";

const bytes = (text) => new TextEncoder().encode(text);
const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (b) => parseInt(b, 16));
const sha256 = (data) => crypto.subtle.digest("SHA-256", data);
const base64url = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const words = document.querySelector("#act-words")?.dataset ?? {};
const fail = (text) => Object.assign(new Error(text), { said: true });

// -- what the browser keeps: keys by person, what was seen by fund -----------------------------

const done = (request) => new Promise((good, bad) => { request.onsuccess = () => good(request.result); request.onerror = () => bad(request.error); });
async function table(mode) {
  const opening = indexedDB.open("sonae", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("kept");
  return (await done(opening)).transaction("kept", mode).objectStore("kept");
}
const recall = async (name) => done((await table("readonly")).get(name));
const keep = async (name, value) => done((await table("readwrite")).put(value, name));
const forget = async (name) => done((await table("readwrite")).delete(name));

// -- the chain: hash(n) = SHA-256("sonae-entry/1\n" | hash(n-1) | signature | body) --------------

async function link(previous, entry) {
  const parts = [bytes("sonae-entry/1\n"), unhex(previous), unhex(entry.signature), bytes(entry.body)];
  return hex(await sha256(await new Blob(parts).arrayBuffer()));
}

// Follow the ledger from an entry that was seen to another; every step is computed here.
async function follow(firm, seen, until) {
  const found = new Map([[seen.seq, { hash: seen.hash }]]);
  let { seq, hash } = seen;
  while (seq < until) {
    const answer = await fetch(`/${firm}/reserve-chain.json?after=${seq}`);
    const { entries } = await answer.json();
    if (!entries?.length) throw fail(words.older);
    for (const entry of entries) {
      hash = await link(hash, entry);
      if (hash !== entry.hash) throw fail(words.older);
      found.set(++seq, entry);
    }
  }
  return found;
}

// -- what is about to be signed ------------------------------------------------------------------

function* flat(value, above = "") {
  for (const [key, each] of Object.entries(value)) {
    if (each !== null && typeof each === "object") yield* flat(each, `${above}${key}.`);
    else yield [`${above}${key}`, String(each)];
  }
}

function whole(amount, scale) {
  const digits = String(amount).replace("-", "").padStart(scale + 1, "0");
  const cut = digits.length - scale;
  const point = scale ? "." + digits.slice(cut) : "";
  return (String(amount).startsWith("-") ? "−" : "") + digits.slice(0, cut).replace(/\B(?=(\d{3})+$)/g, ",") + point;
}

// A number beyond 2^53 would be rounded by JSON.parse: lines are read as text.
const parse = (text) => JSON.parse(text.replace(/("(?:[^"\\]|\\.)*")|(-?\d{15,})/g, (all, quoted, number) => quoted ?? `"${number}"`));

async function ask(shown, digest, units) {
  const dialog = document.querySelector("#act");
  const rows = [];
  for (const [account, unit, amount] of shown.lines ?? []) rows.push([account, `${whole(amount, units[unit] ?? 0)} ${unit}`, "n"]);
  for (const key of ["act", "kind", "on", "by", "expires", "proposal", "verdict", "reason"]) if (shown[key] !== undefined && shown[key] !== "") rows.push([key, String(shown[key])]);
  rows.push(...[...flat(shown.content ?? {})].slice(0, 400));
  dialog.querySelector("tbody").replaceChildren(...rows.map(([name, value, kind]) => {
    const row = document.createElement("tr");
    const [head, cell] = [document.createElement("th"), document.createElement("td")];
    head.textContent = name; head.scope = "row"; cell.textContent = value; cell.className = kind ?? "";
    row.append(head, cell);
    return row;
  }));
  dialog.querySelector("code").textContent = digest;
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((closed) => dialog.addEventListener("close", closed, { once: true }));
  return dialog.returnValue === "sign";
}

async function wanted(form, way) {
  const [fields, evidence] = [{}, {}];
  for (const [name, value] of new FormData(form)) {
    if (value instanceof File) {
      if (value.name) evidence[name.replace("evidence.", "")] = { file: value.name, sha256: hex(await sha256(await value.arrayBuffer())) };
    } else if (name !== "act") fields[name] = fields[name] ? `${fields[name]} ${value}` : value;
  }
  const { on = null, ...rest } = fields;
  return way === "propose" ? { on, fields: rest, evidence, kind: form.dataset.kind } : { reason: rest.reason ?? "" };
}

async function act(form, way) {
  const { firm, user, token, proposal } = form.dataset;
  const key = await recall(`key/${user}`);
  if (!key) throw fail(words.noKey);
  const seen = await recall(`seen/${firm}`);
  const asked = { key: key.public, act: way, seen: seen ? `${seen.seq}:${seen.hash}` : "", ...(await wanted(form, way)) };
  const page = document.querySelector("#body")?.textContent;
  if (proposal) Object.assign(asked, { proposal: Number(proposal), digest: hex(await sha256(bytes(page))) });
  const prepared = await post(`/${firm}/reserve/prepare.json`, asked, token);
  const [said, digest] = [parse(prepared.body), await sha256(bytes(prepared.body))];
  if (said.key !== key.public || (seen && said.fund !== seen.fund)) throw fail(words.differs);
  if (proposal) {
    const same = said.act === "decide" && said.proposal === asked.proposal && said.digest === asked.digest;
    if (!same || said.verdict !== way || said.reason !== asked.reason) throw fail(words.differs);
  } else if (said.act !== "propose" || said.on !== asked.on) throw fail(words.differs);
  const at = { seq: Number(said.seen.split(":")[0]), hash: said.seen.split(":")[1] };
  if (seen && (at.seq < seen.seq || (await follow(firm, seen, at.seq)).get(at.seq).hash !== at.hash)) throw fail(words.older);
  const shown = proposal ? { ...parse(page), act: said.act, proposal: said.proposal, verdict: said.verdict, reason: said.reason } : said;
  if (!(await ask(shown, asked.digest ?? hex(digest), JSON.parse(form.dataset.units)))) return;
  const signature = hex(await crypto.subtle.sign("Ed25519", key.private, bytes(`sonae-sign/1\n${prepared.body}`)));
  const credential = await confirm({ ...prepared.options, challenge: base64url(digest) });
  const recorded = await post(`/${firm}/reserve/record.json`, { act: prepared.act, signature, credential }, token);
  const entry = (await follow(firm, at, recorded.seq)).get(recorded.seq);
  if (entry.body !== prepared.body || entry.signature !== signature) throw fail(words.older);
  await keep(`seen/${firm}`, { fund: said.fund, seq: recorded.seq, hash: entry.hash });
  if (recorded.refused) throw fail(`${words.refused}: ${recorded.message[lang]}`);
  location.assign(`/${firm}/reserve/${proposal ?? recorded.seq}`);
}

for (const form of document.querySelectorAll("form[data-act]")) {
  let way = "propose";
  for (const button of form.querySelectorAll("button")) button.addEventListener("click", () => { way = button.value; });
  handle(form, () => act(form, way));
}

// -- a person's key for acts ---------------------------------------------------------------------

for (const form of document.querySelectorAll("form[data-key]")) {
  const { user, token, old } = form.dataset;
  const here = await recall(`key/${user}`);
  for (const line of document.querySelectorAll(".act-key")) line.querySelector(".this-browser").hidden = line.dataset.public !== here?.public;
  handle(form, async () => {
    const pair = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]).catch(() => { throw fail(old); });
    const key = { private: pair.privateKey, public: hex(await crypto.subtle.exportKey("raw", pair.publicKey)) };
    const text = bytes(`sonae-act-key/1\n${user}\n${key.public}`);
    const { options } = await post("/me/key-options.json", { public: key.public }, token);
    const credential = await confirm({ ...options, challenge: base64url(await sha256(text)) });
    const signature = hex(await crypto.subtle.sign("Ed25519", key.private, text));
    await keep(`key/${user}`, key);
    try {
      await post("/me/key.json", { public: key.public, signature, credential }, token);
    } catch (error) {
      await (here ? keep(`key/${user}`, here) : forget(`key/${user}`));
      throw error;
    }
    location.reload();
  });
}
