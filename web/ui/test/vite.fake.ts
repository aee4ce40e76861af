import { defineConfig, mergeConfig } from "vite";
import vite from "../vite.config.ts";
import { fake } from "./fake.ts";

/** The built app over the fake server: `npm run preview:fake`. */
export default mergeConfig(
  vite,
  defineConfig({
    plugins: [
      {
        name: "fake",
        configurePreviewServer: (server) => void server.middlewares.use(fake()),
        configureServer: (server) => void server.middlewares.use(fake()),
      },
    ],
    server: { proxy: {} },
    preview: { port: 4199, strictPort: true, proxy: {} },
  }),
);
