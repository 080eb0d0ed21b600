/** Starts the app. */
import { createRoot } from "react-dom/client";
import { App } from "./app.tsx";
import { applyTheme } from "./shared/theme.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";

applyTheme();
createRoot(document.getElementById("app")!).render(<App />);
