import { describe, expect, it } from "vitest";

import { chatMessages } from "./chat";

const user = { role: "user", content: "Is it toxic?" };

describe("messages of a chat", () => {
  it("are found in what a model takes and gives", () => {
    expect(chatMessages({ messages: [user] })).toEqual([user]);
    expect(chatMessages([user])).toEqual([user]);
    expect(chatMessages({ choices: [{ message: user }] })).toEqual([user]);
  });

  it("say the parts of their content and the tools they call", () => {
    const parts = {
      role: "user",
      content: [
        { type: "text", text: "look" },
        { type: "image_url", url: "x" },
      ],
    };
    const call = { role: "assistant", content: null, tool_calls: [{ function: { name: "search", arguments: "{}" } }] };
    expect(chatMessages([parts, call])?.map(({ content }) => content)).toEqual([
      'look\n{"type":"image_url","url":"x"}',
      "search({})",
    ]);
  });

  it("are not made of anything else", () => {
    for (const other of [null, "text", 1, [], [user, 3], {}, { choices: [] }, { choices: [{}] }]) {
      expect(chatMessages(other)).toBeUndefined();
    }
  });
});
