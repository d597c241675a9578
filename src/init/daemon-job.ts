// Where the daemon runs as a small job: for how long its partition lets it, and what it has to name to get there. Pure.
import { readAmount } from '../base/slurm-amount.ts';
import type { JobPlace } from './unit-files.ts';
import type { Choices } from './choices.ts';
import type { Site } from './site.ts';

/** In the default partition where that takes jobs of this user, else where tasks go. */
export function daemonJob({ partitions }: Site, { partition: chosen, entrance }: Choices): JobPlace {
  const usual = partitions.find(({ isDefault, closedBecause }) => isDefault && closedBecause === undefined);
  const { name, timeLimit } = usual ?? chosen.value;
  const seconds = readAmount(timeLimit, 'duration')?.most ?? Infinity;
  const account = entrance === undefined ? [] : [`--account=${entrance.value.account}`];
  const qos = entrance?.value.qos === undefined ? [] : [`--qos=${entrance.value.qos}`];
  const options = usual === undefined ? [`--partition=${name}`, ...account, ...qos] : [];
  return { limit: { text: timeLimit, seconds }, options };
}
