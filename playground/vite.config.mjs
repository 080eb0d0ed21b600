// The playground's build. Every asset's name has its content's hash, so that browsers keep them for ever; nothing is inlined,
// so that the content security policy needs no exception.
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  base: "/",
  publicDir: false,
  build: {
    target: "es2022",
    emptyOutDir: true,
    assetsDir: "assets",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
