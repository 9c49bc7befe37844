/** Where in a text an offset is, as people count: `12:7`. */

/** Lines and columns from 1 on. Its lines are looked for when somebody asks first. */
export function positionsIn(text: string): (at: number) => string {
  let starts: number[] | undefined;
  return (at) => {
    starts ??= lineStarts(text);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    return `${low + 1}:${Math.max(at, 0) - starts[low]! + 1}`;
  };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (const { 0: end, index } of text.matchAll(/\r\n|[\r\n]/g))
    starts.push(index + end.length);
  return starts;
}
