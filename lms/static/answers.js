// Saves each answer as it is given. Without this script the Save button does the same.
(() => {
  const form = document.querySelector("form[data-autosave]");
  const store = sessionStorage, done = document.querySelector("[data-receipt]");
  if (done) store.removeItem("answers-" + done.dataset.queue);
  if (!form) return;
  const said = form.dataset, name = "answers-" + said.queue, status = form.querySelector("[data-status]");
  let waiting = {}, timer, delay = 1000, busy = false, leaving = false;
  try { waiting = JSON.parse(store.getItem(name)) || {}; } catch {}
  const keep = () => { try { store.setItem(name, JSON.stringify(waiting)); } catch {} };
  const say = (text, isSaved) => {
    if (leaving) return; // the form carries every answer, and the next page says what became of them
    status.textContent = text;
    status.className = isSaved ? "saved" : "unsaved";
  };
  const later = (after) => { clearTimeout(timer); timer = setTimeout(send, after); };
  const box = (id) => form.querySelector(`[data-question="${id}"]`);
  const see = (id, mark) => { const field = form.elements["seen." + id]; if (field) field.value = mark; };

  function note(event) {
    const field = event.target.closest("[data-question]");
    if (!field) return;
    const id = field.dataset.question, values = {};
    for (const [key, value] of new FormData(form))
      if (key === id || key.startsWith(id + ".")) (values[key] ||= []).push(value);
    field.dataset.sequence = Math.max(Date.now(), +field.dataset.sequence + 1);
    waiting[id] = { values, sequence: +field.dataset.sequence };
    see(id, ""); // touched, also where it says again what was saved before: another answer may be on its way
    leaving = false;
    keep();
    say(said.waiting);
    delay = 1000;
    later(event.type === "input" ? 900 : 50);
  }

  async function send() {
    const id = Object.keys(waiting)[0];
    if (!id || busy || leaving) return;
    busy = true;
    const sent = waiting[id];
    try {
      const answer = await fetch(said.autosave + "/" + encodeURIComponent(id), {
        method: "PUT", keepalive: true, body: JSON.stringify(sent),
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": form.elements.csrf_token.value },
      });
      if (answer.status >= 500 || answer.status === 429) throw 0;
      const saved = await answer.json();
      if (waiting[id] === sent && (answer.ok || answer.status === 422)) delete waiting[id];
      keep();
      if (!answer.ok) say(/409|422/.test(answer.status) ? saved.detail : said.refused); // 409: submitted meanwhile
      else if (!saved.stored) say(said.elsewhere);
      else {
        if (!waiting[id]) see(id, saved.seen);
        if (!Object.keys(waiting).length) say(saved.text, true);
      }
      delay = 1000;
      busy = false;
      if (answer.ok) send();
    } catch {
      busy = false;
      say(said.failed);
      later(delay = Math.min(delay * 2, 60000));
    }
  }

  for (const [id, { values }] of Object.entries(waiting)) {
    see(id, "");
    for (const input of box(id)?.querySelectorAll("input:not([type=hidden]), select, textarea") || []) {
      const given = values[input.name] || [];
      if (/radio|checkbox/.test(input.type)) input.checked = given.includes(input.value);
      else input.value = given[0] || "";
    }
  }
  form.addEventListener("change", note);
  form.addEventListener("input", (event) => event.target.matches("textarea, [type=text]") && note(event));
  form.addEventListener("submit", () => { leaving = true; clearTimeout(timer); });
  addEventListener("pageshow", (event) => { if (event.persisted) { leaving = false; later(0); } });
  addEventListener("online", () => later(0));
  if (Object.keys(waiting).length) later(0);
})();
