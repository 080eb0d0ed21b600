/** Which of an input's media a result is compared with. */
import type { EndpointDetail } from "../../../src/playground/api.ts";
import { isShowable, localUrl } from "../shared/api.ts";
import { mediaIn, type Values } from "../shared/schema.ts";

/** The first video that is no mask, where the page may show it. */
export function mainVideo(endpoint: EndpointDetail, input: Values): string | undefined {
  const found = mediaIn(endpoint.input, input).find(
    ({ path, kind, url }) => kind === "video" && !(String(path[0]) in endpoint.masks) && isShowable(url),
  );
  return found && localUrl(found.url);
}
