// Installs Schemathesis, the generator of requests from OpenAPI documents, for test/hostile/schemathesis.test.ts.
import { installPython } from "./python-environment.mjs";

installPython("schemathesis", ["schemathesis"]);
