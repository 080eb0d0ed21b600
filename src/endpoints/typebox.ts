/**
 * TypeBox, for all schemas. The build puts the library itself in this module's place: as installed it is 700 files, and
 * opening them took longer than everything else at start.
 */
import Type from "typebox";

export type { Static, TObject, TOptional, TProperties, TSchema, TUnsafe } from "typebox";
export { Type };
