// A program that knows nothing of Reshoot: the official client as its documentation shows it. Prints what it saw as JSON.
import { fal } from "@fal-ai/client";

const ID = "test-owner/edit/fast/turbo";

const run = await fal.run(ID, { input: { prompt: "run" } });
const file = await fetch(run.data.video.url);
const subscribe = await fal.subscribe(ID, { input: { prompt: "subscribe" }, logs: true, pollInterval: 20 });
const stream = await fal.stream(ID, { input: { prompt: "stream" } });
const events = [];
for await (const event of stream) events.push(event);
const uploaded = await fal.storage.upload(new Blob(["uploaded bytes"], { type: "application/x-test" }));
const back = await fetch(uploaded);

console.log(
  JSON.stringify({
    run: run.data.prompt,
    file: await file.text(),
    subscribe: subscribe.data.prompt,
    last: events.at(-1).prompt,
    uploaded,
    back: await back.text(),
  }),
);
