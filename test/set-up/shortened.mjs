// Shortens what is told of a failure to what a person reads: the beginning and the end of each of its parts.

/** Of one failure, all parts together. */
const MOST_LINES = 60;
const MOST_COLUMNS = 600;

/**
 * Each part gets its share of the lines, and the lines that other parts do not use.
 * @param {readonly string[]} parts
 */
export function shortened(parts, mostLines = MOST_LINES) {
  const all = parts.map((part) => part.trimEnd().split('\n'));
  /** @type {string[][]} */
  const shown = [];
  let room = mostLines;
  for (const [index, lines] of [...all.entries()].sort(([, a], [, b]) => a.length - b.length)) {
    const share = Math.floor(room / (all.length - shown.filter(Boolean).length));
    shown[index] = middleLeftOut(lines, share);
    room -= Math.min(lines.length, share);
  }
  return shown.flat().map(cut).join('\n');
}

/**
 * The end gets more of the lines: it tells what happened last.
 * @param {string[]} lines
 * @param {number} most
 */
function middleLeftOut(lines, most) {
  if (lines.length <= most) return lines;
  const first = Math.floor((most - 1) / 3);
  const last = most - 1 - first;
  const omitted = lines.length - first - last;
  return [...lines.slice(0, first), `  … ${omitted} lines are left out …`, ...lines.slice(-last)];
}

/** @param {string} line */
function cut(line) {
  return line.length <= MOST_COLUMNS ? line : `${line.slice(0, MOST_COLUMNS)} …`;
}
