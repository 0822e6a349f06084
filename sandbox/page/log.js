// The list of messages of one chat: kept in step with the world by message id, pinned to the bottom if it was there.

import { MessageView, quoteOf } from "./message.js";

const NEAR_BOTTOM_PX = 48;

export class Log {
  constructor(element, jumpButton, actions) {
    Object.assign(this, { element, jumpButton, actions, views: new Map(), chatId: undefined, atBottom: true, top: 0 });
    element.addEventListener("scroll", () => this.scrolled());
    element.addEventListener("keydown", (event) => this.moveBetweenMessages(event));
    jumpButton.addEventListener("click", () => { this.toBottom(); this.element.focus(); });
    // Nothing that grows (a picture, the composer) or shrinks may push the last message out of sight.
    const stay = () => { if (this.atBottom) this.toBottom(); };
    element.addEventListener("load", () => requestAnimationFrame(stay), true);
    new ResizeObserver(stay).observe(element);
  }

  /** Shows `messages`; returns true if someone else wrote or changed something since this chat was last shown. */
  show(chatId, messages, context) {
    const first = this.chatId !== chatId;
    if (first) this.clear(chatId);
    this.removeMissing(new Set(messages.map((m) => m.id)));
    let news = false;
    messages.forEach((message, i) => {
      const added = !this.views.has(message.id);
      if (added) this.views.set(message.id, new MessageView(this.actions));
      const view = this.views.get(message.id);
      const quoted = message.reply_to == null ? undefined : quoteOf(messages, message.reply_to);
      const changed = view.update(message, { ...context, quoted, previous: messages[i - 1] });
      const place = this.element.children[i];
      if (place !== view.element) this.element.insertBefore(view.element, place ?? null);
      if (added && view.own) this.atBottom = true;
      news ||= changed && !view.own && !first;
    });
    if (this.atBottom) this.toBottom();
    else if (news) this.jumpButton.hidden = false;
    // The first screenful is not read out by itself; what comes after it is.
    if (first) requestAnimationFrame(() => this.element.setAttribute("aria-live", "polite"));
    return news;
  }

  clear(chatId) {
    Object.assign(this, { chatId, atBottom: true });
    this.element.setAttribute("aria-live", "off");
    this.views.clear();
    this.element.replaceChildren();
  }

  removeMissing(ids) {
    for (const [id, view] of this.views) {
      if (ids.has(id)) continue;
      const focused = view.element.contains(document.activeElement);
      view.element.remove();
      this.views.delete(id);
      if (focused) this.element.focus({ preventScroll: true });
    }
  }

  scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    const near = scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM_PX;
    // Only moving up lets go of the bottom: a chat that has just become shorter is not being read further up.
    this.atBottom = near || (this.atBottom && scrollTop >= this.top);
    this.top = scrollTop;
    if (this.atBottom) this.jumpButton.hidden = true;
  }

  toBottom() {
    this.atBottom = true;
    this.jumpButton.hidden = true;
    this.element.scrollTop = this.element.scrollHeight;
  }

  jumpTo(id) {
    const target = this.views.get(id)?.element;
    if (!target) return;
    target.scrollIntoView({ block: "nearest" });
    target.focus({ preventScroll: true });
  }

  moveBetweenMessages(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const articles = [...this.element.children];
    const at = articles.indexOf(event.target);
    if (!step || articles.length === 0 || (at < 0 && event.target !== this.element)) return;
    event.preventDefault();
    if (at < 0) return articles.at(-1).focus();
    (articles[at + step] ?? this.element).focus();
  }
}
