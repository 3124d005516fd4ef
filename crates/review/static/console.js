"use strict";
// Adds keys, live counts, claims that last while a page is open, and figures that follow the
// thresholds. Without it, every page reads and decides as well.
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const item = one("article.item");
  const token = one('input[name="token"]')?.value;

  // Keys act on buttons and links that are on the page anyway.
  const cards = () => all(".cards > .card, .said-list > .said");
  let current = -1;
  const move = (step) => {
    const list = cards();
    if (!list.length) return;
    const focused = list.findIndex((card) => card.contains(document.activeElement));
    current = Math.min(Math.max((focused >= 0 ? focused : current) + step, 0), list.length - 1);
    list[current].focus();
    list[current].scrollIntoView({ block: "nearest" });
  };
  const here = () => cards().find((card) => card.contains(document.activeElement));
  const press = (key) => {
    const button = one(`[data-key="${key}"]`);
    if (button && !button.disabled) button.click();
    return Boolean(button);
  };
  const toggle = () => {
    const box = one(".show", here() ?? item ?? document) ?? one("#show-all");
    if (box) box.click();
    return Boolean(box);
  };
  const go = (selector, root) => {
    const link = root && one(selector, root);
    if (link) link.click();
    return Boolean(link);
  };
  const focus = (id) => {
    const field = document.getElementById(id);
    field?.focus();
    return Boolean(field);
  };
  const actions = {
    j: () => (move(1), true),
    k: () => (move(-1), true),
    o: () => go("a.open, a[href*='/review/item/']", here()),
    s: toggle,
    n: () => focus("note"),
    t: () => {
      const thread = document.getElementById("thread");
      thread?.scrollIntoView();
      one(".said.flagged")?.focus();
      return Boolean(thread);
    },
    2: () => {
      const box = document.getElementById("second");
      if (box) box.checked = !box.checked;
      return Boolean(box);
    },
    "/": () => {
      if (!focus("words")) location.href = "/review/search";
      return true;
    },
    "?": () => {
      const help = document.getElementById("keys");
      if (!help) return false;
      help.open = !help.open;
      one("summary", help).focus();
      return true;
    },
  };
  for (const key of "gardecub") actions[key] = () => press(key);
  const isField = (element) =>
    element.matches("textarea, select, input:not([type=checkbox]), [contenteditable]");
  if (document.body.hasAttribute("data-keys")) {
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
      if (isField(event.target)) {
        const ends = event.key === "Escape" || (event.key === "Enter" && event.target.closest("#decide"));
        if (ends) event.target.blur();
        return;
      }
      if (actions[event.key]?.()) event.preventDefault();
    });
  }

  // A decision is sent once, however often its key is pressed.
  for (const form of all("form[method=post]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "1";
      setTimeout(() => delete form.dataset.sent, 4000);
    });
  }
  addEventListener("pageshow", (event) => {
    // A page from the browser's memory may show what is decided by now.
    if (event.persisted) location.reload();
  });

  // The sizes of the queues and the state of the item, every ten seconds while the page is visible.
  const counts = all("[data-queue]");
  const watch = async () => {
    if (document.hidden || (!counts.length && !item)) return;
    const query = item ? `?item=${encodeURIComponent(item.dataset.item)}` : "";
    const answer = await fetch("/review/live" + query, { headers: { accept: "application/json" } });
    if (!answer.ok || answer.redirected) return;
    const state = await answer.json();
    for (const count of counts) {
      count.textContent = state.queues[count.dataset.queue] ?? count.textContent;
    }
    if (item && state.item && String(state.item.revision) !== item.dataset.revision) {
      document.getElementById("changed").hidden = false;
    }
  };
  setInterval(() => watch().catch(() => {}), 10000);

  // The user's own claim lasts while the page is open and was used within the last ten minutes.
  let used = Date.now();
  for (const kind of ["keydown", "pointerdown", "scroll"]) {
    addEventListener(kind, () => (used = Date.now()), { passive: true });
  }
  if (item?.hasAttribute("data-mine") && token) {
    setInterval(() => {
      if (document.hidden || Date.now() - used > 600000) return;
      const body = new URLSearchParams({ token, live: "1" });
      fetch(`/review/item/${encodeURIComponent(item.dataset.item)}/claim`, { method: "POST", body }).catch(() => {});
    }, 60000);
  }

  // The policy studio shows the effect of thresholds as they change.
  const studio = document.getElementById("studio");
  let latest = 0;
  let wait;
  const compute = async () => {
    const turn = ++latest;
    const answer = await fetch(studio.action, { method: "POST", body: new URLSearchParams(new FormData(studio)) });
    if (!answer.ok || turn !== latest) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const effect = page.getElementById("what-if");
    if (effect && turn === latest) document.getElementById("what-if").replaceWith(effect);
  };
  studio?.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(() => compute().catch(() => {}), 400);
  });
})();
