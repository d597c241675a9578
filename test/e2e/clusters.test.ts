// Several clusters in one daemon: of different Slurm releases, one on this machine, and one by SSH whose server stops and starts.
import { expect } from 'chai';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fingerprint } from '../../src/transport/host-keys/compare-host-key.ts';
import { parseKnownHosts } from '../../src/transport/host-keys/parse-known-hosts.ts';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { requirePython, requireRoot, requireSlurmVersion, requireSshd } from '../support/skip-unless.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { makeKey, startSshd, type TestSshd } from '../support/sshd.ts';
import { startLink, type TcpLink } from '../support/faulty-tcp-link.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld, type Program, type World } from './world.ts';

const NEAR = '22.05';
const FAR = '20.11';

describe('a daemon with two clusters', () => {
  before(requireSlurmVersion(NEAR));
  before(requireSlurmVersion(FAR));
  before(requirePython);
  before(requireSshd);
  before(requireRoot);

  let folder: string;
  let near: SlurmCluster;
  let far: SlurmCluster;
  let sshd: TestSshd;
  let link: TcpLink;
  let world: World;
  let daemon: Program;
  let nearQueue: string;
  let farQueue: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'clusters-'));
    const key = join(folder, 'key');
    await makeKey(key);
    [near, far, sshd] = await Promise.all([
      startSlurmCluster({ version: NEAR, clusterName: 'near' }),
      startSlurmCluster({ version: FAR, clusterName: 'far' }),
      startSshd([`AuthorizedKeysFile ${key}.pub`]),
    ]);
    link = await startLink(sshd.port);
    const template = join(folder, 'quick.template');
    writeFileSync(template, QUICK_TEMPLATE.replace('#SBATCH --mem', `#SBATCH --chdir=${folder}\n#SBATCH --mem`));
    world = await startWorld({ cluster: near, python: false, slurm: (nameOf) => settings(key, template, nameOf) });
    nearQueue = await world.user.makeQueue('here');
    farQueue = await world.user.makeQueue('there');
    await sshd.stop();
    daemon = world.start();
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await link[Symbol.asyncDispose]();
    await sshd[Symbol.asyncDispose]();
    await Promise.all([near.stop(), far.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  function settings(key: string, template: string, nameOf: World['nameOf']): string {
    const [known] = parseKnownHosts('', readFileSync(sshd.knownHosts(), 'utf8'));
    return `
      python: ${standInAgentPython()}
      template_files: [${template}]
      clusters {
        near { slurm_conf: ${near.slurmConf} }
        far {
          host: 127.0.0.1, port: ${link.port}, user: root, identity_file: ${key}
          host_keys: "${known === undefined ? '' : fingerprint(known.key)}"
          shared_dir: ${folder}/shared
          slurm_conf: ${far.slurmConf}, slurm_bin_dir: ${far.binDir ?? ''}
        }
      }
      queues { "${nameOf('here')}" { cluster: near }, "${nameOf('there')}" { cluster: far } }
    `;
  }

  async function enqueue(queue: string, code: string): Promise<string> {
    const task = await world.user.makeTask({ code });
    await world.user.enqueue(task, queue);
    return task;
  }

  /** The server's sshd is gone, and with it every connection. */
  async function stopLogins(): Promise<void> {
    await sshd.stop();
    link.cut();
  }

  it('starts while one cluster is unreachable, and serves the other cluster', async () => {
    const waiting = await enqueue(farQueue, 'print("far at last")');
    const task = await enqueue(nearQueue, 'print("near")');

    expect((await world.untilStatus(task, 'completed')).last_worker).to.match(
      new RegExp(`^${world.nameOf('glue')}:slurm:near:\\d+$`),
    );

    expect(world.log()).to.match(/Slurm is unreachable.* cluster=far/);
    expect((await world.user.look(waiting)).status).to.equal('queued');
    await sshd.start();
    expect((await world.untilStatus(waiting, 'completed')).last_worker).to.match(
      new RegExp(`^${world.nameOf('glue')}:slurm:far:\\d+$`),
    );
  });

  it('has a state directory and a scheduler queue for each cluster', async () => {
    const { queues } = (await world.user.api('queues.get_all', {})) as { queues: { name: string }[] };

    expect(queues.map(({ name }) => name)).to.include.members(
      ['slurm_scheduler.near', 'slurm_scheduler.far'].map(world.nameOf),
    );
    for (const name of ['near', 'far'])
      expect(existsSync(join(world.folder, 'state', name, 'journal.jsonl'))).to.equal(true);
  });

  it('serves one cluster during an outage of the other cluster, and runs each task once', async () => {
    const mark = join(folder, 'continue');
    const running = await enqueue(
      farQueue,
      `import os, time\nprint("at work", flush=True)\nwhile not os.path.exists("${mark}"): time.sleep(0.2)\nprint("done", flush=True)`,
    );
    await world.untilConsole(running, 'at work');

    await stopLogins();
    const waiting = await enqueue(farQueue, 'print("after that", flush=True)');
    await world.untilStatus(await enqueue(nearQueue, 'print("near again")'), 'completed');
    writeFileSync(mark, '');
    expect((await world.user.look(waiting)).status).to.equal('queued');
    await sshd.start();

    for (const task of [running, waiting]) {
      await world.untilStatus(task, 'completed');
      await world.untilConsole(task, 'ended COMPLETED');
    }
    const console = await world.user.console(running);
    expect(console.match(/^at work$/gm)).to.have.length(1);
  });

  it('serves one cluster at normal speed while the SSH connection to the other cluster hangs', async () => {
    const task = await enqueue(farQueue, 'import time; time.sleep(3600)');
    await world.untilConsole(task, 'Submitted as Slurm job');
    const usual = await timeNearTask();
    link.stall();

    // A pass that waited for the other cluster would wait until its connection is given up, and a task needs several passes.
    for (let number = 0; number < 2; number += 1) expect(await timeNearTask()).to.be.below(3 * usual + 30_000);
    await world.stop(daemon);
  });

  /** From the queue to its end, in milliseconds. */
  async function timeNearTask(): Promise<number> {
    const began = performance.now();
    await world.untilStatus(await enqueue(nearQueue, 'print("near")'), 'completed');
    return performance.now() - began;
  }
});
