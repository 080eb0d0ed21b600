/**
 * The rival: a queue server as most would write it, with Fastify, BullMQ and Redis. Run with a port of its own, the port
 * of Redis, and a part: `server` takes requests, `worker` works on them.
 */
import { randomUUID } from "node:crypto";
import { type Job, Queue, Worker } from "bullmq";
import Fastify from "fastify";
import { SLOTS, wallClock } from "../queue/abilities.ts";

const [part, port, redis] = process.argv.slice(2);
const connection = { host: "127.0.0.1", port: Number(redis), maxRetriesPerRequest: null };

if (part === "worker") {
  new Worker("jobs", async () => ({ started_at: wallClock() }), { connection, concurrency: SLOTS });
} else {
  const queues: Record<string, Queue> = {
    jobs: new Queue("jobs", { connection }),
    wait: new Queue("wait", { connection }),
  };
  const app = Fastify();
  app.post<{ Params: { queue: string } }>("/:queue", async ({ params, body }, reply) => {
    const queue = queues[params.queue];
    if (!queue) return reply.code(404).send({ detail: "Not found" });
    const id = randomUUID();
    await queue.add("request", body, { jobId: id });
    return { status: "IN_QUEUE", request_id: id };
  });
  app.get<{ Params: { id: string } }>("/jobs/:id", async ({ params }, reply) => {
    const job: Job | undefined = await queues.jobs?.getJob(params.id);
    if (!job) return reply.code(404).send({ detail: "Not found" });
    return job.returnvalue ?? reply.code(202).send({ status: "IN_PROGRESS" });
  });
  await app.listen({ host: "127.0.0.1", port: Number(port) });
}
