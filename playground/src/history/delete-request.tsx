/** Asks before a request is deleted, and deletes it. */
import type { RequestItem, RequestView } from "../../../src/playground/api.ts";
import { call } from "../shared/api.ts";
import { Confirm } from "../shared/dialog.tsx";
import { useTask } from "../shared/use-task.ts";

/** @param onDeleted called once it is gone. */
export function DeleteRequest({
  request,
  title,
  onDeleted,
  onClose,
}: {
  readonly request: Pick<RequestItem | RequestView, "id" | "status">;
  /** The endpoint's. */
  readonly title: string;
  readonly onDeleted: () => void;
  readonly onClose: () => void;
}) {
  const task = useTask();
  const open = request.status === "queued" || request.status === "running";
  return (
    <Confirm
      title="Delete this request?"
      action={open ? "Stop and delete" : "Delete"}
      busy={task.busy}
      problem={task.problem}
      onClose={onClose}
      onConfirm={async () => {
        const path = `/playground/api/requests/${encodeURIComponent(request.id)}`;
        const done = await task.run(async () => void (await call(path, { method: "DELETE" })));
        if (done) onDeleted();
      }}
    >
      <p>
        <strong>{title}</strong>: {open ? "its work is stopped. " : ""}Its log and the files it made go with it, for
        everybody who has their links.
      </p>
      <p>Uploads stay until they expire, and the usage stays counted. This cannot be undone.</p>
    </Confirm>
  );
}
