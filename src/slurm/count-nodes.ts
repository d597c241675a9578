// Counts the nodes of a node list as squeue prints it, such as `n[01-04,7],gpu3`.

/** undefined for a list that is truncated, or in a notation of several dimensions. */
export function countNodes(list: string): number | undefined {
  let nodes = 0;
  let rest = list;
  while (rest !== '') {
    const [part = '', ranges] = /^[\w.-]+(?:\[([\d,-]+)\])?(?:,(?=.)|$)/.exec(rest) ?? [];
    if (part === '') return undefined;
    const its = ranges === undefined ? 1 : countRanges(ranges);
    if (its === undefined) return undefined;
    nodes += its;
    rest = rest.slice(part.length);
  }
  return nodes === 0 ? undefined : nodes;
}

function countRanges(ranges: string): number | undefined {
  let nodes = 0;
  for (const range of ranges.split(',')) {
    const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    if (from === undefined || Number(to) < Number(from)) return undefined;
    nodes += Number(to) - Number(from) + 1;
  }
  return nodes;
}
