// The evidence of a failed end-to-end test is about that test.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../src/base/clock.ts';
import { createSandbox } from '../../src/sandbox/server.ts';
import { connectApi, userOf } from '../support/clearml-user.ts';
import { createTestNames } from '../support/server-of-run.ts';
import { evidenceOf } from './world-evidence.ts';
import type { World } from './world.ts';

describe('the evidence of a failed test', () => {
  it('lists only the tasks of the given project, or all tasks if no project is given', async () => {
    const sandbox = await createSandbox({ port: 0, clock: systemClock });
    const folder = await mkdtemp(join(tmpdir(), 'evidence-'));
    try {
      const api = await connectApi(sandbox);
      const { user, nameOf, project } = await createTestNames(api);
      const own = await user.makeTask({ name: 'own task' });
      const foreign = await userOf(api).makeTask({ name: 'foreign task' });
      const cluster = { run: () => Promise.resolve('') } as unknown as World['cluster'];
      const read = async (shown: string | undefined): Promise<string> =>
        (await evidenceOf({ user, nameOf, cluster, folder }, undefined, [], shown)).join('\n');

      expect(await read(project))
        .to.include(own)
        .and.not.include(foreign);
      expect(await read(undefined))
        .to.include(own)
        .and.include(foreign);
    } finally {
      await sandbox.close();
      await rm(folder, { recursive: true });
    }
  });
});
