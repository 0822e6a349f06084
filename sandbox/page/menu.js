// A menu that opens above the composer: arrow keys, Home, End, Escape; closes when the focus or a click goes elsewhere.

import { element } from "./dom.js";

/** `items()` gives `[{label, hint, run}]` each time the menu opens. */
export function attachMenu(button, list, items) {
  const open = () => {
    list.replaceChildren(...items().map(makeItem));
    list.setAttribute("aria-label", button.getAttribute("aria-label"));
    list.hidden = false;
    button.setAttribute("aria-expanded", "true");
    list.firstElementChild?.focus();
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    list.addEventListener("keydown", onKey);
  };
  const close = () => {
    list.hidden = true;
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside);
    document.removeEventListener("focusin", outside);
    list.removeEventListener("keydown", onKey);
  };
  const outside = (event) => { if (!list.contains(event.target) && !button.contains(event.target)) close(); };
  const makeItem = ({ label, hint, run }) => {
    const item = element("button", { type: "button", role: "menuitem", tabIndex: -1 }, element("strong", { textContent: label }));
    if (hint) item.append(element("span", { textContent: hint }));
    item.addEventListener("click", () => { close(); button.focus(); run(); });
    return item;
  };
  const onKey = (event) => {
    const all = [...list.children];
    const at = all.indexOf(document.activeElement);
    const count = all.length;
    const next = { ArrowDown: (at + 1) % count, ArrowUp: (at - 1 + count) % count, Home: 0, End: count - 1 }[event.key];
    if (event.key === "Escape") { close(); button.focus(); }
    else if (event.key === "Tab") { button.focus(); close(); return; }
    else if (next === undefined) return;
    else all[next].focus();
    event.preventDefault();
    event.stopPropagation();
  };
  button.addEventListener("click", () => (button.getAttribute("aria-expanded") === "true" ? close() : open()));
}
