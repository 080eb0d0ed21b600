// Installs the newest official Python client of fal into a virtual environment of the checkout, for the tests that run it.
import { installPython } from "./python-environment.mjs";

installPython("python-clients", ["fal_client"]);
