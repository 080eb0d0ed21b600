/** Something that is asked of the server by a click: under way, or failed. */
import { useState } from "react";

/** What is known of it. */
export type Task = {
  readonly busy: boolean;
  /** Why it failed; empty when it did not. */
  readonly problem: string;
  /** Does it; resolves to whether it succeeded. */
  run(work: () => Promise<void>): Promise<boolean>;
  /** Forgets an earlier failure. */
  clear(): void;
};

/** One task at a time. */
export function useTask(): Task {
  const [state, setState] = useState({ busy: false, problem: "" });
  return {
    ...state,
    clear: () => setState({ busy: false, problem: "" }),
    async run(work) {
      setState({ busy: true, problem: "" });
      try {
        await work();
        setState({ busy: false, problem: "" });
        return true;
      } catch (error) {
        setState({ busy: false, problem: (error as Error).message });
        return false;
      }
    },
  };
}
