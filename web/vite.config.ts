import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const out = "../src/yiwang/console/static";
const server = process.env.YIWANG_SERVER ?? "http://127.0.0.1:8000";

/** Compressed copies beside every text file, so that the server only has to send them. */
function compressed(): Plugin {
  const visit = (folder: string): void => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (statSync(path).isDirectory()) visit(path);
      else if (/\.(js|mjs|css|html|svg)$/.test(name)) {
        const content = readFileSync(path);
        if (content.length < 1400) continue;
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
        writeFileSync(`${path}.br`, brotliCompressSync(content, quality));
        writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
      }
    }
  };
  return { name: "compressed", apply: "build", closeBundle: () => visit(join(__dirname, out)) };
}

export default defineConfig({
  plugins: [react(), compressed()],
  worker: { format: "es" },
  build: {
    outDir: out,
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 1500,
  },
  server: { proxy: { "/api": server, "/v1.1": server } },
});
