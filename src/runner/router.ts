/**
 * Chooses who does what: per endpoint first (an engine that serves it whole), then per operation, in configured order.
 * Used by the HTTP process to refuse at once what nothing can do, and by the runner to bind operations.
 */
import type { Endpoint } from "../endpoints/endpoint.ts";
import type { Engine } from "../engines/engine.ts";
import { fieldError, invalidInput, type ReshootError } from "../errors.ts";
import type { OperationName } from "../operations/operations.ts";
import { VOCABULARY } from "../operations/vocabulary.ts";

/** The choice of engines, by configured order. */
export type Router = {
  readonly engines: readonly Engine[];
  /**
   * The engine whose slots a request waits for.
   * @throws ReshootError `feature_not_supported`, naming the field that asks for it and what would serve it.
   */
  route(endpoint: Endpoint, input: Readonly<Record<string, unknown>>): Engine;
  /** The first configured engine that offers an operation. */
  offering(operation: OperationName): Engine | undefined;
};

/** @param engines in order of preference, at least one. */
export function createRouter(engines: readonly Engine[]): Router {
  const offering = (operation: OperationName): Engine | undefined =>
    engines.find((engine) => engine.operations.includes(operation));

  return {
    engines,
    offering,
    route(endpoint, input) {
      const whole = engines.find((engine) => engine.supportsEndpoint?.(endpoint.id, input).ok);
      if (whole) return whole;
      const needs = endpoint.needs(input as never);
      const lacking = needs.filter((need) => !offering(need.operation));
      const first = needs[0] && offering(needs[0].operation);
      if (endpoint.run && first && lacking.length === 0) return first;
      if (lacking.length === 0) throw uncomposed(endpoint);
      throw invalidInput(
        lacking.map(({ operation, loc, why }) => ({
          loc,
          type: "feature_not_supported" as const,
          msg: refusal(endpoint, operation, why),
          ctx: { operation, engines: engines.map((engine) => engine.name) },
        })),
      );
    },
  };

  /** The engines have every operation, but this version's endpoint does not put them together. */
  function uncomposed(endpoint: Endpoint): ReshootError {
    const msg =
      `${endpoint.id} is not served by the configured engines (${engines.map(({ name }) => name).join(", ")}) in this version. ` +
      "It takes an engine that serves the whole endpoint, such as a relay to the vendor with your own key.";
    return fieldError("feature_not_supported", ["body"], msg, { ctx: { engines: engines.map(({ name }) => name) } });
  }

  function refusal(endpoint: Endpoint, operation: OperationName, why: string | undefined): string {
    const { does, takes } = VOCABULARY[operation];
    const configured = engines.map((engine) => `${engine.name} (${engine.operations.join(", ")})`).join("; ");
    const text = `${endpoint.id} needs to ${does} here (${operation}), and no configured engine can: ${configured}. It takes ${takes}.`;
    return why ? `${text} ${why}` : text;
  }
}
