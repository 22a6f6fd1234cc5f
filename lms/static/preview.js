// Reloads the preview when a file of the course is saved.
(function () {
  var state = document.body.dataset.state;
  setInterval(function () {
    fetch("/state").then(function (answer) { return answer.text(); }).then(function (now) {
      if (now !== state) location.reload();
    }).catch(function () {});
  }, 700);
})();
