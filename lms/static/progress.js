// Shows how far long work is, without moving the page under anybody. Without this script the link "Look again" does.
(() => {
  const box = document.querySelector("[data-batch]"), status = box.querySelector("[role=status]");
  const say = (part, now) => { if (part.innerHTML !== now.innerHTML) part.innerHTML = now.innerHTML; };

  function end(now) {
    const had = box.contains(document.activeElement), said = now.querySelector("[role=status]");
    say(status, said);
    while (status.nextElementSibling) status.nextElementSibling.remove();
    while (said.nextElementSibling) box.append(said.nextElementSibling);
    if (!had) return;
    const title = box.querySelector("h1");
    title.tabIndex = -1;
    title.focus();
  }

  async function look() {
    try {
      const answer = await fetch(location.href);
      if (answer.redirected) return;
      const now = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-batch]");
      if (!now) return location.reload();
      if ("over" in now.dataset) return end(now);
      box.querySelectorAll("[data-live]").forEach((part, at) => say(part, now.querySelectorAll("[data-live]")[at]));
    } catch {}
    setTimeout(look, 3000);
  }
  setTimeout(look, 3000);
})();
