"use strict";
// The page is whole without this: it adds filters and keys.
(() => {
  const cards = [...document.querySelectorAll(".card")];
  const filters = document.getElementById("filters");
  if (!filters) return;
  filters.hidden = false;

  const selects = ["action", "rule", "thread"].map((name) => [name, document.getElementById("filter-" + name)]);
  const status = document.getElementById("filter-count");
  const apply = () => {
    for (const card of cards) {
      card.hidden = !selects.every(([name, select]) => select.value === "" || card.dataset[name] === select.value);
    }
    const shown = cards.filter((card) => !card.hidden).length;
    status.textContent = shown === cards.length ? "" : shown + " of " + cards.length + " shown";
  };
  for (const [, select] of selects) select.addEventListener("change", apply);
  // A browser may keep the choices of an earlier visit.
  apply();

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select, summary, [contenteditable]")) return;
    const shown = cards.filter((card) => !card.hidden);
    const here = shown.findIndex((card) => card.contains(document.activeElement));
    if (event.key === "s" && here >= 0) {
      shown[here].querySelector(".show").click();
      return;
    }
    const next = event.key === "j" ? here + 1 : event.key === "k" ? Math.max(here - 1, 0) : -1;
    if (next < 0 || next >= shown.length) return;
    shown[next].focus({ preventScroll: true });
    shown[next].scrollIntoView({ block: "nearest" });
  });
})();
