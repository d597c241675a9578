// `npm run chaos`: breaks everything that can break, for a given time, and judges what became of every task.
import { parseArgs } from 'node:util';
import { runReal } from './real.ts';
import { formatTally, isClean } from './tally.ts';

const USAGE = `npm run chaos -- [options]
  --seconds N       how long (60); the last round is played to its end
  --seed S          what happens, and when (the time of the start)
  --slurm VERSION   22.05 is the one on PATH
  --agent WHICH     real, or stand-in (default), which is quicker
  --daemons N       1 or 2
  --keep            leave the folders with all logs
`;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    slurm: { type: 'string', default: '22.05' },
    agent: { type: 'string', default: 'stand-in' },
    daemons: { type: 'string', default: '1' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(USAGE);
} else {
  const log = (text: string): void => void process.stdout.write(`${text}\n`);
  log(`chaos: seed ${values.seed}`);
  const tally = await runReal({
    seed: Number(values.seed),
    seconds: Number(values.seconds),
    version: values.slurm,
    agent: values.agent === 'real' ? 'real' : 'stand-in',
    daemons: Number(values.daemons),
    keep: values.keep,
    log,
  });
  log(formatTally(tally));
  process.exitCode = isClean(tally) ? 0 : 1;
}
