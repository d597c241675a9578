// Formats and parses Slurm's compact node lists: `n1`, `n[1-2,4]`.

export function formatNodes(nodes: readonly string[]): string {
  const numbers = nodes.map((node) => Number(node.slice(1))).sort((one, other) => one - other);
  const [only] = numbers;
  if (only === undefined) return '';
  if (numbers.length === 1) return `n${only}`;
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && number === last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return `n[${ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',')}]`;
}

/** The names in such a list. */
export function listNodes(text: string): string[] {
  const [, ranges = ''] = /^n\[?([\d,-]+)\]?$/.exec(text) ?? [];
  return ranges.split(',').flatMap((range) => {
    const [from = 0, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => `n${from + index}`);
  });
}
