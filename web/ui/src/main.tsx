import "./styles/tokens.css";
import "./styles/base.css";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { activate, preferred } from "./i18n";
import { applyTheme, keptTheme } from "./shell/theme";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
applyTheme(keptTheme());
await activate(preferred());
createRoot(root).render(<App />);
