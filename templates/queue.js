"use strict";
// The page is whole without this: it adds filters, keys, and decisions that are kept in this browser until they are saved.
(() => {
  const cards = [...document.querySelectorAll(".card")];
  const byId = (id) => document.getElementById(id);

  // Other thresholds: a slider walks the rows of the table; times follow the pace.
  const pace = byId("pace");
  for (const field of document.querySelectorAll(".pace-field, .tuning")) field.hidden = false;
  const tune = () => {
    const seconds = Math.max(Number(pace.value) || 0, 0);
    for (const row of document.querySelectorAll(".what-if tbody tr")) {
      const flagged = Number(row.querySelector("[data-flagged]").dataset.flagged);
      const time = flagged * seconds;
      row.querySelector(".time").textContent = time < 5400 ? Math.ceil(time / 60) + " min" : (time / 3600).toFixed(1) + " h";
    }
    for (const part of document.querySelectorAll(".what-if")) {
      const row = part.querySelectorAll("tbody tr")[Number(part.querySelector(".slider").value)];
      const [threshold, flagged, precision, recall, time] = [...row.cells].map((cell) => cell.textContent);
      part.querySelector("output").textContent =
        threshold + ": " + flagged + " flagged, expected precision " + precision + ", expected recall " + recall + ", " + time + " of review";
    }
  };
  if (pace) {
    for (const part of document.querySelectorAll(".what-if")) {
      const rows = [...part.querySelectorAll("tbody tr")];
      part.querySelector(".slider").value = Math.max(rows.findIndex((row) => row.className === "in-force"), 0);
      part.querySelector(".slider").addEventListener("input", tune);
    }
    pace.addEventListener("input", tune);
    tune();
  }
  if (cards.length === 0) return;

  // Decisions, by the place of their card. They are of this export alone: the key names its inputs and model.
  const key = "comity queue " + document.body.dataset.run;
  const names = cards.map((card) => JSON.stringify([card.dataset.threadName, card.dataset.id]));
  // One whose decision is blank is a note.
  let decisions = new Map();
  let history = [];
  let kept = true;
  try {
    const stored = JSON.parse(localStorage.getItem(key) || "{}");
    decisions = new Map(Object.entries(stored.decisions || {}));
    byId("actor").value = stored.actor || "";
  } catch {
    kept = false;
  }
  const keep = () => {
    try {
      localStorage.setItem(key, JSON.stringify({ actor: byId("actor").value, decisions: Object.fromEntries(decisions) }));
    } catch {
      kept = false;
    }
    byId("keeping").textContent = kept
      ? "A decision is about the comment shown, not its repeats. Decisions are kept in this browser; save them before you clear its data."
      : "This browser keeps nothing for pages of a file: save your decisions before you close the page.";
  };

  const isDecided = (entry) => Boolean(entry && entry.decision);
  const show = (card) => {
    const decision = decisions.get(names[cards.indexOf(card)]);
    card.classList.toggle("decided", isDecided(decision));
    for (const button of card.querySelectorAll(".decide button")) {
      button.setAttribute("aria-pressed", String(isDecided(decision) && decision.decision === button.value));
    }
    card.querySelector(".note").value = decision?.note ?? "";
    if (isDecided(decision)) card.querySelector(".because").value = decision.reason;
    card.querySelector(".verdict").textContent = isDecided(decision)
      ? decision.decision + (decision.actor ? " by " + decision.actor : "") + ", " + decision.time.slice(0, 16).replace("T", " ") + " UTC"
      : "";
  };
  const count = () => {
    byId("decided").textContent = names.filter((name) => isDecided(decisions.get(name))).length + " of " + cards.length + " decided";
  };
  // Changes the entries of some cards, so that it can be undone: to what `made` makes of an entry, or to none.
  const change = (some, made) => {
    history.push(some.map((card) => [card, decisions.get(names[cards.indexOf(card)])]));
    for (const card of some) {
      const name = names[cards.indexOf(card)];
      const entry = made(card, decisions.get(name));
      if (entry) decisions.set(name, entry);
      else decisions.delete(name);
      show(card);
    }
    keep();
    count();
  };
  const entryOf = (card, decision) => {
    const { rule, label, score, threshold, textSha256: text_sha256 } = card.dataset;
    const { policy, model } = document.body.dataset;
    const [reason, note] = ["because", "note"].map((name) => card.querySelector("." + name).value.trim());
    const [actor, time] = [byId("actor").value.trim(), new Date().toISOString()];
    return { decision, reason, note, actor, time, policy, rule, label, score, threshold, text_sha256, model };
  };
  const decide = (some, verdict) => change(some, (card) => entryOf(card, verdict));
  // A note stands beside the decision, or alone.
  const note = (card) =>
    change([card], (_, earlier) => {
      const entry = isDecided(earlier) ? { ...earlier, note: card.querySelector(".note").value.trim() } : entryOf(card, "");
      return entry.decision || entry.note ? entry : undefined;
    });
  const undo = () => {
    for (const [card, earlier] of history.pop() || []) {
      const name = names[cards.indexOf(card)];
      if (earlier) decisions.set(name, earlier);
      else decisions.delete(name);
      show(card);
    }
    keep();
    count();
  };

  // Filters.
  const selects = ["action", "rule", "thread"].map((name) => [name, byId("filter-" + name)]);
  const apply = () => {
    const author = byId("filter-author").value.trim().toLowerCase();
    const [low, high] = ["filter-low", "filter-high"].map((id) => Number(byId(id).value));
    const wanted = byId("filter-decision").value;
    const caution = byId("filter-caution")?.value ?? "";
    cards.forEach((card, index) => {
      const decision = decisions.get(names[index]);
      const name = card.querySelector(".author");
      const score = Number(card.dataset.score);
      card.hidden = !(
        selects.every(([name, select]) => select.value === "" || card.dataset[name] === select.value) &&
        (author === "" || (name !== null && name.textContent.toLowerCase().includes(author))) &&
        score >= low && score <= (high || 1) &&
        (caution === "" || (caution === "none" ? card.dataset.cautions === "" : card.dataset.cautions.split(" ").includes(caution))) &&
        (wanted === "" || wanted === (isDecided(decision) ? decision.decision : "none"))
      );
    });
    const shown = cards.filter((card) => !card.hidden).length;
    byId("filter-count").textContent = shown + " of " + cards.length + " shown";
    byId("bulk-question").hidden = true;
  };
  for (const control of document.querySelectorAll("#filters select, #filters input")) control.addEventListener("input", apply);

  // Saving: a cell that a spreadsheet could run as a formula gets a ' in front, as in the files beside this page.
  const cell = (value) => {
    const guarded = /^[=+\-@\t\r']/.test(value) ? "'" + value : value;
    return /[",\r\n]/.test(guarded) ? '"' + guarded.replaceAll('"', '""') + '"' : guarded;
  };
  const save = (name, rows) => {
    const csv = rows.map((row) => row.map((value) => cell(String(value ?? ""))).join(",")).join("\r\n") + "\r\n";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };
  const text = (element) => (element ? element.textContent : "");
  byId("save-rows").addEventListener("click", () => {
    const header = ["rank", "thread", "id", "author", "created_at", "action", "rule", "label", "score", "threshold", "harm", "text", "cautions"];
    const rows = cards.filter((card) => !card.hidden).map((card) => {
      const data = card.dataset;
      // The name of who is quoted is the page's, not the text's.
      const words = (part) => [...part.childNodes].filter((node) => node.nodeName !== "CITE").map(text).join("");
      const paragraphs = [...card.querySelectorAll(".own > *")].map(words);
      return [card.id.slice(1), data.threadName, data.id, text(card.querySelector(".author")), data.time, data.action, data.rule,
        data.label, data.score, data.threshold, data.harm, paragraphs.join("\n"), data.cautions];
    });
    save("selection.csv", [header, ...rows]);
  });
  byId("save-decisions").addEventListener("click", () => {
    const columns = ["decision", "reason", "note", "actor", "time", "policy", "rule", "label", "score", "threshold", "text_sha256", "model"];
    const rows = [...decisions].map(([name, decision]) => [...JSON.parse(name), ...columns.map((column) => decision[column])]);
    save("moderation.csv", [["thread", "id", ...columns], ...rows]);
  });

  // Deciding about all that is shown is asked back once.
  let bulk = "";
  const open = () => cards.filter((card) => !card.hidden && !isDecided(decisions.get(names[cards.indexOf(card)])));
  for (const button of document.querySelectorAll(".bulk")) {
    button.addEventListener("click", () => {
      bulk = button.value;
      byId("bulk-text").textContent = bulk + " " + open().length + " comments?";
      byId("bulk-question").hidden = false;
    });
  }
  byId("bulk-yes").addEventListener("click", () => {
    decide(open(), bulk);
    byId("bulk-question").hidden = true;
  });
  byId("bulk-no").addEventListener("click", () => (byId("bulk-question").hidden = true));

  for (const card of cards) {
    for (const button of card.querySelectorAll(".decide button")) button.addEventListener("click", () => decide([card], button.value));
    card.querySelector(".note").addEventListener("change", () => note(card));
    card.querySelector(".decide").hidden = false;
    show(card);
  }
  byId("undo").addEventListener("click", undo);
  byId("actor").addEventListener("change", keep);
  byId("filters").hidden = false;
  byId("desk").hidden = false;
  // A browser may keep the choices of an earlier visit.
  apply();
  count();
  keep();

  // A thread is one key away from a card, and the card from the thread.
  let left = null;
  const visit = (place) => {
    const whole = place.closest("details");
    if (whole) whole.open = true;
    place.focus({ preventScroll: true });
    // It may be a hundred screens away.
    place.scrollIntoView({ block: "center", behavior: "instant" });
  };
  const toThread = (card) => {
    left = card;
    visit(byId(card.querySelector(".to-thread").hash.slice(1)));
  };
  for (const card of cards) {
    card.querySelector(".to-thread").addEventListener("click", (event) => {
      event.preventDefault();
      toThread(card);
    });
  }

  const keys = { a: "approve", r: "reject", d: "defer", e: "escalate" };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("select, summary, textarea, input:not([type=checkbox]):not([type=range])");
    if (event.ctrlKey || event.metaKey || event.altKey || typing) return;
    const shown = cards.filter((card) => !card.hidden);
    const here = shown.findIndex((card) => card.contains(document.activeElement));
    const go = (next) => {
      if (next < 0 || next >= shown.length) return;
      shown[next].focus({ preventScroll: true });
      shown[next].scrollIntoView({ block: "center" });
    };
    const whole = document.activeElement?.closest(".whole");
    if (whole && (event.key === "t" || event.key === "Escape")) visit(left && !left.hidden ? left : shown[0] ?? cards[0]);
    else if (whole && event.key === "s") whole.querySelector(".show").click();
    else if (event.key === "u") undo();
    else if (here >= 0 && event.key === "t") toThread(shown[here]);
    else if (event.key === "j") go(here + 1);
    else if (event.key === "k") go(Math.max(here - 1, 0));
    else if (here >= 0 && event.key === "s") shown[here].querySelector(".show").click();
    else if (here >= 0 && event.key === "n") {
      // The letter itself is not of the note.
      event.preventDefault();
      shown[here].querySelector(".note").focus();
    }
    else if (here >= 0 && keys[event.key]) {
      decide([shown[here]], keys[event.key]);
      go(here + 1);
    }
  });
})();
