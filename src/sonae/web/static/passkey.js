// Passkeys: joining and signing in. What the server says comes in both languages.
export const lang = document.documentElement.lang;

export async function post(address, value, token) {
  const headers = { "content-type": "application/json", ...(token ? { "x-sonae-token": token } : {}) };
  const answer = await fetch(address, { method: "POST", headers, body: JSON.stringify(value) });
  const found = await answer.json().catch(() => ({}));
  if (answer.ok) return found;
  const { message, problems = [] } = found.error ?? {};
  const words = [message?.[lang] ?? String(answer.status), ...problems.map((p) => `${p.key ?? ""} ${p.message?.[lang] ?? ""}`)];
  throw Object.assign(new Error(words.join("\n")), { said: true });
}

// A passkey's answer over 32 bytes that the server chose or that are the digest of an act.
export async function confirm(options) {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials.get({ publicKey })).toJSON();
}

async function register(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({ publicKey })).toJSON();
}

// Run something for a form: its button waits, what went wrong is said beside it.
export function handle(form, run) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [button, alert] = [form.querySelector("button"), form.querySelector("[role=alert]")];
    button.disabled = true;
    alert.textContent = "";
    try {
      await run(form);
    } catch (error) {
      if (!error.said) console.info(error);
      alert.textContent = error.said ? error.message : form.dataset.failed;
    } finally {
      button.disabled = false;
    }
  });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const way = form.dataset.passkey;
  handle(form, async () => {
    const given = Object.fromEntries(new FormData(form));
    const { ceremony, options } = await post(`/${way}/options.json`, given);
    const credential = await (way === "join" ? register : confirm)(options);
    await post(`/${way}/done.json`, { ceremony, credential });
    location.assign(form.dataset.to);
  });
}
