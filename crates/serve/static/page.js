// The form: sends a text to v1/score and shows the answer. Texts and names reach the page as text
// nodes alone.
"use strict";

const by = (id) => document.getElementById(id);
const TOXICITY = ["toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack"];
const SENTIMENT = ["negative", "neutral", "positive"];
const UNSCORED = {
  empty: "it has no words",
  language: "no model supports its language",
  deleted: "it is a placeholder for a deleted comment",
  removed: "it is a placeholder for a removed comment",
};

for (const origin of document.querySelectorAll(".origin")) {
  origin.textContent = new URL(".", location.href).href.replace(/\/$/, "");
}

function element(name, { text, ...properties } = {}, ...children) {
  const made = document.createElement(name);
  Object.assign(made, properties);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

const figure = (score) => score.toFixed(3);
const words = (label) => label.replaceAll("_", " ");

function thresholds(label) {
  const rules = [...document.querySelectorAll("#rules tr")];
  return rules.filter((rule) => rule.dataset.label === label).map((rule) => Number(rule.dataset.threshold));
}

function bar(label, score) {
  const fill = element("div", { className: "fill" });
  fill.style.width = `${100 * score}%`;
  const ticks = thresholds(label).map((threshold) => {
    const tick = element("div", { className: "tick" });
    tick.style.left = `${100 * threshold}%`;
    return tick;
  });
  const kind = SENTIMENT.includes(label) ? "bar sentiment" : "bar";
  const made = element("div", { className: kind }, fill, ...ticks);
  made.setAttribute("aria-hidden", "true");
  return made;
}

function scoreRow(answer, label) {
  const head = element("th", { text: words(label), scope: "row" });
  return element("tr", {}, head, element("td", { text: figure(answer[label]) }), element("td", {}, bar(label, answer[label])));
}

function decision(answer) {
  if (answer.unscored !== null) {
    return [`Not scored: ${UNSCORED[answer.unscored] ?? answer.unscored}.`];
  }
  const action = element("span", { className: `action ${answer.action}`, text: answer.action });
  if (answer.rule === null) return [action, " No rule of the policy flags it."];
  const rule = element("bdi", { text: answer.rule });
  const reached = `: ${words(answer.label)} ${figure(answer.score)} reaches the threshold ${answer.threshold}.`;
  return [action, " Flagged by the rule ", rule, reached];
}

// Offsets are bytes of UTF-8.
function cutter(text) {
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  return { length: bytes.length, cut: (from, to) => decoder.decode(bytes.subarray(from, to)) };
}

function marked(text, explanation) {
  const { length, cut } = cutter(text);
  const worst = Math.max(...explanation.sentences.map((sentence) => sentence.score), 0);
  const parts = [];
  let at = 0;
  const pieces = (from, to) => {
    const found = explanation.words.filter((word) => word.start >= from && word.end <= to);
    const nodes = [];
    let place = from;
    for (const word of found) {
      nodes.push(cut(place, word.start));
      nodes.push(element("mark", { text: cut(word.start, word.end), title: `weight ${figure(word.score)}` }));
      place = word.end;
    }
    nodes.push(cut(place, to));
    return nodes;
  };
  for (const sentence of explanation.sentences) {
    parts.push(cut(at, sentence.start));
    const carries = sentence.score >= explanation.score / 2 && sentence.score >= worst / 2;
    const className = carries ? "sentence carries" : "sentence";
    const title = `score ${figure(sentence.score)}`;
    parts.push(element("span", { className, title }, ...pieces(sentence.start, sentence.end)));
    at = sentence.end;
  }
  parts.push(cut(at, length));
  return parts;
}

function partRows(text, parts) {
  const { cut } = cutter(text);
  return parts.map((part) => {
    const head = element("th", { text: cut(part.start, part.end), scope: "row", dir: "auto" });
    return element("tr", {}, head, element("td", { text: figure(part.score) }));
  });
}

function note(explanation) {
  const notes = [`For ${words(explanation.label)}.`];
  if (explanation.words.length === 0) notes.push("No single word carries it.");
  if (explanation.partial) notes.push("Only the beginning of the text is explained.");
  if (explanation.read_as) notes.push(`The model reads the text as: ${explanation.read_as}`);
  return notes.join(" ");
}

function fill(table, rows) {
  table.hidden = rows.length === 0;
  table.tBodies[0].replaceChildren(...rows);
}

function show(text, answer) {
  by("decision").replaceChildren(...decision(answer));
  const labels = [...TOXICITY, ...SENTIMENT].filter((label) => answer[label] !== null);
  by("scores").replaceChildren(...labels.map((label) => scoreRow(answer, label)));
  const explanation = answer.explanation;
  by("marked").replaceChildren(...(explanation ? marked(text, explanation) : [text]));
  by("parts").hidden = !explanation;
  document.querySelector(".pair").hidden = labels.length === 0;
  if (explanation) {
    by("parts-note").textContent = note(explanation);
    const weights = [...explanation.words].sort((a, b) => b.score - a.score);
    fill(by("words"), partRows(text, weights));
    fill(by("sentences"), explanation.sentences.length > 1 ? partRows(text, explanation.sentences) : []);
  }
  by("json").textContent = JSON.stringify(answer, null, 2);
  by("result").hidden = false;
}

function report(message, isFault) {
  by("status").textContent = message;
  by("status").classList.toggle("fault", isFault);
}

async function ask(text) {
  const headers = { "Content-Type": "application/json" };
  // The key is in the field alone: nothing stores it.
  if (by("key")) headers.Authorization = `Bearer ${by("key").value}`;
  const language = by("language").value;
  const comment = language ? { text, language } : { text };
  const body = JSON.stringify({ comments: [comment], explain: true });
  const response = await fetch("v1/score", { method: "POST", headers, body });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error?.message ?? `the server answered with ${response.status}`);
  return answer[0];
}

by("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = by("form").querySelector("button");
  // Half of a character is none.
  const text = by("text").value.toWellFormed?.() ?? by("text").value;
  button.disabled = true;
  report("Scoring…", false);
  try {
    show(text, await ask(text));
    report("", false);
  } catch (error) {
    by("result").hidden = true;
    report(`Not scored: ${error.message}`, true);
  } finally {
    button.disabled = false;
  }
});

by("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) by("form").requestSubmit();
});
