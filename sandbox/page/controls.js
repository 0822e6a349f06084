// The sandbox's own levers: its clock, its faults, and the record of every Bot API call.

import { element, part, setText } from "./dom.js";
import { fullTime, hourOf, isoTime } from "./format.js";
import { server } from "./server.js";

const RETRY_AFTER_SECONDS = 5;
const SHOWN_CALLS = 200;

export class Controls {
  constructor(panel) {
    this.panel = panel;
    this.calls = part(panel, "calls");
    this.calls.addEventListener("toggle", () => this.showCalls());
    panel.addEventListener("toggle", () => this.showCalls());
    panel.addEventListener("click", (event) => {
      const { advance, fault } = event.target.closest("button")?.dataset ?? {};
      if (advance) this.run(server.advance(Number(advance)), `The clock went on by ${event.target.textContent.slice(1)}.`);
      if (fault) this.setFault(fault);
    });
  }

  render(world) {
    const now = part(this.panel, "now");
    setText(now, fullTime(world.now));
    now.dateTime = isoTime(world.now);
    this.showCalls();
  }

  setFault(kind) {
    if (kind === "clear") return this.run(server.clearFaults(), "No faults are set.");
    const method = part(this.panel, "method").value;
    const fault = { method, kind, times: 1, retry_after: RETRY_AFTER_SECONDS };
    return this.run(server.fault(fault), `The next ${method === "*" ? "call" : method} fails with ${kind}.`);
  }

  async run(promise, done) {
    const outcome = part(this.panel, "outcome");
    try {
      await promise;
      outcome.textContent = done;
    } catch (error) {
      outcome.textContent = error.message;
    }
  }

  async showCalls() {
    if (!this.panel.open || !this.calls.open) return;
    const calls = await server.calls().catch(() => []);
    part(this.panel, "call-rows").replaceChildren(...calls.slice(-SHOWN_CALLS).reverse().map(row));
  }
}

function row(call) {
  const cell = (text) => element("td", { textContent: text });
  const line = element("tr", {}, cell(call.n), cell(hourOf(call.at)), cell(call.method), cell(call.ok ? "ok" : call.error),
    cell(JSON.stringify(call.parameters)));
  line.classList.toggle("failed", !call.ok);
  return line;
}
