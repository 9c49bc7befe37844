/** The forms of `sidecar advertise`, for whoever completes them, too. */
export const formats = [
  "json",
  "kubernetes",
  "nomad",
  "slurm",
  "htcondor",
  "env",
] as const;

export type Format = (typeof formats)[number];
