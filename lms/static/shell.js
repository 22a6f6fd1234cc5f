/* Comfort on every page: quick exit by Shift three times, and a language switch that keeps what was entered. */
(function () {
  "use strict";
  var store = "lms-kept";

  function leave(link, event) {
    if (event) event.preventDefault();
    document.documentElement.hidden = true;
    document.title = "";
    try { sessionStorage.clear(); } catch (_) { /* storage may be off */ }
    location.replace(link.href);
  }

  function watchExit(link) {
    var presses = 0, timer;
    link.addEventListener("click", function (event) { leave(link, event); });
    addEventListener("keydown", function (event) {
      if (event.key !== "Shift") { presses = 0; return; }
      if (event.repeat) return;
      presses += 1;
      clearTimeout(timer);
      timer = setTimeout(function () { presses = 0; }, 1500);
      if (presses >= 3) leave(link);
    });
  }

  function controls() {
    return Array.prototype.filter.call(document.querySelectorAll("main form [name]"), function (one) {
      return one.form && one.form.method === "post" && !/^(hidden|password|file|submit|button)$/.test(one.type);
    });
  }

  function isTick(one) { return one.type === "checkbox" || one.type === "radio"; }

  function keep() {
    var entries = controls().map(function (one) { return [one.name, isTick(one) ? one.value : "", isTick(one) ? one.checked : one.value]; });
    if (entries.length) sessionStorage.setItem(store, JSON.stringify({ path: location.pathname, entries: entries }));
  }

  function restore() {
    var kept = JSON.parse(sessionStorage.getItem(store) || "null");
    sessionStorage.removeItem(store);
    if (!kept || kept.path !== location.pathname) return;
    controls().forEach(function (one) {
      kept.entries.forEach(function (entry) {
        if (entry[0] !== one.name) return;
        var before = isTick(one) ? one.checked : one.value;
        if (!isTick(one)) { one.value = entry[2]; } else if (entry[1] === one.value) { one.checked = entry[2]; }
        if ((isTick(one) ? one.checked : one.value) !== before) one.dispatchEvent(new Event("change", { bubbles: true }));
      });
    });
  }

  var exit = document.querySelector("[data-quick-exit]");
  if (exit) watchExit(exit);
  try {
    restore();
    document.querySelectorAll("[data-language]").forEach(function (link) { link.addEventListener("click", keep); });
  } catch (_) { /* storage may be off: the switch still works */ }
  if (!(window.CSS && CSS.supports("selector(::details-content)")) && matchMedia("(min-width: 60rem)").matches) {
    document.querySelectorAll("details.fold").forEach(function (fold) { fold.open = true; });
  }
})();
