/**
 * Notifications about requests. They carry ids, never payloads; whoever needs the payload reads the store. Losing one is
 * never an error: listeners also poll. Progress is ephemeral and coalesced by the sender to two a second.
 */
import { EventEmitter } from "node:events";

/** Something happened to a request. */
export type RequestEvent =
  /** A request can be claimed. */
  | { readonly type: "queued"; readonly lane: string }
  /** Status changed. */
  | { readonly type: "changed"; readonly id: string }
  /** Log lines were added. */
  | { readonly type: "logs"; readonly id: string }
  /** Cancel was requested of a running request. */
  | { readonly type: "cancel"; readonly id: string }
  /** 0 to 1 over the whole request. */
  | { readonly type: "progress"; readonly id: string; readonly fraction: number; readonly stage: string };

/** A bus of {@link RequestEvent}s inside one process, with an optional bridge to another. */
export class RequestEvents {
  readonly #emitter = new EventEmitter().setMaxListeners(0);
  #forward: ((event: RequestEvent) => void) | undefined;

  /** Tells listeners here and, through the bridge, in the other process. */
  publish(event: RequestEvent): void {
    this.receive(event);
    this.#forward?.(event);
  }

  /** Tells listeners here only: for events that came over the bridge. */
  receive(event: RequestEvent): void {
    this.#emitter.emit("event", event);
    if ("id" in event) this.#emitter.emit(`request:${event.id}`, event);
  }

  /** @returns a function that ends the subscription. */
  subscribe(listener: (event: RequestEvent) => void): () => void {
    this.#emitter.on("event", listener);
    return () => void this.#emitter.off("event", listener);
  }

  /** Events of one request. @returns a function that ends the subscription. */
  subscribeTo(id: string, listener: (event: RequestEvent) => void): () => void {
    this.#emitter.on(`request:${id}`, listener);
    return () => void this.#emitter.off(`request:${id}`, listener);
  }

  /** Sends every published event to another process as well. */
  bridge(forward: (event: RequestEvent) => void): void {
    this.#forward = forward;
  }
}
