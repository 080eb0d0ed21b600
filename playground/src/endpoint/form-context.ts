/** What every field of the form shares. */
import { createContext, useContext } from "react";
import type { EndpointDetail, IssueView, MediaFacts } from "../../../src/playground/api.ts";
import type { Path, Value, Values } from "../shared/schema.ts";

/** The form around a field. */
export type Form = {
  readonly endpoint: EndpointDetail;
  readonly values: Values;
  set(path: Path, value: Value): void;
  /** Sets a value and runs the form with it. */
  runWith(path: Path, value: Value): void;
  /** Whether it can be run: an engine takes it, and nothing is under way. */
  readonly runnable: boolean;
  /** Issues to show, by path key. */
  readonly issues: ReadonlyMap<string, IssueView>;
  /** A media file's facts, once its preview knows them. */
  setFacts(path: Path, facts: MediaFacts | undefined): void;
  /** How far an upload is, 0 to 1; undefined when there is none any more. */
  setUpload(path: Path, progress: number | undefined): void;
};

/** Provided by the endpoint's page. */
export const FormContext = createContext<Form | undefined>(undefined);

/** The form a field is in. */
export function useForm(): Form {
  const form = useContext(FormContext);
  if (!form) throw new TypeError("this field is in no form");
  return form;
}
