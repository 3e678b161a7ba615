import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Files below this size gain nothing. */
const WORTH_COMPRESSING = 1024;

/** Beside every text asset its compressed copies, `.br` and `.gz`: the server sends what the browser understands. */
function compressed(): Plugin {
  let assets = "";
  return {
    name: "compressed",
    apply: "build",
    configResolved: (config) => {
      assets = resolve(config.root, config.build.outDir, config.build.assetsDir);
    },
    closeBundle: () => {
      for (const name of readdirSync(assets).filter((one) => /\.(js|css|svg)$/.test(one))) {
        const file = join(assets, name);
        const content = readFileSync(file);
        if (content.length < WORTH_COMPRESSING) continue;
        const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
        writeFileSync(`${file}.br`, brotliCompressSync(content, { params: quality }));
        writeFileSync(`${file}.gz`, gzipSync(content, { level: constants.Z_BEST_COMPRESSION }));
      }
    },
  };
}

// `npm run dev` shows the pages of this folder with the data of a running server.
const server = process.env["ZAFFRE_URL"] ?? "http://127.0.0.1:5577";
const forwarded = ["/api", "/signin", "/health", "/version"];

export default defineConfig({
  plugins: [react(), compressed()],
  build: {
    outDir: "../src/zaffre/server/studio_dist",
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            { name: "fluent", test: /node_modules[\\/](@fluentui|@griffel|@floating-ui|tabster|keyborg)/ },
            { name: "react", test: /node_modules[\\/](react|react-dom|scheduler)[\\/]/ },
            { name: "tanstack", test: /node_modules[\\/]@tanstack/ },
          ],
        },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      // The server takes changes only from its own pages: to it, this page is one of them.
      forwarded.map((path) => [path, { target: server, changeOrigin: true, headers: { Origin: server } }]),
    ),
  },
});
