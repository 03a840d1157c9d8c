/** No page loads more script than it may, packed as a server sends it: a part that few people open is loaded when they do. */
import { scripts } from "../bench/scripts.mjs";
import { expect, make, test } from "./fixtures";
import { input, line, output } from "./flows";

test("no page loads more script than it may", async ({ page, api }) => {
  const definition = line(input([{ name: "topic" }]), output({ topic: "{{ inputs.topic }}" }));
  const flow = await make(api, "/flows", { name: "Small", definition });
  const execution = await make(api, `/flows/${flow.id}/execute`, { inputs: { topic: "tides" } });
  for (const { name, kilobytes, most } of await scripts(page.context(), {
    flow: flow.id,
    run: execution.id,
  })) {
    expect.soft(kilobytes, `${name}: kB`).toBeGreaterThan(50);
    expect.soft(kilobytes, `${name}: kB`).toBeLessThanOrEqual(most);
  }
});
