// The official Node client, through every method that the gateway serves.
// Environment: OPENAI_BASE_URL, OPENAI_API_KEY, MODEL.
import assert from "node:assert/strict";
import OpenAI from "openai";
import { ResponsesWS } from "openai/resources/responses/ws";

const model = process.env.MODEL;
const client = new OpenAI({ maxRetries: 0 });
const weather = {
  type: "function",
  name: "get_weather",
  strict: true,
  parameters: {
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  },
};

const checks = {
  async create() {
    const response = await client.responses.create({ model, input: "Say hello to Node." });
    assert.equal(response.status, "completed");
    assert.match(response.output_text, /hello to Node/);
    assert.equal(response.usage.total_tokens, response.usage.input_tokens + response.usage.output_tokens);
  },

  async stream() {
    const stream = client.responses.stream({ model, input: "Think, and say: streamed." });
    let text = "";
    stream.on("response.output_text.delta", (event) => (text += event.delta));
    const final = await stream.finalResponse();
    assert.equal(text, final.output_text);
    assert.match(text, /streamed/);
  },

  async turns_with_a_function() {
    const first = await client.responses.create({ model, input: "The weather in Oslo?", tools: [weather] });
    const call = first.output.find((item) => item.type === "function_call");
    JSON.parse(call.arguments);
    const second = await client.responses.create({
      model,
      previous_response_id: first.id,
      input: [{ type: "function_call_output", call_id: call.call_id, output: '{"celsius": 4}' }],
      tools: [weather],
    });
    assert.match(second.output_text, /celsius/);
  },

  async parse() {
    const response = await client.responses.parse({
      model,
      input: "An address",
      text: {
        format: {
          type: "json_schema",
          name: "address",
          strict: true,
          schema: {
            type: "object",
            properties: { street: { type: "string" }, number: { type: "integer" } },
            required: ["street", "number"],
            additionalProperties: false,
          },
        },
      },
    });
    assert.equal(typeof response.output_parsed.number, "number");
  },

  async retrieve_list_delete() {
    const input = ["a", "b", "c"].map((content) => ({ role: "user", content }));
    const made = await client.responses.create({ model, input });
    const found = await client.responses.retrieve(made.id);
    assert.deepEqual({ ...found, _request_id: 0 }, { ...made, _request_id: 0 });
    const texts = [];
    for await (const item of client.responses.inputItems.list(made.id, { limit: 1, order: "asc" }))
      texts.push(item.content[0].text);
    assert.deepEqual(texts, ["a", "b", "c"]);
    await client.responses.delete(made.id);
    await assert.rejects(client.responses.retrieve(made.id), OpenAI.NotFoundError);
  },

  async background_resumed() {
    const stream = await client.responses.create({
      model,
      input: "[[chunks=12]] [[delay=30]]",
      background: true,
      stream: true,
    });
    let id;
    let last;
    const seen = [];
    for await (const event of stream) {
      id ??= event.response.id;
      seen.push(event);
      last = event.sequence_number;
      if (seen.length === 6) break;
    }
    for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: last }))
      seen.push(event);
    assert.deepEqual(seen.map((event) => event.sequence_number), seen.map((_, index) => index));
    assert.equal(seen.at(-1).type, "response.completed");
  },

  async cancel() {
    const queued = await client.responses.create({ model, input: "[[stall=20000]]", background: true });
    const cancelled = await client.responses.cancel(queued.id);
    assert.equal(cancelled.status, "cancelled");
  },

  async conversations() {
    const { conversations } = client;
    const conversation = await conversations.create({ metadata: { topic: "demo" } });
    await client.responses.create({ model, conversation: conversation.id, input: "First." });
    await client.responses.create({ model, conversation: conversation.id, input: "Second." });
    const types = [];
    for await (const item of conversations.items.list(conversation.id, { order: "asc" })) types.push(item.role);
    assert.deepEqual(types.filter(Boolean), ["user", "assistant", "user", "assistant"]);
    const added = await conversations.items.create(conversation.id, {
      items: [{ type: "message", role: "user", content: "Noted." }],
    });
    const item = added.data[0];
    assert.equal((await conversations.items.retrieve(item.id, { conversation_id: conversation.id })).id, item.id);
    await conversations.items.delete(item.id, { conversation_id: conversation.id });
    const changed = await conversations.update(conversation.id, { metadata: { topic: "changed" } });
    assert.equal(changed.metadata.topic, "changed");
    assert.equal((await conversations.retrieve(conversation.id)).id, conversation.id);
    assert.equal((await conversations.delete(conversation.id)).deleted, true);
  },

  async count_and_compact() {
    const counted = await client.responses.inputTokens.count({ model, input: "How many tokens?" });
    assert.ok(counted.input_tokens > 0);
    const compacted = await client.responses.compact({ model, input: [{ role: "user", content: "A long story." }] });
    assert.equal(compacted.object, "response.compaction");
    const next = await client.responses.create({
      model,
      input: [...compacted.output, { role: "user", content: "Go on." }],
    });
    assert.equal(next.status, "completed");
  },

  async idempotency() {
    const options = { headers: { "Idempotency-Key": `node-${Date.now()}` } };
    const body = { model, input: "Once." };
    const first = await client.responses.create(body, options);
    assert.equal((await client.responses.create(body, options)).id, first.id);
    await assert.rejects(client.responses.create({ ...body, input: "Twice." }, options), OpenAI.ConflictError);
  },

  async models_and_errors() {
    const names = [];
    for await (const one of client.models.list()) names.push(one.id);
    assert.ok(names.includes(model));
    await assert.rejects(client.responses.create({ model: "no-such-model", input: "x" }), (error) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.equal(error.param, "model");
      return true;
    });
    const stranger = new OpenAI({ apiKey: "sk-nobody", maxRetries: 0 });
    await assert.rejects(stranger.responses.create({ model, input: "x" }), OpenAI.AuthenticationError);
  },

  async websocket() {
    const socket = new ResponsesWS(client);
    const texts = [];
    let previous_response_id;
    for (const input of ["First over the socket.", "Second over the socket."]) {
      const done = new Promise((resolve, reject) => {
        socket.once("response.completed", resolve);
        socket.once("error", reject);
      });
      socket.send({ type: "response.create", model, input, store: false, previous_response_id });
      const { response } = await done;
      previous_response_id = response.id;
      texts.push(response.output.find((item) => item.type === "message").content[0].text);
    }
    socket.close();
    assert.match(texts[0], /First/);
    assert.match(texts[1], /Second/);
  },
};

const name = process.argv[2];
if (name === "--list") console.log(Object.keys(checks).join("\n"));
else await checks[name]();
