/**
 * The rival: a queue server as most would write it, with Fastify, BullMQ and Redis. It does the same HTTP submit: the body
 * is validated by VOID's schema and gets its defaults, and the answer says where to follow the request and how many are
 * before it. Keys, CORS, logs and metrics it has none. Run with a port of its own, the port of Redis, and a part: `server`
 * takes requests, `worker` works on them.
 */
import { randomUUID } from "node:crypto";
import { type Job, Queue, Worker } from "bullmq";
import Fastify from "fastify";
import { abilities, ENDPOINTS, SLOTS, wallClock } from "../queue/abilities.ts";

const [part, port, redis] = process.argv.slice(2);
const connection = { host: "127.0.0.1", port: Number(redis), maxRetriesPerRequest: null };

if (part === "worker") {
  new Worker("jobs", async () => ({ started_at: wallClock() }), { connection, concurrency: SLOTS });
} else {
  const queues: Record<string, Queue> = {
    jobs: new Queue("jobs", { connection }),
    wait: new Queue("wait", { connection }),
  };
  // The schema has annotations of ours, which Fastify's validator else refuses.
  const app = Fastify({ ajv: { customOptions: { strict: false } } });
  const schema = { body: abilities.catalog.find(ENDPOINTS.work)!.input };
  app.post<{ Params: { queue: string } }>("/:queue", { schema }, async ({ params, body, protocol, host }, reply) => {
    const queue = queues[params.queue];
    if (!queue) return reply.code(404).send({ detail: "Not found" });
    const id = randomUUID();
    const url = `${protocol}://${host}/${params.queue}/${id}`;
    // Both under way at once.
    const [, waiting] = await Promise.all([queue.add("request", body, { jobId: id }), queue.getWaitingCount()]);
    return reply.header("x-request-id", id).send({
      status: "IN_QUEUE",
      request_id: id,
      response_url: url,
      status_url: `${url}/status`,
      cancel_url: `${url}/cancel`,
      queue_position: waiting,
    });
  });
  app.get<{ Params: { id: string } }>("/jobs/:id", async ({ params }, reply) => {
    const job: Job | undefined = await queues.jobs?.getJob(params.id);
    if (!job) return reply.code(404).send({ detail: "Not found" });
    return job.returnvalue ?? reply.code(202).send({ status: "IN_PROGRESS" });
  });
  await app.listen({ host: "127.0.0.1", port: Number(port) });
}
