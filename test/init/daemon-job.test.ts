// The daemon as a small job, within the limits of its partition.
import { expect } from 'chai';
import { askUser } from '../../src/init/write-first-files.ts';
import { choose } from '../../src/init/choose-settings.ts';
import { daemonJob } from '../../src/init/write-first-files.ts';
import type { Site } from '../../src/init/probe-site.ts';
import { UNIT_FILES } from '../../src/init/generate-unit-files.ts';
import { GPU_PARTITION, NOTHING_TYPED, SITE, withPartition } from './site-fixture.ts';

async function jobOf(site: Site): Promise<string[]> {
  const job = daemonJob(site, await choose(site, NOTHING_TYPED, askUser(undefined)));
  const unit = UNIT_FILES['slurm-job']({ command: ['x'], workingDir: '/', variables: {}, stateDir: '/s', job });
  return unit.split('\n').filter((line) => /^#SBATCH --(?:time|signal|partition|account|qos)/.test(line));
}

describe("the daemon's job script from init", () => {
  for (const [timeLimit, time, signal] of [
    ['30:00', '30:00', 300],
    ['2:00', '2:00', 60],
    ['12:00:00', '12:00:00', 300],
    ['2-00:00:00', '1-00:00:00', 300],
    ['infinite', '1-00:00:00', 300],
  ] as const) {
    it(`requests --time=${time} if the time limit of the partition is ${timeLimit}`, async () => {
      expect(await jobOf(withPartition({ timeLimit }))).to.deep.equal([
        `#SBATCH --time=${time}`,
        `#SBATCH --signal=B:USR1@${signal}`,
      ]);
    });
  }

  it("requests the partition of the tasks if the default partition rejects the user's jobs", async () => {
    const site = {
      ...SITE,
      partitions: [
        { ...GPU_PARTITION, name: 'staff', closedBecause: 'it accepts none of your accounts' },
        { ...GPU_PARTITION, isDefault: false, timeLimit: '1:00:00' },
      ],
    };

    expect(await jobOf(site)).to.deep.equal([
      '#SBATCH --time=1:00:00',
      '#SBATCH --partition=gpu',
      '#SBATCH --account=lab',
      '#SBATCH --signal=B:USR1@300',
    ]);
  });
});
