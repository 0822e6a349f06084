// What appears over a chat: toasts, alerts, and the window of a person's own device.

import { clone, element, part } from "./dom.js";

const READING_MS = 3500;
const MOST_TOASTS = 3;
const READING_MS_PER_CHARACTER = 60;
// Colour codes that a terminal would act on.
const ANSI = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** A line that goes away by itself, after as long as it takes to read; it stays while pointed at. */
export function toast(container, text, kind = "answer") {
  const node = element("p", { className: "toast", textContent: text, dir: "auto" });
  node.dataset.kind = kind;
  container.append(node);
  if (container.children.length > MOST_TOASTS) container.firstElementChild.remove();
  const life = READING_MS + READING_MS_PER_CHARACTER * text.length;
  let timer = setTimeout(() => node.remove(), life);
  node.addEventListener("pointerenter", () => clearTimeout(timer));
  node.addEventListener("pointerleave", () => { timer = setTimeout(() => node.remove(), READING_MS); });
}

/** Resolves when the person has closed it. */
export function showAlert(title, text) {
  const dialog = clone("alert");
  part(dialog, "title").textContent = title;
  part(dialog, "text").textContent = text;
  return open(dialog);
}

/** Shows what `running` (a promise of text) gives; its error is shown in its place. */
export function showTerminal(title, running) {
  const dialog = clone("terminal");
  const output = part(dialog, "output");
  part(dialog, "title").textContent = title;
  output.textContent = "Opening…";
  running.then((text) => text.replace(ANSI, ""), (error) => error.message).then((text) => { output.textContent = text; });
  part(dialog, "copy").addEventListener("click", () => copy(output, part(dialog, "copied")));
  return open(dialog);
}

function open(dialog) {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => { dialog.remove(); resolve(); });
  });
}

async function copy(output, note) {
  if (await copyText(output.textContent)) note.textContent = "Copied";
  else {
    // Without permission to the clipboard the text is at least selected, ready for the person's own copy key.
    getSelection().selectAllChildren(output);
    note.textContent = "Selected: copy it with your keyboard";
  }
}

/** Returns whether the clipboard took it. */
export async function copyText(text) {
  try { await navigator.clipboard.writeText(text); } catch { return false; }
  return true;
}
