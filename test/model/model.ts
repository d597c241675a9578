// `npm run model`: searches every interleaving of the shipped code with every fault, within bounds, for a counterexample.
import { join } from 'node:path';
import { readOptions, USAGE, type Options } from './options.ts';
import { loadProgram } from './program.ts';
import { formatFound, search } from './search.ts';

const ROOT = join(import.meta.dirname, '..', '..');

if (process.argv.includes('--help')) {
  process.stdout.write(USAGE);
} else {
  const { scenarios, bounds } = readOrExplain();
  const program = await loadProgram(join(ROOT, 'src'));
  const until = performance.now() + bounds.seconds * 1000;
  for (const scenario of scenarios) {
    const found = await search(program, scenario, { ...bounds, seconds: (until - performance.now()) / 1000 });
    process.stdout.write(`${formatFound(scenario, found)}\n`);
    if (found.result !== 'holds') process.exitCode = 1;
  }
}

function readOrExplain(): Options {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}
