/** What the configured engines make of an endpoint, for its badge. */
import { operationsOf } from "../endpoints/docs.ts";
import type { Endpoint } from "../endpoints/endpoint.ts";
import type { OperationName } from "../operations/operations.ts";
import { VOCABULARY } from "../operations/vocabulary.ts";
import type { Router } from "../runner/router.ts";
import type { Support } from "./api.ts";

/** Tries the endpoint's examples and their variations; the router decides in the end, input by input. */
export function supportOf(endpoint: Endpoint, router: Router): Support {
  const whole = router.engines.find((engine) => engine.supportsEndpoint?.(endpoint.id, endpoint.examples[0] ?? {}).ok);
  if (whole) return { state: "ready", engine: whole.name, reasons: [] };
  const { always, sometimes } = operationsOf(endpoint);
  const lacking = (names: readonly OperationName[]) => names.filter((name) => !router.offering(name));
  const missing = lacking(always);
  if (missing.length > 0) {
    const other = `Another engine is needed to ${list(missing.map((name) => VOCABULARY[name].does))}: ${takes(missing)}.`;
    return { state: "missing", engine: null, reasons: [other] };
  }
  if (!endpoint.run) {
    const reason =
      "This version does not put its operations together: it takes a relay to the vendor with your own key.";
    return { state: "missing", engine: null, reasons: [reason] };
  }
  const engine = (always[0] && router.offering(always[0])?.name) ?? router.engines[0]?.name ?? null;
  const partly = lacking(sometimes);
  if (partly.length === 0) return { state: "ready", engine, reasons: [] };
  const reasons = partly.map((name) => `Options that need to ${VOCABULARY[name].does} take ${VOCABULARY[name].takes}.`);
  return { state: "partly", engine, reasons };
}

function takes(names: readonly OperationName[]): string {
  return list([...new Set(names.map((name) => VOCABULARY[name].takes))]);
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
