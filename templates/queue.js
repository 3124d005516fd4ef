"use strict";
// Adds to the page the cards of the remaining flagged comments, filters, keys, and decisions that are kept in this browser until
// they are saved. Without it, the page has the cards of the first comments.
(() => {
  const byId = (id) => document.getElementById(id);

  // Other thresholds: a slider moves through the rows of the table; times follow the pace.
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
        threshold + ": " + flagged + " flagged, expected precision " + precision + ", expected recall " + recall + ", " + time + " to review";
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
  const list = document.querySelector(".cards");
  if (!list) return;

  // Comments. Those with a card come from the page; the others from its data, and get a card when they are to be shown.
  const data = JSON.parse(byId("rest").textContent);
  const cautions = new Map([...byId("filter-caution").options].map((option) => [option.value, option.text]));
  const text = (element) => element?.textContent ?? "";
  const fromCard = (card) => {
    const { action, rule, thread, id, label, score, threshold, harm, time, sha256 } = card.dataset;
    const link = card.querySelector(".where a[rel]");
    return {
      rank: Number(card.id.slice(1)), action, rule, thread, id, label, threshold, time, sha256, card,
      score: Number(score), harm: Number(harm), author: text(card.querySelector(".author")),
      cautions: card.dataset.cautions.split(" ").filter(Boolean), place: text(link),
      title: text(card.querySelector(".to-thread")),
    };
  };
  const fromData = (row) => ({ author: "", time: "", cautions: [], ...row, ...data.rules[row.rule], place: shortAddress(row.link) });
  // As the page shows addresses: host and path.
  const shortAddress = (link) => {
    if (!link) return "";
    const short = link.replace(/^[^:]*:\/\/(www\.)?/i, "").replace(/[?#].*/, "").replace(/\/+$/, "");
    return short.length > 80 ? short.slice(0, 80) + "…" : short;
  };
  const rows = [...[...list.children].map(fromCard), ...data.rows.map(fromData)].sort((one, other) => one.rank - other.rank);
  const byRank = new Map(rows.map((row) => [row.rank, row]));
  for (const row of rows) row.name = JSON.stringify([row.thread, row.id]);
  const isRepeat = (row) => row.same !== undefined || row.near !== undefined;
  const firstOf = (row) => row.same ?? row.near;
  const repeats = new Map();
  for (const row of rows.filter(isRepeat)) repeats.set(firstOf(row), (repeats.get(firstOf(row)) ?? 0) + 1);
  // Numbers with a thin space between thousands, as on the rest of the page.
  const MONTHS = "January February March April May June July August September October November December".split(" ");
  // As the page writes times: `2 March 2026, 09:02 UTC`.
  const moment = (time) => {
    const [year, month, day] = time.slice(0, 10).split("-").map(Number);
    return `${day} ${MONTHS[month - 1]} ${year}, ${time.slice(11, 16)} UTC`;
  };
  const number = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const counted = (value, one, many) => number(value) + " " + (value === 1 ? one : many);

  // An element with its attributes and content; text stays text.
  const make = (tag, attributes, ...content) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...content.filter((part) => part !== "" && part !== null && part !== undefined));
    return element;
  };
  const bdi = (words) => make("bdi", {}, words);
  const oneLine = (words) => {
    const line = words.replace(/\s/gu, " ");
    return line.length > 120 ? line.slice(0, 120) + "…" : line;
  };
  const who = (author) => (author ? bdi(oneLine(author)) : "no author");
  const more = (cut, file) => (cut ? make("p", { class: "soft" }, `… ${counted(cut, "more character", "more characters")} in ${file}`) : "");

  // The card of a comment that has only data. It looks like the cards of the page, without the comments around it.
  const build = (row) => {
    const stretch = (part) =>
      typeof part === "string"
        ? make("p", { dir: "auto" }, part)
        : make("blockquote", { dir: "auto" }, part[0] ? make("cite", {}, oneLine(part[0]) + ": ") : "", part[1]);
    const [place, of] = row.position;
    const next = row.next;
    const first = byRank.get(firstOf(row));
    return make("li", { class: "card " + row.action, id: "f" + row.rank, tabindex: "-1" },
      make("p", { class: "reason" },
        make("span", { class: "rank" }, String(row.rank)), " ",
        make("span", { class: "action" }, row.action), " ",
        make("strong", {}, row.label_words + " " + row.score.toFixed(3)), " ",
        make("span", { class: "soft" }, "· threshold " + row.threshold + ", rule ", bdi(oneLine(row.rule)),
          ...(next ? [` · ${next[0]} below ${next[2]}, rule `, bdi(oneLine(next[1])), ` (${next[3]})`] : []),
          row.harm_words ? " · expected harm " + row.harm_words : "")),
      row.evasion || row.cautions.length || isRepeat(row)
        ? make("p", { class: "notes" },
          ...(row.evasion ? [make("span", { class: "tag" }, "spelling hides words"), " "] : []),
          ...row.cautions.flatMap((caution) => [make("span", { class: "tag" }, cautions.get(caution) ?? caution), " "]),
          ...(isRepeat(row)
            ? [make("span", { class: "soft" }, row.same ? "The same words as " : "Nearly the same words as ",
              first ? make("a", { href: "#f" + first.rank }, "comment " + first.rank) : "comment " + firstOf(row), ".")]
            : []))
        : "",
      make("p", { class: "switch" },
        make("input", { class: "show", type: "checkbox", id: "show" + row.rank }),
        make("label", { class: "check", for: "show" + row.rank }, "Show the text",
          make("span", { class: "hidden" }, ` of flagged comment ${row.rank}`))),
      make("div", { class: "exchange" },
        row.context
          ? make("div", { class: "context" },
            make("p", { class: "who" }, row.context.what + ": ", who(row.context.author)),
            make("div", { class: "words", dir: "auto" }, row.context.text, more(row.context.cut, "flagged.csv")))
          : "",
        make("div", { class: "comment" },
          make("p", { class: "who" }, row.author ? make("bdi", { class: "author" }, oneLine(row.author)) : "no author",
            row.time ? " · " : "", row.time ? make("time", {}, moment(row.time)) : ""),
          make("div", { class: "words own" }, ...row.text.map(stretch), more(row.cut, "flagged.csv")),
          ...(row.read_as
            ? [make("p", { class: "who" }, "Read as"), make("div", { class: "words read", dir: "auto" }, row.read_as[0], more(row.read_as[1], "flagged.csv"))]
            : []))),
      make("p", { class: "where soft" }, `Comment ${number(place)} of ${number(of)} in `, bdi(oneLine(row.title || row.thread)),
        row.link ? " · " : "", row.link ? make("a", { href: row.link, rel: "noreferrer noopener nofollow" }, bdi(row.place)) : "",
        " · id ", bdi(oneLine(row.id)), " · ", bdi(oneLine(row.file) + ", line " + row.line)));
  };
  // What a card needs to be decided about.
  const prepare = (row) => {
    const verdicts = ["approve", "reject", "defer", "escalate"];
    const field = (name, label) => [" ", make("label", {}, label + " ", make("input", { type: "text", class: name, size: "15", autocomplete: "off" }))];
    const others = repeats.get(row.rank);
    row.card.append(
      make("p", { class: "decide" },
        ...verdicts.flatMap((verdict) => [make("button", { type: "button", value: verdict }, verdict), " "]),
        ...field("because", "because"), ...field("note", "note"), " ",
        make("span", { class: "verdict", role: "status" })),
      others ? make("p", { class: "decide" }, make("button", { type: "button", class: "repeats" }, `List ${counted(others, "repeat", "repeats")}`)) : "");
    row.isPrepared = true;
  };
  const cardOf = (row) => {
    row.card ??= build(row);
    if (!row.isPrepared) prepare(row);
    rowOf.set(row.card, row);
    show(row);
    return row.card;
  };
  const rowOf = new WeakMap();
  const rowAt = (element) => rowOf.get(element?.closest?.(".card"));

  // Decisions by the name of their comment, each an entry of its own in the browser's storage. They belong to one export: the
  // key names its inputs and model.
  const prefix = "comity queue " + document.body.dataset.run + " ";
  const fields = ["decision", "reason", "note", "actor", "time", "policy", "rule", "label", "score", "threshold", "text_sha256", "model"];
  // An entry whose decision is blank is a note.
  const decisions = new Map();
  const session = new Set();
  let history = [];
  let state = "kept";
  try {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(prefix)) continue;
      const values = JSON.parse(localStorage.getItem(key));
      if (key === prefix) byId("actor").value = values;
      else decisions.set(key.slice(prefix.length), Object.fromEntries(fields.map((field, place) => [field, values[place]])));
    }
  } catch {
    state = "lost";
  }
  const store = (key, value) => {
    try {
      if (value === undefined) localStorage.removeItem(key);
      else localStorage.setItem(key, JSON.stringify(value));
    } catch (error) {
      state = error.name === "QuotaExceededError" ? "full" : "lost";
    }
    tell();
  };
  const tell = () => {
    byId("keeping").textContent = {
      kept: "A decision is about the comment shown, not its repeats. Decisions are kept in this browser; save them before you clear its data.",
      full: "This browser’s storage is full: save your decisions now. New ones are lost when you close the page.",
      lost: "This browser does not store data for local files: save your decisions before you close the page.",
    }[state];
  };
  const put = (row, entry) => {
    if (entry) decisions.set(row.name, entry);
    else decisions.delete(row.name);
    store(prefix + row.name, entry && fields.map((field) => entry[field]));
  };

  const isDecided = (row) => Boolean(decisions.get(row.name)?.decision);
  const show = (row) => {
    if (!row.isPrepared) return;
    const { card } = row;
    const entry = decisions.get(row.name);
    card.classList.toggle("decided", isDecided(row));
    for (const button of card.querySelectorAll(".decide button[value]")) {
      button.setAttribute("aria-pressed", String(isDecided(row) && entry.decision === button.value));
    }
    card.querySelector(".note").value = entry?.note ?? "";
    if (isDecided(row)) card.querySelector(".because").value = entry.reason;
    card.querySelector(".verdict").textContent = isDecided(row)
      ? entry.decision + (entry.actor ? " by " + entry.actor : "") + ", " + moment(entry.time)
      : "";
  };
  const count = () => {
    const decided = rows.filter(isDecided).length;
    byId("decided").textContent = `${number(decided)} of ${number(rows.length)} decided`;
  };
  const actor = () => byId("actor").value.trim();
  // A name that is typed late is added to the decisions of this session that have none.
  const nameless = () => rows.filter((row) => session.has(row.name) && decisions.get(row.name)?.actor === "");
  const askForName = () => {
    const missing = actor() === "" ? nameless().length : 0;
    byId("nameless").textContent = missing ? `${counted(missing, "decision has", "decisions have")} no name: type yours to add it.` : "";
  };
  byId("actor").addEventListener("change", () => {
    store(prefix, byId("actor").value);
    if (actor() !== "") {
      for (const row of nameless()) {
        put(row, { ...decisions.get(row.name), actor: actor() });
        show(row);
      }
    }
    askForName();
  });
  // Changes the entries of some comments, so that it can be undone: to what `made` returns for an entry, or to none.
  const change = (some, made) => {
    history.push(some.map((row) => [row, decisions.get(row.name)]));
    for (const row of some) {
      session.add(row.name);
      put(row, made(row, decisions.get(row.name)));
      show(row);
    }
    count();
    askForName();
  };
  const entryOf = (row, decision) => {
    const { policy, model } = document.body.dataset;
    const [reason, note] = ["because", "note"].map((name) => row.card?.querySelector("." + name)?.value.trim() ?? "");
    return {
      decision, reason, note, actor: actor(), time: new Date().toISOString(), policy, rule: row.rule, label: row.label,
      score: row.score.toFixed(6), threshold: row.threshold, text_sha256: row.sha256, model,
    };
  };
  // A text that is still blurred can be put off or handed on, but neither approved nor rejected.
  const showAll = byId("show-all");
  const isSeen = (row) => {
    row.isSeen ||= Boolean(row.card?.isConnected && (showAll.checked || row.card.querySelector(".show").checked));
    return row.isSeen;
  };
  const mayDecide = (row, verdict) => isSeen(row) || verdict === "defer" || verdict === "escalate";
  const decide = (row, verdict) => {
    const may = mayDecide(row, verdict);
    if (may) change([row], () => entryOf(row, verdict));
    else row.card.querySelector(".verdict").textContent = `Show the text first (s): a blurred text can’t be ${verdict === "approve" ? "approved" : "rejected"}.`;
    return may;
  };
  // A note is kept next to the decision, or alone.
  const note = (row) =>
    change([row], (_, earlier) => {
      const entry = earlier?.decision ? { ...earlier, note: row.card.querySelector(".note").value.trim() } : entryOf(row, "");
      return entry.decision || entry.note ? entry : undefined;
    });
  const undo = () => {
    for (const [row, earlier] of history.pop() || []) {
      put(row, earlier && session.has(row.name) && earlier.actor === "" ? { ...earlier, actor: actor() } : earlier);
      show(row);
    }
    count();
    askForName();
  };

  // Filters and pages.
  const PAGE = 50;
  let matched = rows;
  let page = 0;
  const lastPage = () => Math.max(Math.ceil(matched.length / PAGE) - 1, 0);
  const turn = (to) => {
    // What was shown stays seen when its card leaves the page.
    for (const card of list.children) if (rowOf.has(card)) isSeen(rowOf.get(card));
    page = Math.min(Math.max(to, 0), lastPage());
    const shown = matched.slice(page * PAGE, (page + 1) * PAGE);
    list.replaceChildren(...shown.map(cardOf));
    const from = page * PAGE + 1;
    const what = byId("filter-repeats").value === "" ? ["text", "texts"] : ["comment", "comments"];
    byId("filter-count").textContent = matched.length
      ? `${number(from)} to ${number(from + shown.length - 1)} of ${counted(matched.length, ...what)}`
      : "No comment matches the filters.";
    for (const pager of document.querySelectorAll(".pager")) {
      pager.hidden = lastPage() === 0;
      pager.querySelector("span").textContent = `page ${number(page + 1)} of ${number(lastPage() + 1)}`;
      pager.querySelector("[value='-1']").disabled = page === 0;
      pager.querySelector("[value='1']").disabled = page === lastPage();
    }
    byId("bulk-question").hidden = true;
  };
  for (const button of document.querySelectorAll(".pager button")) {
    button.addEventListener("click", () => {
      turn(page + Number(button.value));
      byId("flagged").scrollIntoView({ behavior: "instant" });
    });
  }
  const options = (id, values) => byId(id).append(...[...values].map(([value, words]) => make("option", { value }, words)));
  const distinct = (values) => [...new Set(values)].map((value) => [value, oneLine(value)]);
  options("filter-action", distinct(rows.map((row) => row.action)));
  options("filter-rule", distinct(rows.map((row) => row.rule)));
  // Threads that are named by a number are known by their titles, or by the titles in their addresses.
  const places = new Map();
  for (const row of rows) if (!places.get(row.thread)) places.set(row.thread, row.title && row.title !== row.thread ? row.title : row.place);
  options("filter-thread", [...places].map(([thread, place]) => [thread, oneLine(place ? `${thread} (${place})` : thread)]));
  const present = new Set(rows.flatMap((row) => row.cautions));
  for (const option of [...byId("filter-caution").options]) if (!["", "none"].includes(option.value) && !present.has(option.value)) option.remove();

  const apply = () => {
    const value = (name) => byId("filter-" + name).value;
    const author = value("author").trim().toLowerCase();
    const limit = (name, blank) => (value(name).trim() === "" ? blank : Number(value(name)));
    const [low, high] = [limit("low", 0), limit("high", 1)];
    const [wanted, caution, which] = [value("decision"), value("caution"), value("repeats")];
    matched = rows.filter((row) =>
      ["action", "rule", "thread"].every((name) => value(name) === "" || row[name] === value(name)) &&
      (author === "" || row.author.toLowerCase().includes(author)) &&
      row.score >= low && row.score <= high &&
      (caution === "" || (caution === "none" ? row.cautions.length === 0 : row.cautions.includes(caution))) &&
      (wanted === "" || wanted === (isDecided(row) ? decisions.get(row.name).decision : "none")) &&
      (which === "all" || (which === "" ? !isRepeat(row) : [row.rank, firstOf(row)].includes(Number(which)))));
    turn(0);
  };
  const filters = [...document.querySelectorAll("#filters select, #filters input")];
  for (const control of filters) control.addEventListener("input", apply);
  const clearFilters = () => {
    for (const control of filters) control.value = control.defaultValue ?? "";
    apply();
  };
  const listRepeats = (row) => {
    clearFilters();
    const which = byId("filter-repeats");
    if (![...which.options].some((option) => option.value === String(row.rank))) {
      which.append(make("option", { value: String(row.rank) }, "of comment " + row.rank));
    }
    which.value = String(row.rank);
    apply();
  };

  // Saving: a cell that a spreadsheet could run as a formula gets a ' in front, as in the CSV files of the report.
  const cell = (value) => {
    const guarded = /^[=+\-@\t\r']/.test(value) ? "'" + value : value;
    return /[",\r\n]/.test(guarded) ? '"' + guarded.replaceAll('"', '""') + '"' : guarded;
  };
  const save = (name, lines) => {
    const csv = lines.map((line) => line.map((value) => cell(String(value ?? ""))).join(",")).join("\r\n") + "\r\n";
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([csv], { type: "text/csv" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  };
  // The name of who is quoted is the page's, not the text's.
  const words = (row) => {
    if (row.text) return row.text.map((part) => (typeof part === "string" ? part : part[1])).join("\n");
    const part = (element) => [...element.childNodes].filter((node) => node.nodeName !== "CITE").map(text).join("");
    return [...row.card.querySelectorAll(".own > *")].map(part).join("\n");
  };
  byId("save-rows").addEventListener("click", () => {
    const header = ["rank", "thread", "id", "author", "created_at", "action", "rule", "label", "score", "threshold", "harm", "text", "cautions"];
    const lines = matched.map((row) => [row.rank, row.thread, row.id, row.author, row.time, row.action, row.rule, row.label,
      row.score.toFixed(6), row.threshold, row.harm.toFixed(6), words(row), row.cautions.join(" ")]);
    save("selection.csv", [header, ...lines]);
  });
  byId("save-decisions").addEventListener("click", () => {
    const earlier = ([, one], [, other]) => (one.time < other.time ? -1 : one.time > other.time ? 1 : 0);
    const lines = [...decisions].sort(earlier).map(([name, entry]) => [...JSON.parse(name), ...fields.map((field) => entry[field])]);
    save("moderation.csv", [["thread", "id", ...fields], ...lines]);
  });

  // Deciding about everything that matches asks once. Texts that nobody has seen are left out of approvals and rejections.
  let bulk = "";
  const undecided = () => matched.filter((row) => !isDecided(row));
  const decidable = (verdict) => undecided().filter((row) => mayDecide(row, verdict));
  for (const button of document.querySelectorAll(".bulk")) {
    button.addEventListener("click", () => {
      bulk = button.value;
      const some = decidable(bulk).length;
      const left = undecided().length - some;
      byId("bulk-text").textContent =
        `${bulk} ${counted(some, "comment", "comments")}?` +
        (left ? ` ${number(left)} more ${left === 1 ? "is" : "are"} left out: still blurred or on other pages.` : "");
      byId("bulk-yes").hidden = some === 0;
      byId("bulk-question").hidden = false;
    });
  }
  byId("bulk-yes").addEventListener("click", () => {
    const verdict = bulk;
    change(decidable(verdict), (row) => entryOf(row, verdict));
    byId("bulk-question").hidden = true;
  });
  byId("bulk-no").addEventListener("click", () => (byId("bulk-question").hidden = true));

  list.addEventListener("click", (event) => {
    const row = rowAt(event.target);
    const button = event.target.closest(".decide button");
    if (row && button?.classList.contains("repeats")) listRepeats(row);
    else if (row && button) decide(row, button.value);
  });
  list.addEventListener("change", (event) => {
    const row = rowAt(event.target);
    if (!row) return;
    if (event.target.matches(".note")) note(row);
    if (event.target.matches(".show")) {
      isSeen(row);
      show(row);
    }
  });
  showAll.addEventListener("change", () => {
    for (const card of list.children) isSeen(rowOf.get(card));
  });
  byId("undo").addEventListener("click", undo);
  byId("filters").hidden = false;
  byId("desk").hidden = false;
  // A browser may keep the choices of an earlier visit.
  apply();
  count();
  tell();

  // Moves to a comment, on whatever page it is.
  const focus = (row) => {
    const place = matched.indexOf(row);
    if (place < 0) return;
    if (Math.floor(place / PAGE) !== page) turn(Math.floor(place / PAGE));
    row.card.focus({ preventScroll: true });
    row.card.scrollIntoView({ block: "center", behavior: "instant" });
  };
  const follow = () => {
    const row = byRank.get(Number(/^#f(\d+)$/.exec(location.hash)?.[1]));
    if (!row) return;
    if (!matched.includes(row)) clearFilters();
    if (!matched.includes(row)) {
      byId("filter-repeats").value = "all";
      apply();
    }
    focus(row);
  };
  addEventListener("hashchange", follow);
  follow();

  // A thread is one key away from a card, and the card from the thread.
  let left = null;
  const toThread = (row) => {
    const link = row.card.querySelector(".to-thread");
    if (!link) {
      row.card.querySelector(".verdict").textContent = "This page has the threads of the first comments only; scores.csv has them all.";
      return;
    }
    left = row;
    const place = byId(link.hash.slice(1));
    place.closest("details").open = true;
    place.focus({ preventScroll: true });
    // It may be a hundred screens away.
    place.scrollIntoView({ block: "center", behavior: "instant" });
  };
  list.addEventListener("click", (event) => {
    if (!event.target.closest(".to-thread")) return;
    event.preventDefault();
    toThread(rowAt(event.target));
  });

  const keys = { a: "approve", r: "reject", d: "defer", e: "escalate" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest("select, summary, textarea, input:not([type=checkbox]):not([type=range])");
    const here = rowAt(document.activeElement);
    if (typing) {
      // Enter and Escape leave a field of a card, and the keys are actions again. An Enter that confirms an input method stays.
      if (here && typing.matches("input") && ["Enter", "Escape"].includes(event.key) && !event.isComposing) {
        event.preventDefault();
        here.card.focus({ preventScroll: true });
      }
      return;
    }
    const at = here ? matched.indexOf(here) : page * PAGE - 1;
    const go = (to) => matched[to] && focus(matched[to]);
    const whole = document.activeElement?.closest(".whole");
    if (whole && (event.key === "t" || event.key === "Escape")) focus(left && matched.includes(left) ? left : matched[page * PAGE]);
    else if (whole && event.key === "s") whole.querySelector(".show").click();
    else if (event.key === "u") undo();
    else if (here && event.key === "t") toThread(here);
    else if (event.key === "j") go(at + 1);
    else if (event.key === "k") go(here ? Math.max(at - 1, 0) : page * PAGE);
    else if (here && event.key === "s") here.card.querySelector(".show").click();
    else if (here && event.key === "n") {
      // The letter itself is not part of the note.
      event.preventDefault();
      here.card.querySelector(".note").focus();
    }
    else if (here && keys[event.key] && decide(here, keys[event.key])) go(at + 1);
  });
})();
