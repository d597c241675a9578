// `npm run chaos`: breaks everything that can break, for a given time, and judges what became of every task.
import { parseOptions, USAGE, type ChaosOptions } from './options.ts';
import { ORDINARY_SECONDS, runReal } from './real.ts';
import { runSimulated, type SimulatedRun } from './simulated/run.ts';
import { formatTally, isClean } from './tally.ts';

const options = parseOptions(process.argv.slice(2), Date.now() % 1_000_000);

if (options === 'help') {
  process.stdout.write(USAGE);
} else {
  const log = (text: string): void => void process.stdout.write(`${text}\n`);
  log(`chaos: seed ${options.seed}`);
  const tally = await (options.isSimulated ? runSimulated(simulatedRun(options, log)) : runReal({ ...options, log }));
  log(formatTally(tally));
  process.exitCode = isClean(tally) ? 0 : 1;
}

/** Without an end it would go on for ever. */
function simulatedRun({ seed, seconds, tasks }: ChaosOptions, log: (text: string) => void): SimulatedRun {
  const isEndless = seconds === undefined && tasks === undefined;
  return {
    seed,
    log,
    ...(isEndless ? { seconds: ORDINARY_SECONDS } : {}),
    ...(seconds === undefined ? {} : { seconds }),
    ...(tasks === undefined ? {} : { tasks }),
  };
}
