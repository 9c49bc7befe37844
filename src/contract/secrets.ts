/** Whether the value of such a variable must never be shown. */
export function isSecret(name: string): boolean {
  return /PASSWORD|TOKEN|SECRET|KEY/i.test(name);
}
