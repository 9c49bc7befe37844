/** The host, as others know it. */

export const operatingSystem = "Windows";

/** Its name as it was set: with a domain, or without one. */
export function hostName(): string {
  return process.getBuiltinModule("node:os").hostname();
}
