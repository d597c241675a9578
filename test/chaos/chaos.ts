// `npm run chaos`: breaks everything that can break, for a given time, and judges what became of every task.
import { parseOptions, USAGE } from './options.ts';
import { runReal } from './real.ts';
import { formatTally, isClean } from './tally.ts';

const options = parseOptions(process.argv.slice(2), Date.now() % 1_000_000);

if (options === 'help') {
  process.stdout.write(USAGE);
} else {
  const log = (text: string): void => void process.stdout.write(`${text}\n`);
  log(`chaos: seed ${options.seed}`);
  const tally = await runReal({ ...options, log });
  log(formatTally(tally));
  process.exitCode = isClean(tally) ? 0 : 1;
}
