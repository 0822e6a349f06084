// Small helpers over the DOM. Text goes in through textContent only, so nothing a chat holds can become markup.

/** A copy of the first element inside `<template id=…>`. */
export function clone(templateId) {
  return document.getElementById(templateId).content.firstElementChild.cloneNode(true);
}

export function part(root, name) {
  return root.querySelector(`[data-part="${name}"]`);
}

/** Writes only what differs: an untouched text is not announced again by a screen reader. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** Fills a select with `[value, label]` pairs, keeping it untouched (and open) when nothing changed. */
export function fillSelect(select, pairs, chosen) {
  const wanted = JSON.stringify(pairs);
  if (select.dataset.options !== wanted) {
    select.replaceChildren(...pairs.map(([value, label]) => element("option", { value, textContent: label })));
    select.dataset.options = wanted;
  }
  if (select.value !== String(chosen)) select.value = String(chosen);
}
