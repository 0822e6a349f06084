// Where a person writes: text, replies, edits, commands and samples, on behalf of whoever acts in this column.

import { element, fillSelect, part, setText } from "./dom.js";
import { snippet } from "./format.js";
import { attachMenu } from "./menu.js";
import { SAMPLES } from "./samples.js";

export class Composer {
  /** `actions`: send(body), change(message, text), actAs(userId), lastOwn() -> message or undefined. */
  constructor(form, actions) {
    Object.assign(this, { form, actions, commands: [], mode: null });
    this.text = part(form, "text");
    this.reference = part(form, "reference");
    form.addEventListener("submit", (event) => { event.preventDefault(); this.submit(); });
    this.text.addEventListener("keydown", (event) => this.onKey(event));
    this.text.addEventListener("input", () => this.fit());
    part(form, "cancel").addEventListener("click", () => { this.setMode(null); this.text.focus(); });
    part(form, "acting").querySelector("select").addEventListener("change", (event) => actions.actAs(Number(event.target.value)));
    const menu = part(form, "menu");
    const own = { label: "A file…", hint: "from this computer", run: () => this.choose() };
    attachMenu(part(form, "attach"), menu, () =>
      [...SAMPLES.map(({ label, hint, make }) => ({ label, hint, run: () => this.attach(make()) })), own]);
    attachMenu(part(form, "commands"), menu, () =>
      this.commands.map(({ command, description }) =>
        ({ label: `/${command}`, hint: description, run: () => actions.send({ text: `/${command}` }) })));
  }

  /** `people`: those who may write here, `[[id, name]]`; none hides the composer. */
  update({ people, acting, commands, title }) {
    this.form.hidden = people.length === 0;
    this.commands = commands;
    part(this.form, "commands").hidden = commands.length === 0;
    const label = part(this.form, "acting");
    label.hidden = people.length < 2;
    fillSelect(label.querySelector("select"), people, acting);
    this.text.setAttribute("aria-label", `Message, ${title}`);
  }

  reply(message) {
    this.setMode({ kind: "reply", message }, `Reply to ${message.name}`);
  }

  edit(message) {
    this.setMode({ kind: "edit", message }, "Edit your message");
    this.text.value = message.text;
    this.fit();
  }

  /** A message that vanished cannot be answered or changed any more. */
  forget(messages) {
    if (this.mode && !messages.some((m) => m.id === this.mode.message.id)) this.setMode(null);
  }

  setMode(mode, title) {
    if (this.mode?.kind === "edit" && mode?.kind !== "edit") { this.text.value = ""; this.fit(); }
    this.mode = mode;
    this.reference.hidden = !mode;
    if (!mode) return;
    setText(this.reference.querySelector("strong"), title);
    setText(this.reference.querySelector("span"), snippet(mode.message));
    this.text.focus();
  }

  async submit() {
    const text = this.text.value.trim();
    if (!text) return this.text.focus();
    const { mode } = this;
    const done = mode?.kind === "edit"
      ? await this.actions.change(mode.message, text)
      : await this.actions.send(mode ? { text, reply_to: mode.message.id } : { text });
    if (!done) return;
    this.text.value = "";
    this.setMode(null);
    this.fit();
  }

  /** A reply may carry a file as well as words. */
  async attach(media) {
    const answers = this.mode?.kind === "reply" ? { reply_to: this.mode.message.id } : {};
    if (await this.actions.send({ ...media, ...answers })) this.setMode(null);
  }

  choose() {
    const input = element("input", { type: "file" });
    input.addEventListener("change", async () => {
      const [file] = input.files;
      const address = await new Promise((done) => {
        const reader = new FileReader();
        reader.addEventListener("load", () => done(reader.result));
        reader.readAsDataURL(file);
      });
      const content = address.slice(address.indexOf(",") + 1);
      await this.attach({ media: "document", file_name: file.name, content_base64: content });
    });
    input.click();
  }

  onKey(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); this.submit(); }
    else if (event.key === "Escape" && this.mode) this.setMode(null);
    else if (event.key === "ArrowUp" && !this.text.value && !this.mode) {
      const last = this.actions.lastOwn();
      if (last) { event.preventDefault(); this.edit(last); }
    }
  }

  /** Grows with the text in browsers whose style sheets cannot do it (`field-sizing`). */
  fit() {
    if (CSS.supports("field-sizing", "content")) return;
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
  }
}
