/** A catalogue has thousands of entries, and few different words in them. */

/** Enough for any deployment's words, and little enough to be no leak. */
const most = 10_000;

/** @param read without effects, so that asking it once is as good as always */
export function remembered<Result>(
  read: (text: string) => Result,
): (text: string) => Result {
  const results = new Map<string, Result>();
  return (text) => {
    let result = results.get(text);
    if (result === undefined) {
      result = read(text);
      if (results.size >= most) results.clear();
      results.set(text, result);
    }
    return result;
  };
}
