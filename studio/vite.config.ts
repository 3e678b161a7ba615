import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// `npm run dev` shows the pages of this folder with the data of a running server.
const server = process.env["ZAFFRE_URL"] ?? "http://127.0.0.1:5577";
const forwarded = ["/api", "/signin", "/health", "/version"];

export default defineConfig({
  plugins: [react()],
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
