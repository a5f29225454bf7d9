// A browser on the machine that runs the sandboxes drops what it is loading whenever one of their
// networks comes or goes, which is just when this page opens. Without its scripts the page is dead,
// so it is loaded anew: a few times a minute at most, should there be another reason.
(function () {
  var KEY = "slipway:recovered";
  var MOST = 3;
  var WITHIN_MS = 60000;
  var leaving = false;

  function recover() {
    if (leaving) return;
    try {
      var now = Date.now();
      var recent = JSON.parse(sessionStorage.getItem(KEY) || "[]").filter(function (at) {
        return now - at < WITHIN_MS;
      });
      if (recent.length >= MOST) return;
      sessionStorage.setItem(KEY, JSON.stringify(recent.concat(now)));
    } catch (e) {
      // Nothing can be counted, so nothing may be repeated.
      return;
    }
    leaving = true;
    location.reload();
  }

  addEventListener("slipway:load-failed", recover);
  addEventListener(
    "error",
    function (event) {
      var name = event.target && event.target.nodeName;
      if (name === "SCRIPT" || (name === "LINK" && event.target.rel === "stylesheet")) recover();
    },
    true,
  );
})();
