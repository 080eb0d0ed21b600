/** Uploads by signed URL, as the fal client's storage does it, with progress. */
import { json, localUrl } from "./api.ts";

/** An upload under way. */
export type Upload = {
  /** The file's URL on this server. Rejects with an Error; with an AbortError after {@link Upload.abort}. */
  readonly done: Promise<string>;
  abort(): void;
};

/** @param onProgress 0 to 1. */
export function upload(file: File, onProgress: (fraction: number) => void): Upload {
  const control = new AbortController();
  const send = async (): Promise<string> => {
    const ticket = await json<{ upload_url: string; file_url: string }>("/rest/storage/upload/initiate", {
      body: { content_type: file.type || "application/octet-stream", file_name: file.name },
      signal: control.signal,
    });
    await put(localUrl(ticket.upload_url), file, onProgress, control.signal);
    return ticket.file_url;
  };
  return { done: send(), abort: () => control.abort() };
}

/** fetch does not say how far a body has come; XMLHttpRequest does. */
function put(url: string, file: File, onProgress: (fraction: number) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    request.setRequestHeader("content-type", file.type || "application/octet-stream");
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(new Error(reason(request)));
    };
    request.onerror = () => reject(new Error("The upload broke off. Is the server still running?"));
    signal.addEventListener("abort", () => {
      request.abort();
      reject(new DOMException("The upload was cancelled", "AbortError"));
    });
    request.send(file);
  });
}

function reason({ status, responseText }: XMLHttpRequest): string {
  try {
    const { detail } = JSON.parse(responseText) as { detail?: unknown };
    if (typeof detail === "string") return detail;
    const first = Array.isArray(detail) ? (detail[0] as { msg?: unknown } | undefined) : undefined;
    if (typeof first?.msg === "string") return first.msg;
  } catch {
    // Not JSON: the status has to do.
  }
  return `The upload was refused with status ${status}.`;
}
