// The wait for a cluster at the start: what is retried until it succeeds, and what ends the program.
import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import { CredentialsRejectedError, ServerRefusedError, ServerUnreachableError } from '../../../src/clearml/errors.ts';
import { waitForCluster, type FoundCluster } from '../../../src/daemon/serve/wait-for-cluster.ts';
import { SlurmUnavailableError } from '../../../src/slurm/errors.ts';
import { CommandTimeoutError, HostUnreachableError } from '../../../src/transport/errors.ts';
import type { Command } from '../../../src/transport/transport.ts';
import { FACTS } from '../../simulation/simulated-slurm.ts';
import { rejection } from '../../support/rejection.ts';
import { createStepFixture } from '../step-fixture.ts';

const PASSWD = ['990:daemon', 'alice:x:1001:1001::/home/alice:/bin/sh', ''].join('\n');

/** There is no response at all. */
const NEVER = new Error('never');

interface Failures {
  readonly slurm?: Error[];
  readonly host?: Error[];
  readonly clearml?: Error[];
  /** The users of the host at each reading, before alice is found. */
  readonly passwd?: string[];
  /** Of the check of the shared directory. */
  readonly sharedDir?: Error[];
}

interface Bed {
  readonly logged: string[];
  readonly stop: AbortController;
  readonly wait: (once?: boolean) => Promise<FoundCluster | undefined>;
}

/** Each part fails with its errors, one after the other, and then succeeds. */
function createBed(
  { slurm = [], host = [], clearml = [], passwd = [], sharedDir }: Failures,
  userMap: Readonly<Record<string, string>> = { Alice: 'alice' },
): Bed {
  const { deps } = createStepFixture();
  const logged: string[] = [];
  const note = (message: string): void => void logged.push(message);
  const next = <Value>(failures: Error[], value: Value): Promise<Value> => {
    const failure = failures.shift();
    if (failure === NEVER) return new Promise(() => undefined);
    return failure === undefined ? Promise.resolve(value) : Promise.reject(failure);
  };
  const sides = {
    scheduler: { ...deps.scheduler, facts: () => next(slurm, FACTS) },
    host: {
      name: 'login',
      close: () => Promise.resolve(),
      run: ({ args }: Command) =>
        next(sharedDir !== undefined && args.includes('/shared') ? sharedDir : host, {
          exitCode: 0,
          killedBy: undefined,
          stdout: passwd.shift() ?? PASSWD,
          stderr: '',
        }),
    },
    clearml: {
      ...deps.clearml,
      people: { ...deps.clearml.people, all: () => next(clearml, [{ id: 'a1', name: 'Alice' }]) },
    },
    server: { apiServer: 'http://h:1', user: 'd0' } as never,
  };
  const settings = { userMap, minUid: 1000, trustedGroup: undefined };
  const stop = new AbortController();
  const waiting = {
    stop: stop.signal,
    everyMs: 1,
    cluster: { sharedDir: sharedDir && '/shared', stateDir: '/nowhere' },
    lock: { touch: () => Promise.resolve() },
    log: { warn: note, debug: () => undefined },
  };
  return { logged, stop, wait: (once = false) => waitForCluster(sides, settings, { ...waiting, once }) };
}

describe('before it serves a cluster, the daemon', () => {
  it("retries until Slurm, the host's Unix users and the ClearML users are readable", async () => {
    const { wait, logged } = createBed({
      slurm: [new SlurmUnavailableError('no controller')],
      host: [new HostUnreachableError('login does not respond')],
      clearml: [new ServerUnreachableError('no usable response', false)],
    });

    const found = await wait();

    expect(found?.facts).to.equal(FACTS);
    expect([...(found?.userMap?.byOwner.keys() ?? [])]).to.deep.equal(['a1']);
    expect(logged).to.deep.equal([
      'Slurm is unreachable; retrying until it responds',
      'Slurm is unreachable; retrying until it responds',
      'ClearML is unreachable; retrying until it responds',
    ]);
  });

  it('retries while ClearML refuses to list the users', async () => {
    const refused = new ServerRefusedError('forbidden', 'users.get_all', 403, 0);
    const { wait, logged } = createBed({ clearml: [refused, refused] });

    expect([...((await wait())?.userMap?.byOwner.keys() ?? [])]).to.deep.equal(['a1']);
    expect(logged).to.deep.equal(['ClearML refuses to list the users that user_map needs; retrying']);
  });

  it('does not need the names of ClearML users if the user map contains only ids', async () => {
    const refused = new ServerRefusedError('forbidden', 'users.get_all', 403, 0);
    const id = 'a'.repeat(32);
    const { wait } = createBed({ clearml: [refused] }, { [id]: 'alice', default: 'alice' });

    expect((await wait())?.userMap?.byOwner.get(id)).to.deep.include({ kind: 'run as' });
  });

  it('retries while the host knows neither of two mapped Unix users', async () => {
    const { wait, logged } = createBed({ passwd: ['990:daemon\n'] }, { Alice: 'alice', Bob: 'bob' });

    expect((await wait())?.userMap?.byOwner.get('a1')).to.deep.include({ kind: 'run as' });
    expect(logged).to.deep.equal(['Slurm is unreachable; retrying until it responds']);
  });

  it('does not retry if the host does not know the only mapped Unix user', async () => {
    const { wait } = createBed({ passwd: ['990:daemon\n'] });

    expect((await wait())?.userMap?.problems).to.deep.equal([
      'the entry "Alice" of agent.slurm.user_map is not used: Unix user alice is not found on the login node: the user does not exist, or the directory service there (LDAP, SSSD) does not respond',
    ]);
  });

  it('retries while the file server of the shared directory hangs', async () => {
    const { wait, logged } = createBed({ sharedDir: [new CommandTimeoutError('sh', 30_000, '', '')] });

    expect((await wait())?.facts).to.equal(FACTS);
    expect(logged).to.deep.equal(['The shared directory cannot be checked; retrying until the check succeeds']);
  });

  it('fails immediately if ClearML rejects the credentials', async () => {
    const { wait } = createBed({ clearml: [new CredentialsRejectedError('rejected')] });
    expect(await rejection(wait())).to.be.instanceOf(CredentialsRejectedError);
  });

  it('stops on request even if the host does not respond', async () => {
    const { wait, stop } = createBed({ host: [NEVER] });
    const waiting = wait();
    await turn();
    stop.abort(new Error('got SIGTERM'));

    expect(await Promise.race([waiting, turn('still waits')])).to.equal(undefined);
  });

  it('fails at the first error if --once is set', async () => {
    const { wait } = createBed({ clearml: [new ServerUnreachableError('no usable response', false)] });
    expect(await rejection(wait(true))).to.be.instanceOf(ServerUnreachableError);
  });
});
