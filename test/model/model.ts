// `npm run model`: searches every interleaving of the shipped code with everything that may go wrong, within bounds, for a bad end.
import { join } from 'node:path';
import { readOptions, USAGE } from './options.ts';
import { loadProgram } from './program.ts';
import { formatFound } from './report.ts';
import { search } from './search.ts';

const ROOT = join(import.meta.dirname, '..', '..');

if (process.argv.includes('--help')) {
  process.stdout.write(USAGE);
} else {
  const { scenarios, bounds } = readOptions(process.argv.slice(2));
  const program = await loadProgram(join(ROOT, 'src'));
  const until = performance.now() + bounds.seconds * 1000;
  let left = scenarios.length;
  for (const scenario of scenarios) {
    // What one scenario does not need is left to the others.
    const seconds = Math.max(1, (until - performance.now()) / 1000 / Math.max(1, Math.min(left, 2)));
    const found = await search(program, scenario, { ...bounds, seconds });
    process.stdout.write(`${formatFound(scenario, found)}\n`);
    if (found.verdict !== 'holds') process.exitCode = 1;
    left -= 1;
  }
}
