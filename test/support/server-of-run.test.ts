// Which server a test run uses, and that its objects there have separate names and are removed afterwards.
import { expect } from 'chai';
import * as z from 'zod';
import { systemClock } from '../../src/base/clock.ts';
import { createSandbox } from '../../src/sandbox/server.ts';
import { connectApi, userOf } from './clearml-user.ts';
import { namedServer, createTestNames } from './server-of-run.ts';

const NAMED = {
  CLEARML_TEST_API_HOST: 'https://api.clearml.lab/',
  CLEARML_TEST_API_ACCESS_KEY: 'KEY',
  CLEARML_TEST_API_SECRET_KEY: 'secret',
};

describe('the server of a test run', () => {
  it('is the server that CLEARML_TEST_API_HOST names', () => {
    expect(namedServer(NAMED)).to.deep.equal({ url: 'https://api.clearml.lab', accessKey: 'KEY', secretKey: 'secret' });
    expect(namedServer({ CLEARML_API_HOST: 'https://api.clearml.lab' })).to.equal(undefined);
  });

  it('is rejected if only some of the CLEARML_TEST_API variables are set', () => {
    expect(() => namedServer({ ...NAMED, CLEARML_TEST_API_SECRET_KEY: '' })).to.throw(
      'To use a server, set CLEARML_TEST_API_SECRET_KEY as well.',
    );
  });

  it('keeps the queue and the task of another user after two test runs end', async () => {
    const sandbox = await createSandbox({ port: 0, clock: systemClock });
    try {
      const api = await connectApi(sandbox);
      const thirdUser = userOf(api);
      const [one, other] = [await createTestNames(api), await createTestNames(api)];
      const queues = await Promise.all([one.user, other.user, thirdUser].map((user) => user.makeQueue('quick')));
      expect(new Set(queues)).to.have.property('size', 3);
      const tasks: string[] = [];
      for (const [index, user] of [one.user, other.user, thirdUser].entries()) {
        const task = await user.makeTask({});
        await user.enqueue(task, queues[index] ?? '');
        tasks.push(task);
      }
      const { id: copy } = z.object({ id: z.string() }).parse(await api('tasks.clone', { task: tasks[0] }));

      await one.tidy();
      await other.tidy();

      const left = async (endpoint: string): Promise<unknown[]> => Object.values(await api(endpoint, {})).flat();
      expect(JSON.stringify(await left('tasks.get_all')))
        .to.include(tasks[2])
        .and.not.include(tasks[0])
        .and.not.include(copy);
      expect(await left('projects.get_all')).to.deep.equal([]);
      expect(JSON.stringify(await left('queues.get_all'))).not.to.include('test-');
      expect(await thirdUser.entries(queues[2] ?? '')).to.deep.equal([tasks[2]]);
    } finally {
      await sandbox.close();
    }
  });
});
