/**
 * Of ten thousand images most have words in common: a runenv and its version, a feature
 * and its version. What was read once is not read again.
 */

/** Enough for any catalogue, and no leak in a program that runs for months. */
const most = 100_000;

/** @param read has no effects, and what it returns is never changed */
export function remembering<Value>(
  read: (text: string) => Value,
): (text: string) => Value {
  const known = new Map<string, Value>();
  return (text) => {
    let value = known.get(text);
    if (value === undefined) {
      value = read(text);
      if (known.size >= most) known.clear();
      known.set(text, value);
    }
    return value;
  };
}
