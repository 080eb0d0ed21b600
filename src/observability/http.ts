/** One log line and one measurement for each HTTP request, when its answer has ended or its caller has gone. */
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Metrics } from "./metrics.ts";

/** nginx's status for a caller who left before the answer had ended. */
const CALLER_LEFT = 499;

/** What is observed with. */
export type HttpObservation = {
  readonly metrics: Pick<Metrics, "http">;
  readonly log: { info(details: object, message: string): void };
  /** Whose request it is; undefined when that was not found out. */
  readonly accountOf: (request: FastifyRequest) => string | undefined;
};

/**
 * Watches every request of the server; to be called before any route or other hook is added. The line names the route's
 * template, not the URL: paths hold capabilities, and queries hold tokens.
 */
export function observeHttp(app: FastifyInstance, { metrics, log, accountOf }: HttpObservation): void {
  app.addHook("onRequest", (request, reply, done) => {
    const started = performance.now();
    reply.raw.once("close", () => {
      const ms = performance.now() - started;
      const { method } = request;
      const route = request.routeOptions.url;
      const status = reply.raw.writableFinished ? reply.raw.statusCode : CALLER_LEFT;
      metrics.http({ method, route, status, seconds: ms / 1000 });
      log.info(
        {
          method,
          route,
          status,
          ms: Math.round(ms * 10) / 10,
          request: reply.getHeader("x-fal-request-id"),
          account: accountOf(request),
        },
        "http",
      );
    });
    done();
  });
}
