import { fileURLToPath } from "node:url";
import { lingui } from "@lingui/vite-plugin";
import optimizeLocales from "@react-aria/optimize-locales-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compress } from "./scripts/compress.ts";

/** Where `npm run dev` finds a server: `switchboard serve --listen 127.0.0.1:8080`. */
const SERVER = process.env.SWITCHBOARD ?? "http://127.0.0.1:8080";

/** What every page needs, in few files: a browser asks for six at a time where there is no HTTP/2. */
const FRAME = [
  {
    name: "vendor",
    test: /node_modules\/(react|react-dom|scheduler|zustand|clsx|use-sync-external-store|@lingui|@messageformat|@tanstack\/(?!virtual|react-virtual)[\w-]+)\//,
  },
  // Each icon that several parts show would be a file of its own.
  { name: "icons", test: /node_modules\/lucide-react\/dist\/esm\/icons\//, minShareCount: 3 },
  {
    name: "frame",
    test: /src\/(api|i18n|ui\/(?!select|menu|tabs|table|json|field|dialog|did|trigger|trouble)|shell\/(?!menus|search|phone|enrol))[\w/.-]*\.tsx?$/,
  },
];

export default defineConfig({
  plugins: [
    react(),
    lingui({ failOnMissing: true, failOnCompileError: true }),
    { ...optimizeLocales.vite({ locales: ["en-US", "ru-RU", "ar-AE", "it-IT", "zh-CN"] }), enforce: "pre" },
    compress(),
  ],
  resolve: { alias: { "~": fileURLToPath(new URL("./src", import.meta.url)) } },
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    manifest: true,
    assetsDir: "assets",
    sourcemap: false,
    chunkSizeWarningLimit: 700,
    reportCompressedSize: false,
    rolldownOptions: { output: { codeSplitting: { groups: FRAME } } },
  },
  server: { proxy: { "/api": SERVER, "/hooks": SERVER } },
});
