// Runs before the first paint, so that a dark page never flashes white. The key must agree with src/components/theme.tsx.
(function () {
  var choice = null;
  try {
    choice = localStorage.getItem("zaffre.theme");
  } catch {
    // Storage may be switched off: the system's preference decides.
  }
  var dark = choice === "dark" || (choice !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
