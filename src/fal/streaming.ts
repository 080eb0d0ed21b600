/** `{id}/stream`: progress as events, then the result as the last one. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { ReshootError } from "../errors.ts";
import { clientGone } from "../http/client-gone.ts";
import { cancel } from "../requests/cancel.ts";
import { failureOf } from "../requests/failure.ts";
import type { RequestRecord } from "../requests/store.ts";
import { isFinished, type Wake, wakes } from "../requests/wait.ts";
import type { Services } from "../services.ts";
import { errorReply } from "./errors.ts";
import { originsOf } from "./origin.ts";
import { resultBody, sendResult } from "./result.ts";
import { sendEvents, sseEvent, within } from "./sse.ts";

/** Until then nothing is sent, so that an early failure can still be an HTTP error. */
const FIRST_EVENT_MS = 30_000;

type Item = { readonly progress: NonNullable<Wake["progress"]> } | { readonly finished: RequestRecord };

/** Streams the progress and result of a request that was just submitted. */
export async function sendStream(
  request: FastifyRequest,
  reply: FastifyReply,
  services: Services,
  { record, created }: { readonly record: RequestRecord; readonly created: boolean },
): Promise<FastifyReply> {
  reply.header("x-fal-request-id", record.id);
  const gone = clientGone(reply);
  if (created) {
    const stop = (): void => {
      cancel(services, record.id).catch((error) =>
        request.log.error({ err: error, request: record.id }, "could not cancel a left stream"),
      );
    };
    if (gone.aborted) stop();
    else gone.addEventListener("abort", stop);
  }
  const origins = originsOf(request, services.config);
  const source = items(services, record.id, gone);
  const pending = source.next();
  const first = await within(FIRST_EVENT_MS, pending);
  if (first?.done) throw new ReshootError("client_disconnected", "The client closed the connection");
  if (first && "finished" in first.value && failureOf(first.value.finished)) {
    return sendResult(reply, first.value.finished, services, origins);
  }
  return sendEvents(reply, events());

  async function* events(): AsyncGenerator<string, void, undefined> {
    try {
      for (let next = await pending; !next.done; next = await source.next()) {
        if ("progress" in next.value) {
          const { fraction, stage } = next.value.progress;
          yield sseEvent({ type: "progress", progress: fraction, stage });
          continue;
        }
        const failure = failureOf(next.value.finished);
        if (!failure) {
          yield sseEvent(await resultBody(next.value.finished, services, origins));
          return;
        }
        yield sseEvent(errorReply(failure).body, "error");
        // The status line is long gone: only a broken-off body keeps a client from taking this for the result.
        throw failure;
      }
    } finally {
      await source.return();
    }
  }
}

async function* items(services: Services, id: string, signal: AbortSignal): AsyncGenerator<Item, void, undefined> {
  for await (const { look, progress } of wakes(services.events, id, signal)) {
    if (progress) yield { progress };
    if (!look) continue;
    const record = await services.store.get(id);
    if (!record) return;
    if (isFinished(record)) {
      yield { finished: record };
      return;
    }
  }
}
