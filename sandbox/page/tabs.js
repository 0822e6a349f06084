// On a narrow screen one column is shown at a time, chosen by tabs; a dot marks a chat with news.

import { element } from "./dom.js";

const NARROW = matchMedia("(width < 960px)");

export class Tabs {
  constructor(list, columns) {
    this.columns = columns;
    this.tabs = columns.map((column) => this.makeTab(column));
    list.append(...this.tabs);
    list.addEventListener("keydown", (event) => this.onKey(event));
    NARROW.addEventListener("change", () => this.select(this.at));
    this.select(0);
  }

  makeTab(column) {
    const tab = element("button", { type: "button", role: "tab", id: `tab-${column.plan.key}` }, column.plan.short);
    tab.dataset.tab = column.plan.key;
    tab.append(element("span", { className: "dot", hidden: true }, element("span", { className: "unseen", textContent: ", new messages" })));
    tab.setAttribute("aria-controls", column.element.id);
    tab.addEventListener("click", () => this.select(this.columns.indexOf(column)));
    return tab;
  }

  select(at) {
    this.at = at;
    this.columns.forEach((column, i) => {
      const active = i === at;
      column.element.classList.toggle("aside", !active);
      // A panel only where there are tabs; side by side, each column is a region of its own.
      column.element.setAttribute("role", NARROW.matches ? "tabpanel" : "region");
      this.tabs[i].setAttribute("aria-selected", String(active));
      this.tabs[i].tabIndex = active ? 0 : -1;
      if (active) this.dot(i).hidden = true;
    });
  }

  show(column) {
    this.select(this.columns.indexOf(column));
  }

  markNews(column) {
    const i = this.columns.indexOf(column);
    if (NARROW.matches && i !== this.at) this.dot(i).hidden = false;
  }

  dot(i) {
    return this.tabs[i].querySelector(".dot");
  }

  onKey(event) {
    const count = this.tabs.length;
    const next = { ArrowRight: (this.at + 1) % count, ArrowLeft: (this.at - 1 + count) % count, Home: 0, End: count - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    this.select(next);
    this.tabs[next].focus();
  }
}
