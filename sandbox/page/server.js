// The people's side of the sandbox, over HTTP, and the stream that says when the world has changed.

async function call(method, path, body) {
  const response = await fetch(`/sandbox/${path}`, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error ?? `The sandbox answered ${response.status}.`);
  return answer;
}

const message = (chat, id) => `chats/${chat}/messages/${id}`;

export const server = {
  world: () => call("GET", "world"),
  calls: () => call("GET", "calls"),
  send: (chat, body) => call("POST", `chats/${chat}/messages`, body),
  edit: (chat, id, body) => call("POST", `${message(chat, id)}/edit`, body),
  press: (chat, id, body) => call("POST", `${message(chat, id)}/press`, body),
  start: (user, parameter) => call("POST", `users/${user}/start`, parameter ? { parameter } : {}),
  open: (user, fileId) => call("POST", `users/${user}/open`, { file_id: fileId }),
  advance: (seconds) => call("POST", "clock", { advance: seconds }),
  fault: (body) => call("POST", "faults", body),
  clearFaults: () => call("DELETE", "faults"),
};

const RETRY_MS = 2000;

/** Calls `onWorld(world)` now and after every change, and `onConnection(live)` whenever the stream comes or goes. */
export function follow(onWorld, onConnection) {
  let fetching = false;
  let again = false;

  async function refresh() {
    again = true;
    if (fetching) return;
    fetching = true;
    while (again) {
      again = false;
      const world = await server.world().catch(() => null);
      if (world) onWorld(world);
      else setTimeout(refresh, RETRY_MS);
    }
    fetching = false;
  }

  function connect() {
    const stream = new EventSource("/sandbox/events");
    stream.addEventListener("open", () => { onConnection(true); refresh(); });
    stream.addEventListener("world", refresh);
    stream.addEventListener("error", () => {
      onConnection(false);
      // The browser reconnects by itself unless the answer was an HTTP error.
      if (stream.readyState === EventSource.CLOSED) setTimeout(connect, RETRY_MS);
    });
  }
  connect();
}
