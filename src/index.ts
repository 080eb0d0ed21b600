/**
 * Reshoot as a library: start the server inside a test or a tool of your own.
 * @module
 */
export { type Config, type Limits, readConfig, type SeedKey } from "./config.ts";
export { type Server, type ServerOptions, startServer } from "./server.ts";
