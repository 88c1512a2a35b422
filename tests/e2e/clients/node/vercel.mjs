// The Vercel AI SDK on the Responses API. Environment: OPENAI_BASE_URL, OPENAI_API_KEY, MODEL.
import assert from "node:assert/strict";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from "ai";

const openai = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL, apiKey: process.env.OPENAI_API_KEY });
const model = openai.responses(process.env.MODEL);
const get_weather = tool({
  description: "The weather of a city.",
  inputSchema: jsonSchema({
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  }),
  execute: async () => ({ celsius: 4 }),
});

const checks = {
  async text() {
    const { text, usage } = await generateText({ model, prompt: "Say hello to Vercel.", maxRetries: 0 });
    assert.match(text, /hello to Vercel/);
    assert.ok(usage.totalTokens > 0);
  },

  async stream() {
    const result = streamText({ model, prompt: "Say: streamed.", maxRetries: 0 });
    let text = "";
    for await (const piece of result.textStream) text += piece;
    assert.match(text, /streamed/);
    assert.equal(await result.finishReason, "stop");
  },

  async tools_over_several_steps() {
    for (const store of [true, false]) {
      const result = streamText({
        model,
        prompt: "What is the weather in Oslo?",
        tools: { get_weather },
        stopWhen: stepCountIs(3),
        providerOptions: { openai: { store, include: store ? [] : ["reasoning.encrypted_content"] } },
        maxRetries: 0,
      });
      assert.match(await result.text, /celsius/);
      assert.equal((await result.steps).length, 2);
    }
  },

  async object() {
    const { output } = await generateText({
      model,
      prompt: "An address",
      maxRetries: 0,
      output: Output.object({
        schema: jsonSchema({
          type: "object",
          properties: { street: { type: "string" }, number: { type: "integer" } },
          required: ["street", "number"],
          additionalProperties: false,
        }),
      }),
    });
    assert.equal(typeof output.number, "number");
  },
};

const name = process.argv[2];
if (name === "--list") console.log(Object.keys(checks).join("\n"));
else await checks[name]();
