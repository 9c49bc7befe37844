import { defineConfig } from "vitest/config";
export default defineConfig({ root: process.cwd(), test: { testTimeout: 120000, include: ["test/**/*.test.ts"] } });
