// A process that writes to the audit log until it is killed, and prints the number of each line once it is written.
import { openAuditLog } from '../../../src/daemon/audit/audit-log.ts';
import { silentLog } from '../../support/silent-log.ts';

/** Fewer than the files of a rotation can hold, if the kill comes late. */
const MOST_LINES = 1_000;

const [, , stateDir = ''] = process.argv;
const options = { stateDir, cluster: 'lab', redact: (text: string) => text, clock: { now: () => 0 }, log: silentLog };
const audit = await openAuditLog(options);
// Of 100 kB, so that some hundred lines need rotation.
const jobs = Array.from({ length: 100 }, () => '7'.repeat(1_000));
for (let line = 0; line < MOST_LINES; line += 1) {
  await audit.write({ event: 'cancelling', task: String(line), jobs, by: 'daemon', why: '' });
  process.stdout.write(`${line}\n`);
}
setInterval(() => undefined, 60_000);
