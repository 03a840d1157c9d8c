/** What the server finds wrong with the flow: told with each save, and asked for where no save tells it. */
import { validateFlow } from "./api";
import type { FlowDefinition } from "./model/definition";
import type { Problem } from "./model/problems";
import type { EditorStore } from "./store";

/** How long after the server was too busy to tell the problems of what it saved it is asked again. */
const AGAIN_MS = 5_000;

export type Checks = ReturnType<typeof createChecks>;

export function createChecks(
  store: EditorStore,
  ask: (flow: FlowDefinition) => Promise<Problem[]> = validateFlow,
) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let round = 0;

  async function check() {
    const { present: flow } = store.getState().history;
    const own = (round += 1);
    try {
      const problems = await ask(flow);
      // What was told meanwhile is of a later flow.
      if (own === round) store.getState().setChecked({ flow, problems });
    } catch {
      // Without an answer the instant checks stand; saving reports that the server is away.
    }
  }
  return {
    /** Asks about the flow as it was opened, and as it is reloaded; the function that is given back ends it. */
    begin(): () => void {
      void check();
      const unsubscribe = store.subscribe(({ checked }, before) => {
        if (checked === null && before.checked !== null) void check();
      });
      return () => {
        unsubscribe();
        clearTimeout(timer);
        round += 1;
      };
    },
    /** `problems` are null where the server was too busy to tell them. */
    tell(flow: FlowDefinition, problems: Problem[] | null): void {
      clearTimeout(timer);
      round += 1;
      if (problems !== null) return store.getState().setChecked({ flow, problems });
      timer = setTimeout(() => void check(), AGAIN_MS);
    },
  };
}
