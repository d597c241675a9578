// Reads the memory and processor time of a running process (proc(5)).
import { readFile } from 'node:fs/promises';
import { runToEnd } from './run-to-end.ts';

export interface ProcessUse {
  /** Resident memory now. */
  readonly rssMb: number;
  /** Its own processor time so far, without that of the programs that it has run. */
  readonly ownMs: number;
}

export async function readProcessUse(pid: number): Promise<ProcessUse> {
  const [status, stat, ticksASecond] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readFile(`/proc/${pid}/stat`, 'utf8'),
    runToEnd('getconf', ['CLK_TCK']).then(({ stdout }) => Number(stdout)),
  ]);
  const rssKb = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
  // Behind the name, which may hold blanks and brackets, the first field is the third.
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user = Number.NaN, system = Number.NaN] = fields.slice(14 - 3, 16 - 3);
  return { rssMb: rssKb / 1024, ownMs: ((user + system) * 1000) / ticksASecond };
}
