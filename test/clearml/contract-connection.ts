// The part of the contract about login, workers and users.
import { expect } from 'chai';
import { CredentialsRejectedError } from '../../src/clearml/errors.ts';
import { rejection } from '../support/rejection.ts';
import type { Access } from './raw-calls.ts';
import { createContractClient, type ContractTestBed } from './contract-test-bed.ts';

const ID_OF_NOBODY = 'f'.repeat(32);

export function defineConnectionContract(testBed: () => ContractTestBed): void {
  describe('the login', () => {
    it('returns the versions of the server and the id of the user', async () => {
      const facts = await testBed().client.connect();

      expect(facts.apiServer).to.equal(testBed().access.url);
      expect(facts.apiVersion).to.match(/^2\.\d+$/);
      expect(facts.serverVersion).to.match(/^\d+\.\d+/);
      expect(facts.user).to.not.equal('');
    });

    it('fails if the secret key is wrong', async () => {
      const stranger = createContractClient({ ...testBed().access, secretKey: 'not-the-secret' });

      const error = await rejection(stranger.connect());
      await stranger.close();

      expect(error).to.be.instanceOf(CredentialsRejectedError);
    });
  });

  describe('a response', () => {
    it('has the same data with and without gzip compression', async () => {
      const { access, raw } = testBed();
      const project = await raw.createProject(testBed().uniqueName());
      const call = async (accepted: string): Promise<Response> =>
        fetch(`${access.url}/projects.get_by_id`, {
          method: 'POST',
          headers: { authorization: basic(access), 'accept-encoding': accepted },
          body: JSON.stringify({ project }),
        });

      const [plain, compressed] = [await call('identity'), await call('gzip')];

      expect(plain.headers.get('content-encoding')).to.equal(null);
      expect(compressed.headers.get('content-encoding')).to.equal('gzip');
      const data = async (reply: Response): Promise<unknown> => ((await reply.json()) as { data: unknown }).data;
      expect(await data(compressed)).to.deep.equal(await data(plain));
    });
  });

  describe('a worker', () => {
    async function findWorker(id: string): Promise<string | undefined> {
      const text = JSON.stringify(await testBed().raw.call('workers.get_all', {}));
      const { workers } = JSON.parse(text) as { workers: { id: string; queues: { id: string }[] }[] };
      const worker = workers.find((row) => row.id === id);
      return worker === undefined ? undefined : worker.queues.map((queue) => queue.id).join(' ');
    }

    it('is listed with its queues until it unregisters', async () => {
      const { workers } = testBed().client;
      const queue = await testBed().newQueue();
      const worker = `slurm:${testBed().uniqueName()}`;

      const row = { id: worker, queues: [queue], tags: [] };
      await workers.register(row, 600_000);
      await workers.report(row);
      expect(await findWorker(worker)).to.equal(queue);

      await workers.unregister(worker);
      expect(await findWorker(worker)).to.equal(undefined);
    });

    it('is found by its tag until it unregisters', async () => {
      const { workers } = testBed().client;
      const queue = await testBed().newQueue();
      const row = {
        id: `slurm:${testBed().uniqueName()}`,
        queues: [queue],
        tags: [`tag:${testBed().uniqueName()}`, 'x'],
      };
      const [tag = ''] = row.tags;
      const findRows = async (of: string): Promise<unknown[]> =>
        (await workers.find([of], 60_000)).workers.map(({ id, queues, tags }) => ({ id, queues, tags }));

      await workers.register(row, 600_000);
      expect(await findRows(tag)).to.deep.equal([row]);
      expect((await workers.find([`${tag}-other`], 60_000)).workers).to.deep.equal([]);
      expect((await workers.find([`${tag}-other`, tag], 60_000)).workers).to.have.length(1);

      await workers.report({ ...row, tags: ['x'] });
      expect((await workers.find([tag], 60_000)).workers).to.deep.equal([]);
      await workers.report(row);
      expect(await findRows(tag)).to.deep.equal([row]);

      await workers.unregister(row.id);
      expect((await workers.find([tag], 60_000)).workers).to.deep.equal([]);
    });

    it('can send a status report and unregister without an earlier registration', async () => {
      const { workers } = testBed().client;
      const worker = `slurm:${testBed().uniqueName()}`;

      await workers.report({ id: worker, queues: [], tags: [] });
      await workers.unregister(worker);
      await workers.unregister(worker);
    });
  });

  describe('a query for a user or project', () => {
    it('returns a user by id, and undefined for an unknown id', async () => {
      const { client } = testBed();
      const { user } = await client.connect();

      expect((await client.people.user(user))?.['id']).to.equal(user);
      expect(await client.people.user(ID_OF_NOBODY)).to.equal(undefined);
    });

    it('returns a project by id, and undefined for an unknown id', async () => {
      const { client, raw, uniqueName } = testBed();
      const name = uniqueName();
      const project = await raw.createProject(name);

      expect((await client.people.project(project))?.['name']).to.equal(name);
      expect(await client.people.project(ID_OF_NOBODY)).to.equal(undefined);
    });
  });
}

function basic({ accessKey, secretKey }: Access): string {
  return `Basic ${Buffer.from(`${accessKey}:${secretKey}`).toString('base64')}`;
}
