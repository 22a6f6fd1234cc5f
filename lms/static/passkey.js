// Passkeys: asks the browser to make or prove one and sends the form with its answer. Without this script the page says
// what else there is.
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  function readable(options) {
    const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
    const made = { ...options, challenge: bytes(options.challenge) };
    if (options.user) made.user = { ...options.user, id: bytes(options.user.id) };
    if (options.excludeCredentials) made.excludeCredentials = known(options.excludeCredentials);
    if (options.allowCredentials) made.allowCredentials = known(options.allowCredentials);
    return { publicKey: made };
  }

  function plain(credential) {
    const given = credential.response, response = { clientDataJSON: text(given.clientDataJSON) };
    for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (given[part]) response[part] = text(given[part]);
    }
    if (given.getTransports) response.transports = given.getTransports();
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: {} });
  }

  async function ask(box, form) {
    const headers = { "X-CSRFToken": form.elements.csrf_token.value, "Accept": "application/json" };
    const answer = await fetch(box.dataset.options, { method: "POST", headers });
    if (!answer.ok) throw new Error((await answer.json()).detail);
    const { options, ticket } = await answer.json();
    const credential = await navigator.credentials[box.dataset.passkey](readable(options));
    form.elements.credential.value = plain(credential);
    form.elements.ticket.value = ticket;
    form.submit();
  }

  document.querySelectorAll("[data-passkey]").forEach((box) => {
    if (!box.dataset.options || !window.PublicKeyCredential) return;
    const form = box.querySelector("form"), status = box.querySelector("[role=status]");
    let isAsking = false;
    form.hidden = false;
    box.querySelectorAll("[data-passkey-else]").forEach((one) => { one.hidden = true; });
    form.addEventListener("submit", (event) => {
      const name = form.elements.name;
      if (name && name.value !== undefined && !name.value.trim()) return;
      if (event.submitter && event.submitter.hasAttribute("formaction")) return;
      event.preventDefault();
      if (isAsking) return;
      isAsking = true;
      status.textContent = box.dataset.wait;
      ask(box, form).catch((error) => {
        isAsking = false;
        const words = { NotAllowedError: box.dataset.cancelled, InvalidStateError: box.dataset.known };
        status.textContent = words[error.name] || (error.name === "Error" && error.message) || box.dataset.cancelled;
      });
    });
  });
})();
