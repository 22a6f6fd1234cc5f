/* "Tick all on this page" over a table of ticks. Without it, whole lists are chosen by the form's own words. */
(function () {
  "use strict";
  document.querySelectorAll("form[data-tick-all]").forEach(function (form) {
    var ticks = Array.prototype.slice.call(form.querySelectorAll("tbody input[type=checkbox]"));
    var table = form.querySelector(".scroll");
    if (ticks.length < 2 || !table) return;
    var label = document.createElement("label"), all = document.createElement("input"), text = document.createElement("span");
    label.className = "choice";
    all.type = "checkbox";
    text.textContent = form.dataset.tickAll;
    label.append(all, text);
    table.before(label);

    function look() {
      var count = ticks.filter(function (one) { return one.checked; }).length;
      all.checked = count === ticks.length;
      all.indeterminate = count > 0 && !all.checked;
    }

    form.addEventListener("change", function (event) {
      if (event.target === all) ticks.forEach(function (one) { one.checked = all.checked; });
      look();
    });
    addEventListener("pageshow", look);
    look();
  });
})();
