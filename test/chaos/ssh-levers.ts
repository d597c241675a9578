// What may happen between the daemons and the cluster where it is reached by SSH.
import { setTimeout as sleep } from 'node:timers/promises';
import type { OVER_SSH, PlannedHappening } from './plan.ts';
import type { SshWay } from './ssh-way.ts';
import type { Lever, Stage } from './stage.ts';

export const sshLevers: Readonly<Record<(typeof OVER_SSH)[number], Lever>> = {
  'SSH is cut': (stage, planned) => inTurn(stage, (way) => cut(stage, planned, way)),
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

/** About what goes through while one task is submitted. */
const MOST_BYTES = 20_000;

/** At any byte: in a login, a question, a script or an answer, rather soon. Where fewer come in that time, nothing is cut. */
async function cut(stage: Stage, { what, way, forMs }: PlannedHappening, { link }: SshWay): Promise<void> {
  const bytes = 1 + Math.floor(way ** 2 * MOST_BYTES);
  const before = link.cutCount();
  const deed = stage.note({ what: 'other', words: `${what} after ${bytes} bytes` });
  link.cutAfter(bytes);
  await sleep(forMs);
  link.mend();
  deed.over();
  if (link.cutCount() > before) stage.countKill(what);
}

type Mend = () => void | Promise<void>;

/** @param begin does it, and returns what ends it */
function breakFor(begin: (way: SshWay) => Mend | Promise<Mend>): Lever {
  return (stage, { what, forMs }) =>
    inTurn(stage, async (way) => {
      const deed = stage.note({ what: 'other', words: what });
      stage.countKill(what);
      const mend = await begin(way);
      await sleep(forMs);
      await mend();
      deed.over();
    });
}

function inTurn({ arena: { sshWay }, inTurn: { ssh } }: Stage, work: (way: SshWay) => Promise<void>): Promise<void> {
  if (sshWay === undefined) throw new RangeError('the cluster of this run is not reached by SSH');
  return ssh(() => work(sshWay));
}
