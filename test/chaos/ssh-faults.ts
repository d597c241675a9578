// Injects faults between the daemons and a cluster that is reached over SSH.
import { setTimeout as sleep } from 'node:timers/promises';
import type { OVER_SSH, ScheduledFault } from './schedule.ts';
import type { SshAccess } from './ssh-access.ts';
import type { Injector, RoundContext } from './round-context.ts';

export const sshInjectors: Readonly<Record<(typeof OVER_SSH)[number], Injector>> = {
  'SSH is cut': (round, planned) => locks(round, (way) => cutLink(round, planned, way)),
  'SSH is silent': breakFor(({ link }) => {
    link.stall();
    return () => link.mend();
  }),
  'SSH is refused': breakFor(({ link }) => {
    link.refuse();
    return () => link.mend();
  }),
  'sshd is killed': breakFor(async ({ sshd }) => {
    await sshd.crash();
    return () => sshd.start();
  }),
};

/** The approximate number of bytes that the submission of one task transmits. */
const MOST_BYTES = 20_000;

/** Cuts the connection after a random number of bytes, usually small. If fewer bytes are transmitted in that time, nothing is cut. */
async function cutLink(round: RoundContext, { what, way, forMs }: ScheduledFault, { link }: SshAccess): Promise<void> {
  const bytes = 1 + Math.floor(way ** 2 * MOST_BYTES);
  const before = link.cutCount();
  const fault = round.note({ what: 'other', words: `${what} after ${bytes} bytes` });
  link.cutAfter(bytes);
  await sleep(forMs);
  link.mend();
  fault.over();
  if (link.cutCount() > before) round.countKill(what);
}

type Mend = () => void | Promise<void>;

/** @param begin starts the fault and returns the function that ends it */
function breakFor(begin: (way: SshAccess) => Mend | Promise<Mend>): Injector {
  return (round, { what, forMs }) =>
    locks(round, async (way) => {
      const fault = round.note({ what: 'other', words: what });
      round.countKill(what);
      const mend = await begin(way);
      await sleep(forMs);
      await mend();
      fault.over();
    });
}

function locks(
  { bed: { sshAccess }, locks: { ssh } }: RoundContext,
  work: (way: SshAccess) => Promise<void>,
): Promise<void> {
  if (sshAccess === undefined) throw new RangeError('the cluster of this run is not reached by SSH');
  return ssh(() => work(sshAccess));
}
