// Runs before the first paint, so that a page chosen dark never flashes white.
(function () {
  var root = document.documentElement;
  root.id = root.id || "top";
  root.classList.add("js");
  try {
    var theme = localStorage.getItem("slipway:theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch (e) {
    // Without storage the page follows the system.
  }
})();
