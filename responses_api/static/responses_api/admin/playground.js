// Sends what the form says and shows the events as they arrive. Everything is put on the page as text.
"use strict";

(() => {
  const form = document.getElementById("zg-playground");
  if (!form) return;
  const page = form.closest(".zg-page");
  const find = (name) => page.querySelector(`[data-${name}]`);
  const [send, stop] = [form.querySelector("[type=submit]"), find("stop")];
  const [status, answer, thought, thinking, events, links] = ["status", "answer", "thought", "thinking", "events", "links"].map(find);
  const MOST_EVENTS = 2000;
  let running = null;

  function request() {
    const { model, effort, previous, instructions, input } = Object.fromEntries(new FormData(form));
    return {
      input,
      stream: true,
      ...(model && { model }),
      ...(effort && { reasoning: { effort, summary: "auto" } }),
      ...(previous.trim() && { previous_response_id: previous.trim() }),
      ...(instructions.trim() && { instructions }),
    };
  }

  function note(at, text) {
    const row = document.createElement("li");
    const time = document.createElement("span");
    time.className = "zg-at";
    time.textContent = `${Math.round(at)} ms`;
    const code = document.createElement("code");
    code.textContent = text;
    row.append(time, code);
    if (events.childElementCount < MOST_EVENTS) events.append(row);
  }

  function link(address, text) {
    const anchor = document.createElement("a");
    anchor.className = "zg-link";
    anchor.href = address;
    anchor.textContent = text;
    links.append(anchor, " ");
  }

  function show(event) {
    switch (event.type) {
      case "response.output_text.delta":
      case "response.refusal.delta":
        answer.append(event.delta);
        break;
      case "response.reasoning_text.delta":
      case "response.reasoning_summary_text.delta":
        thinking.hidden = false;
        thought.append(event.delta);
        break;
      case "response.output_item.done":
        if (event.item.type.endsWith("_call")) answer.append(`\n[${event.item.type}: ${event.item.name || ""} ${event.item.arguments || event.item.input || ""}]\n`);
        break;
      case "response.created":
        link(`${form.dataset.traces}?q=${event.response.id}`, "Trace");
        break;
      case "error":
        status.textContent = event.message;
    }
    if (["response.completed", "response.incomplete", "response.failed"].includes(event.type)) end(event);
  }

  function end({ response }) {
    const used = response.usage;
    const why = response.error ? `: ${response.error.message}` : "";
    status.textContent = `${response.status}${why}${used ? `, ${used.input_tokens} tokens in, ${used.output_tokens} out` : ""}`;
    if (response.status === "failed") return;
    link(`${form.dataset.responses}${encodeURIComponent(response.id).replaceAll("_", "_5F")}/change/`, "Response");
    form.elements.previous.value = response.id;
  }

  async function read(body, began) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const frames = (rest + value).split("\n\n");
      rest = frames.pop();
      for (const frame of frames) {
        const data = frame.split("\n").filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
        if (!data || data === "[DONE]") continue;
        note(performance.now() - began, data);
        show(JSON.parse(data));
      }
    }
  }

  form.addEventListener("submit", async (submitted) => {
    submitted.preventDefault();
    if (running) return;
    running = new AbortController();
    send.disabled = true;
    stop.disabled = false;
    for (const part of [answer, thought, events, links]) part.replaceChildren();
    thinking.hidden = true;
    status.textContent = "Waiting …";
    const began = performance.now();
    try {
      const reply = await fetch(`${form.dataset.url}keys/${form.elements.key.value}/responses`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
        body: JSON.stringify(request()),
        signal: running.signal,
        redirect: "error",
      });
      if (reply.ok) {
        status.textContent = "Answering …";
        await read(reply.body, began);
      } else {
        const said = await reply.json().catch(() => null);
        status.textContent = said?.error?.message || `The gateway answers ${reply.status}.`;
      }
    } catch (fault) {
      status.textContent = fault.name === "AbortError" ? "Stopped." : `The connection broke: ${fault.message}`;
    } finally {
      running = null;
      send.disabled = false;
      stop.disabled = true;
    }
  });

  stop.addEventListener("click", () => running?.abort());
  form.addEventListener("keydown", (key) => {
    if (key.key === "Enter" && (key.ctrlKey || key.metaKey)) form.requestSubmit();
  });
})();
