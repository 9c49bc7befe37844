/** What build.ts baked in; outside an executable, what can be said there. */
declare const SIDECAR_VERSION: string;
declare const SIDECAR_COMMIT: string;
declare const SIDECAR_BUN: string;

export function versionText(launcher: boolean): string {
  if (typeof SIDECAR_VERSION === "undefined") return "sidecar (not built)";
  const parts = [SIDECAR_COMMIT, `Bun ${SIDECAR_BUN}`];
  if (!launcher) parts.push("without launcher");
  return `sidecar ${SIDECAR_VERSION} (${parts.join(", ")})`;
}
